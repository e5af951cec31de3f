"""Synthetic demo: reviews, structures and fiches in the published layouts, and the truth behind them.

Every review of the demo has an identifier at or above `FIRST_ID`, a range that the portal does not use: this is how the
product recognises demo data and says so on every screen. The rule it protects: nothing here was written by a real
person, and the same seed always gives the same bytes.
"""

from __future__ import annotations

FIRST_ID = 900_000_001
"""Identifier of the first demo review; every review at or above it is synthetic."""


def is_demo(review_id: int) -> bool:
    """True when a review's identifier says it is synthetic."""
    return review_id >= FIRST_ID

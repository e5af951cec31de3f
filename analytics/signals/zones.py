"""Zones: a département with one neighbour, or with all of them, as the places of a space-time scan.

Owns the scan over neighbouring départements (after Kulldorff, 1997: every zone and every window is tried; chance is
paid for by the week's false-discovery control instead of by simulation). The rule it protects: only reviews that say
where their author lives are counted, here and in what is expected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.signals.cells import Reader, Reviews
from analytics.signals.surge import Cells

LEVEL = "zone"


@dataclass(frozen=True)
class Zones:
    """Sets of two départements or more."""

    members: tuple[tuple[int, ...], ...]  # positions in `names["department"]`, the one in the middle first

    @classmethod
    def read(cls, source: Reader, reviews: Reviews) -> Zones:
        """From the table of neighbours, for the départements that the reviews name."""
        frame = source.frame("SELECT code, neighbour FROM department_neighbours ORDER BY code, neighbour")
        position = {str(code): i for i, code in enumerate(reviews.names["department"])}
        around: dict[int, list[int]] = {}
        for code, neighbour in frame.itertuples(index=False):
            if code in position and neighbour in position:
                around.setdefault(position[code], []).append(position[neighbour])
        pairs = [(a, b) for a, others in around.items() for b in others if a < b]
        rounds = [(a, *others) for a, others in around.items() if len(others) > 1]
        return cls((*pairs, *rounds))

    def cells(self, departments: Cells) -> Cells:
        """The zones' cells, added up from those of their départements."""
        inside = np.zeros((len(self.members), departments.observed.shape[1]))
        for row, members in enumerate(self.members):
            inside[row, list(members)] = 1
        expected = inside @ departments.expected
        spread = inside @ (departments.expected**2 / departments.shape)
        return Cells(
            LEVEL,
            False,
            inside @ departments.observed,
            expected,
            expected**2 / np.maximum(spread, 1e-12),
            departments.received @ inside.T,
        )

    def holding(self, reviews: Reviews, zone: int) -> np.ndarray:
        """Which reviews (mask) come from a zone."""
        return np.isin(reviews.place["department"], self.members[zone])

    def codes(self, reviews: Reviews, zone: int) -> tuple[str, ...]:
        """INSEE codes of a zone."""
        return tuple(str(reviews.names["department"][i]) for i in self.members[zone])

"""A comparison of two arms that stays true when looked at every day.

Asymptotic confidence sequence for a difference of means under randomisation with even odds (Waudby-Smith, Arbour, Sinha,
Kennedy & Ramdas 2024, theorem 2.2, on the doubly robust scores of their section 3): its interval holds at all times at
once, so stopping at the first look that pleases does not make it lie. The rule it protects: the arm means that a score is
centred on come from earlier reviews alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FIRST_LOOK = 30  # observations before anything is said
TUNED_FOR = 300  # observations at which the interval is as short as it can be
ODDS = 0.5


@dataclass(frozen=True)
class Difference:
    """Mean of the second arm less the first, as of each observation; NaN before `FIRST_LOOK`."""

    effect: Floats
    low: Floats
    high: Floats
    counts: tuple[int, int]
    means: tuple[float, float]

    @property
    def told(self) -> bool:
        """Whether zero has ever been left out: an honest stop at any look."""
        with np.errstate(invalid="ignore"):
            return bool(((self.low > 0) | (self.high < 0)).any())


def difference(second: NDArray[np.bool_], values: Floats, level: float = 0.95) -> Difference:
    """Compare arms in order of arrival: `second` says which arm each of `values` fell in, by a coin with even odds."""
    n = np.arange(1, len(values) + 1)
    sums = [np.cumsum(np.where(arm, values, 0.0)) for arm in (~second, second)]
    counts = [np.cumsum(arm) for arm in (~second, second)]
    before = []
    for total, count in zip(sums, counts, strict=True):
        mean = np.divide(total, count, out=np.zeros(len(values)), where=count > 0)
        before.append(np.r_[0.0, mean[:-1]])
    first_mean, second_mean = before
    score = second_mean - first_mean
    score = score + np.where(second, (values - second_mean) / ODDS, -(values - first_mean) / (1 - ODDS))
    mean = np.cumsum(score) / np.maximum(n, 1)
    spread = np.sqrt(np.maximum(np.cumsum(score**2) / np.maximum(n, 1) - mean**2, 0.0))
    alpha = 1 - level
    rho2 = (-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / TUNED_FOR
    scaled = n * rho2 + 1
    half = spread * np.sqrt(2 * scaled / (n**2 * rho2) * np.log(np.sqrt(scaled) / alpha))
    silent = n < FIRST_LOOK
    low, high = np.where(silent, np.nan, mean - half), np.where(silent, np.nan, mean + half)
    means = tuple(float(values[arm].mean()) if arm.any() else float("nan") for arm in (~second, second))
    return Difference(
        np.where(silent, np.nan, mean), low, high, (int((~second).sum()), int(second.sum())), (means[0], means[1])
    )

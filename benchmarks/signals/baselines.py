"""Other ways to rank cells by how much they rise: what the engine is compared with, on the very same weekly counts.

Each takes counts (weeks, cells), the last row being now, and gives a score (cells,), higher = sooner shown.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_LAMBDA = 0.4
_DECAY = 0.01  # of BERTrend's popularity, per day squared

Score = Callable[[np.ndarray], np.ndarray]


def ears_c2(counts: np.ndarray) -> np.ndarray:
    """EARS C2: last week against seven, the two before it left out, in standard deviations."""
    base = counts[-10:-3]
    return (counts[-1] - base.mean(axis=0)) / np.maximum(base.std(axis=0, ddof=1), 0.5)


def ewma(counts: np.ndarray) -> np.ndarray:
    """Exponentially weighted mean (0.4) against 26 weeks, in standard deviations."""
    base = counts[-29:-3]
    level = base.mean(axis=0)
    for row in counts[-8:]:
        level = _LAMBDA * row + (1 - _LAMBDA) * level
    spread = np.maximum(base.std(axis=0, ddof=1), 0.5) * np.sqrt(_LAMBDA / (2 - _LAMBDA))
    return (level - base.mean(axis=0)) / spread


def against_26(counts: np.ndarray) -> np.ndarray:
    """Last week over the mean of the 26 before."""
    return (counts[-1] + 0.5) / (counts[-27:-1].mean(axis=0) + 0.5)


def rare_and_rising(counts: np.ndarray) -> np.ndarray:
    """Growth of the last four weeks, among cells smaller than the median of those that are not empty."""
    size = counts.sum(axis=0)
    some = size[size > 0]
    small = size <= (np.median(some) if len(some) else 0)
    growth = (counts[-4:].sum(axis=0) + 0.5) / (counts[-8:-4].sum(axis=0) + 0.5)
    return np.where(small, growth, 0.0)


def top_growth(counts: np.ndarray) -> np.ndarray:
    """Reviews gained: the last two weeks against the two before."""
    return counts[-2:].sum(axis=0) - counts[-4:-2].sum(axis=0)


def bertrend(high: float) -> Score:
    """BERTrend's weak signals: popularity (decayed sum) between its 10th percentile and `high`, and rising; by rise."""

    def score(counts: np.ndarray) -> np.ndarray:
        popularity, before, silent = np.zeros(counts.shape[1]), np.zeros(counts.shape[1]), np.zeros(counts.shape[1])
        for row in counts:
            before = popularity.copy()
            silent = np.where(row > 0, 0, silent + 7)
            popularity = np.where(row > 0, popularity + row, popularity * np.exp(-_DECAY * silent**2))
        known = popularity[popularity > 0]
        low, top = np.quantile(known, [0.10, high]) if len(known) else (0.0, 0.0)
        between = (popularity > low) & (popularity <= top)
        return np.where(between, popularity - before, 0.0)

    return score


def chance(seed: int) -> Score:
    """Any order."""
    random = np.random.default_rng(seed)
    return lambda counts: np.asarray(random.random(counts.shape[1]))


def every(seed: int) -> dict[str, Score]:
    """The baselines by name."""
    return {
        "BERTrend P10-P75 (code)": bertrend(0.75),
        "BERTrend P10-P50 (paper)": bertrend(0.50),
        "EARS C2": ears_c2,
        "EWMA 0.4": ewma,
        "last week against 26": against_26,
        "rare and rising": rare_and_rising,
        "top growth": top_growth,
        "random": chance(seed),
    }

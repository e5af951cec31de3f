"""Other ways to rank cells by how much they rise: what the engine is compared with, on the very same weekly counts.

Each takes counts (weeks, cells), the last row being now, and gives a score (cells,), higher = sooner shown. Their options,
and the levels of cells that each ranks, are those that found most on the seed they were tuned on (`e3 --tune`).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np

_LAMBDA = 0.4
_DECAY = 0.01  # of BERTrend's popularity, per day squared

Score = Callable[[np.ndarray], np.ndarray]
Levels = tuple[str, ...]

EVERY: Levels = ("nation", "network", "typology", "structure", "department")
CHOICES: tuple[Levels, ...] = (
    EVERY,
    ("nation", "network", "typology"),
    ("typology", "structure"),
    ("nation",),
    ("structure",),
)


def ears_c2(least: float) -> Score:
    """EARS C2: last week against seven, the two before it left out, in standard deviations of `least` or more."""

    def score(counts: np.ndarray) -> np.ndarray:
        base = counts[-10:-3]
        return (counts[-1] - base.mean(axis=0)) / np.maximum(base.std(axis=0, ddof=1), least)

    return score


def ewma(least: float) -> Score:
    """Exponentially weighted mean (0.4) against 26 weeks, in standard deviations of `least` or more."""

    def score(counts: np.ndarray) -> np.ndarray:
        base = counts[-29:-3]
        level = base.mean(axis=0)
        for row in counts[-8:]:
            level = _LAMBDA * row + (1 - _LAMBDA) * level
        spread = np.maximum(base.std(axis=0, ddof=1), least) * np.sqrt(_LAMBDA / (2 - _LAMBDA))
        return (level - base.mean(axis=0)) / spread

    return score


def against_26(more: float) -> Score:
    """Last week over the mean of the 26 before, `more` added to both."""
    return lambda counts: (counts[-1] + more) / (counts[-27:-1].mean(axis=0) + more)


def rare_and_rising(weeks: int, quantile: float) -> Score:
    """Growth of the last weeks over as many before, among cells whose size is under a quantile of those not empty."""

    def score(counts: np.ndarray) -> np.ndarray:
        size = counts.sum(axis=0)
        some = size[size > 0]
        small = size <= (np.quantile(some, quantile) if len(some) else 0)
        growth = (counts[-weeks:].sum(axis=0) + 0.5) / (counts[-2 * weeks : -weeks].sum(axis=0) + 0.5)
        return np.where(small, growth, 0.0)

    return score


def top_growth(weeks: int) -> Score:
    """Reviews gained: the last weeks against as many before."""
    return lambda counts: counts[-weeks:].sum(axis=0) - counts[-2 * weeks : -weeks].sum(axis=0)


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


def options() -> dict[str, list[tuple[str, Score, Levels]]]:
    """By method, what is tried on the tuning seed: how it is said, the score, the levels ranked."""
    least = {str(x): x for x in (0.2, 0.35, 0.5, 1.0)}
    tried: dict[str, dict[str, Score]] = {
        "BERTrend P10-P75 (code)": {"": bertrend(0.75)},
        "BERTrend P10-P50 (paper)": {"": bertrend(0.50)},
        "EARS C2": {f"least {k}": ears_c2(x) for k, x in least.items()},
        "EWMA 0.4": {f"least {k}": ewma(x) for k, x in least.items()},
        "last week against 26": {f"more {x}": against_26(x) for x in (0.1, 0.5, 1.0, 2.0)},
        "rare and rising": {
            f"{w} weeks, q {q}": rare_and_rising(w, q) for w, q in product((1, 2, 4), (0.5, 0.75, 0.9))
        },
        "top growth": {f"{w} weeks": top_growth(w) for w in (1, 2, 4)},
    }
    return {
        name: [
            (f"{said} {'+'.join(levels)}".strip(), score, levels) for said, score in own.items() for levels in CHOICES
        ]
        for name, own in tried.items()
    }


def chosen(seed: int) -> dict[str, tuple[Score, Levels]]:
    """The methods compared, as tuned on seed 7."""
    return {
        "BERTrend P10-P75 (code)": (bertrend(0.75), EVERY),
        "BERTrend P10-P50 (paper)": (bertrend(0.50), EVERY),
        "EARS C2": (ears_c2(0.2), EVERY),
        "EWMA 0.4": (ewma(0.2), ("nation", "network", "typology")),
        "last week against 26": (against_26(0.1), EVERY),
        "rare and rising": (rare_and_rising(4, 0.75), ("typology", "structure")),
        "top growth": (top_growth(4), ("structure",)),
        "random": (chance(seed), EVERY),
    }

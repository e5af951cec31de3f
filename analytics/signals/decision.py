"""Which of the week's cells are signals: pruning, false discoveries, evidence, and the most specific explanation.

The rules it protects: at most a share q of what is shown is expected to be chance, whatever the number of cells; a
signal rests on at least three distinct reviews over two days or two structures, and on a ratio whose lower bound is
1.5; one event gives one signal. There is no quota: a quiet week gives an empty list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MIN_REVIEWS = 3
MIN_RATIO_LOW = 1.5
_SAME = 0.5  # share of the smaller cell's reviews that two tests of one event have in common
_EXPLAINS = 0.6  # share of a wider cell's excess that a narrower one must hold to explain it
_SPECIFIC = ("nation", "channel", "region", "network", "group", "typology", "zone", "department", "structure")


@dataclass(frozen=True)
class Judged:
    """One test that passed."""

    detector: str  # 'surge' | 'place' | 'novelty'
    level: str  # of cells, 'zone', or 'group' for a new subject
    place: int  # position in the level, -1 for a group
    topic: int  # position of the irritant or of the fine subject, -1 for a group
    fine: bool
    window: int  # weeks
    observed: int
    expected: float
    p: float
    q: float
    members: frozenset[int]  # review ids
    codes: tuple[str, ...] = ()  # INSEE codes of a zone

    @property
    def excess(self) -> float:
        """Reviews beyond what was expected."""
        return self.observed - self.expected


def testable(p_least: np.ndarray, q: float) -> np.ndarray:
    """Tests that could be significant at all (Tarone, 1990; Gilbert, 2005): the others cost nothing.

    `p_least` is the smallest p each test could show. Keeps the tests whose `p_least` is at most q / k for the
    smallest k that at most k tests satisfy.
    """
    k = np.arange(1, len(p_least) + 1)
    enough = np.searchsorted(np.sort(p_least), q / k, side="right") <= k
    return p_least <= q / k[enough][0] if len(k) else np.zeros(0, dtype=bool)


def adjusted(p: np.ndarray) -> np.ndarray:
    """Benjamini-Hochberg adjusted p-values, in the order given."""
    n = len(p)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * n / np.arange(1, n + 1)
    out = np.empty(n)
    out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return out


def hierarchical(families: np.ndarray, p: np.ndarray, q: float, weights: np.ndarray) -> np.ndarray:
    """q-value of each test under a two-level hierarchy (Benjamini and Bogomolov, 2014).

    A family is an irritant: its p-value is Simes' over its tests; families are selected by Benjamini-Hochberg at `q`,
    then the tests of the R selected ones out of F are adjusted at q R / F. Tests of families that are not selected get 1.
    `families` holds the family number of each test; `weights` (F,), of mean 1, share the risk between families
    (Genovese, Roeder and Wasserman, 2006).
    """
    out = np.ones(len(p))
    order = np.argsort(families, kind="stable")
    numbers, starts = np.unique(families[order], return_index=True)
    own = np.split(order, starts[1:])
    within = [adjusted(p[rows]) / weights[number] for rows, number in zip(own, numbers, strict=True)]
    simes = np.ones(len(weights))
    simes[numbers] = [min(values.min(), 1.0) for values in within]
    selected = adjusted(simes) <= q
    for rows, values, number in zip(own, within, numbers, strict=True):
        if selected[number]:
            out[rows] = np.minimum(values * len(weights) / selected.sum(), 1.0)
    return out


def graded(families: np.ndarray, p: np.ndarray, levels: Sequence[float], weights: np.ndarray) -> np.ndarray:
    """q-value of each test: under `levels[i]` exactly when it is shown at that rate, 1 when it never is.

    `levels` are increasing rates.
    """
    out = np.ones(len(p))
    shown = np.zeros(len(p), dtype=bool)
    stricter = 0.0
    for level in levels:
        found = hierarchical(families, p, level, weights)
        new = (found <= level) & ~shown
        out[new] = np.maximum(found[new], np.nextafter(stricter, 1.0))
        shown |= new
        stricter = level
    return out


def most_specific(tests: Sequence[Judged]) -> list[Judged]:
    """The tests to show, one an event: the narrowest cell that holds most of its excess.

    Tests that share half of the smaller one's reviews are the same event; the narrowest one with at least 60 % of the
    largest excess stands for it.
    """
    shown: list[Judged] = []
    left = sorted(tests, key=lambda t: (t.p, t.detector, t.level, t.place, t.topic))
    while left:
        best = left[0]
        same = [t for t in left if overlap(t.members, best.members)]
        most = max(t.excess for t in same)
        enough = [t for t in same if t.excess >= _EXPLAINS * most]
        chosen = min(enough, key=lambda t: (-_SPECIFIC.index(t.level), not t.fine, t.p, t.window))
        shown.append(chosen)
        left = [t for t in left if t not in same and not overlap(t.members, chosen.members)]
    return shown


def overlap(one: frozenset[int], other: frozenset[int]) -> bool:
    """Whether two sets of reviews tell the same event."""
    return len(one & other) >= _SAME * min(len(one), len(other))

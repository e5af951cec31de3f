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
_EXPLAINS = 0.6  # share of a wider cell's excess that a narrower one must hold to explain it
_SPECIFIC = {"structure": 4, "department": 3, "typology": 2, "network": 1, "nation": 0}


@dataclass(frozen=True)
class Judged:
    """One cell's test."""

    level: str
    place: int
    irritant: int
    window: int
    observed: int
    expected: float
    p: float
    q: float

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


def hierarchical(families: np.ndarray, p: np.ndarray, q: float, size: int) -> np.ndarray:
    """q-value of each test under a two-level hierarchy (Benjamini and Bogomolov, 2014).

    A family is an irritant: its p-value is Simes' over its tests; families are selected by Benjamini-Hochberg at `q`
    among `size` of them, then the tests of the R selected ones are adjusted at q R / size. Tests of families that are
    not selected get 1. `families` holds the family number of each test.
    """
    out = np.ones(len(p))
    numbers = np.unique(families)
    simes = np.ones(size)
    for i, number in enumerate(numbers):
        simes[i] = adjusted(p[families == number]).min()
    selected = adjusted(simes)[: len(numbers)] <= q
    chosen = int(selected.sum())
    for number in numbers[selected]:
        own = families == number
        out[own] = np.minimum(adjusted(p[own]) * size / chosen, 1.0)
    return out


def most_specific(tests: Sequence[Judged], members: Sequence[frozenset[int]]) -> list[int]:
    """Positions of the tests to show: for each event, the narrowest cell that holds most of its excess.

    `members` are the review ids of each test. Tests of one irritant whose reviews overlap are the same event; the
    narrowest one with at least 60 % of the largest excess stands for it.
    """
    shown: list[int] = []
    left = sorted(range(len(tests)), key=lambda i: (tests[i].p, i))
    while left:
        best = left[0]
        same = [
            i
            for i in left
            if tests[i].irritant == tests[best].irritant
            and len(members[i] & members[best]) >= 0.5 * min(len(members[i]), len(members[best]))
        ]
        most = max(tests[i].excess for i in same)
        enough = [i for i in same if tests[i].excess >= _EXPLAINS * most]
        chosen = min(enough, key=lambda i: (-_SPECIFIC[tests[i].level], tests[i].p, tests[i].window))
        shown.append(chosen)
        left = [i for i in left if i not in same]
    return shown

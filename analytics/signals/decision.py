"""Which of the week's cells are signals: pruning, false discoveries, evidence, and the most specific explanation.

The rules it protects: at most a share q of what is shown is expected to be chance, whatever the number of cells; a
signal rests on at least three distinct reviews over two days or two structures, and on a ratio whose lower bound is
1.5; what no irritant tells must be mostly negative; one event gives one signal. There is no quota: a quiet week gives an empty list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from analytics.signals.surge import tail

MIN_REVIEWS = 3
MIN_RATIO_LOW = 1.5
MIN_NEGATIVE = 0.5  # share of the reviews of what no irritant tells: praise is no signal
_SAME = 0.5  # share of the smaller cell's reviews that two tests of one event have in common
_EXPLAINS = 0.6  # share of a wider cell's excess that a narrower one must hold to explain it
WORTH = 1e-3  # no test above that is ever shown, whatever the others say
_DRAWN = 30_000  # parts looked at to say what chance could show; of more, one in so many
_SURE, _HOPEFUL = 1e-5, 0.05  # adjusted p-values between which it may matter what chance could show
_SPECIFIC = ("nation", "channel", "region", "network", "group", "typology", "zone", "department", "structure")


@dataclass(frozen=True)
class Judged:
    """One test that passed."""

    detector: str  # 'surge' | 'place' | 'novelty' | 'slow'
    level: str  # of cells, 'zone', or 'group' for a new subject
    place: int  # position in the level, -1 for a group
    topic: int  # position of the irritant or of the fine subject, -1 for what no topic tells
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


def testable(p_least: np.ndarray) -> np.ndarray:
    """Tests that could ever be shown: the smallest p-value of each is at most WORTH (Tarone, 1990)."""
    return p_least <= WORTH


def adjusted(p: np.ndarray) -> np.ndarray:
    """Benjamini-Hochberg adjusted p-values, in the order given."""
    n = len(p)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * n / np.arange(1, n + 1)
    out = np.empty(n)
    out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return out


@dataclass(frozen=True)
class Chances:
    """What each test could have shown by chance; arrays (tests, parts).

    A test's p-value is the smallest of its parts' tails, each over its share of the risk; a part is a negative binomial
    count. A share of 0 is no part.
    """

    mean: np.ndarray
    shape: np.ndarray
    share: np.ndarray
    least: np.ndarray  # (tests,) the smallest p-value that what was received allows

    def of(self, rows: np.ndarray) -> Chances:
        """Those of some tests."""
        return Chances(self.mean[rows], self.shape[rows], self.share[rows], self.least[rows])

    def at_most(self, p: float) -> float:
        """Expected number of these tests whose p-value is at most `p` when nothing happens: counts jump, so it is well
        under `p` a test where few reviews are expected, and nothing for a test that can't go so low.
        """
        some = (self.share > 0) & (self.least <= p)[:, None]
        bound = p * self.share[some]
        mean, shape = self.mean[some], self.shape[some]
        step = len(bound) // _DRAWN + 1
        while step > 1 and (step % 2 == 0 or step % 3 == 0):  # parts come in turn: none is favoured
            step += 1
        bound, mean, shape = bound[::step], mean[::step], shape[::step]
        least = mean - 0.8 * ndtri(bound) * np.sqrt(mean + mean**2 / shape)  # a tail is longer than the normal one
        count = np.maximum(np.floor(np.where(mean > 4, least, mean)), 1.0)
        count = np.where(tail(count, mean, shape) > bound, count, np.maximum(np.floor(mean), 1.0))
        total = 0.0
        while len(bound):
            value = tail(count, mean, shape)
            reached = value <= bound
            total += float(value[reached].sum())
            left = ~reached
            bound, mean, shape, count = bound[left], mean[left], shape[left], count[left] + 1
        return total * step


def hierarchical(
    families: np.ndarray, p: np.ndarray, q: float, weights: np.ndarray, chances: Chances | None = None
) -> np.ndarray:
    """q-value of each test under a two-level hierarchy (Benjamini and Bogomolov, 2014).

    A family is an irritant: its p-value is Simes' over its tests; families are selected by Benjamini-Hochberg at `q`,
    then the tests of the R selected ones out of F are adjusted at q R / F. Tests of families that are not selected get 1.
    `families` holds the family number of each test; `weights` (F,), of mean 1, share the risk between families
    (Genovese, Roeder and Wasserman, 2006). With `chances`, what discrete counts can't show by chance is not paid for
    (Heyse, 2011; Döhler, Durand and Roquain, 2018).
    """
    return _selected(families, _within(families, p, weights, chances), q, len(weights))


def graded(
    families: np.ndarray, p: np.ndarray, levels: Sequence[float], weights: np.ndarray, chances: Chances | None = None
) -> np.ndarray:
    """q-value of each test: under `levels[i]` exactly when it is shown at that rate, 1 when it never is.

    `levels` are increasing rates.
    """
    out = np.ones(len(p))
    shown = np.zeros(len(p), dtype=bool)
    stricter = 0.0
    within = _within(families, p, weights, chances)
    for level in levels:
        found = _selected(families, within, level, len(weights))
        new = (found <= level) & ~shown
        out[new] = np.maximum(found[new], np.nextafter(stricter, 1.0))
        shown |= new
        stricter = level
    return out


def _within(families: np.ndarray, p: np.ndarray, weights: np.ndarray, chances: Chances | None) -> np.ndarray:
    """Adjusted p-value of each test among those of its family, over the family's weight."""
    out = np.ones(len(p))
    order = np.argsort(families, kind="stable")
    numbers, starts = np.unique(families[order], return_index=True)
    for number, rows in zip(numbers, np.split(order, starts[1:]), strict=False):  # one empty part when there is no test
        part = None if chances is None else chances.of(rows)
        plain = part is None or not part.share.any()
        own = adjusted(p[rows]) if plain or part is None else _discrete(p[rows], part, weights[number])
        out[rows] = own / weights[number]
    return out


def _selected(families: np.ndarray, within: np.ndarray, q: float, count: int) -> np.ndarray:
    """Tests of the families that pass among `count`, adjusted for that selection; 1 for the others."""
    simes = np.ones(count)
    np.minimum.at(simes, families, within)
    passed = adjusted(simes) <= q
    return np.where(passed[families], np.minimum(within * count / max(passed.sum(), 1), 1.0), 1.0)


def _discrete(p: np.ndarray, chances: Chances, weight: float) -> np.ndarray:
    """Benjamini-Hochberg adjusted p-values of discrete tests, in the order given; 1 beyond WORTH."""
    n = len(p)
    order = np.argsort(p, kind="stable")
    rank = np.arange(1, n + 1)
    scaled = np.where(p[order] <= WORTH, p[order] * n / rank, 1.0)
    for at in np.flatnonzero((p[order] <= WORTH) & (scaled > _SURE) & (scaled <= _HOPEFUL * weight)):
        scaled[at] = min(scaled[at], chances.at_most(p[order[at]]) / rank[at])
    out = np.empty(n)
    out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
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

"""New subjects: a few reviews that say the same thing, which nobody used to say, whatever topic they were put in.

Each recent review is a seed; those that share its rare words are its neighbours. A seed's neighbours in the last weeks
are tested against how many it had among older reviews, drawn towards what seeds usually have (Poisson-Gamma, empirical
Bayes). The rule it protects: a group is judged by how rarely such groups came together before, not by how alike it
looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import gammaln

from analytics.signals.cells import YEAR
from analytics.signals.likeness import ALIKE, RECENT, Likeness, weighed
from analytics.signals.surge import tail

WINDOWS = (2, 4, RECENT)  # weeks
SHARES = (0.3, 0.5, 0.2)  # of the risk
PAST_WEEKS = 104  # read before the recent ones, seasons among them
MOST_PAST = 30_000  # older reviews read at most, drawn evenly
_TOLD_P = 0.01  # a group less sure than that is never told, only counted among the tests
_MOST_RISE = 5.0
_AROUND = 3  # weeks on each side that make the same season of another year
_SHAPES = np.geomspace(0.005, 5, 24)
_LEAST_SHAPE = 0.02  # prior neighbours of a seed: never surer than that nothing is alike


@dataclass(frozen=True)
class Seeds:
    """Recent reviews as seeds; arrays (seeds,)."""

    p: np.ndarray
    least: np.ndarray  # the smallest p it could have, had all its neighbours come in the last weeks
    alike: np.ndarray  # position in ALIKE that gave p
    window: np.ndarray  # weeks of the window that gave p
    expected: np.ndarray  # neighbours expected there, the seed not counted
    mean: np.ndarray  # (seeds, parts) neighbours expected at each of ALIKE over each of WINDOWS
    shape: np.ndarray  # (seeds, parts)
    share: np.ndarray  # (seeds, parts) of the risk, 0 where the seed is older than the window
    neighbours: tuple[sparse.csr_matrix, ...]  # for each of ALIKE, (seeds, seeds) among the recent ones

    def group(self, seed: int, age: np.ndarray) -> np.ndarray:
        """Positions of the seed and of its neighbours in the window that gave its p."""
        near = self.neighbours[self.alike[seed]][seed].indices
        return np.sort(np.concatenate([[seed], near[age[near] < self.window[seed]]]))


@dataclass(frozen=True)
class Groups:
    """What the seeds of a day gather; each group is told by its surest seed alone."""

    seeds: Seeds
    p: np.ndarray  # (seeds,) 1 for a seed whose group a surer one tells
    members: Mapping[int, frozenset[int]]  # review ids of the seeds worth telling

    @classmethod
    def of(cls, likeness: Likeness, ids: np.ndarray, irritant: np.ndarray) -> Groups:
        """From the comparison of a day, and the ids and irritants (-1 = none) of the same reviews."""
        seeds, age = judged(likeness, irritant), likeness.age
        recent = len(seeds.p)
        members = {
            int(seed): frozenset(ids[seeds.group(int(seed), age[:recent])].tolist())
            for seed in np.flatnonzero(seeds.p < _TOLD_P)
        }
        return cls(seeds, distinct(seeds.p, [members.get(i) for i in range(recent)]), members)


def judged(likeness: Likeness, irritant: np.ndarray) -> Seeds:
    """Test each review of the last weeks. Where its irritant as a whole is told more than usual, so are its neighbours:
    that rise is the cells' to tell.
    """
    age, recent = likeness.age, likeness.recent
    rises = [_rise(irritant, age, recent, weeks) for weeks in WINDOWS]
    now = [_at_least(likeness.close, least) for least in ALIKE]
    past = [_at_least(likeness.past, least) for least in ALIKE]
    exposed = max(len(age) - recent, 1)
    best, least = np.ones(recent), np.ones(recent)
    which, window, expected = np.zeros(recent, int), np.full(recent, WINDOWS[0]), np.zeros(recent)
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for at in range(len(ALIKE)):
        before = np.asarray(past[at].sum(axis=1)).ravel()
        shape = max(_shape(before), _LEAST_SHAPE)
        prior = max(before.mean(), 0.5 / max(recent, 1)) if recent else 1.0
        rate = (shape + before) / (shape / prior + 1)  # neighbours among the older
        season = _surely(np.asarray(past[at] @ _same_season(age[recent:]).astype(float)).ravel())
        every = before + np.asarray(now[at].sum(axis=1)).ravel()
        for weeks, share, rise in zip(WINDOWS, SHARES, rises, strict=True):
            inside = age[:recent] < weeks
            near = np.asarray(now[at] @ inside.astype(float)).ravel()
            mean = np.maximum(rate * rise * inside.sum() / exposed, season * min(weeks / (2 * _AROUND + 1), 1.0))
            p = np.where(inside, tail(near, mean, shape + before) / share * len(ALIKE), 1.0)
            parts.append((mean, shape + before, np.where(inside, share / len(ALIKE), 0.0)))
            lowest = shape / (shape / prior + 1) * inside.sum() / exposed
            smallest = tail(every, np.full(recent, lowest), np.full(recent, shape)) / share * len(ALIKE)
            least = np.minimum(least, np.where(inside, smallest, 1.0))
            better = p < best
            best, which = np.where(better, p, best), np.where(better, at, which)
            window, expected = np.where(better, weeks, window), np.where(better, mean, expected)
    means, shapes, shares = (np.column_stack(part) for part in zip(*parts, strict=True))
    return Seeds(best, least, which, window, expected, means, shapes, shares, tuple(now))


def told_by(counts: sparse.csr_matrix, members: np.ndarray, least: float = min(ALIKE)) -> np.ndarray:
    """Which reviews (mask) say what these members (positions) say: neighbours of two of them, or members."""
    rows = weighed(counts)
    near = np.asarray(((rows @ rows[members].T) >= least).sum(axis=1)).ravel()
    out = near >= min(3, len(members))  # a member is its own neighbour
    out[members] = True
    return out


def _rise(irritant: np.ndarray, age: np.ndarray, recent: int, weeks: int) -> np.ndarray:
    """How much more than usual each seed's irritant is surely told over the last weeks, at least 1; 1 without irritant."""
    topic, old = irritant[:recent], irritant[recent:]
    width = int(irritant.max(initial=0)) + 1
    inside = (age[:recent] < weeks) & (topic >= 0)
    usual = (
        (np.bincount(old[old >= 0], minlength=width) + 1) / max(len(old), 1) * np.count_nonzero(age[:recent] < weeks)
    )
    rise = np.clip(_surely(np.bincount(topic[inside], minlength=width)) / np.maximum(usual, 1e-9), 1.0, _MOST_RISE)
    return np.where(topic >= 0, rise[topic], 1.0)


def _surely(counts: np.ndarray) -> np.ndarray:
    """Counts less what chance may add: one review alike a year ago is no season."""
    return np.maximum(counts - np.sqrt(counts), 0.0)


def _same_season(age: np.ndarray) -> np.ndarray:
    """Reviews of about the same weeks of an earlier year (mask)."""
    return (age >= YEAR - _AROUND) & ((age + _AROUND) % YEAR <= 2 * _AROUND)


def distinct(p: np.ndarray, members: Sequence[frozenset[int] | None]) -> np.ndarray:
    """The p-values with 1 for a group that an earlier, surer one tells already (they share half of the smaller)."""
    out = np.ones(len(p))
    kept: list[frozenset[int]] = []
    for seed in np.argsort(p, kind="stable"):
        own = members[seed]
        if own is None:
            break
        if not any(2 * len(own & other) >= min(len(own), len(other)) for other in kept):
            kept.append(own)
            out[seed] = p[seed]
    return out


def _at_least(cosines: sparse.csr_matrix, least: float) -> sparse.csr_matrix:
    """1 where the cosine is at least that, nothing elsewhere."""
    out = cosines.copy()
    out.data = (out.data >= least).astype(np.float32)
    out.eliminate_zeros()
    return out


def _shape(counts: np.ndarray) -> float:
    """Gamma shape of how seeds differ in neighbours, the mean being that of `counts`: maximum marginal likelihood."""
    mean = max(float(counts.mean()), 1e-3) if len(counts) else 1.0
    y, times = np.unique(counts, return_counts=True)
    likelihood = [
        float(
            np.sum(times * (gammaln(y + a) - gammaln(a) + a * np.log(a / (a + mean)) + y * np.log(mean / (a + mean))))
        )
        for a in _SHAPES
    ]
    return float(_SHAPES[int(np.argmax(likelihood))])

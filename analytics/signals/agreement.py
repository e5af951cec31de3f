"""Agreements: the reviews that one structure has just received say the same, more than its reviews usually do.

A few reviews alike are nothing in a whole country and much in one place. For each structure, the pairs of its recent
reviews that are near (`likeness.NEAR`) are counted against what its older reviews give (Poisson-Gamma, empirical Bayes,
each review being as talkative as it is with the whole country). How many reviews came is evidence too, up to a
limit: a place that is spoken of more than usual without saying the same thing is not an agreement. The rule it protects:
what a structure has always been told, or what the whole country is saying, is no news of that structure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analytics.signals.cells import GUARD, YEAR, Reviews
from analytics.signals.likeness import NEAR, NEAR_WINDOWS, Likeness
from analytics.signals.surge import strength, tail, volume_strength

LEVEL = "structure"
MIN_REVIEWS = 3
_SHARES = (0.6, 0.4)  # of the risk, spent on each of NEAR_WINDOWS
_CROWD = 2e-3  # the volume alone never counts for more than that
_TOLD_P = 0.01  # an agreement less sure than that is never told, only counted among the tests
_LEAST_PAIRS = 1e-3  # expected, however little a place is known
_FAR_TAIL = 30  # reviews beyond the largest count for which a place's volume is summed up
_EXACT = 1e-3  # products beyond which Fisher's rule is enough


@dataclass(frozen=True)
class Agreements:
    """One test a structure ever heard of; arrays (structures,)."""

    place: np.ndarray  # position of the structure
    p: np.ndarray
    window: np.ndarray  # weeks of the window that gave p
    expected: np.ndarray  # reviews that would be alike there by chance
    members: Mapping[int, frozenset[int]]  # structure -> review ids, of the tests worth telling

    @classmethod
    def none(cls) -> Agreements:
        """No test."""
        return cls(np.zeros(0, int), np.zeros(0), np.zeros(0, int), np.zeros(0), {})

    @classmethod
    def of(cls, likeness: Likeness, ids: np.ndarray, reviews: Reviews) -> Agreements:
        """From the comparison of a day, the ids of the same reviews, and all the reviews of that day."""
        width = len(reviews.names[LEVEL])
        usual = _Volume.of(reviews, width)
        pairs = _Pairs.of(likeness)
        best, window, expected = np.ones(width), np.full(width, NEAR_WINDOWS[0]), np.full(width, _LEAST_PAIRS)
        for at in range(len(NEAR)):
            habit = _Habit.of(likeness, pairs, at, width)
            for w, weeks in enumerate(NEAR_WINDOWS):
                came, near, mean = habit.counted(w, weeks)
                rows = np.flatnonzero((came >= MIN_REVIEWS) & (near >= 1))
                p = usual.surprise(rows, came[rows], weeks, tail(near[rows], mean[rows], habit.shape[rows]))
                p = np.minimum(p / _SHARES[w] * len(NEAR), 1.0)
                better = p < best[rows]
                chosen = rows[better]
                best[chosen], window[chosen] = p[better], weeks
                expected[chosen] = np.minimum(2 * mean[chosen], came[chosen])  # a pair is two reviews
        heard = np.flatnonzero(usual.heard)
        told = heard[best[heard] < _TOLD_P]
        members = {int(place): pairs.members(int(place), int(window[place]), likeness.age, ids) for place in told}
        return cls(heard, best[heard], window[heard], expected[heard], members)


@dataclass(frozen=True)
class _Pairs:
    """Near pairs of one structure: recent reviews with one another (each pair once), and with older ones."""

    one: np.ndarray
    other: np.ndarray
    cosine: np.ndarray
    place: np.ndarray
    past_cosine: np.ndarray
    past_place: np.ndarray

    @classmethod
    def of(cls, likeness: Likeness) -> _Pairs:
        """Those of a comparison."""
        now, past = likeness.close.tocoo(), likeness.past.tocoo()
        place = likeness.place
        here = (now.row < now.col) & (place[now.row] == place[now.col]) & (place[now.row] >= 0)
        before = (place[past.row] == place[likeness.recent + past.col]) & (place[past.row] >= 0)
        return cls(
            now.row[here],
            now.col[here],
            now.data[here],
            place[now.row[here]],
            past.data[before],
            place[past.row[before]],
        )

    def members(self, place: int, weeks: int, age: np.ndarray, ids: np.ndarray) -> frozenset[int]:
        """Ids of the reviews of a structure that are near another one of the same weeks."""
        inside = (self.place == place) & (age[self.one] < weeks) & (age[self.other] < weeks)
        return frozenset(ids[np.concatenate([self.one[inside], self.other[inside]])].tolist())


@dataclass(frozen=True)
class _Habit:
    """How often reviews of each structure are near, for one of NEAR."""

    likeness: Likeness
    pairs: _Pairs
    at: int
    talkative: np.ndarray  # (recent,) share of the country's older reviews that are near
    mean: float  # the same for any review
    agreeing: np.ndarray  # (structures,) how much more than that for two reviews of the structure
    shape: np.ndarray  # (structures,) by how many near pairs that is known

    @classmethod
    def of(cls, likeness: Likeness, pairs: _Pairs, at: int, width: int) -> _Habit:
        """Learnt from the older reviews."""
        recent, older = likeness.recent, max(len(likeness.age) - likeness.recent, 1)
        near, seeds = likeness.near_past[at], likeness.near_seeds[at]
        mean = max(near.sum() / max(recent * older, 1), 1e-6)
        talkative = _drawn(near, mean, older)
        heard = _drawn(seeds, mean, max(recent, 1))
        place, before = likeness.place[:recent], likeness.place[recent:]
        likely = _sums(place, talkative, width) * _sums(before, heard, width) / mean
        seen = np.bincount(pairs.past_place[pairs.past_cosine >= NEAR[at]], minlength=width).astype(float)
        usual = max(seen.sum() / max(likely.sum(), 1e-9), 0.5)
        pooled = strength(seen, usual * likely)
        agreeing = (pooled + seen) / (pooled / usual + likely)
        return cls(likeness, pairs, at, talkative, mean, agreeing, pooled + seen)

    def counted(self, window: int, weeks: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of the last weeks, by structure: reviews that came, near pairs, and near pairs expected among so many."""
        width, recent = len(self.agreeing), self.likeness.recent
        age, place = self.likeness.age[:recent], self.likeness.place[:recent]
        inside = np.where(age < weeks, place, -1)
        came = _sums(inside, np.ones(recent), width)
        talk = _sums(inside, self.talkative, width)
        likely = (talk**2 - _sums(inside, self.talkative**2, width)) / 2 / self.mean
        elsewhere = _sums(inside, self.likeness.near_now[self.at, window], width)
        usual = talk * np.maximum(np.count_nonzero(age < weeks) - came, 1)
        lately = np.maximum(
            (elsewhere - np.sqrt(elsewhere)) / np.maximum(usual, 1e-9), 1.0
        )  # what the country says now
        mean = np.maximum(self.agreeing * likely * lately, _LEAST_PAIRS)
        pairs = self.pairs
        counted = (pairs.cosine >= NEAR[self.at]) & (age[pairs.one] < weeks) & (age[pairs.other] < weeks)
        return came, np.bincount(pairs.place[counted], minlength=width).astype(float), mean


@dataclass(frozen=True)
class _Volume:
    """How many reviews each structure usually receives."""

    weekly: np.ndarray
    certain: np.ndarray
    heard: np.ndarray  # (mask) those that anybody ever wrote about

    @classmethod
    def of(cls, reviews: Reviews, width: int) -> _Volume:
        """Learnt from the year before the judged weeks, at the country's own pace of the last ones."""
        own = reviews.place[LEVEL]
        known = own >= 0
        learnt = known & (reviews.age >= GUARD) & (reviews.age < GUARD + YEAR)
        total = np.bincount(own[learnt], minlength=width).astype(float)
        weeks = float(np.clip(reviews.weeks - GUARD, 1, YEAR))
        mean = max(float(total.mean()) / weeks, 1e-9) if width else 1.0
        alpha = volume_strength(total)
        pace = np.count_nonzero(known & (reviews.age < GUARD)) / GUARD / max(total.sum() / weeks, 1e-9)
        heard = np.bincount(own[known], minlength=width) > 0
        return cls((alpha + total) / (alpha / mean + weeks) * max(pace, 1.0), alpha + total, heard)

    def surprise(self, rows: np.ndarray, came: np.ndarray, weeks: int, agree: np.ndarray) -> np.ndarray:
        """p-value of both: the chance that so many come and so often agree that the product of the two chances, the first
        never under `_CROWD`, is as small as here. Fewer than MIN_REVIEWS never agree.
        """
        if not len(rows):
            return np.ones(0)
        mean, certain = self.weekly[rows] * weeks, self.certain[rows]
        product = agree * np.maximum(tail(came, mean, certain), _CROWD)
        p = np.minimum(product * (1 - np.log(product)), 1.0)
        sure = np.flatnonzero(product < _EXACT)
        if len(sure):
            count = np.arange(MIN_REVIEWS, int(came[sure].max() + 3 * mean[sure].max()) + _FAR_TAIL + 1)
            shape = (len(sure), len(count))
            above = tail(
                np.broadcast_to(count, shape), np.broadcast_to(mean[sure, None], shape),
                np.broadcast_to(certain[sure, None], shape),
            )  # fmt: skip
            exactly = above - np.column_stack([above[:, 1:], np.zeros(len(sure))])
            p[sure] = np.sum(exactly * np.minimum(product[sure, None] / np.maximum(above, _CROWD), 1.0), axis=1)
        return p


def _sums(place: np.ndarray, values: np.ndarray, width: int) -> np.ndarray:
    known = place >= 0
    return np.bincount(place[known], weights=values[known], minlength=width)


def _drawn(counts: np.ndarray, mean: float, exposed: int) -> np.ndarray:
    """Rates drawn towards the mean as strongly as the data say."""
    pooled = strength(counts, np.full(len(counts), mean * exposed))
    return (pooled + counts) / (pooled / mean + exposed)

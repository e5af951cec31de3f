"""How many reviews a cell should have had, and how surprising the count is.

Owns the expected counts. A cell's odds of an irritant are pooled towards its parent place by a Poisson-Gamma model
whose strength is estimated from the data (empirical Bayes); the exposure is what the same place received about
everything else, and at least its usual volume, so a campaign that raises every subject raises the expectation too. A
regression on the national series (quasi-Poisson, trend and one yearly harmonic, past outbreaks weighed down) gives trend
and season. The tail is negative binomial: what is not known of the share, of the exposure and of weekly
over-dispersion adds up. A cell has one p-value: its windows share the risk (weighted Bonferroni), two weeks most of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, gammaincinv, gammaln

from analytics.signals import regression
from analytics.signals.cells import GUARD, LEVELS, PARENT, WIDE, WINDOWS, YEAR, Reviews

SHARES = (0.12, 0.68, 0.15, 0.05)  # of the risk, spent on each of WINDOWS

MIN_WEEKS = 12  # of history before the judged weeks, under which nothing can be expected
_RECENT = 8  # weeks that say how much a place usually receives
_EXPOSURE_PRIOR = 1.5  # reviews that the usual volume of a place is worth against the window's own
_DRAWN = 3.0  # times more that the usual volume may weigh than the window's own
_STRENGTHS = np.geomspace(0.1, 200, 16)  # candidates for the strength of pooling
RIDGE = np.array([1e-6, 4.0, 4.0, 4.0])  # intercept, trend, cosine, sine
_LEAST = 1 / 104  # reviews a week that any cell may have: one in two years
_AROUND = 2  # weeks on each side that make the same season of another year
_LEARNT = (
    (GUARD, GUARD + YEAR),
    (GUARD, GUARD + _RECENT),
)  # spans that say odds, and how much a place usually receives
_PEAK = 4.0  # reviews that the absence of a seasonal peak is worth
OUTLIER = 2.58  # residual beyond which a past week is weighed down


@dataclass(frozen=True)
class Cells:
    """Cells (place, topic) of one level; arrays (windows, places, topics)."""

    level: str
    fine: bool  # topics are fine subjects, not irritants
    observed: np.ndarray
    expected: np.ndarray
    shape: np.ndarray  # of the negative binomial: variance = expected + expected² / shape
    received: np.ndarray  # (windows, places) reviews of the place, every topic together
    windows: tuple[int, ...] = WINDOWS  # weeks
    shares: tuple[float, ...] = SHARES  # of the risk, spent on each window

    def tested(self, least: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The cells of places that received `least` reviews: place, topic, p, position of the window that gave it, and
        the smallest p the cell could have shown had all its place received been on that one topic.
        """
        busy = np.flatnonzero(self.received.max(axis=0) >= least)
        expected, shape = self.expected[:, busy], self.shape[:, busy]
        p, window = combined(self.observed[:, busy], expected, shape, self.shares)
        most = np.broadcast_to(self.received[:, busy, None], expected.shape)
        smallest, _ = combined(most, expected, shape, self.shares)
        place, topic = np.meshgrid(busy, np.arange(expected.shape[2]), indexing="ij")
        return place.ravel(), topic.ravel(), p.ravel(), window.ravel(), smallest.ravel()


def combined(
    observed: np.ndarray, expected: np.ndarray, shape: np.ndarray, shared: tuple[float, ...] = SHARES
) -> tuple[np.ndarray, np.ndarray]:
    """p-value over the windows (first axis) that share the risk, and the window that gives it."""
    some = observed >= 1
    p = np.ones(observed.shape)
    shares = np.array(shared).reshape(-1, *[1] * (observed.ndim - 1))
    p[some] = tail(observed[some], expected[some], shape[some])
    p = np.minimum(p / shares, 1.0)
    return p.min(axis=0), p.argmin(axis=0)


def tail(observed: np.ndarray, expected: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """P(X >= observed), X negative binomial of mean `expected` and the given shape; 1 where nothing was observed."""
    observed = np.asarray(observed, dtype=float)
    some = np.maximum(observed, 1.0)
    value = betainc(some, shape, expected / (expected + shape))
    return np.where(observed >= 1, np.clip(value, 1e-300, 1.0), 1.0)


def ratio_low(observed: float, expected: float) -> float:
    """One-sided 95 % lower bound of observed / expected (exact Poisson bound of Garwood, 1936)."""
    return float(gammaincinv(observed, 0.05) / max(expected, 1e-9)) if observed > 0 else 0.0


def judged(reviews: Reviews) -> list[Cells]:
    """Every cell of every level, irritants then fine subjects; empty when the history is too short to expect anything."""
    if reviews.weeks < GUARD + MIN_WEEKS or not len(reviews.irritants):
        return []
    found = _judged(reviews, LEVELS, fine=False)
    if len(reviews.subjects):
        found += _judged(reviews.by_subject(), WIDE, fine=True)
    return found


def _judged(reviews: Reviews, levels: tuple[str, ...], fine: bool) -> list[Cells]:
    counts = reviews.counts(levels, [*((0, window) for window in WINDOWS), *_LEARNT])
    known = Learnt.of(reviews, {level: own[len(WINDOWS) :] for level, own in counts.items()})
    return [_cells(known, level, own[: len(WINDOWS)], fine) for level, own in counts.items()]


def _cells(known: Learnt, level: str, counts: np.ndarray, fine: bool) -> Cells:
    observed, received = counts[:, :, :-1], counts.sum(axis=2)
    background = [
        known.expected(level, received[i][:, None] - observed[i], window, known.national.now(window))
        for i, window in enumerate(WINDOWS)
    ]
    expected, shape = (np.array(part) for part in zip(*background, strict=True))
    return Cells(level, fine, observed, expected, shape, received)


def weekly(reviews: Reviews, level: str, places: list[int], topic: int, weeks: int) -> dict[str, np.ndarray]:
    """The curve of a topic in these places of a level over the last `weeks`, oldest first: observed, expected, and the
    5 % and 95 % bounds.
    """
    known = Learnt.of(reviews, reviews.counts(above(level), _LEARNT))
    ages = range(weeks)[::-1]
    counts = reviews.counts([level], [(age, age + 1) for age in ages])[level]
    observed, expected, spread = np.zeros(weeks), np.zeros(weeks), np.zeros(weeks)
    for i, (age, now) in enumerate(zip(ages, counts, strict=True)):
        hits = now[:, :-1]
        means, shapes = known.expected(level, now.sum(axis=1)[:, None] - hits, 1, known.national.factor(age))
        own = means[places, topic]
        observed[i], expected[i] = hits[places, topic].sum(), own.sum()
        spread[i] = (own**2 / shapes[places, topic]).sum()
    return {"observed": observed, **band(expected, expected**2 / spread)}


def above(level: str) -> tuple[str, ...]:
    """The level and those it is drawn towards."""
    found = [level]
    while found[-1] in PARENT:
        found.append(PARENT[found[-1]])
    return tuple(found)


@dataclass(frozen=True)
class _Places:
    """What the past says of a level's places."""

    odds: np.ndarray  # (places, irritants) of an irritant against everything else
    certain: np.ndarray  # (places, irritants) reviews that this knowledge is worth
    volume: np.ndarray  # (places,) reviews a week, every subject together
    volume_certain: np.ndarray  # (places,)


@dataclass(frozen=True)
class Learnt:
    """What the weeks before the judged ones teach."""

    national: National
    places: dict[str, _Places]

    @classmethod
    def of(cls, reviews: Reviews, counts: Mapping[str, np.ndarray]) -> Learnt:
        """Learn some levels, the country among them, from what they received over each of _LEARNT."""
        places: dict[str, _Places] = {}
        lower = [level for level in PARENT if level in counts]
        parents = reviews.parents(lower) if lower else {}
        for level in LEVELS:
            if level in counts:
                upper = _upper(level, parents[level], places) if level in parents else None
                places[level] = _places(counts[level], upper, float(min(YEAR, reviews.weeks - GUARD)))
        return cls(National.fitted(reviews), places)

    def expected(
        self, level: str, others: np.ndarray, window: int, season: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and negative-binomial shape of each cell (places, irritants), given what the places received about
        everything else over `window` weeks. Never less than one review in two years.
        """
        if level == "nation":
            mean = (self.national.base * season)[None, :] * others
            shape = 1 / (1 / self.national.shape(window, season)[None, :] + 1 / self.places[level].certain)
            return np.maximum(mean, _LEAST * window), shape
        place = self.places[level]
        share = place.odds / (1 + place.odds)
        usual = place.volume[:, None] * window
        exposure, certain = _exposure(others, usual * (1 - share), place.volume_certain[:, None])
        from_others, from_volume = place.odds * exposure, share * usual
        mean = np.maximum(from_others, from_volume) * season[None, :]
        certain = np.where(from_others >= from_volume, certain, np.maximum(certain, place.volume_certain[:, None]))
        shape = 1 / (1 / place.certain + 1 / certain + 1 / self.national.shape(window, season)[None, :])
        return np.maximum(mean, _LEAST * window), shape


def _upper(level: str, parent: np.ndarray, above: dict[str, _Places]) -> np.ndarray:
    """Odds (places, irritants) of the place above each one; the country's where it is not known."""
    return np.concatenate([above[PARENT[level]].odds, above["nation"].odds])[parent]  # the last row: parent unknown


def _places(counts: np.ndarray, prior: np.ndarray | None, weeks: float) -> _Places:
    """Odds and volumes of a level, drawn towards those above (none: the whole country) as strongly as the data say."""
    year, lately = counts
    hits = year[:, :-1]
    total = year.sum(axis=1)
    others = total[:, None] - hits
    recent = lately.sum(axis=1)
    mean = total.mean() / weeks if len(total) else 0.0
    alpha = volume_strength(total)
    volume = (alpha + recent) / (alpha / max(mean, 1e-9) + _RECENT)
    if prior is None:
        return _Places((hits + 0.5) / (others + 1.0), hits + 0.5, volume, alpha + recent)
    pooling = strength(hits, prior * others)
    return _Places((pooling + hits) / (pooling / prior + others), pooling + hits, volume, alpha + recent)


def volume_strength(total: np.ndarray) -> float:
    """Gamma shape of how places differ in volume, by moments."""
    if not len(total):
        return 1.0
    mean = float(total.mean())
    spread = float(total.var()) - mean
    return float(np.clip(mean**2 / spread, 0.1, 5.0)) if spread > 0 else 5.0


def strength(hits: np.ndarray, expected: np.ndarray) -> float:
    """Gamma shape that explains best how places differ from their parents: maximum marginal likelihood on a grid."""
    known = expected > 0.01
    y, mean = hits[known], expected[known]
    if not len(y):
        return 1.0
    values, times = np.unique(y, return_counts=True)
    likelihood = [  # less what does not depend on the shape
        float(np.sum(times * (gammaln(values + a) - gammaln(a) + a * np.log(a))) - np.sum((a + y) * np.log(a + mean)))
        for a in _STRENGTHS
    ]
    return float(_STRENGTHS[int(np.argmax(likelihood))])


def _exposure(others: np.ndarray, normal: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Reviews a place may be thought to receive about everything else, and how many reviews that is known by.

    The window's own count, drawn a little towards the usual one (the less, the less the place is `known`): a place
    that falls silent still has an exposure, and a campaign in a place hardly heard of raises it at once.
    """
    prior = np.minimum(np.minimum(known, _EXPOSURE_PRIOR), _DRAWN * normal)
    rate = np.divide(prior, normal, out=np.zeros_like(normal), where=normal > 0)
    return (prior + others) / (1 + rate), np.maximum(prior + others, 0.5)


@dataclass(frozen=True)
class National:
    """Trend and season of each topic's odds in the whole country."""

    fit: np.ndarray  # (topics, terms)
    base: np.ndarray  # (topics,) mean fitted odds over the learnt year
    lately: np.ndarray  # (topics,) fitted reviews a week, just before the judged weeks, per unit of factor
    dispersion: np.ndarray  # (topics,) variance of weekly counts over their mean, at least 1
    surplus: np.ndarray  # (weeks, topics) how far a past week was surely above the fit, first row GUARD weeks old
    weeks: int

    @classmethod
    def fitted(cls, reviews: Reviews) -> National:
        """Learn from the weeks before the judged ones."""
        counts = reviews.by_week(GUARD)
        hits = counts[:, :-1]
        return cls.learnt(hits, np.maximum(counts.sum(axis=1)[:, None] - hits, 0.5))

    @classmethod
    def learnt(cls, hits: np.ndarray, others: np.ndarray) -> National:
        """Ridge-penalised quasi-Poisson regression of weekly counts (weeks, topics), the first row GUARD weeks old and
        the next ones older, offset by the reviews about everything else.
        """
        weeks = len(hits) + GUARD
        ages = np.arange(GUARD, weeks)
        rows = design(ages, weeks)
        fit = regression.robust(hits, rows, threshold=OUTLIER, offset=others, ridge=RIDGE)
        year = rows[ages < GUARD + YEAR]
        base = np.exp(year @ fit.coefficients.T).mean(axis=0)
        lately = (fit.mean / np.exp(rows @ fit.coefficients.T))[:_RECENT].mean(axis=0) * base
        return cls(fit.coefficients, base, lately, fit.dispersion, _surplus(hits, fit.mean), weeks)

    def shape(self, window: int, season: np.ndarray) -> np.ndarray:
        """Negative binomial shape (topics,) of a count over `window` weeks, from the dispersion of weekly counts."""
        return np.clip(self.lately * season * window / np.maximum(self.dispersion - 1, 1e-6), 0.2, 1e4)

    def factor(self, age: float) -> np.ndarray:
        """Odds at an age over the learnt year's, a factor for each topic. A peak that the same weeks of every earlier
        year knew, narrower than a yearly wave, is expected again.
        """
        fitted = np.exp(design(np.array([age]), self.weeks) @ self.fit.T)[0] / self.base
        same = [int(age) + YEAR * year - GUARD for year in (1, 2, 3)]
        known = [self.surplus[at] for at in same if 0 <= at < len(self.surplus)]
        again = np.maximum(np.min(known, axis=0), 1.0) if known else 1.0
        return np.clip(fitted * again, 0.2, 5.0)

    def now(self, window: int) -> np.ndarray:
        """Mean factor over the last `window` weeks."""
        return np.mean([self.factor(age) for age in range(window)], axis=0)


def _surplus(hits: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Counts over the fit around each week (five weeks), less what chance may add, drawn towards one by `_PEAK` reviews."""
    kernel = np.ones(2 * _AROUND + 1)

    def around(values: np.ndarray) -> np.ndarray:
        return np.apply_along_axis(lambda column: np.convolve(column, kernel, mode="same"), 0, values)

    usual = around(mean)
    return (around(hits) - 2 * np.sqrt(usual) + _PEAK) / (usual + _PEAK)


def design(ages: np.ndarray, weeks: int, judged: int = GUARD) -> np.ndarray:
    """Intercept, trend (in years, flat over the `judged` weeks) and, once a year is known, one yearly harmonic."""
    trend = -np.maximum(ages, judged) / YEAR
    turn = 2 * np.pi * ages / (365.25 / 7)
    seasonal = float(weeks >= YEAR + judged)
    return np.column_stack([np.ones(len(ages)), trend, seasonal * np.cos(turn), seasonal * np.sin(turn)])


def band(expected: np.ndarray, shape: np.ndarray) -> dict[str, np.ndarray]:
    """What is expected each week, with the counts that chance stays within nine weeks out of ten: `low`, `high`."""
    counts = np.arange(0, int(np.ceil(expected.max() * 6 + 20)))
    above = np.array(
        [tail(counts, np.full(len(counts), e), np.full(len(counts), s)) for e, s in zip(expected, shape, strict=True)]
    )
    low = np.array([counts[row > 0.95].max() for row in above], dtype=float)
    high = np.array([counts[row >= 0.05].max() for row in above], dtype=float)
    return {"expected": expected, "low": low, "high": high}

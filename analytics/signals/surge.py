"""How many reviews a cell should have had, and how surprising the count is.

Owns the expected counts. A cell's odds of an irritant are pooled towards its parent place by a Poisson-Gamma model
whose strength is estimated from the data (empirical Bayes); the exposure is what the same place received about
everything else, and at least its usual volume, so a campaign that raises every subject raises the expectation too. A
regression on the national series (quasi-Poisson, trend and one yearly harmonic, past outbreaks weighed down as in
Noufaily et al., 2013) gives trend and season. The tail is negative binomial: what is not known of the share, of the
exposure and of weekly over-dispersion adds up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, gammaincinv, gammaln

from analytics.signals.cells import GUARD, LEVELS, PARENT, WINDOWS, YEAR, Reviews

MIN_WEEKS = 12  # of history before the judged weeks, under which nothing can be expected
_RECENT = 8  # weeks that say how much a place usually receives
_EXPOSURE_PRIOR = 1.5  # reviews that the usual volume of a place is worth against the window's own
_DRAWN = 3.0  # times more that the usual volume may weigh than the window's own
_STRENGTHS = np.geomspace(0.1, 200, 16)  # candidates for the strength of pooling
_RIDGE = np.array([1e-6, 4.0, 4.0, 4.0])  # intercept, trend, cosine, sine
_LEAST = 1 / 104  # reviews a week that any cell may have: one in two years
_OUTLIER = 2.58  # residual beyond which a past week is weighed down
_ROUNDS = 12


@dataclass(frozen=True)
class Cells:
    """Cells (place, irritant) of one level over one window; arrays (places, irritants)."""

    level: str
    window: int  # weeks
    observed: np.ndarray
    expected: np.ndarray
    shape: np.ndarray  # of the negative binomial: variance = expected + expected² / shape
    received: np.ndarray  # reviews of the place in the window, every subject together

    @property
    def p(self) -> np.ndarray:
        """Probability of at least `observed` reviews if nothing happens."""
        return tail(self.observed, self.expected, self.shape)

    @property
    def p_least(self) -> np.ndarray:
        """The smallest p the cell could show: all that the place received on that one irritant."""
        return tail(np.broadcast_to(self.received[:, None], self.expected.shape), self.expected, self.shape)


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
    """Every cell of every level over every window; empty when the history is too short to expect anything."""
    if reviews.weeks < GUARD + MIN_WEEKS or not len(reviews.irritants):
        return []
    known = Learnt.of(reviews)
    out = []
    for level in known.places:
        for window in WINDOWS:
            now = reviews.counts(level, reviews.age < window)
            received = now.sum(axis=1)
            observed = now[:, :-1]
            expected, shape = known.expected(level, received[:, None] - observed, window, known.national.now(window))
            out.append(Cells(level, window, observed, expected, shape, received))
    return out


def weekly(reviews: Reviews, level: str, place: int, irritant: int, weeks: int) -> dict[str, np.ndarray]:
    """The curve of one cell over the last `weeks`, oldest first: observed, expected, and the 5 % and 95 % bounds."""
    known = Learnt.of(reviews, only=level)
    observed, expected, shape = np.zeros(weeks), np.zeros(weeks), np.zeros(weeks)
    for i, age in enumerate(range(weeks)[::-1]):
        now = reviews.counts(level, reviews.age == age)
        hits = now[:, :-1]
        means, shapes = known.expected(level, now.sum(axis=1)[:, None] - hits, 1, known.national.factor(age))
        observed[i], expected[i], shape[i] = hits[place, irritant], means[place, irritant], shapes[place, irritant]
    low, high = _interval(expected, shape)
    return {"observed": observed, "expected": expected, "low": low, "high": high}


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

    national: _National
    places: dict[str, _Places]

    @classmethod
    def of(cls, reviews: Reviews, only: str | None = None) -> Learnt:
        """Learn from reviews older than the judged weeks; for the levels that `only` needs, when given."""
        needed = set(LEVELS)
        if only is not None:
            needed, at = {only}, only
            while at in PARENT:
                at = PARENT[at]
                needed.add(at)
        places: dict[str, _Places] = {}
        for level in LEVELS:
            if level in needed:
                places[level] = _places(reviews, level, places)
        return cls(_National.fitted(reviews), places)

    def expected(
        self, level: str, others: np.ndarray, window: int, season: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and negative-binomial shape of each cell (places, irritants), given what the places received about
        everything else over `window` weeks. Never less than one review in two years.
        """
        if level == "nation":
            mean = (self.national.base * season)[None, :] * others
            shape = 1 / (1 / self.national.shape[None, :] + 1 / self.places[level].certain)
            return np.maximum(mean, _LEAST * window), shape
        place = self.places[level]
        share = place.odds / (1 + place.odds)
        usual = place.volume[:, None] * window
        exposure, certain = _exposure(others, usual * (1 - share), place.volume_certain[:, None])
        from_others, from_volume = place.odds * exposure, share * usual
        mean = np.maximum(from_others, from_volume) * season[None, :]
        certain = np.where(from_others >= from_volume, certain, np.maximum(certain, place.volume_certain[:, None]))
        shape = 1 / (1 / place.certain + 1 / certain + 1 / self.national.shape[None, :])
        return np.maximum(mean, _LEAST * window), shape


def _places(reviews: Reviews, level: str, above: dict[str, _Places]) -> _Places:
    """Odds and volumes of a level, drawn towards the level above as strongly as the data say."""
    counts = reviews.counts(level, (reviews.age >= GUARD) & (reviews.age < GUARD + YEAR))
    hits = counts[:, :-1]
    total = counts.sum(axis=1)
    others = total[:, None] - hits
    recent = reviews.counts(level, (reviews.age >= GUARD) & (reviews.age < GUARD + _RECENT)).sum(axis=1)
    weeks = float(min(YEAR, reviews.weeks - GUARD))
    mean = total.mean() / weeks if len(total) else 0.0
    strength = _volume_strength(total)
    volume = (strength + recent) / (strength / max(mean, 1e-9) + _RECENT)
    if level == "nation":
        return _Places((hits + 0.5) / (others + 1.0), hits + 0.5, volume, strength + recent)
    parent = reviews.parents(level)
    prior = np.where(
        (parent >= 0)[:, None], above[PARENT[level]].odds[np.maximum(parent, 0)], above["nation"].odds[0][None, :]
    )
    pooling = _strength(hits, prior * others)
    return _Places((pooling + hits) / (pooling / prior + others), pooling + hits, volume, strength + recent)


def _volume_strength(total: np.ndarray) -> float:
    """Gamma shape of how places differ in volume, by moments."""
    if not len(total):
        return 1.0
    mean = float(total.mean())
    spread = float(total.var()) - mean
    return float(np.clip(mean**2 / spread, 0.1, 5.0)) if spread > 0 else 5.0


def _strength(hits: np.ndarray, expected: np.ndarray) -> float:
    """Gamma shape that explains best how places differ from their parents: maximum marginal likelihood on a grid."""
    known = expected > 0.01
    y, mean = hits[known], expected[known]
    if not len(y):
        return 1.0
    likelihood = [
        float(np.sum(gammaln(y + a) - gammaln(a) + a * np.log(a / (a + mean)) + y * np.log(mean / (a + mean))))
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
class _National:
    """Trend and season of each irritant's odds in the whole country."""

    fit: np.ndarray  # (irritants, terms)
    base: np.ndarray  # (irritants,) mean fitted odds over the learnt year
    shape: np.ndarray  # (irritants,) over-dispersion of its weekly counts, as a negative binomial shape
    weeks: int

    @classmethod
    def fitted(cls, reviews: Reviews) -> _National:
        """Ridge-penalised quasi-Poisson regression of weekly counts, offset by the reviews about everything else."""
        ages = np.arange(GUARD, reviews.weeks)
        width = len(reviews.irritants) + 1
        kept = (reviews.age >= GUARD) & (reviews.age < reviews.weeks)
        column = np.where(reviews.irritant < 0, width - 1, reviews.irritant)
        cell = (reviews.age[kept] - GUARD) * width + column[kept]
        counts = np.bincount(cell, minlength=len(ages) * width).reshape(-1, width).astype(float)
        hits = counts[:, :-1]
        others = np.maximum(counts.sum(axis=1)[:, None] - hits, 0.5)
        design = _design(ages, reviews.weeks)
        weight = np.ones_like(hits)
        coefficients = _regressed(hits, others, design, weight)
        mean = others * np.exp(design @ coefficients.T)
        residual = (hits - mean) / np.sqrt(np.maximum(mean, 0.1))
        weight = np.where(residual > _OUTLIER, (_OUTLIER / np.maximum(residual, _OUTLIER)) ** 2, 1.0)
        coefficients = _regressed(hits, others, design, weight)
        mean = others * np.exp(design @ coefficients.T)
        extra = (weight * ((hits - mean) ** 2 - mean)).sum(axis=0) / np.maximum((mean**2).sum(axis=0), 1e-9)
        year = design[ages < GUARD + YEAR]
        return cls(coefficients, np.exp(year @ coefficients.T).mean(axis=0), 1 / np.clip(extra, 1e-3, 5), reviews.weeks)

    def factor(self, age: float) -> np.ndarray:
        """Odds at an age over the learnt year's, a factor for each irritant."""
        return np.clip(np.exp(_design(np.array([age]), self.weeks) @ self.fit.T)[0] / self.base, 0.2, 5.0)

    def now(self, window: int) -> np.ndarray:
        """Mean factor over the last `window` weeks."""
        return np.mean([self.factor(age) for age in range(window)], axis=0)


def _design(ages: np.ndarray, weeks: int) -> np.ndarray:
    """Intercept, trend (in years, flat over the judged weeks) and, with two years of history, one yearly harmonic."""
    trend = -np.maximum(ages, GUARD) / YEAR
    turn = 2 * np.pi * ages / (365.25 / 7)
    seasonal = float(weeks >= 2 * YEAR)
    return np.column_stack([np.ones(len(ages)), trend, seasonal * np.cos(turn), seasonal * np.sin(turn)])


def _regressed(hits: np.ndarray, others: np.ndarray, design: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Coefficients (irritants, terms) of the log-linear fits, all irritants at once, by Fisher scoring."""
    start = np.log((hits.sum(axis=0) + 0.5) / others.sum(axis=0))
    fit = np.zeros((hits.shape[1], design.shape[1]))
    fit[:, 0] = start
    for _ in range(_ROUNDS):
        mean = others * np.exp(np.clip(design @ fit.T, -20, 5))
        score = ((weight * (hits - mean)).T @ design) - _RIDGE * np.column_stack([fit[:, 0] - start, fit[:, 1:]])
        information = np.einsum("tk,ti,tj->kij", weight * mean, design, design) + np.diag(_RIDGE)
        step = np.linalg.solve(information, score[..., None])[..., 0]
        fit += np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-6:
            break
    return fit


def _interval(expected: np.ndarray, shape: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts that chance stays within nine weeks out of ten."""
    counts = np.arange(0, int(np.ceil(expected.max() * 6 + 20)))
    above = np.array(
        [tail(counts, np.full(len(counts), e), np.full(len(counts), s)) for e, s in zip(expected, shape, strict=True)]
    )
    low = np.array([counts[row > 0.95].max() for row in above], dtype=float)
    high = np.array([counts[row >= 0.05].max() for row in above], dtype=float)
    return low, high

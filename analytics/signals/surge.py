"""How many reviews a cell should have had, and how surprising the count is.

Owns the expected counts. A cell's share of an irritant is pooled towards its parent place by a Poisson-Gamma model
whose strength is estimated from the data (empirical Bayes); the exposure is what the same place received about
everything else, so a campaign that raises every subject raises the expectation too; a regression on the national series
(quasi-Poisson, trend and one yearly harmonic, past outbreaks weighed down as in Noufaily et al., 2013) gives the trend
and season. The tail is negative binomial: uncertainty on the share, on the exposure and weekly over-dispersion add up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, gammaincinv, gammaln

from analytics.signals.cells import GUARD, PARENT, WINDOWS, YEAR, Reviews

MIN_WEEKS = 12  # of history before the judged weeks, under which nothing can be expected
_RECENT = 8  # weeks that say how much a place usually receives
_EXPOSURE_PRIOR = 1.5  # reviews that the usual volume of a place is worth against the window's own
_STRENGTHS = np.geomspace(0.1, 200, 16)  # candidates for the strength of pooling
_RIDGE = np.array([1e-6, 4.0, 4.0, 4.0])  # intercept, trend, cosine, sine
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
    national = _National.fitted(reviews)
    shares = _shares(reviews)
    out = []
    for level, share in shares.items():
        usual = reviews.counts(level, (reviews.age >= GUARD) & (reviews.age < GUARD + _RECENT))
        for window in WINDOWS:
            now = reviews.counts(level, reviews.age < window)
            received = now.sum(axis=1)
            observed = now[:, :-1]
            others = received[:, None] - observed
            normal = (usual.sum(axis=1)[:, None] - usual[:, :-1]) * window / _RECENT
            if level == "nation":
                expected = national.share(window)[None, :] * others
                shape = np.broadcast_to(1 / (1 / national.shape + 1 / share.shape), expected.shape)
            else:
                exposure, certain = _exposure(others, normal)
                expected = share.odds * exposure * national.now(window)[None, :]
                shape = 1 / (1 / share.shape + 1 / certain + 1 / national.shape[None, :])
            out.append(Cells(level, window, observed, np.maximum(expected, 1e-6), shape, received))
    return out


def weekly(reviews: Reviews, level: str, place: int, irritant: int, weeks: int) -> dict[str, np.ndarray]:
    """The curve of one cell over the last `weeks`, oldest first: observed, expected, and the 5 % and 95 % bounds."""
    share = _shares(reviews)[level]
    national = _National.fitted(reviews)
    inside = reviews.place[level] == place
    hit = inside & (reviews.irritant == irritant)
    span = np.arange(weeks)[::-1]
    observed = np.array([np.count_nonzero(hit & (reviews.age == a)) for a in span], dtype=float)
    others = np.array([np.count_nonzero(inside & ~hit & (reviews.age == a)) for a in span], dtype=float)
    usual = inside & ~hit & (reviews.age >= GUARD) & (reviews.age < GUARD + _RECENT)
    exposure, certain = _exposure(others, np.full(weeks, np.count_nonzero(usual) / _RECENT))
    season = np.array([national.factor(a)[irritant] for a in span])
    expected = np.maximum(share.odds[place, irritant] * exposure * season, 1e-6)
    shape = 1 / (1 / share.shape[place, irritant] + 1 / certain + 1 / national.shape[irritant])
    low, high = _interval(expected, shape)
    return {"observed": observed, "expected": expected, "low": low, "high": high}


@dataclass(frozen=True)
class _Share:
    """Odds of an irritant against everything else in each place, and how many reviews that knowledge is worth."""

    odds: np.ndarray  # (places, irritants)
    shape: np.ndarray


def _shares(reviews: Reviews) -> dict[str, _Share]:
    """Pooled odds of each level: a place is drawn towards the one above it, as strongly as the data say."""
    learnt = (reviews.age >= GUARD) & (reviews.age < GUARD + YEAR)
    out: dict[str, _Share] = {}
    for level in reviews.names:
        counts = reviews.counts(level, learnt)
        hits = counts[:, :-1]
        others = counts.sum(axis=1)[:, None] - hits
        if level == "nation":
            out[level] = _Share((hits + 0.5) / (others + 1.0), hits + 0.5)
            continue
        parent = reviews.parents(level)
        prior = np.where(
            (parent >= 0)[:, None], out[PARENT[level]].odds[np.maximum(parent, 0)], out["nation"].odds[0][None, :]
        )
        strength = _strength(hits, prior * others)
        out[level] = _Share((strength + hits) / (strength / prior + others), strength + hits)
    return out


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


def _exposure(others: np.ndarray, normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Reviews a place may be thought to receive about everything else, and how many reviews that is known by.

    The window's own count, drawn a little towards the usual one: a place that falls silent still has an exposure.
    """
    prior = np.where(normal > 0, _EXPOSURE_PRIOR, 0.0)
    rate = np.divide(prior, normal, out=np.zeros_like(prior), where=normal > 0)
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

    def share(self, window: int) -> np.ndarray:
        """Fitted odds over the last `window` weeks."""
        return self.base * self.now(window)


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

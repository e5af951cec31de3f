"""Slow rises: a cumulative test that adds up small excesses week after week.

Owns the generalised likelihood-ratio CUSUM for negative-binomial counts with an unknown lasting rise (Höhle and Paul,
2008; `algo.glrnb` of R's surveillance), and what of the whole country it puts on the list to watch. The rules it protects: the
start of the rise is looked for, not given, and a rise that is over is forgotten; half a year ahead the expected count is
a guess, so that a slow rise is watched and never told as a signal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from analytics.signals import regression, surge
from analytics.signals.cells import GUARD, YEAR, Reviews

JUDGED = 26  # weeks in which a slow rise may have begun, never learnt from
THRESHOLD = 5.0  # log of the likelihood ratio from which a rise is one, as in `algo.glrnb`
_ROUNDS = 30


@dataclass(frozen=True)
class Rise:
    """An irritant that rises slowly in the whole country."""

    topic: int  # position of the irritant
    weeks: int  # since it began
    observed: int
    expected: float
    p: float  # of so large a ratio, the expected level being known as surely as its regression says; starts not paid for


def rises(reviews: Reviews) -> list[Rise]:
    """Irritants that have risen for more than the windows' weeks; none before a year and a half of history."""
    if reviews.weeks < JUDGED + YEAR:
        return []
    counts = reviews.by_week(0)
    hits = counts[:, :-1]
    others = np.maximum(counts.sum(axis=1)[:, None] - hits, 0.5)
    ages = np.arange(len(hits))
    design = surge.design(ages, len(hits), JUDGED)
    fit = regression.robust(
        hits[JUDGED:], design[JUDGED:], threshold=surge.OUTLIER, offset=others[JUDGED:], ridge=surge.RIDGE
    )
    now = slice(JUDGED - 1, None, -1)  # the oldest of the judged weeks first
    expected = others[now] * np.exp(design[now] @ fit.coefficients.T)
    shape = np.maximum(expected.mean(axis=0), 1e-9) / np.maximum(fit.dispersion - 1, 1e-6)
    evidence, length = statistic(hits[now], expected, shape)
    found = []
    for topic in np.flatnonzero((evidence >= THRESHOLD) & (length > GUARD)):
        weeks = int(length[topic])
        observed, mean = hits[:weeks, topic].sum(), expected[-weeks:, topic].sum()
        row = design[:weeks].mean(axis=0)
        level = fit.dispersion[topic] * (
            row @ fit.covariance[topic] @ row
        )  # squared relative error of the expected level
        z = np.log(observed / mean) / np.sqrt(fit.dispersion[topic] / observed + level)
        found.append(Rise(int(topic), weeks, int(observed), float(mean), float(norm.sf(z))))
    return found


def statistic(observed: np.ndarray, expected: np.ndarray, shape: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Evidence (series,) that the counts rose for good some weeks ago, and for how many weeks (series,).

    `observed` and `expected` are (weeks, series), the last row being now; `shape` (series,) is the negative binomial's
    (variance = mean + mean² / shape). The evidence is the log of the likelihood ratio, maximised over the start and over
    the size of the rise.
    """
    weeks, series = observed.shape
    best, length = np.zeros(series), np.zeros(series, dtype=int)
    for start in range(weeks):
        value = _ratio(observed[start:], expected[start:], shape)
        better = value > best
        best, length = np.where(better, value, best), np.where(better, weeks - start, length)
    return best, length


def alarms(observed: np.ndarray, expected: np.ndarray, shape: np.ndarray, threshold: float) -> np.ndarray:
    """Weeks (weeks, series) at which the evidence since the last alarm passes the threshold."""
    out = np.zeros(observed.shape, dtype=bool)
    for one in range(observed.shape[1]):
        begin = 0
        for week in range(len(observed)):
            past = slice(begin, week + 1)
            value, _ = statistic(observed[past, one : one + 1], expected[past, one : one + 1], shape[one : one + 1])
            if value[0] >= threshold:
                out[week, one] = True
                begin = week + 1
    return out


def _ratio(observed: np.ndarray, expected: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Log-likelihood ratio (series,) of the best rise over these weeks against none; 0 when they fell."""
    rise = np.log(np.maximum(observed.sum(axis=0), 1e-9) / np.maximum(expected.sum(axis=0), 1e-9))
    rise = np.maximum(rise, 0.0)
    for _ in range(_ROUNDS):
        mean = expected * np.exp(rise)
        score = ((observed - mean) / (1 + mean / shape)).sum(axis=0)
        curve = (mean * (1 + observed / shape) / (1 + mean / shape) ** 2).sum(axis=0)
        step = np.clip(score / np.maximum(curve, 1e-9), -1, 1)
        rise = np.maximum(rise + step, 0.0)
        if np.abs(step).max(initial=0.0) < 1e-8:
            break
    mean = expected * np.exp(rise)
    gain = observed * rise - (observed + shape) * np.log((shape + mean) / (shape + expected))
    return np.asarray(gain.sum(axis=0))

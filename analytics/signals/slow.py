"""Slow rises: a cumulative test that adds up small excesses week after week.

Owns two forms of it. In the engine, sums of wide cells since each of several starts (a CUSUM whose start is looked for),
against what was known before the first of them, so that a rise that lasts does not become what is expected; both halves
of the weeks must have risen, so that an outbreak that is over is no slow rise. As a judge for the benchmarks, the
generalised likelihood-ratio CUSUM for negative-binomial counts with an unknown lasting rise (Höhle and Paul, 2008;
`algo.glrnb` of R's surveillance). The rule it protects: the start of the rise is looked for, and paid for, not given.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analytics.signals.cells import GUARD, WIDE, YEAR, Reviews
from analytics.signals.surge import Cells, Learnt

STARTS = (12, 16, 20, 26)  # weeks before the as-of date
_EACH = 1 / len(STARTS)  # of the risk
_HALF = 0.25  # share of the excess that each half of the weeks must hold
_ROUNDS = 30


def judged(reviews: Reviews) -> list[Cells]:
    """Wide cells over the last weeks since each of STARTS; none when less than a year is known before the first."""
    first = max(STARTS)
    if reviews.weeks < first + YEAR or not len(reviews.irritants):
        return []
    shift = first - GUARD  # what was known that many weeks ago
    before = reviews.kept(reviews.age >= first)
    known = Learnt.of(replace(before, age=before.age - shift), levels=WIDE)
    factors = np.array([known.national.factor(age - shift) for age in range(first)])
    recent = reviews.kept(reviews.age < first)
    found = []
    for level in WIDE:
        parts: list[tuple[np.ndarray, ...]] = []
        for weeks in STARTS:
            counts = recent.counts(level, recent.age < weeks)
            hits, total = counts[:, :-1], counts.sum(axis=1)
            mean, shape = known.expected(level, total[:, None] - hits, weeks, factors[:weeks].mean(axis=0))
            late = recent.counts(level, recent.age < weeks // 2)[:, :-1] - mean / 2
            lasting = np.minimum(late, hits - mean - late) >= _HALF * (hits - mean)
            parts.append((np.where(lasting & (hits > mean), hits, 0.0), mean, shape, total))
        observed, expected, shapes, received = (np.array(part) for part in zip(*parts, strict=True))
        found.append(Cells(level, False, observed, expected, shapes, received, STARTS, (_EACH,) * len(STARTS)))
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

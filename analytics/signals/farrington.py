"""Farrington's flexible detector: weekly counts judged against the same weeks of earlier years.

Owns the method of Farrington et al. (1996) as improved by Noufaily et al. (2013), with the choices of R's
`surveillance::farringtonFlexible`; the regression does the work, over many series at once. It reads again what the engine
found (`second.py`); the benchmarks hold it against R's own answers, and the engine against it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import nbinom, norm, poisson
from scipy.stats import t as student

from analytics.signals import regression

YEAR = 52
_FEW_YEARS = 2  # a trend needs more than these


@dataclass(frozen=True)
class Settings:
    """The options of farringtonFlexible that change its answer."""

    years: int = 5  # b
    half_window: int = 3  # w
    periods: int = 10  # 1: only the windows around the same week; more: the whole of each year, by season
    left_out: int = 26  # last weeks that teach nothing
    reweight: float = 2.58
    alpha: float = 0.005
    trend_p: float = 1.0  # the trend is kept under this p-value
    enough: tuple[int, int] = (5, 4)  # at least 5 cases in the last 4 weeks
    threshold: str = "negative binomial"  # or "delta": 2/3 power of the counts
    judged: int = 1  # weeks judged together, the last one included


def thresholds(counts: np.ndarray, week: int, settings: Settings) -> np.ndarray:
    """Upper bound (series,) of the count of `week`, or of the `judged` weeks up to it, from the weeks before; `counts` is
    (weeks, series).
    """
    groups = _groups(week, settings)
    kept = np.flatnonzero((groups >= 0) & (np.arange(len(groups)) < week - settings.left_out))
    past = counts[kept]
    seasonal = [(groups[kept] == g).astype(float) for g in range(1, settings.periods)]
    now = [float(groups[week] == g) for g in range(1, settings.periods)]
    flat = np.column_stack([np.ones(len(kept)), *seasonal])
    time = (kept - week) / YEAR
    trended = np.column_stack([flat, time])
    fit = regression.robust(past, trended, threshold=settings.reweight)
    row = np.array([1.0, *now, (1 - settings.judged) / 2 / YEAR])  # the middle of the judged weeks
    mean, error = fit.predicted(row)
    spread = np.sqrt(fit.covariance[:, -1, -1] * fit.dispersion)
    p = 2 * student.sf(np.abs(fit.coefficients[:, -1]) / spread, df=max(len(kept) - trended.shape[1], 1))
    keep = (settings.years > _FEW_YEARS) & (p < settings.trend_p) & (mean <= past.max(axis=0))
    level = regression.robust(past, flat, threshold=settings.reweight)
    flat_mean, flat_error = level.predicted(row[:-1])
    mean, error = np.where(keep, mean, flat_mean), np.where(keep, error, flat_error)
    dispersion = np.where(keep, fit.dispersion, level.dispersion)
    mean, error = mean * settings.judged, error * settings.judged
    if settings.threshold == "delta":
        spread = np.sqrt(4 / 9 * np.cbrt(mean) * (dispersion + error**2 / mean))
        return np.maximum(mean ** (2 / 3) + norm.ppf(1 - settings.alpha) * spread, 0) ** 1.5
    over = np.maximum(dispersion, 1 + 1e-6)
    return np.where(
        dispersion > 1,
        nbinom.ppf(1 - settings.alpha, mean / (over - 1), 1 / over),
        poisson.ppf(1 - settings.alpha, mean),
    )


def alarms(counts: np.ndarray, weeks: range, settings: Settings) -> np.ndarray:
    """Whether each of the `weeks` is above its bound, (weeks, series), with enough recent cases to speak of."""
    least, span = settings.enough
    found = []
    for week in weeks:
        above = counts[week] > thresholds(counts, week, settings)
        found.append(above & (counts[max(0, week - span + 1) : week + 1].sum(axis=0) >= least))
    return np.array(found)


def _groups(week: int, settings: Settings) -> np.ndarray:
    """Season of each week up to `week`: 0 around the same weeks of the year as those judged, 1… between, -1 not used.

    Seasons are equal parts of the weeks between two windows.
    """
    out = np.full(week + 1, -1, dtype=int)
    half = settings.half_window
    wide = half + settings.judged - 1  # before the judged week, the first of several
    for year in range(settings.years + 1):
        centre = week - YEAR * year
        before = centre - wide - 1  # the last week of the stretch that leads to this window
        if settings.periods > 1 and year < settings.years:
            stretch = np.arange(centre - YEAR + half + 1, before + 1)
            parts = np.array_split(stretch, settings.periods - 1)
            for number, part in enumerate(parts, start=1):
                out[part[part >= 0]] = number
        window = np.arange(max(centre - wide, 0), min(centre + half, week) + 1)
        out[window] = 0
    return out

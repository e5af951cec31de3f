"""Log-linear regressions of weekly counts, many series at once.

Owns the fitting that every expected count rests on: quasi-Poisson by Fisher scoring, an optional offset, an optional
ridge, and past outbreaks weighed down. The rule it protects: a week that was itself an outbreak does not teach what is
usual (Farrington et al., 1996; the weights of Noufaily et al., 2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_ROUNDS = 25
_ENOUGH = 1e-7


@dataclass(frozen=True)
class Fit:
    """Regressions of `series` counts on `terms` columns."""

    coefficients: np.ndarray  # (series, terms)
    covariance: np.ndarray  # (series, terms, terms), before the dispersion
    dispersion: np.ndarray  # (series,) at least 1
    mean: np.ndarray  # (weeks, series)
    weight: np.ndarray  # (weeks, series)
    leverage: np.ndarray  # (weeks, series)

    def predicted(self, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean (series,) at one row (terms,) of the design, offset left out, and its standard error."""
        mean = np.exp(np.clip(self.coefficients @ row, -30, 30))
        spread = np.einsum("kij,i,j->k", self.covariance, row, row)
        return mean, mean * np.sqrt(np.maximum(spread, 0) * self.dispersion)


def fitted(
    counts: np.ndarray,
    design: np.ndarray,
    *,
    offset: np.ndarray | None = None,
    weight: np.ndarray | None = None,
    ridge: np.ndarray | None = None,
) -> Fit:
    """Fit `counts` (weeks, series) on `design` (weeks, terms), whose first column is the intercept.

    `offset` multiplies the mean (weeks, series); `ridge` (terms,) penalises the distance to a series without trend
    or season. The dispersion is Pearson's, over the degrees of freedom left.
    """
    weeks, series = counts.shape
    terms = design.shape[1]
    offset = np.ones_like(counts) if offset is None else offset
    weight = np.ones_like(counts) if weight is None else weight
    ridge = np.full(terms, 1e-9) if ridge is None else ridge
    squares = (design[:, :, None] * design[:, None, :]).reshape(weeks, -1)
    start = np.log((counts.sum(axis=0) + 0.5) / np.maximum(offset.sum(axis=0), 1e-9))
    fit = np.zeros((series, terms))
    fit[:, 0] = start
    base = fit.copy()
    for _ in range(_ROUNDS):
        mean = offset * np.exp(np.clip(design @ fit.T, -30, 30))
        score = (weight * (counts - mean)).T @ design - ridge * (fit - base)
        information = ((weight * mean).T @ squares).reshape(series, terms, terms) + np.diag(ridge)
        step = np.linalg.solve(information, score[..., None])[..., 0]
        fit = fit + np.clip(step, -2, 2)
        if np.abs(step).max(initial=0.0) < _ENOUGH:
            break
    mean = offset * np.exp(np.clip(design @ fit.T, -30, 30))
    information = ((weight * mean).T @ squares).reshape(series, terms, terms) + np.diag(ridge)
    covariance = np.linalg.inv(information)
    leverage = weight * mean * (squares @ covariance.reshape(series, -1).T)
    pearson = (weight * (counts - mean) ** 2 / np.maximum(mean, 1e-9)).sum(axis=0)
    dispersion = np.maximum(pearson / max(weeks - terms, 1), 1.0)
    return Fit(fit, covariance, dispersion, mean, weight, np.clip(leverage, 0, 0.999))


def weighed(fit: Fit, counts: np.ndarray, threshold: float) -> np.ndarray:
    """Weights (weeks, series) that take past outbreaks down: the inverse square of the standardised Anscombe residual
    beyond `threshold`, summing to the number of weeks.
    """
    mean = np.maximum(fit.mean, 1e-9)
    residual = 1.5 * (counts ** (2 / 3) * mean ** (-1 / 6) - np.sqrt(mean))
    residual = residual / np.sqrt(fit.dispersion * (1 - fit.leverage))
    weight = np.where(residual > threshold, np.maximum(residual, threshold) ** -2.0, 1.0)
    return weight * len(weight) / weight.sum(axis=0)


def robust(
    counts: np.ndarray,
    design: np.ndarray,
    *,
    threshold: float,
    offset: np.ndarray | None = None,
    ridge: np.ndarray | None = None,
) -> Fit:
    """Fit, weigh past outbreaks down, fit again."""
    first = fitted(counts, design, offset=offset, ridge=ridge)
    return fitted(counts, design, offset=offset, weight=weighed(first, counts, threshold), ridge=ridge)

"""Difference-in-differences for structures that adopt at different dates.

Imputation estimator (Borusyak, Jaravel & Spiess 2024): a level per structure and a movement per month are learnt on
what AI has not touched (never adopted, or not yet); they give what each structure would have done without, and the
effect is what was seen less that. For delays, level and movement multiply (Wooldridge 2023, Poisson with fixed
effects): slow structures move by more days than fast ones when everybody moves by the same share. The rule it protects:
no comparison ever uses an already treated structure as a control, and uncertainty is that of drawing structures, not
reviews (cluster bootstrap).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, stats

from analytics.impact.panel import LAST_LAG, LEADS, Panel

Floats = NDArray[np.float64]
Kind = Literal["ratio", "gap"]  # levels and movements multiply, or add
DRAWS = 400
NETWORK_STRUCTURES = 8
_STEPS = 400
_TOLERANCE = 1e-7


@dataclass(frozen=True)
class Estimate:
    """An average effect over what came after adoption, in the outcome's unit, with its 95 % interval."""

    effect: float
    low: float
    high: float
    n: int  # observations after adoption that have a counterfactual


@dataclass(frozen=True)
class Study:
    """Effects of a panel: overall, by quarter since adoption, by network, and the test of the time before."""

    overall: Estimate
    quarters: dict[int, Estimate]  # leads are negative, 0 holds the first three months
    networks: dict[str, Estimate]
    parallel_p: float | None  # chance of leads this large if nothing differed before adoption; None when untestable


def study(panel: Panel, kind: Kind, *, least: int = 1, seed: int = 0, draws: int = DRAWS) -> Study | None:
    """Estimate everything on a panel; None when nothing after adoption has a counterfactual.

    Structures with fewer than `least` untouched observations share one level with those of the same adoption quarter: a
    level of their own would be noise.
    """
    solver = _Solver(panel, kind, least, _weights(len(panel.structures), draws, seed))
    level, movement = solver.fit()
    after = panel.cells[panel.cells["after"]]
    overall = solver.effect(after, level, movement)
    if overall is None:
        return None
    quarters = {}
    for quarter in range(LAST_LAG + 1):
        found = solver.effect(after[after["quarter"] == quarter], level, movement)
        if found is not None:
            quarters[quarter] = found
    networks = {}  # with enough structures for drawing them to mean something
    of_network = panel.structures["network"]
    for name in of_network[panel.structures["adopter"]].dropna().unique():
        cells = after[after["unit"].map(of_network).eq(name)]
        found = solver.effect(cells, level, movement) if cells["unit"].nunique() >= NETWORK_STRUCTURES else None
        if found is not None:
            networks[str(name)] = found
    leads, parallel_p = solver.leads()
    return Study(overall, {**leads, **quarters}, networks, parallel_p)


def _weights(units: int, draws: int, seed: int) -> Floats:
    """How often each structure is drawn; the first column is the data as they are."""
    drawn = np.random.default_rng(seed).multinomial(units, np.full(units, 1 / units), size=draws).T
    return np.column_stack([np.ones(units), drawn]).astype(np.float64)


class _Solver:
    """Levels by structure and movements by month, for all bootstrap draws at once (columns)."""

    def __init__(self, panel: Panel, kind: Kind, least: int, weights: Floats) -> None:
        self.shape = (len(panel.structures), panel.months)
        self.ratio = kind == "ratio"
        self.weights = weights
        self.before = panel.cells[~panel.cells["after"]]
        self.n, self.total = self._matrices(self.before)
        alone = _column(self.n)[:, 0] >= least
        shared = panel.structures["cohort"].where(~alone, panel.structures["structure_id"])
        unit, names = pd.factorize(shared)
        size = (len(names), self.shape[0])
        self.units = sparse.csr_array((np.ones(len(unit)), (unit, np.arange(len(unit)))), shape=size)
        self.unit_n = self.units @ (weights * _column(self.n))
        self.unit_total = self.units @ (weights * _column(self.total))
        self.known = self.units.T @ self.unit_n > 0  # structures with a level, in each draw
        self.month_total = self.total.T @ weights
        self.month_n = self.n.T @ weights
        self.seen = self.month_n > 0  # months in which a draw holds someone untouched

    def fit(self) -> tuple[Floats, Floats]:
        """Levels (structures x draws) and movements (months x draws) of what AI has not touched."""
        level, movement, _ = self._solve([])
        return level, movement

    def effect(self, cells: pd.DataFrame, level: Floats, movement: Floats) -> Estimate | None:
        """Mean of seen less expected over `cells`; None when none has a counterfactual."""
        n, total = self._matrices(cells)
        weights = self.weights * self.known
        counted = n @ self.seen.astype(np.float64)
        seen = total @ self.seen.astype(np.float64)
        moved = n @ np.where(self.seen, movement, 0.0)
        expected = level * moved if self.ratio else level * counted + moved
        size = (weights * counted).sum(axis=0)
        if not size[0]:
            return None
        with np.errstate(invalid="ignore", divide="ignore"):
            effects = (weights * (seen - expected)).sum(axis=0) / size
        return _interval(effects, round(size[0]))

    def leads(self) -> tuple[dict[int, Estimate], float | None]:
        """Departures of the future adopters before they adopt, by quarter, and the joint test that there are none."""
        known = [q for q in LEADS if self.before.loc[self.before["quarter"] == q, "n"].sum() > 0]
        if not known:
            return {}, None
        parts = [self._matrices(self.before[self.before["quarter"] == q]) for q in known]
        _, _, departures = self._solve(parts)
        effects = []
        for (n, total), departure in zip(parts, departures, strict=True):
            size = _column(n).T @ self.weights
            mean = (_column(total).T @ self.weights) / np.where(size > 0, size, np.nan)
            effects.append((mean * (1 - 1 / departure) if self.ratio else departure).ravel())
        found = {q: _interval(values, int(n.sum())) for q, values, (n, _) in zip(known, effects, parts, strict=True)}
        table = np.array(effects)
        usable = table[:, np.isfinite(table).all(axis=0)]
        if usable.shape[1] < 10 * len(known):
            return found, None
        spread = np.atleast_2d(np.cov(usable[:, 1:]))
        statistic = float(usable[:, 0] @ np.linalg.pinv(spread) @ usable[:, 0])
        return found, float(stats.chi2.sf(statistic, len(known)))

    def _solve(self, parts: list[tuple[sparse.csr_array, sparse.csr_array]]) -> tuple[Floats, Floats, list[Floats]]:
        """Alternate between levels, movements and the departures of `parts` until the movements settle."""
        months, draws = self.shape[1], self.weights.shape[1]
        neutral = 1.0 if self.ratio else 0.0
        movement = np.full((months, draws), neutral)
        departures = [np.full((1, draws), neutral) for _ in parts]
        update: Callable[..., tuple[Floats, Floats]] = self._multiplied if self.ratio else self._added
        level = np.zeros((self.shape[0], draws))
        for _ in range(_STEPS):
            previous = movement
            level, movement = update(movement, parts, departures)
            for k, (n, total) in enumerate(parts):
                size = _column(n)
                seen = _column(total).T @ self.weights
                with np.errstate(invalid="ignore", divide="ignore"):
                    if self.ratio:
                        departures[k] = seen / (self.weights * level * (n @ movement)).sum(axis=0)[None]
                    else:
                        expected = (self.weights * (level * size + n @ movement)).sum(axis=0)[None]
                        departures[k] = (seen - expected) / (size.T @ self.weights)
                departures[k] = np.where(np.isfinite(departures[k]), departures[k], neutral)
            if np.abs(movement - previous).max() < _TOLERANCE * max(1.0, np.abs(movement).max()):
                break
        return level, movement, departures

    def _multiplied(
        self, movement: Floats, parts: list[tuple[sparse.csr_array, sparse.csr_array]], departures: list[Floats]
    ) -> tuple[Floats, Floats]:
        exposure = self.n @ movement
        for (n, _), departure in zip(parts, departures, strict=True):
            exposure += (n @ movement) * (departure - 1)
        exposure = self.units @ (self.weights * exposure)
        with np.errstate(invalid="ignore", divide="ignore"):
            level = self.units.T @ np.where(exposure > 0, self.unit_total / exposure, 0.0)
            drawn = self.weights * level
            expected = self.n.T @ drawn
            for (n, _), departure in zip(parts, departures, strict=True):
                expected += (n.T @ drawn) * (departure - 1)
            moved = np.where(expected > 0, self.month_total / expected, 1.0)
        return level, np.where(moved > 0, moved, 1.0)

    def _added(
        self, movement: Floats, parts: list[tuple[sparse.csr_array, sparse.csr_array]], departures: list[Floats]
    ) -> tuple[Floats, Floats]:
        moved = self.n @ movement
        for (n, _), departure in zip(parts, departures, strict=True):
            moved += _column(n) * departure
        left = self.unit_total - self.units @ (self.weights * moved)
        with np.errstate(invalid="ignore", divide="ignore"):
            level = self.units.T @ np.where(self.unit_n > 0, left / self.unit_n, 0.0)
            left = self.month_total - self.n.T @ (self.weights * level)
            for (n, _), departure in zip(parts, departures, strict=True):
                left = left - (n.T @ self.weights) * departure
            moved = np.where(self.seen, left / self.month_n, 0.0)
        return level, moved

    def _matrices(self, cells: pd.DataFrame) -> tuple[sparse.csr_array, sparse.csr_array]:
        where = (cells["unit"].to_numpy(), cells["month"].to_numpy())
        counts = sparse.csr_array((cells["n"].to_numpy(dtype=np.float64), where), shape=self.shape)
        totals = sparse.csr_array((cells["total"].to_numpy(dtype=np.float64), where), shape=self.shape)
        return counts, totals


def _column(matrix: sparse.csr_array) -> Floats:
    """Sums of the rows, as a column."""
    return np.asarray(matrix.sum(axis=1), dtype=np.float64).reshape(-1, 1)


def _interval(draws: Floats, n: int) -> Estimate:
    """The point (first draw) with the middle 95 % of the others."""
    others = draws[1:][np.isfinite(draws[1:])]
    low, high = np.quantile(others, [0.025, 0.975]) if len(others) else (np.nan, np.nan)
    return Estimate(float(draws[0]), float(low), float(high), n)

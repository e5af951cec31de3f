"""Difference-in-differences for structures that adopt at different dates.

Imputation estimator (Borusyak, Jaravel & Spiess 2024): a level per structure and a movement per month are learnt on
what AI has not touched (never adopted, or not yet); they give what each structure would have done without, and the
effect is what was seen less that. For delays, level and movement multiply (Wooldridge 2023, Poisson with fixed
effects): slow structures move by more days than fast ones when everybody moves by the same share. The rule it protects:
no comparison ever uses an already treated structure as a control, and uncertainty is that of drawing structures, not
reviews (cluster bootstrap).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, stats

from analytics.impact.panel import LAST_LAG, LEADS, Panel

Floats = NDArray[np.float64]
Kind = Literal["ratio", "gap"]  # levels and movements multiply, or add
DRAWS, CHECK_DRAWS = 400, 200  # of the structures, for an effect and for what checks it
NETWORK_STRUCTURES = 8
_STEPS, _CHORDS = 60, 12
_TOLERANCE, _CLOSE = 1e-7, 1e-4  # in log, for the data as they are and for a draw
_BLOCK = 100  # draws solved together


@dataclass(frozen=True)
class Estimate:
    """An average effect over what came after adoption, in the outcome's unit, with its 95 % interval."""

    effect: float
    low: float
    high: float
    n: int  # observations after adoption that have a counterfactual

    @property
    def told(self) -> bool:
        """Whether its interval leaves zero out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Study:
    """Effects of a panel: overall, by quarter since adoption, by network, and the test of the time before."""

    overall: Estimate
    quarters: dict[int, Estimate]  # leads are negative, 0 holds the first three months
    networks: dict[str, Estimate]
    parallel_p: float | None  # chance of leads this large if nothing differed before adoption; None when untestable


def study(
    panel: Panel, kind: Kind, *, least: int = 1, seed: int = 0, draws: int = DRAWS, details: bool = True
) -> Study | None:
    """Estimate everything on a panel; None when nothing after adoption has a counterfactual.

    Without `details`, the overall effect alone: no quarters, networks or test of the time before.

    Structures with fewer than `least` untouched observations share one level with those of the same adoption quarter: a
    level of their own would be noise.
    """
    solver = _Solver(panel, kind, least, redraw(len(panel.structures), draws, seed))
    level, movement = solver.fit()
    after = panel.cells[panel.cells["after"]]
    overall = solver.effect(after, level, movement)
    if overall is None or not details:
        return None if overall is None else Study(overall, {}, {}, None)
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


def redraw(units: int, draws: int, seed: int) -> Floats:
    """How often each structure is drawn; the first column is the data as they are."""
    drawn = np.random.default_rng(seed).multinomial(units, np.full(units, 1 / units), size=draws).T
    return np.column_stack([np.ones(units), drawn]).astype(np.float64)


class _Solver:
    """Levels by structure and movements by month, for all bootstrap draws at once (columns).

    Levels are profiled out, which leaves one small system a draw: movements by month, then departures by lead.
    """

    def __init__(self, panel: Panel, kind: Kind, least: int, weights: Floats) -> None:
        self.shape = (len(panel.structures), panel.months)
        self.ratio = kind == "ratio"
        self.weights = weights
        self.before = panel.cells[~panel.cells["after"]]
        self.unit, self.month, self.quarter = (self.before[c].to_numpy() for c in ("unit", "month", "quarter"))
        self.n, self.total = (self.before[c].to_numpy(dtype=np.float64)[:, None] for c in ("n", "total"))
        size = np.bincount(self.unit, weights=self.n[:, 0], minlength=self.shape[0])
        shared = panel.structures["cohort"].where(size < least, panel.structures["structure_id"])
        self.group, names = pd.factorize(shared)
        self.groups = len(names)
        seen = sparse.csr_array((self.n[:, 0], (self.month, self.unit)), shape=self.shape[::-1]) @ weights
        self.seen = seen > 0  # months in which a draw holds someone untouched
        members = sparse.csr_array((np.ones(len(self.group)), (self.group, np.arange(len(self.group)))))
        self.known = (members @ (weights * size[:, None]) > 0)[self.group]  # structures with a level, in each draw

    def fit(self) -> tuple[Floats, Floats]:
        """Levels (structures x draws) and movements (months x draws) of what AI has not touched."""
        return self._solve([])

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
        return interval(effects, round(size[0]))

    def leads(self) -> tuple[dict[int, Estimate], float | None]:
        """Departures of the future adopters before they adopt, by quarter, and the joint test that there are none."""
        sizes = [float(self.n[self.quarter == q].sum()) for q in LEADS]
        known = [q for q, size in zip(LEADS, sizes, strict=True) if size > 0]
        if not known:
            return {}, None
        _, found = self._solve(known, CHECK_DRAWS)
        departures = found[self.shape[1] :]
        effects = []
        for q, departure in zip(known, departures, strict=True):
            if not self.ratio:
                effects.append(departure)
                continue
            here = self.quarter == q
            drawn = self.weights[self.unit[here], : CHECK_DRAWS + 1]
            size = (drawn * self.n[here]).sum(axis=0)
            mean = (drawn * self.total[here]).sum(axis=0) / np.where(size > 0, size, np.nan)
            effects.append(mean * (1 - 1 / departure))
        estimates = {
            q: interval(v, round(self.n[self.quarter == q].sum())) for q, v in zip(known, effects, strict=True)
        }
        table = np.log(departures) if self.ratio else departures
        usable = table[:, np.isfinite(table).all(axis=0)]
        if usable.shape[1] < 10 * len(known):
            return estimates, None
        spread = np.atleast_2d(np.cov(usable[:, 1:]))
        statistic = float(usable[:, 0] @ np.linalg.pinv(spread) @ usable[:, 0])
        return estimates, float(stats.chi2.sf(statistic, len(known)))

    def _solve(self, leads: list[int], draws: int = DRAWS) -> tuple[Floats, Floats]:
        """Levels (structures x draws); then movements and departures (months and leads x draws), factors or shifts."""
        weights = self.weights[:, : draws + 1]
        system = _System(self, leads)
        point = system.solve(self.weights[:, :1], np.zeros((system.size, 1)), _STEPS)
        found = [point]
        for start in range(1, weights.shape[1], _BLOCK):
            block = weights[:, start : start + _BLOCK]
            found.append(system.solve(block, np.repeat(point[1], block.shape[1], axis=1), _CHORDS))
        level = np.hstack([f[0] for f in found])[self.group]
        moved = np.hstack([f[1] for f in found])
        return level, np.exp(np.clip(moved, -30, 30)) if self.ratio else moved

    def _matrices(self, cells: pd.DataFrame) -> tuple[sparse.csr_array, sparse.csr_array]:
        where = (cells["unit"].to_numpy(), cells["month"].to_numpy())
        counts = sparse.csr_array((cells["n"].to_numpy(dtype=np.float64), where), shape=self.shape)
        totals = sparse.csr_array((cells["total"].to_numpy(dtype=np.float64), where), shape=self.shape)
        return counts, totals


class _System:
    """The normal equations of movements and departures once levels are profiled out, for a block of draws."""

    def __init__(self, solver: _Solver, leads: list[int]) -> None:
        self.solver = solver
        months, cells = solver.shape[1], np.arange(len(solver.unit))
        self.size = months + len(leads)
        lead = np.full(len(cells), -1)
        for k, q in enumerate(leads):
            lead[solver.quarter == q] = months + k
        led = lead >= 0
        self.lead = np.where(led, lead, self.size)  # one row more, always zero
        row = np.r_[solver.month, lead[led]]
        column = np.r_[cells, cells[led]]
        ones = np.ones(len(row))
        self.features = sparse.csr_array((ones, (row, column)), shape=(self.size, len(cells)))
        group = solver.group[solver.unit]
        self.group = group
        self.members = sparse.csr_array((np.ones(len(cells)), (group, cells)), shape=(solver.groups, len(cells)))
        self.by_group = sparse.csr_array(
            (ones, (group[column] * self.size + row, column)), shape=(solver.groups * self.size, len(cells))
        )
        pairs = np.r_[solver.month * self.size + solver.month, (lead * self.size + lead)[led]]
        pairs = np.r_[pairs, (solver.month * self.size + lead)[led], (lead * self.size + solver.month)[led]]
        places = np.r_[cells, cells[led], cells[led], cells[led]]
        self.products = sparse.csr_array(
            (np.ones(len(pairs)), (pairs, places)), shape=(self.size * self.size, len(cells))
        )

    def solve(self, weights: Floats, start: Floats, steps: int) -> tuple[Floats, Floats]:
        """Levels by group and movements; `start` holds where the search begins. Newton's matrix is that of the start
        for a block of draws, of each step for the data as they are.
        """
        solver = self.solver
        drawn = weights[solver.unit]
        total = drawn * solver.total
        totals = self.members @ total
        moved = start
        inverse, near = None, _TOLERANCE if weights.shape[1] == 1 else _CLOSE
        for _ in range(steps):
            exposure = drawn * solver.n
            if solver.ratio:
                exposure *= np.exp(np.clip(self._at(moved), -30, 30))
            sums = self.members @ exposure
            level = _over(totals, sums)
            if inverse is None or weights.shape[1] == 1:
                inverse = self._inverse(exposure, level, sums)
            if solver.ratio:
                score = self.features @ (total - exposure * level[self.group])
            else:
                shift = _over(self.members @ (exposure * self._at(moved)), sums)
                score = self.features @ (total - exposure * (self._at(moved) + (level - shift)[self.group]))
            step = np.einsum("bij,jb->ib", inverse, score)
            moved = moved + np.clip(step, -3, 3) if solver.ratio else moved + step
            if not solver.ratio or np.abs(step).max(initial=0.0) < near:
                break
        exposure = drawn * solver.n * (np.exp(np.clip(self._at(moved), -30, 30)) if solver.ratio else 1.0)
        sums = self.members @ exposure
        level = _over(totals, sums)
        return (level if solver.ratio else level - _over(self.members @ (exposure * self._at(moved)), sums)), moved

    def _at(self, moved: Floats) -> Floats:
        """What each cell owes to its month and lead."""
        padded = np.vstack([moved, np.zeros((1, moved.shape[1]))])
        return padded[self.solver.month] + padded[self.lead]

    def _inverse(self, exposure: Floats, level: Floats, sums: Floats) -> Floats:
        """Inverse of each draw's matrix (draws x size x size); directions that nothing holds stay put."""
        draws = exposure.shape[1]
        expected = exposure * level[self.group] if self.solver.ratio else exposure
        whole = (self.products @ expected).T.reshape(draws, self.size, self.size)
        shared = (self.by_group @ exposure).reshape(-1, self.size, draws).transpose(2, 1, 0)
        scale = _over(level if self.solver.ratio else np.ones_like(level), sums)
        matrix = whole - (shared * scale.T[:, None, :]) @ shared.transpose(0, 2, 1)
        held = np.einsum("bii->bi", whole)
        ridge = 1e-9 * held.mean(axis=1, keepdims=True) + np.where(held > 0, 0.0, 1.0)
        matrix += np.eye(self.size) * ridge[:, None, :]
        return np.linalg.inv(matrix)


def _over(top: Floats, bottom: Floats) -> Floats:
    """Their quotient, 0 where nothing is."""
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)


def interval(draws: Floats, n: int) -> Estimate:
    """The point (first draw) with the middle 95 % of the others."""
    others = draws[1:][np.isfinite(draws[1:])]
    low, high = np.quantile(others, [0.025, 0.975]) if len(others) else (np.nan, np.nan)
    return Estimate(float(draws[0]), float(low), float(high), n)

"""What AI has not touched, and what it announces for the rest.

A level per structure and a movement per month, learnt before adoption and on those who never adopted. For delays, level
and movement multiply (Wooldridge 2023, Poisson with fixed effects): slow structures move by more days than fast ones when
everybody moves by the same share. Errors come from influence functions summed by structure (Liang & Zeger 1986; for
imputation, Borusyak, Jaravel & Spiess 2024, section 4.3): one fit instead of hundreds. The rule it protects: the error
counted is that of the effect on the structures that did adopt, who are all in the file; nobody is drawn from anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from analytics.impact.panel import Panel

Floats = NDArray[np.float64]
Kind = Literal["ratio", "gap"]  # levels and movements multiply, or add
_STEPS, _TOLERANCE = 60, 1e-8
_LEAST_LEFT = 0.01  # share of the expected below which an effect is read as this share


@dataclass(frozen=True)
class Part:
    """The mean effect over some cells, and what each structure adds to its error (they sum to it, in square)."""

    effect: float
    influence: Floats
    n: float


class Untouched:
    """Levels by group of structures, movements by month and departures by lead, and the cells of the whole panel."""

    def __init__(self, panel: Panel, kind: Kind, least: int, leads: Sequence[int] = ()) -> None:
        cells = panel.cells
        self.ratio = kind == "ratio"
        self.unit, self.month, self.quarter = (cells[c].to_numpy() for c in ("unit", "month", "quarter"))
        self.n, self.total, self.rows = (cells[c].to_numpy(dtype=np.float64) for c in ("n", "total", "rows"))
        self.after = cells["after"].to_numpy(dtype=bool)
        self.units, self.months = len(panel.structures), panel.months
        self._before = np.flatnonzero(~self.after)
        self._size = self._count(self._before, self.rows)
        shared = panel.structures["cohort"].where(self._size < least, panel.structures["structure_id"])
        group, names = pd.factorize(shared)
        self._group, self._groups = group[self.unit], len(names)
        self._features = self._designed(leads)
        self._learn()

    def effect(self, chosen: NDArray[np.bool_]) -> Part | None:
        """Mean of seen less expected over the cells `chosen` (after adoption); None when none has a counterfactual."""
        where = np.flatnonzero(chosen & self._known)
        size = float(self.n[where].sum())
        if not size:
            return None
        seen, expected = self.total[where], self._expected[where]
        pull = expected if self.ratio else self.n[where]
        by_group = _sums(self._group[where], pull, self._groups)
        by_column = np.zeros(self._features.shape[1])
        by_column[: self.months] = _sums(self.month[where], pull, self.months)
        borrowed = self._borrowed(by_group[:, None], by_column[:, None])[:, 0]
        influence = (self._own(where, seen, expected) - borrowed) / size
        return Part(float((seen - expected).sum()) / size, influence, float(self.rows[where].sum()))

    def departures(self) -> tuple[Floats, Floats]:
        """Departure of each lead, in log for `ratio`, and what each structure adds to its error (structures x leads)."""
        columns = np.eye(self._features.shape[1])[:, self.months :]
        return self._moved[self.months :], self._borrowed(np.zeros((self._groups, columns.shape[1])), columns)

    def _own(self, where: NDArray[np.intp], seen: Floats, expected: Floats) -> Floats:
        """Error that the chosen cells of each structure bring: their chance, and that of the level they are held against.

        Both show in how far a structure is from the common effect. When levels multiply and an effect leaves a share of
        them, so does the common effect of the level's chance: it is given back its size, chance being taken as
        proportional to the mean and shared by the numbers of observations on either side.
        """
        if not self.ratio:
            mean = float((seen - expected).sum() / self.n[where].sum())
            return self._count(where, self.total - self._expected - mean * self.n)
        left = max(float(seen.sum() / max(expected.sum(), 1e-12)), _LEAST_LEFT)
        apart = self._count(where, self.total - left * self._expected)
        size = self._count(where, self.rows)
        scale = np.divide(size / left**2 + self._size, size + self._size, out=np.ones(self.units), where=size > 0)
        return apart * np.sqrt(scale)

    def _borrowed(self, by_group: Floats, by_column: Floats) -> Floats:
        """Error that the untouched cells of each structure bring to sums of expected values (structures x sums)."""
        column = self._inverse @ (by_column - self._shared.T @ _over(by_group, self._held[:, None]))
        level = _over(by_group - self._shared @ column, self._held[:, None])
        cells = self._before
        pulled = (level[self._group[cells]] + self._features @ column) * (self.total - self._expected)[cells, None]
        members = sparse.csr_array(
            (np.ones(len(cells)), (self.unit[cells], np.arange(len(cells)))), shape=(self.units, len(cells))
        )
        return np.asarray(members @ pulled)

    def _designed(self, leads: Sequence[int]) -> sparse.csr_array:
        """Month and lead of each untouched cell, as ones (cells x months and leads)."""
        cells, month = np.arange(len(self._before)), self.month[self._before]
        rows, columns = [cells], [month]
        for k, quarter in enumerate(leads):
            led = np.flatnonzero(self.quarter[self._before] == quarter)
            rows.append(led)
            columns.append(np.full(len(led), self.months + k))
        row, column = np.concatenate(rows), np.concatenate(columns)
        return sparse.csr_array((np.ones(len(row)), (row, column)), shape=(len(cells), self.months + len(leads)))

    def _learn(self) -> None:
        """Newton's method on movements and departures, levels being profiled out; one step when they add."""
        group, n, total = self._group[self._before], self.n[self._before], self.total[self._before]
        features, groups = self._features, self._groups
        totals = _sums(group, total, groups)
        members = sparse.csr_array((np.ones(len(group)), (group, np.arange(len(group)))), shape=(groups, len(group)))
        moved = np.zeros(features.shape[1])
        for _ in range(_STEPS):
            at = np.asarray(features @ moved)
            exposure = n * np.exp(np.clip(at, -30, 30)) if self.ratio else n
            sums = _sums(group, exposure, groups)
            shift = 0.0 if self.ratio else _sums(group, n * at, groups)
            level = _over(totals - shift, sums)
            fitted = exposure * level[group] if self.ratio else n * (level[group] + at)
            weighted = features.multiply((fitted if self.ratio else n)[:, None]).tocsr()
            self._shared = (members @ weighted).toarray()
            self._held = _sums(group, fitted if self.ratio else n, groups)
            matrix = (features.T @ weighted).toarray() - self._shared.T @ _over(self._shared, self._held[:, None])
            self._inverse = _inverted(matrix, _sums(features.indices, weighted.data, len(moved)))
            step = self._inverse @ np.asarray(features.T @ (total - fitted))
            if np.abs(step).max(initial=0.0) < _TOLERANCE:
                break
            moved = moved + (np.clip(step, -3, 3) if self.ratio else step)
        self._moved = moved
        seen = _sums(self.month[self._before], n, self.months) > 0
        self._known = seen[self.month] & (sums > 0)[self._group]
        movement = moved[self.month]
        expected = (
            np.exp(np.clip(movement, -30, 30)) * level[self._group] if self.ratio else level[self._group] + movement
        )
        self._expected = self.n * expected
        self._expected[self._before] = fitted

    def _count(self, where: NDArray[np.intp], values: Floats) -> Floats:
        return _sums(self.unit[where], values[where], self.units)


def _inverted(matrix: Floats, held: Floats) -> Floats:
    """Its inverse; directions that nothing holds stay put."""
    ridge = 1e-7 * held.mean() + np.where(held > 0, 0.0, 1.0)
    return np.asarray(np.linalg.inv(matrix + np.diag(ridge)), dtype=np.float64)


def _sums(place: NDArray[np.signedinteger], values: Floats, size: int) -> Floats:
    """Sum of the values that fall at each of `size` places."""
    return np.bincount(place, weights=values, minlength=size).astype(np.float64)


def _over(top: Floats, bottom: Floats) -> Floats:
    """Their quotient, 0 where nothing is."""
    return np.divide(top, bottom, out=np.zeros(np.broadcast_shapes(top.shape, bottom.shape)), where=bottom > 0)

"""Effects by cohort and period, with never-treated or not-yet-treated structures as controls.

Group-time average effects (Callaway & Sant'Anna 2021, without covariates): what a cohort became since the period before
it adopted, less what the controls became over the same time. `gap` subtracts movements; `ratio` applies the controls'
movement to the cohort's own level, as delays of slow and fast structures move by shares. The rule it protects: a cohort
is compared with structures untouched at both ends of the comparison, and each cohort's effect is kept before any average.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.impact.differences import Estimate, interval
from analytics.impact.untouched import Kind

Floats = NDArray[np.float64]
Controls = Literal["never", "not_yet"]
NEVER = -1  # cohort of a structure that never adopts
LEAST = 5  # observations at each end of a comparison


@dataclass(frozen=True)
class GroupTime:
    """Effects by (cohort, period), and their averages; periods are numbers on one scale, a cohort is its first one."""

    cells: dict[tuple[int, int], Estimate]  # after adoption and before it (placebos, against the period before)
    overall: Estimate | None  # over every (cohort, period) after adoption, weighted by observations
    cohorts: dict[int, Estimate]
    exposure: dict[int, Estimate]  # by periods since adoption


def estimate(table: pd.DataFrame, kind: Kind, controls: Controls, *, least: float = 1) -> GroupTime:
    """Effects of a table with one row per (unit, cohort, period): `unit`, `cohort` (`NEVER` or the first treated
    period), `period`, `n` observations and their `total`.

    A cell is compared only where cohort and controls hold `least` observations at both ends. Averages weigh cells by
    observations of the cohort. Errors are summed by unit (influence functions, as their section 4).
    """
    units, unit = np.unique(table["unit"].to_numpy(), return_inverse=True)
    periods, period = np.unique(table["period"].to_numpy(), return_inverse=True)
    cohorts, cohort = np.unique(table["cohort"].to_numpy(), return_inverse=True)
    sums = np.zeros((2, len(units), len(cohorts), len(periods)))
    for k, name in enumerate(("n", "total")):
        np.add.at(sums[k], (unit, cohort, period), table[name].to_numpy(dtype=np.float64))
    counted = sums[0].sum(axis=0)
    cells: dict[tuple[int, int], Floats] = {}
    for g, start in enumerate(cohorts):
        held = np.flatnonzero((periods < start) & (counted[g] >= least))
        if start == NEVER:
            continue
        for t in range(len(periods)):
            earlier = held[held < t]
            if not len(earlier):
                continue
            base = int(earlier[-1])
            latest = max(periods[t], periods[base])
            chosen = cohorts == NEVER
            if controls == "not_yet":
                chosen = chosen | (cohorts > latest)
            chosen = chosen & (np.arange(len(cohorts)) != g)
            effect = _cell(sums, g, np.flatnonzero(chosen), (t, base), kind=kind, least=least)
            if effect is not None:
                cells[int(start), int(periods[t])] = np.r_[counted[g, t], effect]
    after = [key for key in cells if key[1] >= key[0]]
    return GroupTime(
        {key: interval(found[1], found[2:], found[0]) for key, found in cells.items()},
        _average(cells, after),
        {
            g: found
            for g in sorted({g for g, _ in after})
            if (found := _average(cells, [k for k in after if k[0] == g]))
        },
        {
            e: found
            for e in sorted({t - g for g, t in cells})
            if (found := _average(cells, [k for k in cells if k[1] - k[0] == e]))
        },
    )


def _cell(
    sums: Floats, group: int, controls: NDArray[np.intp], ends: tuple[int, int], *, kind: Kind, least: float
) -> Floats | None:
    """Effect of one cohort at one period, then what each unit adds to its error; None when an end is too thin."""
    means, errors = [], []
    for members in (np.array([group]), controls):
        for at in ends:
            n, total = (sums[k][:, members, at].sum(axis=1) for k in range(2))
            if n.sum() < least:
                return None
            mean = total.sum() / n.sum()
            means.append(mean)
            errors.append((total - mean * n) / n.sum())
    now, was, others_now, others_were = means
    if kind == "gap":
        return np.r_[now - was - others_now + others_were, errors[0] - errors[1] - errors[2] + errors[3]]
    if was <= 0 or others_now <= 0 or others_were <= 0:
        return None
    expected = was * others_now / others_were
    moved = errors[1] / was + errors[2] / others_now - errors[3] / others_were
    return np.r_[now - expected, errors[0] - expected * moved]


def _average(cells: dict[tuple[int, int], Floats], keys: Sequence[tuple[int, int]]) -> Estimate | None:
    if not keys:
        return None
    chosen = np.array([cells[key] for key in keys])
    size = chosen[:, 0]
    mean = size @ chosen[:, 1:] / size.sum()
    return interval(mean[0], mean[1:], size.sum())

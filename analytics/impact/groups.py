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

from analytics.impact.differences import Estimate, Kind, interval, redraw

Floats = NDArray[np.float64]
Controls = Literal["never", "not_yet"]
NEVER = -1  # cohort of a structure that never adopts
DRAWS = 400
LEAST = 5  # observations at each end of a comparison


@dataclass(frozen=True)
class GroupTime:
    """Effects by (cohort, period), and their averages; periods are numbers on one scale, a cohort is its first one."""

    cells: dict[tuple[int, int], Estimate]  # after adoption and before it (placebos, against the period before)
    overall: Estimate | None  # over every (cohort, period) after adoption, weighted by observations
    cohorts: dict[int, Estimate]
    exposure: dict[int, Estimate]  # by periods since adoption


def estimate(
    table: pd.DataFrame, kind: Kind, controls: Controls, *, draws: int = DRAWS, seed: int = 0, least: float = 1
) -> GroupTime:
    """Effects of a table with one row per (unit, cohort, period): `unit`, `cohort` (`NEVER` or the first treated
    period), `period`, `n` observations and their `total`.

    A cell is compared only where cohort and controls hold `least` observations at both ends. Averages weigh cells by
    observations of the cohort.
    """
    units, unit = np.unique(table["unit"].to_numpy(), return_inverse=True)
    periods, period = np.unique(table["period"].to_numpy(), return_inverse=True)
    cohorts, cohort = np.unique(table["cohort"].to_numpy(), return_inverse=True)
    weight = redraw(len(units), draws, seed)
    place = cohort * len(periods) + period
    size = (len(units), len(cohorts) * len(periods))
    n, total = np.zeros(size), np.zeros(size)
    np.add.at(n, (unit, place), table["n"].to_numpy(dtype=np.float64))
    np.add.at(total, (unit, place), table["total"].to_numpy(dtype=np.float64))
    shape = (len(cohorts), len(periods), weight.shape[1])
    counted, summed = (n.T @ weight).reshape(shape), (total.T @ weight).reshape(shape)
    cells: dict[tuple[int, int], Floats] = {}
    sizes: dict[tuple[int, int], Floats] = {}
    for g, start in enumerate(cohorts):
        held = np.flatnonzero((periods < start) & (counted[g, :, 0] >= least))
        if start == NEVER:
            continue
        for t in range(len(periods)):
            earlier = held[held < t]
            if not len(earlier):
                continue
            base = earlier[-1]
            latest = max(periods[t], periods[base])
            chosen = cohorts == NEVER
            if controls == "not_yet":
                chosen = chosen | (cohorts > latest)
            chosen = chosen & (np.arange(len(cohorts)) != g)
            effect = _cell((counted, summed), g, np.flatnonzero(chosen), (t, int(base)), kind=kind, least=least)
            if effect is not None:
                cells[int(start), int(periods[t])] = effect
                sizes[int(start), int(periods[t])] = counted[g, t]
    after = [key for key in cells if key[1] >= key[0]]
    return GroupTime(
        {key: interval(values, round(sizes[key][0])) for key, values in cells.items()},
        _average(cells, sizes, after),
        {g: found for g in sorted({g for g, _ in after}) if (found := _average(cells, sizes, [k for k in after if k[0] == g]))},
        {
            e: found
            for e in sorted({t - g for g, t in cells})
            if (found := _average(cells, sizes, [k for k in cells if k[1] - k[0] == e]))
        },
    )  # fmt: skip


def _cell(
    sums: tuple[Floats, Floats],
    group: int,
    controls: NDArray[np.intp],
    ends: tuple[int, int],
    *,
    kind: Kind,
    least: float,
) -> Floats | None:
    """Effect of one cohort at one period, one value a draw; None when an end is too thin."""
    counted, summed = sums
    sides = []
    for members in (np.array([group]), controls):
        for at in ends:
            n, total = counted[members, at].sum(axis=0), summed[members, at].sum(axis=0)
            if n[0] < least:
                return None
            with np.errstate(invalid="ignore", divide="ignore"):
                sides.append(total / n)
    now, was, others_now, others_were = sides
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = was * others_now / others_were if kind == "ratio" else was + others_now - others_were
    return now - expected


def _average(
    cells: dict[tuple[int, int], Floats], sizes: dict[tuple[int, int], Floats], keys: Sequence[tuple[int, int]]
) -> Estimate | None:
    if not keys:
        return None
    effect = np.array([cells[key] for key in keys])
    weight = np.array([sizes[key] for key in keys]) * np.isfinite(effect)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = (np.where(np.isfinite(effect), effect, 0.0) * weight).sum(axis=0) / weight.sum(axis=0)
    return interval(values, round(sum(sizes[key][0] for key in keys)))

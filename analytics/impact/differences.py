"""Difference-in-differences for structures that adopt at different dates.

Imputation estimator (Borusyak, Jaravel & Spiess 2024): a level per structure and a movement per month are learnt on
what AI has not touched (never adopted, or not yet; `untouched`); they give what each structure would have done without,
and the effect is what was seen less that. The rule it protects: no comparison ever uses an already treated structure as a
control, and uncertainty is counted by structure, not by review: a structure's reviews share what happens to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from analytics.impact.panel import LAST_LAG, LEADS, Panel
from analytics.impact.untouched import Floats, Kind, Untouched

NETWORK_STRUCTURES = 8
_LEVEL = 0.95
_DRAWS, _AT_ONCE, _SEED = 2_000, 250, 20231016


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
    influence: Floats  # what each structure adds to the error of the overall effect


def study(panel: Panel, kind: Kind, *, least: int = 1, details: bool = True) -> Study | None:
    """Estimate everything on a panel; None when nothing after adoption has a counterfactual.

    Without `details`, the overall effect alone: no quarters, networks or test of the time before.

    Structures with fewer than `least` untouched observations share one level with those of the same adoption quarter: a
    level of their own would be noise.
    """
    learnt = Untouched(panel, kind, least)
    whole = learnt.effect(learnt.after)
    if whole is None:
        return None
    overall = interval(whole.effect, whole.influence, whole.n)
    if not details:
        return Study(overall, {}, {}, None, whole.influence)
    quarters = {}
    for quarter in range(LAST_LAG + 1):
        found = _effect(learnt, learnt.after & (learnt.quarter == quarter))
        if found is not None:
            quarters[quarter] = found
    networks = {}  # with enough structures for a spread between them to mean something
    of_network = panel.structures["network"].to_numpy()
    for name in pd.unique(panel.structures.loc[panel.structures["adopter"], "network"].dropna()):
        chosen = learnt.after & (of_network[learnt.unit] == name)
        found = _effect(learnt, chosen) if len(np.unique(learnt.unit[chosen])) >= NETWORK_STRUCTURES else None
        if found is not None:
            networks[str(name)] = found
    leads, parallel_p = _leads(panel, kind, least)
    return Study(overall, {**leads, **quarters}, networks, parallel_p, whole.influence)


def interval(effect: float, influence: Floats, n: float) -> Estimate:
    """An estimate from what each structure adds to its error, with few structures in mind: Student's quantile, degrees of
    freedom by Satterthwaite (1946), which fall when a few large structures carry the sum.
    """
    half = quantile(influence) * float(np.sqrt((influence**2).sum()))
    return Estimate(float(effect), float(effect) - half, float(effect) + half, round(n))


def resampled(found: Estimate, influence: Floats) -> Estimate:
    """The same estimate, its interval by bootstrap of the structures: what each adds to the error is kept or turned round by
    a toss (multiplier bootstrap of Callaway & Sant'Anna 2021, section 4.2; weights of Davidson & Flachaire 2008). Leans on no
    quantile of Student's; the same draws every time.
    """
    tosses = np.random.default_rng(_SEED)
    adds = influence[influence != 0]
    drawn = [tosses.choice((-1.0, 1.0), size=(_AT_ONCE, len(adds))) @ adds for _ in range(_DRAWS // _AT_ONCE)]
    half = float(np.quantile(np.abs(np.concatenate(drawn)), _LEVEL))
    return Estimate(found.effect, found.effect - half, found.effect + half, found.n)


def quantile(influence: Floats) -> float:
    """Student's quantile for the error of a sum over structures."""
    return float(stats.t.ppf((1 + _LEVEL) / 2, _freedom(influence)))


def _freedom(influence: Floats) -> float:
    fourth = float((influence**4).sum())
    return max(float((influence**2).sum()) ** 2 / fourth, 1.0) if fourth else 1.0


def _effect(learnt: Untouched, chosen: NDArray[np.bool_]) -> Estimate | None:
    found = learnt.effect(chosen)
    return None if found is None else interval(found.effect, found.influence, found.n)


def _leads(panel: Panel, kind: Kind, least: int) -> tuple[dict[int, Estimate], float | None]:
    """Departures of the future adopters before they adopt, by quarter, and the joint test that there are none: an
    approximate Hotelling T2, whose degrees of freedom fall when few structures carry it (Pustejovsky & Tipton 2018).
    """
    before = panel.cells[~panel.cells["after"]]
    sizes = before.groupby("quarter")["rows"].sum()
    known = [q for q in LEADS if sizes.get(q, 0.0) > 0]
    if not known:
        return {}, None
    learnt = Untouched(panel, kind, least, known)
    departure, influence = learnt.departures()
    estimates = {}
    for k, q in enumerate(known):
        moved, spread = departure[k], influence[:, k]
        if kind == "ratio":  # in the outcome's unit, on the mean seen in that quarter
            here = before[before["quarter"] == q]
            mean = float(here["total"].sum() / here["n"].sum())
            left = float(np.exp(-moved))
            moved, spread = mean * (1 - left), mean * left * spread
        estimates[q] = interval(float(moved), spread, sizes[q])
    return estimates, _none_departs(departure, influence)


def _none_departs(departure: Floats, influence: Floats) -> float | None:
    """Chance of departures this large together when there are none; None when too few structures carry them."""
    inverse, count = np.linalg.pinv(influence.T @ influence), len(departure)
    shares = np.einsum(
        "ij,jk,ik->i", influence, inverse, influence
    )  # of each structure in the spread; they sum to count
    carried = float((shares**2).sum())
    freedom = count * (count + 1) / (2 * carried) if carried else 0.0
    if freedom <= count:
        return None
    statistic = float(departure @ inverse @ departure) * (freedom - count + 1) / (freedom * count)
    return float(stats.f.sf(statistic, count, freedom - count + 1))

"""What was done about an irritant, and what its curve says of it.

Actions come from the portal (`Action` and its dates, filled by structures) and from people here; the effect of one is
read on the weekly share of the irritant. The rule it protects: before and after are compared with the trend that was
there already and the year's season taken out, with an interval, and not at all when too little time has passed.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
import statsmodels.api as sm

from analytics import irritants
from data.filters import Filters, narrowed
from data.warehouse import Warehouse, sql

BEFORE, AFTER = 12, 8  # whole weeks needed on each side
_YEAR = 104  # weeks from which a season can be told
_LAGS = 4
_MOST_WEEKS = 156  # read at most before the action


@dataclass(frozen=True)
class Effect:
    """How the irritant's share of the reviews moved at a date; percentages as shares (-0.2 = -20 %)."""

    day: date
    before: float | None  # mean share over the weeks before, 0..1
    after: float | None
    change: float | None  # level change that neither trend nor season explains
    low: float | None
    high: float | None
    weeks_before: int
    weeks_after: int
    reason: str = ""  # why there is no conclusion, in French

    @property
    def sure(self) -> bool:
        """Whether the interval leaves no change out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def published(warehouse: Warehouse, irritant_id: int, filters: Filters, most: int = 20) -> pd.DataFrame:
    """Actions that structures declared on the portal for reviews of the irritant: `action`, `structure`, `started`,
    `done` (dates, may be missing), `n` (reviews), `review_id` (one of them); most recent first.
    """
    query, values = narrowed(sql(__file__, "remedies_published"), filters, {"irritant": irritant_id, "most": most})
    return warehouse.frame(query, values)


def to_consider(warehouse: Warehouse, irritant_id: int, filters: Filters) -> int:
    """Reviews of the irritant that an agent marked as « Amélioration de service à considérer »."""
    return int(
        warehouse.rows(*narrowed(sql(__file__, "remedies_to_consider"), filters, {"irritant": irritant_id}))[0][0]
    )


def effect(warehouse: Warehouse, irritant_id: int, day: date, filters: Filters) -> Effect:
    """What changed at `day`, on the whole history of the selection (its period is left aside).

    Interrupted time series on weekly counts: quasi-Poisson regression with all reviews as offset, a linear trend, yearly
    harmonics from two years on, a change of level at the date; errors robust to autocorrelation (Newey and West, 1987;
    Bernal, Cummins and Gasparrini, 2017).
    """
    curve = irritants.evolution(warehouse, irritant_id, _open(filters), "week")
    curve = curve[curve["complete"]] if len(curve) else curve
    return measured(curve, day)


def measured(curve: pd.DataFrame, day: date) -> Effect:
    """`effect` of a weekly curve: columns `period`, `n`, `total`."""
    if len(curve):
        curve = curve[curve["total"] > 0]
        later = (curve["period"] >= pd.Timestamp(day)).to_numpy()
        earlier = (curve["period"] + pd.Timedelta(days=7) <= pd.Timestamp(day)).to_numpy()
        recent = curve["period"] >= pd.Timestamp(day) - pd.Timedelta(weeks=_MOST_WEEKS)
        kept = (later | earlier) & recent.to_numpy()
        curve, later = curve[kept], later[kept]
    else:
        later = np.zeros(0, dtype=bool)
    sides = int((~later).sum()), int(later.sum())
    shares = [_share(curve[~later]), _share(curve[later])]
    nothing = Effect(day, shares[0], shares[1], None, None, None, sides[0], sides[1])
    if sides[0] < BEFORE or sides[1] < AFTER:
        reason = f"il faut {BEFORE} semaines entières avant et {AFTER} après ; il y en a {sides[0]} et {sides[1]}"
        return replace(nothing, reason=reason)
    if curve["n"][~later].sum() < 20:
        reason = "trop peu d'avis avant cette date pour mesurer un changement"
        return replace(nothing, reason=reason)
    week = np.arange(len(curve), dtype=float)
    columns = [np.ones(len(curve)), (week - week.mean()) / 52, later.astype(float)]
    if len(curve) >= _YEAR:
        angle = 2 * np.pi * curve["period"].dt.day_of_year.to_numpy() / 365.25
        columns += [np.sin(angle), np.cos(angle)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = sm.GLM(
            curve["n"].to_numpy(float),
            np.column_stack(columns),
            family=sm.families.Poisson(),
            offset=np.log(curve["total"].to_numpy(float)),
        ).fit(cov_type="HAC", cov_kwds={"maxlags": _LAGS})
    level, error = float(fitted.params[2]), float(fitted.bse[2])
    if not np.isfinite(error) or error > 3:
        return replace(nothing, reason="la courbe ne permet pas de conclure")
    low, high = np.expm1(level - 1.96 * error), np.expm1(level + 1.96 * error)
    return Effect(day, shares[0], shares[1], float(np.expm1(level)), float(low), float(high), sides[0], sides[1])


def _open(filters: Filters) -> Filters:
    return replace(filters, start=None, end=None)


def _share(curve: pd.DataFrame) -> float | None:
    return float(curve["n"].sum() / curve["total"].sum()) if len(curve) and curve["total"].sum() else None

"""How long something takes when some cases are not over yet: Kaplan-Meier, on arrays.

The rule it protects: a review still waiting is a delay of at least its age, never an absent one. Leaving it out makes
every recent figure too short.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
CURVE = ["day", "at_risk", "events", "survival", "low", "high"]


@dataclass(frozen=True)
class Cases:
    """Observed lengths in days; `ended` is False for a case cut short by the end of the observation."""

    days: Floats
    ended: Bools

    def __post_init__(self) -> None:
        if self.days.shape != self.ended.shape:
            raise ValueError("days and ended must have the same length")


def curve(cases: Cases, level: float = 0.95) -> pd.DataFrame:
    """Kaplan-Meier curve (Kaplan & Meier 1958), one row per distinct length, with the columns of `CURVE`.

    `survival` is the share still waiting after `day`. `low` and `high` bound it pointwise at `level`, from Greenwood's
    variance on the log(-log) scale (Kalbfleisch & Prentice 2002, 1.4.1), which stays within 0..1; they are missing
    where the variance is not defined (nothing over yet, or nobody left). Empty for no case.
    """
    if not len(cases.days):
        return pd.DataFrame(columns=CURVE, dtype=float)
    order = np.argsort(cases.days, kind="stable")
    days, ended = cases.days[order], cases.ended[order]
    first = np.flatnonzero(np.r_[True, days[1:] != days[:-1]])
    events = np.add.reduceat(ended.astype(np.int64), first)
    at_risk = len(days) - first
    survival = np.cumprod(1 - events / at_risk)
    left = at_risk - events
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.cumsum(events / (at_risk * left)))
        log = np.log(survival)
        half = NormalDist().inv_cdf(0.5 + level / 2) * spread / log
        low, high = survival ** np.exp(-half), survival ** np.exp(half)
    defined = (survival > 0) & (survival < 1)
    return pd.DataFrame(
        {
            "day": days[first],
            "at_risk": at_risk,
            "events": events,
            "survival": survival,
            "low": np.where(defined, np.minimum(low, high), np.nan),
            "high": np.where(defined, np.maximum(low, high), np.nan),
        }
    )


def median(cases: Cases) -> float | None:
    """First length that at most half of the cases outlast; None when more than half are still waiting at the end."""
    found = medians(np.zeros(len(cases.days), dtype=np.int64), cases, 1)[0]
    return None if np.isnan(found) else float(found)


def medians(group: NDArray[np.int64], cases: Cases, groups: int, times: NDArray[np.int64] | None = None) -> Floats:
    """`median` of each of `groups` groups numbered from 0, NaN where it is not reached.

    `times` says how often each case stands in the data, once by default.
    """
    order = np.lexsort((cases.days, group))
    member, days, ended = group[order], cases.days[order], cases.ended[order]
    found = np.full(groups, np.nan)
    if not len(days):
        return found
    often = np.ones(len(days), dtype=np.int64) if times is None else times[order]
    size = np.bincount(member, weights=often, minlength=groups)
    start = np.r_[0, np.cumsum(size)[:-1]]
    before_case = np.r_[0, np.cumsum(often)[:-1]]
    first = np.flatnonzero(np.r_[True, (days[1:] != days[:-1]) | (member[1:] != member[:-1])])
    events = np.add.reduceat(ended * often, first)
    who = member[first]
    at_risk = size[who] - (before_case[first] - start[who])
    with np.errstate(divide="ignore"):
        steps = np.log1p(-events / at_risk)  # -inf where the last case ends: nobody waits after it
    zero = np.isneginf(steps)
    total = np.cumsum(np.where(zero, 0.0, steps))
    before = np.r_[0.0, total][np.searchsorted(who, np.arange(groups))]
    reached = zero | (total - before[who] <= np.log(0.5) + 1e-12)
    rows = np.flatnonzero(reached)[::-1]
    found[who[rows]] = days[first][rows]  # the earliest is written last
    return found


def restricted_mean(cases: Cases, horizon: float) -> float | None:
    """Mean of min(length, horizon) in days, the area under the curve up to `horizon` (Irwin 1949); None for no case."""
    found = curve(cases)
    if found.empty:
        return None
    inside = found[found["day"] < horizon]
    edges = np.r_[0.0, inside["day"], horizon]
    heights = np.r_[1.0, inside["survival"]]
    return float((np.diff(edges) * heights).sum())

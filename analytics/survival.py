"""How long something takes when some cases are not over yet: Kaplan-Meier, on arrays.

The rule it protects: a review still waiting is a delay of at least its age, never an absent one. Leaving it out makes
every recent figure too short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
CURVE = ["day", "at_risk", "events", "survival", "low", "high"]
_ROUNDING = 1e-9  # of a sum of logarithms over many groups: half is half in the last one too


@dataclass(frozen=True)
class Cases:
    """Observed lengths in days; `ended` is False for a case cut short by the end of the observation.

    `times` says how often each case stands in the data, once by default.
    """

    days: Floats
    ended: Bools
    times: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if self.days.shape != self.ended.shape or (self.times is not None and self.times.shape != self.days.shape):
            raise ValueError("days, ended and times must have the same length")

    @property
    def often(self) -> NDArray[np.int64]:
        """How often each case stands in the data."""
        return np.ones(len(self.days), dtype=np.int64) if self.times is None else self.times


@dataclass(frozen=True)
class Mean:
    """A restricted mean in days, with its 95 % interval."""

    value: float
    low: float
    high: float


def curve(cases: Cases, level: float = 0.95) -> pd.DataFrame:
    """Kaplan-Meier curve (Kaplan & Meier 1958), one row per distinct length, with the columns of `CURVE`.

    `survival` is the share still waiting after `day`. `low` and `high` bound it pointwise at `level`, from Greenwood's
    variance on the log(-log) scale (Kalbfleisch & Prentice 2002, 1.4.1), which stays within 0..1; they are missing
    where the variance is not defined (nothing over yet, or nobody left). Empty for no case.
    """
    if not len(cases.days):
        return pd.DataFrame(columns=CURVE, dtype=float)
    days, at_risk, events = _steps(cases)
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
            "day": days,
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


def medians(group: NDArray[np.int64], cases: Cases, groups: int) -> Floats:
    """`median` of each of `groups` groups numbered from 0, NaN where it is not reached."""
    order = np.lexsort((cases.days, group))
    member, days, ended = group[order], cases.days[order], cases.ended[order]
    found = np.full(groups, np.nan)
    if not len(days):
        return found
    often = cases.often[order]
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
    reached = zero | (total - before[who] <= np.log(0.5) + _ROUNDING)
    rows = np.flatnonzero(reached)[::-1]
    found[who[rows]] = days[first][rows]  # the earliest is written last
    return found


def restricted_mean(cases: Cases, horizon: float, level: float = 0.95) -> Mean | None:
    """Mean of min(length, horizon) in days, the area under the curve up to `horizon` (Irwin 1949); None for no case.

    Its interval comes from the variance of Klein & Moeschberger (2003, 4.5.2).
    """
    found = curve(cases)
    if found.empty:
        return None
    inside = found[found["day"] < horizon]
    widths = np.diff(np.r_[0.0, inside["day"], horizon])
    areas = widths * np.r_[1.0, inside["survival"]]
    value = float(areas.sum())
    after = areas.sum() - np.cumsum(areas)[:-1]  # area to the right of each step
    at_risk, events = inside["at_risk"].to_numpy(dtype=np.float64), inside["events"].to_numpy(dtype=np.float64)
    left = at_risk - events
    terms = np.divide(events, at_risk * left, out=np.zeros_like(events), where=left > 0)
    half = NormalDist().inv_cdf(0.5 + level / 2) * float(np.sqrt((after**2 * terms).sum()))
    return Mean(value, max(0.0, value - half), min(horizon, value + half))


def log_rank(groups: Sequence[Cases]) -> float | None:
    """Probability of curves this different if all groups waited alike (Mantel 1966, k samples).

    None with fewer than two groups that hold a case, or when nothing ended.
    """
    groups = [g for g in groups if len(g.days)]
    if len(groups) < 2:
        return None
    days = np.unique(np.concatenate([g.days[g.ended] for g in groups]))
    if not len(days):
        return None
    at_risk, events = np.zeros((len(groups), len(days))), np.zeros((len(groups), len(days)))
    for k, one in enumerate(groups):
        order = np.argsort(one.days)
        left = np.r_[np.cumsum(one.often[order][::-1])[::-1], 0]
        at_risk[k] = left[np.searchsorted(one.days[order], days, side="left")]
        events[k] = np.bincount(
            np.searchsorted(days, one.days[one.ended]), weights=one.often[one.ended], minlength=len(days)
        )
    total, ended = at_risk.sum(axis=0), events.sum(axis=0)
    expected = at_risk * (ended / total)
    spread = ended * np.divide(total - ended, total - 1, out=np.zeros_like(total), where=total > 1)
    share = at_risk / total
    gap = (events - expected).sum(axis=1)[:-1]
    variance = -(share * spread) @ share.T
    variance[np.diag_indices(len(groups))] += (share * spread).sum(axis=1)
    statistic = float(gap @ np.linalg.pinv(variance[:-1, :-1]) @ gap)
    return float(stats.chi2.sf(statistic, len(groups) - 1))


def _steps(cases: Cases) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Distinct lengths in order, with how many are at risk and how many end at each."""
    order = np.argsort(cases.days, kind="stable")
    days, often = cases.days[order], cases.often[order]
    first = np.flatnonzero(np.r_[True, days[1:] != days[:-1]])
    events = np.add.reduceat(cases.ended[order] * often, first)
    before = np.r_[0, np.cumsum(often)[:-1]]
    return days[first], often.sum() - before[first], events

"""What is measured of each review, and every estimate about it: the question, its checks, and what must not move.

Owns the list of outcomes. The rule it protects: an effect is estimated only when enough structures stand on both sides of
the comparison, and it is stated only when its checks hold (paths alike before, nothing found at a date that is not an
adoption); otherwise the answer is "on ne peut pas conclure" and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.impact import adoption as adoptions
from analytics.impact import caveats, differences, groups, mix, panel, series
from analytics.impact.adoption import Adoption
from analytics.impact.differences import Estimate, Study
from analytics.impact.groups import GroupTime
from analytics.impact.untouched import Kind

Floats = NDArray[np.float64]

HORIZON = 120  # days a review is followed before it enters: nearly every reply that comes has come
RESTRICTED_DAYS = 60
SOON_DAYS = 15
_Z = 1.959964


@dataclass(frozen=True)
class Outcome:
    """One outcome: its name in the table, how levels and months combine, from how many observations a structure has
    a level of its own, whether it needs the dates of replies, and whether it counts reviews without a reply: those that
    the day of adoption was read from are then left out.
    """

    name: str
    kind: Kind
    least: int
    of_delay: bool
    of_all: bool = False


DELAY = Outcome("delay", "ratio", 3, True)  # days from publication to the first reply, HORIZON at most, of replies
RESTRICTED = Outcome(
    "restricted", "ratio", 3, True, True
)  # min(delay, 60) of all reviews, those unanswered counting 60
ANSWERED = Outcome("answered", "gap", 30, True, True)  # share answered within HORIZON, in points
SOON = Outcome("soon", "gap", 30, True, True)  # share answered within SOON_DAYS, in points
SATISFACTION = Outcome("satisfaction", "gap", 30, False)  # share of "utile" among author verdicts, in points
JUDGED = Outcome("judged", "gap", 30, False)  # share of replies that their author judged, in points
VOTES = Outcome("votes", "gap", 30, False)  # share of useful among visitors' votes, in points
NEGATIVE = Outcome("negative", "gap", 30, False, True)  # share of negative reviews: AI cannot change it
OUTCOMES = (DELAY, RESTRICTED, ANSWERED, SOON, SATISFACTION, JUDGED, VOTES, NEGATIVE)
MAIN = (DELAY, SATISFACTION)


@dataclass(frozen=True)
class Found:
    """Everything found about one outcome; the estimates of `checks` are by name, absent when they can't be made."""

    outcome: Outcome
    raw_before: float  # mean of the adopters' reviews before their adoption, as they are
    raw_after: float
    raw_interval: tuple[float, float]  # of their difference, as if reviews were independent: it says too much
    study: Study | None
    reasons: tuple[str, ...]  # why there is no study
    checks: Mapping[str, Estimate] = field(default_factory=dict)  # bootstrap, mix, placebo, series, never, not_yet
    groups: GroupTime | None = None  # never-treated controls, by quarter

    @property
    def refused(self) -> str | None:
        """Why no effect is stated although one was computed."""
        if self.study is None:
            return None
        if self.study.parallel_p is not None and self.study.parallel_p < caveats.REFUSED:
            return "paths"
        wrong = self.checks.get("placebo")
        if wrong is not None and wrong.told and abs(wrong.effect) > abs(self.study.overall.effect) / 2:
            return "placebo"
        return None

    @property
    def concluded(self) -> bool:
        """Whether an effect is stated: computed, its interval away from zero, its checks held."""
        return self.study is not None and self.refused is None and self.study.overall.told


def values(outcome: Outcome, rows: pd.DataFrame) -> tuple[Floats, Floats | None]:
    """The outcome of each row of `rows` (NaN where it has none) and its weight, None for 1."""
    answered = rows["answered"]
    in_time = answered & (rows["days"] <= HORIZON)
    if outcome is VOTES:
        cast = rows["votes"].to_numpy(dtype=np.float64) * answered.to_numpy()
        with np.errstate(invalid="ignore", divide="ignore"):
            return 100 * rows["useful_votes"].to_numpy(dtype=np.float64) / cast, cast
    of: dict[Outcome, Callable[[], pd.Series]] = {
        DELAY: lambda: rows["days"].where(answered).clip(upper=HORIZON),
        RESTRICTED: lambda: rows["days"].where(answered).clip(upper=RESTRICTED_DAYS).fillna(RESTRICTED_DAYS),
        ANSWERED: lambda: 100.0 * in_time,
        SOON: lambda: 100.0 * (answered & (rows["days"] <= SOON_DAYS)),
        SATISFACTION: lambda: 100.0 * rows["useful"].where(answered),
        JUDGED: lambda: (100.0 * rows["useful"].notna()).where(answered),
        NEGATIVE: lambda: 100.0 * (rows["sentiment"] == "Négatif"),
    }
    return of[outcome]().to_numpy(dtype=np.float64), None


def everything(followed: pd.DataFrame, found: Adoption, last: date | None) -> dict[Outcome, Found]:
    """Every outcome, with the checks of the main ones."""
    rows, ripe, dated = _rows(followed, found, last)
    answer = {}
    for outcome in OUTCOMES:
        answer[outcome] = _one(outcome, ripe if outcome.of_delay else rows, found, dated, details=True)
    return answer


def headline(followed: pd.DataFrame, last: date) -> dict[str, Found]:
    """The main outcomes by name, with the checks that a conclusion needs and no other."""
    found = adoptions.find(followed)
    rows, ripe, dated = _rows(followed, found, last)
    return {o.name: _one(o, ripe if o.of_delay else rows, found, dated, details=False) for o in MAIN}


def _rows(followed: pd.DataFrame, found: Adoption, last: date | None) -> tuple[pd.DataFrame, pd.DataFrame, bool]:
    """Rows of every review, rows of those followed long enough (both with a `weight`), and whether replies are dated."""
    rows = panel.dated(followed, found)
    kept = panel.observable(rows, last, HORIZON) if last is not None else np.zeros(len(rows), dtype=bool)
    ripe = rows[kept].assign(weight=panel.standing_for(rows, kept))
    return rows.assign(weight=1.0), ripe, bool(rows["days"].notna().any())


def _one(outcome: Outcome, rows: pd.DataFrame, found: Adoption, dated: bool, *, details: bool) -> Found:
    if outcome.of_all:
        rows = rows[~rows["near"]]
    outcomes, often = values(outcome, rows)
    before, after, between = _raw(rows, outcomes, often)
    weight = rows["weight"].to_numpy() if often is None else often
    table = panel.build(rows, outcomes, weight)
    undated = outcome.of_delay and not dated
    reasons = [caveats.UNDATED] if undated else caveats.too_thin(table, found)
    study = None if reasons else differences.study(table, outcome.kind, least=outcome.least)
    if study is None:
        return Found(outcome, before, after, between, None, tuple(reasons))
    checks: dict[str, Estimate | None] = {}
    cohorts = None
    if outcome in MAIN:
        checks["placebo"] = _placebo(outcome, rows)
    if outcome in MAIN and details:
        checks["bootstrap"] = differences.resampled(study.overall, study.influence)
        mixed = panel.build(rows, outcomes, weight * mix.weights(rows))
        again = differences.study(mixed, outcome.kind, least=outcome.least, details=False)
        checks["mix"] = None if again is None else again.overall
        checks["series"] = series.interrupted(rows, outcomes, outcome.kind)
        quarters = _quarters(rows, outcomes)
        cohorts = groups.estimate(quarters, outcome.kind, "never", least=groups.LEAST)
        checks["never"] = cohorts.overall
        checks["not_yet"] = groups.estimate(quarters, outcome.kind, "not_yet", least=groups.LEAST).overall
    kept = {name: check for name, check in checks.items() if check is not None}
    return Found(outcome, before, after, between, study, (), kept, cohorts)


def _placebo(outcome: Outcome, rows: pd.DataFrame) -> Estimate | None:
    earlier = panel.backdated(rows)
    outcomes, often = values(outcome, earlier)
    table = panel.build(earlier, outcomes, often)
    if table.adopters < caveats.LEAST_STRUCTURES or table.controls < caveats.LEAST_STRUCTURES:
        return None
    found = differences.study(table, outcome.kind, least=outcome.least, details=False)
    return None if found is None else found.overall


def _quarters(rows: pd.DataFrame, outcomes: Floats) -> pd.DataFrame:
    """The table of `groups.estimate`: calendar quarters, cohorts by the quarter of adoption."""
    known = ~np.isnan(outcomes)
    rows = rows[known]

    def quarter(moments: pd.Series) -> pd.Series:
        return moments.dt.year * 4 + moments.dt.quarter - 1

    cohort = quarter(rows["untouched_until"]).fillna(groups.NEVER).astype(int)
    period = quarter(rows["published_at"]).astype(int)
    # The quarter of adoption is half touched: the cohort's first period is the first touched whole.
    straddles = (cohort != groups.NEVER) & (period == cohort)
    cohort = cohort.where(cohort == groups.NEVER, cohort + 1)
    table = pd.DataFrame({"unit": rows["structure_id"], "cohort": cohort, "period": period, "total": outcomes[known]})[
        ~straddles
    ]
    return table.groupby(["unit", "cohort", "period"], as_index=False).agg(n=("total", "size"), total=("total", "sum"))


def _raw(rows: pd.DataFrame, outcomes: Floats, often: Floats | None) -> tuple[float, float, tuple[float, float]]:
    """Means of the adopters before and after as they are, and the interval a hurried reader would give the gap."""
    adopter, after = rows["adopter"].to_numpy(dtype=bool), rows["after"].to_numpy(dtype=bool)
    known = ~np.isnan(outcomes)
    weight = np.ones(len(outcomes)) if often is None else often
    means, errors = [], 0.0
    for side in (known & adopter & ~after, known & after):
        size = float(weight[side].sum())
        mean = float(np.average(outcomes[side], weights=weight[side])) if size else np.nan
        means.append(mean)
        errors += float(np.average((outcomes[side] - mean) ** 2, weights=weight[side])) / size if size else np.nan
    gap, half = means[1] - means[0], _Z * float(np.sqrt(errors))
    return means[0], means[1], (gap - half, gap + half)

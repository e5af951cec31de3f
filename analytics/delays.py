"""How long people wait for a first reply, counted honestly.

Two definitions, since none is official: from publication (default) or from writing, to any structure's first reply.
The rules it protects: a canned non-reply is not an answer, "Hors structure" reviews stand apart, negative delays are
dropped and counted, and a review still waiting is a delay censored at the end of the selection (the snapshot's last
publication day at most), never an absent one. Works on a snapshot that was only ingested. Days are calendar
days, or days worked in France (public holidays by the `holidays` library).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics import survival, waits
from analytics.survival import Cases, Mean
from analytics.waits import Basis, Selection, Unit
from data import settings
from data.filters import Filters
from data.warehouse import Warehouse, sql

RESTRICTED_DAYS = 60.0
_SLOTS = 288  # a day in five minutes
_BASIS = {"publication": "published_at", "written": "written_on"}


@dataclass(frozen=True)
class Delays:
    """Delays of a selection. Days are calendar days, with their fraction; None when nothing is dated."""

    answered: int  # reviews really answered by the end of the selection, Hors-structures left out
    unanswered: int  # not answered yet, those that got only a canned non-reply included
    canned: int  # of which the canned non-replies
    outside: int  # "Hors structure": in none of the other counts
    negative: int  # replies dated before the review: dropped from the delays
    undated: int  # answered, with no date to tell when
    timed: int  # replies behind the median, p90 and mean
    median_days: float | None
    p90_days: float | None
    mean_days: float | None
    km_median_days: float | None  # with those still waiting; None when half of the reviews still wait
    within_target: float | None  # 0..1, of the reviews old enough to tell

    @property
    def dated(self) -> bool:
        """Whether the file says when replies were made."""
        return self.timed > 0


def summary(
    warehouse: Warehouse,
    filters: Filters,
    basis: Basis = "publication",
    target: int | None = None,
    unit: Unit = "calendar",
) -> Delays:
    """Delays of the selection; `target` in days of that unit, the setting by default."""
    found = selected(warehouse, filters, basis, unit)
    inside, days = ~found.outside, found.days[found.timed]
    within = _within(found, target_of(target))
    known = bool(len(days))
    p50, p90 = np.quantile(days, [0.5, 0.9]) if known else (None, None)
    with np.errstate(invalid="ignore"):
        negative = int((inside & (found.delay < 0)).sum())
    return Delays(
        answered=int((inside & found.answered).sum()),
        unanswered=int((inside & ~found.answered).sum()),
        canned=int((inside & found.canned).sum()),
        outside=int(found.outside.sum()),
        negative=negative,
        undated=int((inside & found.answered & np.isnan(found.delay)).sum()),
        timed=len(days),
        median_days=_number(p50),
        p90_days=_number(p90),
        mean_days=float(days.mean()) if known else None,
        km_median_days=survival.median(_cases(found)) if known else None,
        within_target=_mean(within) if known else None,
    )


def cases(warehouse: Warehouse, filters: Filters, basis: Basis = "publication", unit: Unit = "calendar") -> Cases:
    """Delays of the selection, answered and waiting, for a survival curve."""
    return _cases(selected(warehouse, filters, basis, unit))


def curve(
    warehouse: Warehouse,
    filters: Filters,
    basis: Basis = "publication",
    horizon: float = 90,
    unit: Unit = "calendar",
) -> pd.DataFrame:
    """Share of people still waiting after each delay, up to `horizon` days, with the columns of `survival.CURVE`.

    One row per quarter of a day, the last one at the horizon or at the longest delay; starts at day 0 with everyone.
    Empty when the file dates no reply.
    """
    return stepped(cases(warehouse, filters, basis, unit), horizon)


def stepped(found: Cases, horizon: float) -> pd.DataFrame:
    """A curve read at each quarter of a day, as `curve` returns it."""
    if not found.ended.any():
        return pd.DataFrame(columns=survival.CURVE, dtype=float)
    full = survival.curve(found)
    full = full[full["day"] <= horizon]
    steps = np.arange(0, horizon + 0.25, 0.25)
    rows = np.searchsorted(full["day"].to_numpy(), steps, side="right") - 1
    shown = full.iloc[np.maximum(rows, 0)].reset_index(drop=True)
    shown["day"] = steps
    shown.loc[rows < 0, ["survival", "low", "high"]] = 1.0
    shown.loc[rows < 0, ["at_risk", "events"]] = [len(found.days), 0]
    return shown.fillna({"low": 1.0, "high": 1.0})


def restricted(
    warehouse: Warehouse,
    filters: Filters,
    basis: Basis = "publication",
    horizon: float = RESTRICTED_DAYS,
    unit: Unit = "calendar",
) -> Mean | None:
    """Mean wait over the first `horizon` days, those still waiting included, with its interval; None for no case."""
    return survival.restricted_mean(binned(selected(warehouse, filters, basis, unit)), horizon)


def measured(basis: Basis = "publication", *, as_it_stood: bool = False) -> str:
    """The named sets that every measure starts from (`sql/measured.sql`), for that definition of the delay.

    `as_it_stood`: replies made at or after the parameter `$end` are not counted yet.
    """
    query = sql(__file__, "measured").replace("/*basis*/ r.published_at", f"r.{_BASIS[basis]}::TIMESTAMP")
    return query.replace("/*as_of*/ TIMESTAMP '9999-01-01'", "$end::TIMESTAMP") if as_it_stood else query


def end_of(warehouse: Warehouse, filters: Filters) -> date:
    """The moment a selection is looked at: the midnight that ends its last day, or the snapshot's last publication day."""
    last = date.fromisoformat(warehouse.snapshot.last_publication[:10])
    return min(filters.end or last, last) + timedelta(days=1)


def selected(warehouse: Warehouse, filters: Filters, basis: Basis, unit: Unit) -> Selection:
    """The reviews of a selection, as they stood at its end."""
    return waits.select(waits.of(warehouse), filters, basis, unit)


def target_of(target: int | None) -> int:
    """The target asked for, in days, or the setting's."""
    return settings.load().target_days if target is None else target


def _within(found: Selection, target: int) -> NDArray[np.bool_]:
    """Whether each review old enough to tell was answered within the target."""
    old = ~found.outside & (found.timed | ~found.answered) & found.old(target)
    return found.days[old] <= target


def _mean(values: NDArray[np.bool_]) -> float | None:
    return float(values.mean()) if len(values) else None


def _cases(found: Selection) -> Cases:
    follow = found.followed
    return Cases(found.lengths[follow], ~np.isnan(found.days[follow]))


def binned(found: Selection) -> Cases:
    """The cases counted by five minutes: as many as there are distinct lengths, whatever the number of reviews."""
    one = _cases(found)
    slots = np.ceil(one.days * _SLOTS).astype(np.int64)
    key, times = np.unique(2 * slots + one.ended, return_counts=True)
    return Cases(key // 2 / _SLOTS, (key % 2).astype(bool), times)


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)

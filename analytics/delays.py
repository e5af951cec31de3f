"""How long people wait for a first reply, counted honestly.

Two definitions, since none is official: from publication (default) or from writing, to any structure's first reply.
The rules it protects: a canned non-reply is not an answer, "Hors structure" reviews stand apart, negative delays are
dropped and counted, and a review still waiting is a delay censored at the end of the selection (the snapshot's last
publication day at most), never an absent one. Works on a snapshot that was only ingested.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd

from analytics import survival
from analytics.survival import Cases
from data import settings
from data.filters import Filters, narrowed
from data.warehouse import Warehouse, sql

Basis = Literal["publication", "written"]
_BASIS = {"publication": "published_at", "written": "written_on"}
STRUCTURES = [
    "structure_id", "name", "network", "answered", "unanswered", "median_days", "p90_days", "mean_days",
    "km_median_days",
]  # fmt: skip


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


def summary(warehouse: Warehouse, filters: Filters, basis: Basis = "publication", target: int | None = None) -> Delays:
    """Delays of the selection; `target` in days, the setting by default."""
    extra = {"target": settings.load().target_days if target is None else target}
    row = _frame(warehouse, "delay_counts", filters, basis, extra).iloc[0]
    counts = {name: int(row[name]) for name in ("answered", "unanswered", "canned", "outside", "negative", "undated")}
    timed = int(row["timed"])
    return Delays(
        **counts,
        timed=timed,
        median_days=_number(row["median_days"]),
        p90_days=_number(row["p90_days"]),
        mean_days=_number(row["mean_days"]),
        km_median_days=survival.median(cases(warehouse, filters, basis)) if timed else None,
        within_target=_number(row["within_target"]) if timed else None,
    )


def cases(warehouse: Warehouse, filters: Filters, basis: Basis = "publication") -> Cases:
    """Delays of the selection, answered and waiting, for a survival curve."""
    frame = _frame(warehouse, "delays", filters, basis)
    return _cases(frame)


def curve(warehouse: Warehouse, filters: Filters, basis: Basis = "publication", horizon: float = 90) -> pd.DataFrame:
    """Share of people still waiting after each delay, up to `horizon` days, with the columns of `survival.CURVE`.

    One row per quarter of a day, the last one at the horizon or at the longest delay; starts at day 0 with everyone.
    Empty when the file dates no reply.
    """
    found = cases(warehouse, filters, basis)
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


def monthly(
    warehouse: Warehouse, filters: Filters, basis: Basis = "publication", target: int | None = None
) -> pd.DataFrame:
    """By month of publication: `month`, `n`, `answered`, `q1_days`, `median_days`, `q3_days`, `p90_days`, `mean_days`,
    `within_target` (0..1), `km_median_days` and `complete`.

    `complete` is False for months whose reviews are not all older than the target: their answered delays read too
    short, while `km_median_days` counts those still waiting.
    """
    days = settings.load().target_days if target is None else target
    frame = _frame(warehouse, "delay_months", filters, basis, {"target": days})
    frame["month"] = pd.to_datetime(frame["month"])
    rows = _frame(warehouse, "delays", filters, basis)
    group = pd.Index(frame["month"]).get_indexer(pd.to_datetime(rows["month"]))
    frame["km_median_days"] = survival.medians(group.astype(np.int64), _cases(rows), len(frame))
    month_end = frame["month"] + pd.DateOffset(months=1)
    frame["complete"] = month_end + pd.Timedelta(days=days) <= pd.Timestamp(end_of(warehouse, filters))
    return frame


def structures(warehouse: Warehouse, filters: Filters, basis: Basis = "publication") -> pd.DataFrame:
    """Delays by structure, most reviews first, with the columns of `STRUCTURES`."""
    frame = _frame(warehouse, "delay_structures", filters, basis)
    rows = _frame(warehouse, "delays", filters, basis)
    number = pd.Series(np.arange(len(frame)), index=frame["structure_id"])
    rows = rows[rows["structure_id"].notna()]
    group = rows["structure_id"].map(number).to_numpy(dtype=np.int64)
    frame["km_median_days"] = survival.medians(group, _cases(rows), len(frame))
    return frame[STRUCTURES]


def late(
    warehouse: Warehouse, filters: Filters, basis: Basis = "publication", target: int | None = None
) -> pd.DataFrame:
    """Reviews waiting at the end of the selection, by structure: `structure_id`, `name`, `waiting`, `late` (past the target), `soon` (past it within
    a week), `oldest_days`; the latest first.
    """
    days = settings.load().target_days if target is None else target
    return _frame(warehouse, "delay_late", filters, basis, {"target": days})


def report(warehouse: Warehouse, basis: Basis = "publication") -> dict[str, Any]:
    """The object of `python -m analytics delays --json`, over every review of the snapshot."""
    everyone = Filters()
    found = summary(warehouse, everyone, basis)
    by_structure = structures(warehouse, everyone, basis)
    return {
        "answered": found.answered,
        "unanswered": found.unanswered,
        "canned": found.canned,
        "outside": found.outside,
        "negative": found.negative,
        "median_days": _rounded(found.median_days),
        "p90_days": _rounded(found.p90_days),
        "mean_days": _rounded(found.mean_days),
        "km_median_days": _rounded(found.km_median_days),
        "by_structure": [{key: _plain(value) for key, value in row.items()} for row in by_structure.to_dict("records")],
    }


def measured(basis: Basis = "publication", *, as_it_stood: bool = False) -> str:
    """The named sets that every measure starts from (`sql/measured.sql`), for that definition of the delay.

    `as_it_stood`: replies made at or after the parameter `$end` are not counted yet.
    """
    query = _based(sql(__file__, "measured"), basis)
    return query.replace("/*as_of*/ TIMESTAMP '9999-01-01'", "$end::TIMESTAMP") if as_it_stood else query


def end_of(warehouse: Warehouse, filters: Filters) -> date:
    """The moment a selection is looked at: the midnight that ends its last day, or the snapshot's last publication day."""
    last = date.fromisoformat(warehouse.snapshot.last_publication[:10])
    return min(filters.end or last, last) + timedelta(days=1)


def _frame(
    warehouse: Warehouse, name: str, filters: Filters, basis: Basis, extra: dict[str, Any] | None = None
) -> pd.DataFrame:
    query = sql(__file__, name).replace("/*measured*/", measured(basis, as_it_stood=True))
    bound = {"end": end_of(warehouse, filters), **(extra or {})}
    return warehouse.frame(*narrowed(_based(query, basis), filters, bound))


def _based(query: str, basis: Basis) -> str:
    column = _BASIS[basis]
    for alias in ("s.", ""):
        query = query.replace(f"/*basis*/ {alias}published_at", f"{alias}{column}::TIMESTAMP")
    return query


def _cases(frame: pd.DataFrame) -> Cases:
    return Cases(frame["days"].to_numpy(dtype=np.float64), frame["ended"].to_numpy(dtype=bool))


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _plain(value: Any) -> Any:
    if isinstance(value, str) or value is None:
        return value
    if pd.isna(value):
        return None
    return round(float(value), 6) if isinstance(value, float) else int(value)

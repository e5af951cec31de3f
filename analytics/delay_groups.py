"""Delays by month, by what the reviews share, and structure by structure.

The rule it protects: a group's figures are those that `delays` gives of the same reviews alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics import delays, survival, waits
from analytics.survival import Cases
from analytics.waits import Basis, Selection, Unit
from data.filters import Filters
from data.warehouse import Warehouse

Dimension = Literal["network", "typology", "structure", "department", "region", "channel", "irritant", "sentiment"]
_TOPICS = "SELECT id, label FROM topics WHERE level = 'irritant' ORDER BY id"
STRUCTURES = [
    "structure_id", "name", "network", "answered", "unanswered", "median_days", "p90_days", "mean_days",
    "km_median_days", "canned", "outside", "within_target",
]  # fmt: skip
MONTHLY = [
    "month", "n", "answered", "q1_days", "median_days", "q3_days", "p90_days", "mean_days", "within_target",
    "km_median_days", "complete",
]  # fmt: skip
BY = [
    "key", "label", "network", "n", "answered", "unanswered", "canned", "outside", "timed", "median_days", "p90_days",
    "mean_days", "km_median_days", "within_target",
]  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """Curves of several groups, by label, and the probability that chance alone parts them; None for fewer than two."""

    curves: dict[str, pd.DataFrame]
    p: float | None


def monthly(
    warehouse: Warehouse,
    filters: Filters,
    basis: Basis = "publication",
    target: int | None = None,
    unit: Unit = "calendar",
) -> pd.DataFrame:
    """By month of publication: `month`, `n`, `answered`, `q1_days`, `median_days`, `q3_days`, `p90_days`, `mean_days`,
    `within_target` (0..1), `km_median_days` and `complete`.

    `complete` is False for months whose reviews are not all older than the target: their answered delays read too
    short, while `km_median_days` counts those still waiting.
    """
    days = delays.target_of(target)
    found = delays.selected(warehouse, filters, basis, unit)
    group, months = waits.months(found.waits, found.rows)
    frame = _grouped(found, group, len(months), days)
    told = ~found.outside & (found.timed | ~found.answered)
    kept = np.bincount(group[told], weights=(found.days[told] <= days), minlength=len(months))
    asked = np.bincount(group[told], minlength=len(months))
    frame["within_target"] = np.divide(kept, asked, out=np.full(len(months), np.nan), where=asked > 0)
    frame.insert(0, "month", months)
    month_end = frame["month"] + pd.DateOffset(months=1)
    length = days if unit == "calendar" else days * 7 / 5
    frame["complete"] = month_end + pd.Timedelta(days=length) <= pd.Timestamp(delays.end_of(warehouse, filters))
    return frame[frame["n"] > 0].reset_index(drop=True)[MONTHLY]


def structures(
    warehouse: Warehouse, filters: Filters, basis: Basis = "publication", unit: Unit = "calendar"
) -> pd.DataFrame:
    """Delays by structure, most reviews first, with the columns of `STRUCTURES`."""
    frame = by(warehouse, filters, "structure", basis=basis, unit=unit)
    frame = frame[frame["n"] > 0].rename(columns={"key": "structure_id", "label": "name"})
    return frame[STRUCTURES].reset_index(drop=True)


def by(
    warehouse: Warehouse,
    filters: Filters,
    dimension: Dimension,
    *,
    basis: Basis = "publication",
    target: int | None = None,
    unit: Unit = "calendar",
) -> pd.DataFrame:
    """Delays by value of a dimension, most reviews first, with the columns of `BY`.

    A review with two channels stands in both. `canned` is part of `unanswered`; `outside` (Hors structure) of nothing.
    """
    found = delays.selected(warehouse, filters, basis, unit)
    place, code, keys, labels = _coded(warehouse, found, dimension)
    if dimension == "channel" or len(place) < len(found.rows):
        found = Selection(found.waits, found.rows[place], basis, unit, found.end)
    frame = _grouped(found, code, len(keys), delays.target_of(target))
    frame.insert(0, "key", keys)
    frame.insert(1, "label", labels)
    network = [found.waits.names["network"][k] if k >= 0 else None for k in found.waits.network_of]
    frame["network"] = network if dimension == "structure" else None
    frame = frame[frame["n"] + frame["outside"] > 0]
    return frame.sort_values(["n", "key"], ascending=[False, True]).reset_index(drop=True)[BY]


def compared(
    warehouse: Warehouse,
    filters: Filters,
    dimension: Dimension,
    keys: Sequence[str],
    *,
    basis: Basis = "publication",
    unit: Unit = "calendar",
    horizon: float = 90,
) -> Comparison:
    """Curves of some values of a dimension side by side, and whether chance explains their differences (log-rank)."""
    found = delays.selected(warehouse, filters, basis, unit)
    place, code, names, labels = _coded(warehouse, found, dimension)
    rows, curves, groups = found.rows[place], {}, []
    for key in keys:
        if key not in names:
            continue
        where = names.index(key)
        chosen = delays.binned(Selection(found.waits, rows[code == where], basis, unit, found.end))
        if chosen.ended.any():
            groups.append(chosen)
            curves[labels[where]] = delays.stepped(chosen, horizon)
    return Comparison(curves, survival.log_rank(groups))


def late(
    warehouse: Warehouse,
    filters: Filters,
    basis: Basis = "publication",
    target: int | None = None,
    unit: Unit = "calendar",
) -> pd.DataFrame:
    """Reviews waiting at the end of the selection, by structure: `structure_id`, `name`, `waiting`, `late` (past the target), `soon` (past it within
    a week), `oldest_days`; the latest first.
    """
    days, week = delays.target_of(target), 7 if unit == "calendar" else 5
    found = delays.selected(warehouse, filters, basis, unit)
    waiting = ~found.outside & ~found.answered & ~np.isnan(found.age)
    age, code = found.age[waiting], found.waits.codes["structure"][found.rows][waiting].astype(np.int64) + 1
    names, labels = found.waits.names["structure"], found.waits.labels["structure"]
    size = len(names) + 1
    oldest = np.full(size, -np.inf)
    np.maximum.at(oldest, code, age)
    frame = pd.DataFrame(
        {
            "structure_id": [None, *names],
            "name": [None, *labels],
            "waiting": np.bincount(code, minlength=size),
            "late": np.bincount(code[age > days], minlength=size),
            "soon": np.bincount(code[(age > days - week) & (age <= days)], minlength=size),
            "oldest_days": oldest,
        }
    )
    frame = frame[frame["waiting"] > 0]
    order = ["late", "waiting", "structure_id"]
    return frame.sort_values(order, ascending=[False, False, True]).reset_index(drop=True)


def report(warehouse: Warehouse, basis: Basis = "publication") -> dict[str, Any]:
    """The object of `python -m analytics delays --json`, over every review of the snapshot."""
    everyone = Filters()
    found = delays.summary(warehouse, everyone, basis)
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


def _coded(
    warehouse: Warehouse, found: Selection, dimension: Dimension
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str], list[str]]:
    """Places in the selection, the number of the value of each, and the values' keys and labels."""
    everyone = np.arange(len(found.rows))
    if dimension == "channel":
        names = found.waits.names["channel"]
        bits = found.waits.channels[found.rows]
        places = [np.flatnonzero(bits & (1 << k)) for k in range(len(names))]
        code = np.repeat(np.arange(len(names)), [len(p) for p in places])
        place = np.concatenate(places) if places else everyone[:0]
        order = np.argsort(place, kind="stable")  # keeps the delays sorted
        return place[order], code[order], names, names
    if dimension == "irritant":
        topics = warehouse.rows(_TOPICS) if warehouse.has("topics") else []
        known = np.array([row[0] for row in topics], dtype=np.int64)
        code = _index(known, found.waits.irritant[found.rows])
        names, labels = [str(row[0]) for row in topics], [str(row[1]) for row in topics]
    else:
        code = found.waits.codes[dimension][found.rows].astype(np.int64)
        names, labels = found.waits.names[dimension], found.waits.labels[dimension]
    place = everyone[code >= 0]
    return place, code[place], names, labels


def _index(known: NDArray[np.int64], values: NDArray[np.signedinteger]) -> NDArray[np.int64]:
    """Place of each value among `known` (sorted), -1 when it is not there."""
    if not len(known):
        return np.full(len(values), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.where(known[place] == values, place, -1)


def _grouped(found: Selection, group: NDArray[np.int64], groups: int, target: int) -> pd.DataFrame:
    """Counts and delays of each group of a selection, one row a group, in order."""
    if len(group) != len(found.rows):  # rows without a value stand nowhere
        raise ValueError("one group a row is needed")
    inside, timed = ~found.outside, found.timed

    def count(which: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(group[which], minlength=groups)

    days = found.days[timed]
    q1, median, q3, p90 = waits.grouped(group[timed], days, groups, (0.25, 0.5, 0.75, 0.9))
    counted = count(timed)
    total = np.bincount(group[timed], weights=days, minlength=groups)
    old = inside & (timed | ~found.answered) & found.old(target)
    kept, asked = count(old & (found.days <= target)), count(old)
    follow = found.followed
    return pd.DataFrame(
        {
            "n": count(inside),
            "answered": count(inside & found.answered),
            "unanswered": count(inside & ~found.answered),
            "canned": count(inside & found.canned),
            "outside": count(found.outside),
            "timed": counted,
            "q1_days": q1,
            "median_days": median,
            "q3_days": q3,
            "p90_days": p90,
            "mean_days": np.divide(total, counted, out=np.full(groups, np.nan), where=counted > 0),
            "km_median_days": survival.medians(
                group[follow], Cases(found.lengths[follow], ~np.isnan(found.days[follow])), groups
            ),
            "within_target": np.divide(kept, asked, out=np.full(groups, np.nan), where=asked > 0),
        }
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _plain(value: Any) -> Any:
    if isinstance(value, str) or value is None:
        return value
    if pd.isna(value):
        return None
    return round(float(value), 6) if isinstance(value, float) else int(value)

"""Any measure by any dimension over time, against what it was, and what explains its change.

Five measures: volume, share negative, reply rate, median delay, share of replies found useful. The rules it protects:
a period is compared with another as each stood at its own end (recent reviews had no less time than the older ones), a
median delay counts those still waiting, and an explanation adds up to the change it explains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd

from analytics import delays, survival
from analytics.survival import Cases
from data.filters import Filters, narrowed
from data.warehouse import Warehouse, sql

Measure = Literal["volume", "negative", "answered", "delay", "useful"]
Grain = Literal["day", "week", "month"]
Dimension = Literal["network", "typology", "structure", "department", "region", "channel", "sentiment", "irritant"]
MEASURES: tuple[Measure, ...] = ("volume", "negative", "answered", "delay", "useful")
FIGURES = ["n", "negative", "answerable", "answered", "timed", "median_days", "mean_days", "judged", "useful"]
_SHARES: dict[Measure, tuple[str, str]] = {
    "negative": ("negative", "felt"),
    "answered": ("answered", "answerable"),
    "useful": ("useful", "judged"),
}
BASES: dict[Measure, str] = {  # the column that counts the cases of a measure
    "volume": "n",
    "negative": "felt",
    "answered": "answerable",
    "delay": "timed",
    "useful": "judged",
}
_KEYS: dict[str, tuple[str, str]] = {  # dimension -> its key and, once counted, its label, as SQL
    "network": ("network", "c.key"),
    "typology": ("typology", "c.key"),
    "structure": ("structure_id", "name"),
    "department": ("department", "(SELECT any_value(d.name) FROM departments AS d WHERE d.code = c.key)"),
    "region": ("region", "(SELECT any_value(d.region) FROM departments AS d WHERE d.region_code = c.key)"),
    "channel": ("unnest(channels)", "c.key"),
    "sentiment": ("sentiment", "c.key"),
    "irritant": ("nullif(irritant, -1)", "(SELECT i.label FROM topics AS i WHERE i.id = c.key)"),
    "all": ("'all'", "NULL"),
}
_LENGTH = {"day": pd.DateOffset(days=1), "week": pd.DateOffset(weeks=1), "month": pd.DateOffset(months=1)}


@dataclass(frozen=True)
class Figures:
    """The measures of a selection as they stood at its end. Shares are 0..1, None without a case."""

    n: int  # reviews
    felt: int  # of which with a declared sentiment
    answerable: int  # Hors-structures left out
    answered: int
    timed: int  # replies with a known delay
    judged: int  # verdicts of authors
    negative_share: float | None
    answered_share: float | None
    median_days: float | None  # publication to first reply, those waiting counted; None when half still wait
    useful_share: float | None

    def value(self, measure: Measure) -> float | None:
        """The measure of that name."""
        values: dict[Measure, float | None] = {
            "volume": self.n,
            "negative": self.negative_share,
            "answered": self.answered_share,
            "delay": self.median_days,
            "useful": self.useful_share,
        }
        return values[measure]

    def base(self, measure: Measure) -> int:
        """How many cases the measure stands on."""
        return int(getattr(self, BASES[measure]))


@dataclass(frozen=True)
class Cause:
    """One value of a dimension that moved a measure: its part of the change, in the unit of `explain`."""

    dimension: Literal["typology", "irritant"]
    key: str
    label: str
    contribution: float
    rate: float | None  # of which the value itself moved; None for volume
    mix: float | None  # of which its weight moved
    total: float  # the whole change


def figures(warehouse: Warehouse, filters: Filters, measure: Measure | None = None) -> Figures:
    """The measures over the whole selection. `measure`: the only one wanted, so that delays are read for no other."""
    frame = _figures(warehouse, filters, None, "all", measure)
    if frame.empty:
        return Figures(0, 0, 0, 0, 0, 0, None, None, None, None)
    row = frame.iloc[0]
    return Figures(
        **{name: int(row[name]) for name in ("n", "felt", "answerable", "answered", "timed", "judged")},
        negative_share=_number(row["value_negative"]),
        answered_share=_number(row["value_answered"]),
        median_days=_number(row["value_delay"]),
        useful_share=_number(row["value_useful"]),
    )


def series(warehouse: Warehouse, filters: Filters, grain: Grain, measure: Measure | None = None) -> pd.DataFrame:
    """The measures by period of publication: `period` (its first day), counts, `value_<measure>`, `complete`.

    `measure`: the only one wanted, as in `figures`. A period without any review has a row with n = 0 and no share. `complete` is False for a period that the selection
    or the data cut short.
    """
    frame = _figures(warehouse, filters, grain, "all", measure).drop(columns=["key", "label"])
    if frame.empty:
        return frame.assign(complete=pd.Series(dtype=bool))
    every = pd.date_range(frame["period"].min(), frame["period"].max(), freq=_LENGTH[grain])
    frame = frame.set_index("period").reindex(every).rename_axis("period").reset_index()
    counts = ["n", "felt", "negative", "neutral", "positive", "answerable", "answered", "timed", "judged", "useful"]
    frame[counts] = frame[counts].fillna(0).astype(int)
    frame["value_volume"] = frame["n"].astype(float)
    return frame.assign(complete=_complete(warehouse, filters, frame["period"], grain))


def deseasonalised(warehouse: Warehouse, filters: Filters, measure: Measure, grain: Grain) -> pd.Series[float] | None:
    """The measure of each period of `series` without the year's season, as estimated over the whole history.

    The season is a level for each week or month of the year from STL (Cleveland et al., 1990) on the history's series
    (robust, so that an exceptional week does not pass for a season). Volumes and delays are divided by their season,
    shares have it subtracted. None with less than two whole years, or by day.
    """
    if grain == "day":
        return None
    from statsmodels.tsa.seasonal import STL

    whole = series(warehouse, replace(filters, start=None, end=None), grain, measure)
    whole = whole[whole["complete"]] if len(whole) else whole
    year = 52 if grain == "week" else 12
    known = pd.to_numeric(whole[f"value_{measure}"], errors="coerce") if len(whole) else pd.Series(dtype=float)
    if known.notna().sum() < 2 * year:
        return None
    product = measure in {"volume", "delay"}
    values = known.interpolate(limit_direction="both").to_numpy(float)
    values = np.log(np.maximum(values, 1e-3)) if product else values
    season = STL(values, period=year, robust=True).fit().seasonal
    shown = series(warehouse, filters, grain, measure)
    by_period = dict(zip(whole["period"], season, strict=True))
    # a period outside the complete ones (the last, cut short) takes the season of the same place a year before
    last, steps = whole["period"].max(), {"week": pd.DateOffset(weeks=52), "month": pd.DateOffset(years=1)}[grain]
    seasons = [by_period.get(p if p <= last else p - steps, np.nan) for p in shown["period"]]
    given = shown[f"value_{measure}"].astype(float)
    return given / np.exp(seasons) if product else given - np.array(seasons)


def split(
    warehouse: Warehouse,
    filters: Filters,
    grain: Grain,
    dimension: Dimension,
    *,
    most: int = 5,
    measure: Measure | None = None,
) -> pd.DataFrame:
    """`series` of each of the `most` commonest values of a dimension (`key`, `label`, `period`), commonest first."""
    frame = _figures(warehouse, filters, grain, dimension, measure)
    if frame.empty:
        return frame
    common = frame.groupby("key")["n"].sum().sort_values(ascending=False, kind="stable").index[:most]
    every = pd.date_range(frame["period"].min(), frame["period"].max(), freq=_LENGTH[grain])
    wanted = pd.MultiIndex.from_product([common, every], names=["key", "period"])
    labels = frame.groupby("key")["label"].first()
    frame = frame.set_index(["key", "period"]).reindex(wanted).reset_index()
    frame["label"] = frame["key"].map(labels)
    frame["value_volume"] = frame["value_volume"].fillna(0.0)
    return frame


def by(warehouse: Warehouse, filters: Filters, dimension: Dimension, measure: Measure | None = None) -> pd.DataFrame:
    """The measures of each value of a dimension, commonest first: `key`, `label`, counts, `value_<measure>`.

    A review with several channels counts under each.
    """
    frame = _figures(warehouse, filters, None, dimension, measure).drop(columns="period")
    return frame.sort_values(["n", "key"], ascending=[False, True], ignore_index=True)


def reference(warehouse: Warehouse, filters: Filters, other: Filters | None, grain: Grain, rows: int) -> pd.DataFrame:
    """`series` of another period laid over this one, point by point: at most `rows` rows, `period` left as it was."""
    if other is None:
        return pd.DataFrame()
    return series(warehouse, other, grain).head(rows)


def explain(warehouse: Warehouse, filters: Filters, measure: Measure, dimension: Dimension) -> pd.DataFrame:
    """What each value of a dimension adds to the change since the period just before; largest first.

    Columns: `key`, `label`, `before`, `now` (the measure there), `n_before`, `n_now` (cases), `contribution` and, for
    shares and delays, its parts `rate` (the value itself moved) and `mix` (it weighs more or less). Contributions add
    up to the change over the reviews that state the dimension: of the count for volume, of the share in 0..1, of the
    *mean* delay in days (a median can't be split). Empty for an open period.
    """
    before = filters.previous()
    if before is None:
        return pd.DataFrame()
    now_frame, before_frame = (
        _parts(by(warehouse, f, dimension, "volume"), measure) for f in (filters, before)
    )  # means need no waits
    frame = now_frame.merge(before_frame, on="key", how="outer", suffixes=("_now", "_before"))
    frame["label"] = frame["label_now"].fillna(frame["label_before"])
    for side in ("now", "before"):
        frame[[f"n_{side}", f"total_{side}"]] = frame[[f"n_{side}", f"total_{side}"]].fillna(0.0)
        frame[side] = frame[f"total_{side}"] / frame[f"n_{side}"].where(frame[f"n_{side}"] > 0)
    if measure == "volume":
        frame["now"], frame["before"] = frame["n_now"], frame["n_before"]
        frame["contribution"] = frame["n_now"] - frame["n_before"]
    else:
        whole = {side: frame[f"n_{side}"].sum() for side in ("now", "before")}
        if not whole["now"] or not whole["before"]:
            return frame.head(0)
        weights = {side: frame[f"n_{side}"] / whole[side] for side in ("now", "before")}
        overall = (frame["total_now"].sum() / whole["now"] + frame["total_before"].sum() / whole["before"]) / 2
        now = frame["now"].fillna(frame["before"])
        was = frame["before"].fillna(frame["now"])
        frame["rate"] = (weights["now"] + weights["before"]) / 2 * (now - was)
        frame["mix"] = (weights["now"] - weights["before"]) * ((now + was) / 2 - overall)
        frame["contribution"] = frame["rate"] + frame["mix"]
    order = frame["contribution"].abs().sort_values(ascending=False, kind="stable").index
    columns = ["key", "label", "before", "now", "n_before", "n_now", "rate", "mix", "contribution"]
    return frame.loc[order, [c for c in columns if c in frame]].reset_index(drop=True)


def told(warehouse: Warehouse, filters: Filters, measure: Measure, most: int = 2) -> list[Cause]:
    """What explains most of the change since the period before: the first values of institutions and irritants."""
    found = []
    dimensions: tuple[Literal["typology", "irritant"], ...] = ("typology", "irritant")
    for dimension in dimensions:
        if dimension == "irritant" and not warehouse.has("topics"):
            continue
        frame = explain(warehouse, filters, measure, dimension)
        if frame.empty:
            continue
        total = float(frame["contribution"].sum())
        for row in frame.head(most).to_dict("records"):
            same_way = total and row["contribution"] / total > 0
            if same_way:
                rate, mix = (float(row[c]) if c in row else None for c in ("rate", "mix"))
                found.append(
                    Cause(dimension, str(row["key"]), str(row["label"]), float(row["contribution"]), rate, mix, total)
                )
    return found


def _parts(frame: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """Cases and total of a measure by value: the measure is total / n."""
    if measure == "volume":
        n, total = frame["n"], frame["n"]
    elif measure == "delay":
        n, total = frame["timed"], frame["mean_days"].fillna(0.0) * frame["timed"]
    else:
        top, base = _SHARES[measure]
        n, total = frame[base], frame[top]
    return pd.DataFrame(
        {"key": frame["key"], "label": frame["label"], "n": n.astype(float), "total": total.astype(float)}
    )


def _figures(
    warehouse: Warehouse, filters: Filters, grain: Grain | None, dimension: str, measure: Measure | None = None
) -> pd.DataFrame:
    frame = _asked(warehouse, "trend_figures", filters, grain, dimension)
    frame["period"] = pd.to_datetime(frame["period"])
    frame["label"] = frame["label"].astype(object).where(frame["label"].notna(), frame["key"])
    frame["value_volume"] = frame["n"].astype(float)
    for share, (top, base) in _SHARES.items():
        frame[f"value_{share}"] = frame[top] / frame[base].where(frame[base] > 0)
    frame["value_delay"] = np.nan
    if measure in (None, "delay") and len(frame):
        frame["value_delay"] = _medians(warehouse, frame, filters, grain, dimension)
    return frame


def _medians(
    warehouse: Warehouse, frame: pd.DataFrame, filters: Filters, grain: Grain | None, dimension: str
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Median delay of each row of `frame`, in days, those still waiting counted; missing where it is not reached.

    Where nobody still waiting has waited less than the plain median, that is the one: few periods but the last need more.
    """
    if grain is None:
        return _estimated(frame, _asked(warehouse, "trend_waits", filters, grain, dimension))
    plain = _asked(warehouse, "trend_medians", filters, grain, dimension)
    place = _place(frame, plain)
    values, left = np.full(len(frame), np.nan), np.zeros(len(frame), dtype=bool)
    median, least, most = (plain[name].to_numpy(dtype=np.float64) for name in ("median", "least", "most"))
    values[place] = np.where(np.isfinite(median), median, np.nan)
    left[place] = (least < median) & (np.isfinite(median) | (most > least))
    if left.any():
        periods = sorted({period.date() for period in frame.loc[left, "period"]})
        waits = _asked(warehouse, "trend_waits", filters, grain, dimension, periods=periods)
        values[left] = _estimated(frame, waits)[left]
    return values


def _place(frame: pd.DataFrame, found: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The row of `frame` that each row of `found` speaks of."""
    index = pd.MultiIndex.from_frame(frame[["period", "key"]])
    own = pd.DataFrame({"period": pd.to_datetime(found["period"]), "key": found["key"].astype(str)})
    return index.get_indexer(pd.MultiIndex.from_frame(own)).astype(np.int64)


def _estimated(frame: pd.DataFrame, waits: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Median delay of each row of `frame` from delays counted by steps."""
    group = _place(frame, waits)
    days, ended = waits["days"].to_numpy(dtype=np.float64), waits["ended"].to_numpy(dtype=bool)
    return survival.medians(group, Cases(days, ended, waits["n"].to_numpy(dtype=np.int64)), len(frame))


def _asked(
    warehouse: Warehouse,
    name: str,
    filters: Filters,
    grain: Grain | None,
    dimension: str,
    *,
    periods: Sequence[date] | None = None,
) -> pd.DataFrame:
    key, label = _KEYS[dimension]
    period = f"date_trunc('{grain}', published_on)::DATE" if grain else "DATE '2000-01-01'"
    query = sql(__file__, name).replace("/*lengths*/", sql(__file__, "trend_lengths"))
    query = query.replace("/*measured*/", delays.measured(as_it_stood=True))
    for place, text in (
        ("/*period*/", period),
        ("/*key*/", key),
        ("/*name*/ NULL", "structure" if dimension == "structure" else "NULL"),
        ("/*label*/ name", label),
        ("/*periods*/ TRUE", "TRUE" if periods is None else "list_contains($periods, period)"),
    ):
        query = query.replace(place, text)
    bound = {"end": delays.end_of(warehouse, filters), "periods": periods}
    return warehouse.frame(*narrowed(query, filters, bound))


def _complete(warehouse: Warehouse, filters: Filters, periods: pd.Series[Any], grain: Grain) -> pd.Series[bool]:
    last = pd.Timestamp(warehouse.snapshot.last_publication[:10])
    first = pd.Timestamp(filters.start) if filters.start else periods.min()
    end = min(pd.Timestamp(filters.end), last) if filters.end else last
    ends = periods + _LENGTH[grain] - pd.DateOffset(days=1)
    return (periods >= first) & (ends <= end)


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)

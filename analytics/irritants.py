"""What people keep running into: the irritants' figures, as the pages show them.

Every function reads the tables a refresh left in the snapshot (`topics`, `review_topics`) with the same `Filters` as
the rest of the product; none loads the topic model. The rule it protects: an irritant's figures always come from the
very reviews the page can list.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import pandas as pd

from analytics import delays, reviews, strengths
from data.filters import Filters, narrowed
from data.warehouse import Warehouse, sql

UNASSIGNED = -1
TREND_BLOCKS = 13  # blocks of four weeks in a trend line: one year
LISTING = [
    "id",
    "label",
    "terms",
    "n",
    "share_negative",
    "n_previous",
    "change",
    "trend",
    "unanswered_share",
    "median_days",
    "endorsements",
]
Grain = Literal["day", "week", "month"]
_LENGTH = {"day": pd.DateOffset(days=1), "week": pd.DateOffset(weeks=1), "month": pd.DateOffset(months=1)}


@dataclass(frozen=True)
class Irritant:
    """One irritant over a selection of reviews."""

    id: int
    label: str
    terms: tuple[str, ...]
    n: int  # reviews of the selection
    share: float  # of all assigned and unassigned reviews of the selection, 0..1
    share_negative: float | None  # 0..1
    n_previous: int | None  # reviews of the period just before; None for an open period
    unanswered_share: float | None  # 0..1, Hors-structures left out
    median_days: float | None  # publication to first real reply
    endorsements: int
    subjects: pd.DataFrame  # id, label, terms, n, share_negative
    tags: pd.DataFrame  # tag, n, negative, neutral, positive: the five general tags
    exemplars: tuple[int, ...]  # review ids


def listing(warehouse: Warehouse, filters: Filters) -> pd.DataFrame:
    """Irritants of the selection, most frequent first, with the columns of `LISTING`.

    `n_previous` and `change` (n / n_previous - 1) compare with the period of equal length just before and are missing
    for an open period; `trend` lists the reviews of the last 13 blocks of four weeks, oldest first, ending with the
    period. Neither unassigned reviews nor subjects that are mostly praised (`strengths`) are listed. Empty before any
    refresh.
    """
    if not warehouse.has("topics"):
        return pd.DataFrame(columns=LISTING)
    topics = warehouse.frame("SELECT id, label, terms FROM topics WHERE level = 'irritant'")
    figures = _figures(warehouse, filters)
    topics = topics[~topics["id"].isin(strengths.praised(warehouse))]
    frame = topics.merge(figures, on="id")
    before = filters.previous()
    if before is None:
        frame["n_previous"], frame["change"] = None, None
    else:
        previous = _counts(warehouse, before)
        frame["n_previous"] = frame["id"].map(previous).fillna(0).astype(int)
        frame["change"] = (frame["n"] / frame["n_previous"].where(frame["n_previous"] > 0) - 1).astype(float)
    trends = blocks(warehouse, filters)
    frame["trend"] = [trends.get(int(i), [0] * TREND_BLOCKS) for i in frame["id"]]
    frame["terms"] = [list(terms) for terms in frame["terms"]]
    return frame.sort_values(["n", "id"], ascending=[False, True], ignore_index=True)[LISTING]


def unassigned(warehouse: Warehouse, filters: Filters) -> int:
    """Reviews of the selection that no irritant explains."""
    if not warehouse.has("topics"):
        return 0
    return int(_counts(warehouse, filters).get(UNASSIGNED, 0))


def label(warehouse: Warehouse, irritant_id: int) -> str | None:
    """Title of an irritant, hidden ones included; None when the snapshot has no such irritant."""
    if not warehouse.has("topics"):
        return None
    query = "SELECT label FROM topics WHERE level IN ('irritant', 'hidden') AND id = $irritant"
    found = warehouse.rows(query, {"irritant": irritant_id})
    return str(found[0][0]) if found else None


def detail(warehouse: Warehouse, irritant_id: int, filters: Filters) -> Irritant | None:
    """One irritant over the selection; None when the snapshot has no such irritant."""
    if not warehouse.has("topics"):
        return None
    query = "SELECT label, terms, exemplars FROM topics WHERE level IN ('irritant', 'hidden') AND id = $irritant"
    known = warehouse.rows(query, {"irritant": irritant_id})
    if not known:
        return None
    label, terms, exemplars = known[0]
    own = replace(filters, irritants=(irritant_id,))
    figures = _figures(warehouse, own).to_dict("records")
    before = own.previous()
    row: dict[Any, Any] | None = figures[0] if figures else None
    return Irritant(
        id=irritant_id,
        label=label,
        terms=tuple(terms),
        n=0 if row is None else int(row["n"]),
        share=0.0 if row is None else float(row["n"] / reviews.count(warehouse, filters)),
        share_negative=None if row is None else _number(row["share_negative"]),
        n_previous=None if before is None else reviews.count(warehouse, before),
        unanswered_share=None if row is None else _number(row["unanswered_share"]),
        median_days=None if row is None else _number(row["median_days"]),
        endorsements=0 if row is None else int(row["endorsements"]),
        subjects=_about(warehouse, "irritant_subjects", irritant_id, filters),
        tags=_about(warehouse, "irritant_tags", irritant_id, filters),
        exemplars=tuple(exemplars or ()),
    )


def evolution(warehouse: Warehouse, irritant_id: int, filters: Filters, grain: Grain = "week") -> pd.DataFrame:
    """Reviews of an irritant by period: `period` (first day), `n`, `negative`, `total`, `share`, `complete`.

    `total` counts every review of the selection in the period and `share` is n / total; a period without any review
    has a row of zeros and no share. `complete` is False for a period that the selection or the data cut short.
    """
    extra = {"irritant": irritant_id, "grain": grain}
    frame = warehouse.frame(*narrowed(sql(__file__, "irritant_evolution"), filters, extra))
    frame["period"] = pd.to_datetime(frame["period"])
    if frame.empty:
        return frame.assign(complete=pd.Series(dtype=bool))
    length = _LENGTH[grain]
    every = pd.date_range(frame["period"].min(), frame["period"].max(), freq=length)
    frame = frame.set_index("period").reindex(every).rename_axis("period").reset_index()
    frame[["n", "negative", "total"]] = frame[["n", "negative", "total"]].fillna(0).astype(int)
    first = pd.Timestamp(filters.start) if filters.start else frame["period"].min()
    last = min(pd.Timestamp(d) for d in (filters.end, warehouse.snapshot.last_publication) if d)
    ends = frame["period"] + length - pd.DateOffset(days=1)
    frame["complete"] = (frame["period"] >= first) & (ends <= last)
    return frame


def where(warehouse: Warehouse, irritant_id: int, filters: Filters) -> pd.DataFrame:
    """Where it is reported: `dimension` (network, typology, structure, department, channel), `key`, `label`, `n`,
    `n_place` (all reviews of that place), `share` (n / n_place), `lift` (share over the share of the selection).
    """
    return _about(warehouse, "irritant_where", irritant_id, filters)


def emblematic(warehouse: Warehouse, irritant_id: int, filters: Filters, limit: int = 5) -> pd.DataFrame:
    """Reviews that show it best: id, published_on, title, body, sentiment, network, typology, structure, department,
    endorsements, subject, score (0..1, closeness to the irritant's centre).
    """
    return _about(warehouse, "irritant_emblematic", irritant_id, filters, {"limit": limit})


def neighbours(warehouse: Warehouse, irritant_id: int) -> pd.DataFrame:
    """Irritants whose reviews speak of near things: `id`, `label`, `n`, `nearness` (cosine, 0..1), nearest first."""
    return warehouse.frame(sql(__file__, "irritant_neighbours"), {"irritant": irritant_id})


def helpful(warehouse: Warehouse, irritant_id: int, filters: Filters, limit: int = 3) -> list[int]:
    """Ids of reviews whose reply worked: judged useful by the author first, then by visitors, most recent first."""
    return [int(i) for i in _about(warehouse, "irritant_helpful", irritant_id, filters, {"limit": limit})["id"]]


def chart_map(warehouse: Warehouse) -> pd.DataFrame:
    """The map of irritants (mostly praised subjects left out): `id`, `label`, `x`, `y` (no unit: near means alike), `size`, `share_negative`, `terms`."""
    frame = warehouse.frame(sql(__file__, "irritant_map"))
    return frame[~frame["id"].isin(strengths.praised(warehouse))].reset_index(drop=True)


def joined(warehouse: Warehouse, irritant_id: int) -> int | None:
    """The irritant that this one was merged into; None when it was not."""
    found = warehouse.rows("SELECT merged_into FROM topic_notes WHERE id = $irritant", {"irritant": irritant_id})
    return int(found[0][0]) if found and found[0][0] is not None else None


def refused(warehouse: Warehouse) -> tuple[str, str] | None:
    """Why the last refresh refused the latest model ('damaged' or 'version'), and the version of the one that serves."""
    found = warehouse.rows("SELECT value FROM meta WHERE key = 'topics_refused'")
    if not found:
        return None
    serving = warehouse.rows("SELECT model FROM topics LIMIT 1") if warehouse.has("topics") else []
    return str(found[0][0]), str(serving[0][0]) if serving else ""


def named_by(warehouse: Warehouse, irritant_id: int) -> str:
    """Who wrote its title: 'rule', 'model' or 'person'."""
    found = warehouse.rows("SELECT named_by FROM topic_notes WHERE id = $irritant", {"irritant": irritant_id})
    return str(found[0][0]) if found else "rule"


def changes(warehouse: Warehouse, most: int = 200) -> pd.DataFrame:
    """What refits did to the reference, latest first: `fitted_at`, `kind`, `label`, `other_label`, `n`, `model`."""
    if not warehouse.has("topic_changes"):
        return pd.DataFrame(columns=["fitted_at", "kind", "label", "other_label", "n", "model"])
    query = (
        "SELECT fitted_at, kind, label, other_label, n, model FROM topic_changes ORDER BY fitted_at DESC, kind, n DESC"
    )
    return warehouse.frame(f"{query} LIMIT $most", {"most": most})


def _figures(warehouse: Warehouse, filters: Filters) -> pd.DataFrame:
    figures, days = (
        warehouse.frame(*narrowed(sql(__file__, name).replace("/*measured*/", delays.measured()), filters))
        for name in ("irritant_figures", "irritant_days")
    )
    return figures.merge(days, on="id", how="left")


def _counts(warehouse: Warehouse, filters: Filters) -> dict[int, int]:
    """Reviews of each irritant, unassigned ones included."""
    rows = warehouse.rows(*narrowed(sql(__file__, "irritant_counts"), filters))
    return {int(id_): int(n) for id_, n in rows}


def _about(
    warehouse: Warehouse, query: str, irritant_id: int, filters: Filters, extra: dict[str, int] | None = None
) -> pd.DataFrame:
    values = {"irritant": irritant_id, **(extra or {})}
    return warehouse.frame(*narrowed(sql(__file__, query), filters, values))


def blocks(warehouse: Warehouse, filters: Filters) -> dict[int, list[int]]:
    """Reviews of each irritant (-1: unassigned) in the last `TREND_BLOCKS` blocks of four weeks, oldest first, ending with
    the period, whatever its start.
    """
    last = filters.end or pd.Timestamp(warehouse.snapshot.last_publication).date()
    extra = {"last": last, "blocks": TREND_BLOCKS}
    frame = warehouse.frame(*narrowed(sql(__file__, "irritant_trend"), replace(filters, start=None, end=last), extra))
    trends: dict[int, list[int]] = {}
    for irritant, block, n in frame.itertuples(index=False):
        trends.setdefault(int(irritant), [0] * TREND_BLOCKS)[int(block)] = int(n)
    return trends


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)

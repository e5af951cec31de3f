"""Reviews that wait for an answer: how many, since when, in which order to take them.

A review waits while no structure really answered it; DITP's canned non-reply is not an answer, and Hors-structures are
left out unless asked for. The rule it protects: the list and its counts come from one definition, the one delays are
measured with (`sql/measured.sql`): what waits here is what the delay page counts as unanswered.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from analytics import reviews
from analytics.reviews import Review
from data.filters import Filters, narrowed
from data.warehouse import Warehouse, sql


@dataclass(frozen=True)
class Waiting:
    """One review that waits."""

    review: Review
    days: int  # whole days since publication, at the end of the last publication day held
    urgency: float  # 1 to 6, see sql/waiting.sql


@dataclass(frozen=True)
class WaitingFigures:
    """How the queue stands."""

    waiting: int
    late: int  # waiting for more than the target
    oldest_days: float | None  # None when nothing waits
    median_days: float | None


def page(
    warehouse: Warehouse,
    filters: Filters,
    *,
    skip: Collection[int] = (),
    first: Collection[int] = (),
    outside: bool = False,
    limit: int = 10,
    offset: int = 0,
) -> list[Waiting]:
    """A page of the waiting reviews, urgency x age first; `first` ids go before all, `skip` ids are left out."""
    rows = _rows(
        warehouse,
        "waiting_page",
        filters,
        {"skip": list(skip), "first": list(first), "outside": outside, "limit": limit, "offset": offset},
    )
    shown = {review.id: review for review in reviews.by_ids(warehouse, [row[0] for row in rows])}
    return [Waiting(shown[id_], int(age), float(urgency)) for id_, age, urgency in rows]


def figures(
    warehouse: Warehouse, filters: Filters, *, target_days: int, skip: Collection[int] = (), outside: bool = False
) -> WaitingFigures:
    """Counts over everything `page` goes through."""
    params = {"skip": list(skip), "outside": outside, "target_days": target_days}
    waiting, late, oldest, median = _rows(warehouse, "waiting_figures", filters, params)[0]
    return WaitingFigures(int(waiting), int(late), oldest, median)


def texts(warehouse: Warehouse, *, days: int) -> list[tuple[int, str]]:
    """Title and body of the reviews that have waited for `days` days at most, by id: to look for cues in them."""
    rows = _rows(warehouse, "waiting_texts", Filters(), {"skip": [], "outside": True, "days": days})
    return [(int(id_), text) for id_, text in rows]


def _rows(warehouse: Warehouse, name: str, filters: Filters, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    query = "".join(sql(__file__, part) for part in ("measured", "waiting", name))
    query, bound = narrowed(query, filters)
    end = date.fromisoformat(warehouse.snapshot.last_publication) + timedelta(days=1)
    return warehouse.rows(query, {**bound, **params, "end": end})

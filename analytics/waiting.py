"""Reviews that wait for an answer: how many, since when, in which order to take them.

A review waits while no structure really answered it; DITP's canned non-reply is not an answer, and Hors-structures are
left out unless asked for. The rule it protects: the list and its counts come from one definition, the one delays are
measured with (`sql/measured.sql`): what waits here is what the delay page counts as unanswered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from analytics import reviews, words
from analytics.reviews import Review
from data.filters import Filters, narrowed
from data.warehouse import Warehouse, sql


@dataclass(frozen=True)
class Wanted:
    """Which waiting reviews, and how they stand against the delay not to exceed."""

    filters: Filters = field(default_factory=Filters)
    target_days: int = 15
    targets: Mapping[str, int] = field(default_factory=dict)  # of the structures that have their own, by id
    skip: Collection[int] = ()  # ids left out
    only: Collection[int] | None = None  # ids to keep; None = all
    first: Collection[int] = ()  # ids that go before all others
    outside: bool = False  # Hors structure too
    words: str = ""  # as search finds them: see analytics/words.py


@dataclass(frozen=True)
class Waiting:
    """One review that waits."""

    review: Review
    days: int  # whole days since publication, at the end of the last publication day held
    urgency: float  # 1 to 6, see sql/waiting.sql
    risk: float  # 1 to 2: 2 once past the target
    target: int  # days not to exceed, of its structure


@dataclass(frozen=True)
class WaitingFigures:
    """How the queue stands."""

    waiting: int
    late: int  # waiting for more than the target
    soon: int  # past it within a week if nothing leaves
    oldest_days: float | None  # None when nothing waits
    median_days: float | None


def page(warehouse: Warehouse, wanted: Wanted, *, limit: int = 10, offset: int = 0) -> list[Waiting]:
    """A page of the waiting reviews, urgency x age x risk of missing the target first."""
    rows = _rows(warehouse, "waiting_page", wanted, {"limit": limit, "offset": offset})
    shown = {review.id: review for review in reviews.by_ids(warehouse, [row[0] for row in rows])}
    return [Waiting(shown[id_], int(age), float(urgency), float(risk), int(t)) for id_, age, urgency, risk, t in rows]


def figures(warehouse: Warehouse, wanted: Wanted) -> WaitingFigures:
    """Counts over everything `page` goes through."""
    waiting, late, soon, oldest, median = _rows(warehouse, "waiting_figures", wanted)[0]
    return WaitingFigures(int(waiting), int(late), int(soon), oldest, median)


def by_structure(warehouse: Warehouse, wanted: Wanted) -> list[tuple[str, str, WaitingFigures]]:
    """Structure id, its name and its counts, the latest first."""
    rows = _rows(warehouse, "waiting_structures", wanted)
    return [(row[0] or "", row[1] or "", WaitingFigures(*map(int, row[2:5]), *row[5:])) for row in rows]


def late(warehouse: Warehouse, wanted: Wanted) -> set[int]:
    """Ids of those that `page` goes through and that wait for more than their target."""
    return {int(id_) for (id_,) in _rows(warehouse, "waiting_late", wanted)}


def structures_of(warehouse: Warehouse, ids: Collection[int]) -> dict[int, str]:
    """Whom reviews are addressed to: structure id by review id."""
    query = "SELECT id, coalesce(structure_id, '') FROM reviews WHERE list_contains($ids::BIGINT[], id)"
    return {int(id_): structure for id_, structure in warehouse.rows(query, {"ids": list(ids)})} if ids else {}


def cued(warehouse: Warehouse, cue: Callable[[str], object], *, days: int) -> frozenset[int]:
    """Ids of the reviews that have waited for `days` days at most and whose text holds a cue.

    Texts that a refresh read are not read again; `cue` is asked of the others, and returns None without one.
    """
    wanted, unread = Wanted(outside=True), "TRUE"
    found: set[int] = set()
    if warehouse.has("review_measures"):
        found = {int(id_) for (id_,) in _rows(warehouse, "waiting_cued", wanted, {"days": days})}
        unread = (
            "NOT EXISTS (SELECT 1 FROM review_measures AS t WHERE t.review_id = o.id"
            " AND t.fingerprint IS NOT DISTINCT FROM r.fingerprint)"
        )
    rows = _rows(warehouse, "waiting_texts", wanted, {"days": days}, unread)
    return frozenset(found | {int(id_) for id_, text in rows if cue(text) is not None})


def _rows(
    warehouse: Warehouse, name: str, wanted: Wanted, params: Mapping[str, Any] | None = None, unread: str = "TRUE"
) -> list[tuple[Any, ...]]:
    query = "".join(sql(__file__, part) for part in ("measured", "waiting", name)).replace("/*unread*/ TRUE", unread)
    values: dict[str, Any] = {}
    if wanted.words.strip():
        found, values = words.condition(warehouse, wanted.words)
        query = query.replace("/*words*/ TRUE", f"m.id IN (SELECT r.id FROM reviews AS r WHERE {found})")
    query, bound = narrowed(query, wanted.filters, values)
    asked = {
        "end": date.fromisoformat(warehouse.snapshot.last_publication) + timedelta(days=1),
        "target_days": wanted.target_days,
        "target_ids": list(wanted.targets),
        "target_values": list(wanted.targets.values()),
        "skip": list(wanted.skip),
        "only": None if wanted.only is None else list(wanted.only),
        "first": list(wanted.first),
        "outside": wanted.outside,
    }
    return warehouse.rows(query, {**bound, **asked, **(params or {})})

"""Erasing what people did here about reviews that the portal took back.

The rule it protects: once a review is withdrawn, no text about it stays in the store: drafts, requests, texts being
edited, replies, escalations and feedback go, and drafts of other reviews lose the passages they had borrowed from its
replies (with the prompt that quoted them: such a draft can no longer be made again). The journal is append-only and holds
no citizen text: it stays, and gains one entry that says how many reviews and rows were erased.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, String, cast, delete, or_, select, update

from data.operations import tables
from data.operations.engine import reading, writing
from data.operations.journal import Fact, record

_CHUNK = 200
_KEPT = {"journal", "journal_head"}


@dataclass(frozen=True)
class Erased:
    """What was erased: rows about the reviews, and drafts of other reviews that lost a borrowed passage."""

    rows: int
    drafts: int


def erase(engine: Engine, key: str, reviews: Collection[int]) -> Erased:
    """Erase everything about `reviews`; acts once for a `key`. Unknown ids cost nothing."""
    ids = sorted(reviews)
    with reading(engine) as connection:
        if not any(_held(connection, part) or _borrowing(connection, part) for part in _parts(ids)):
            return Erased(0, 0)
    done = Erased(0, 0)

    def work(connection: Connection) -> Fact:
        nonlocal done
        rows = sum(_delete(connection, part) for part in _parts(ids))
        drafts = sum(_forget(connection, part) for part in _parts(ids))
        done = Erased(rows, drafts)
        return Fact("withdrawal", key[:80], None, {"reviews": len(ids), "rows": rows, "drafts": drafts})

    record(engine, key, "portail", "withdrawal.erase", work)
    if engine.dialect.name == "sqlite":
        _compact(engine)
    return done


def _parts(ids: list[int]) -> list[list[int]]:
    return [ids[i : i + _CHUNK] for i in range(0, len(ids), _CHUNK)]


def _about() -> list[Any]:
    """Tables with a `review_id`, those that refer to others first."""
    return [t for t in reversed(tables.metadata.sorted_tables) if "review_id" in t.c and t.name not in _KEPT]


def _held(connection: Connection, ids: list[int]) -> bool:
    return any(
        connection.execute(select(t.c.review_id).where(t.c.review_id.in_(ids)).limit(1)).first() is not None
        for t in _about()
    )


def _delete(connection: Connection, ids: list[int]) -> int:
    return sum(connection.execute(delete(t).where(t.c.review_id.in_(ids))).rowcount for t in _about())


def _borrowing(connection: Connection, ids: list[int]) -> list[tuple[str, Mapping[str, Any]]]:
    """Drafts whose sources may name one of the reviews: an id between quotes, alone or before the rank of a reply."""
    text = cast(tables.drafts.c.record, String)
    named = or_(*(text.like(f'%"{id_}{end}%') for id_ in ids for end in ('"', "-")))
    rows = connection.execute(select(tables.drafts.c.id, tables.drafts.c.record).where(named))
    return [(row.id, row.record) for row in rows if any(_of(source, set(ids)) for source in _sources(row.record))]


def _forget(connection: Connection, ids: list[int]) -> int:
    gone = set(ids)
    found = _borrowing(connection, ids)
    for id_, kept in found:
        sources = [
            {**source, "title": "", "text": "", "links": [], "withdrawn": True} if _of(source, gone) else source
            for source in _sources(kept)
        ]
        values = {**kept, "sources": sources, "prompt": []}
        connection.execute(update(tables.drafts).where(tables.drafts.c.id == id_).values(record=values))
    return len(found)


def _sources(kept: Mapping[str, Any] | str) -> list[dict[str, Any]]:
    told = json.loads(kept) if isinstance(kept, str) else kept
    return list(told.get("sources") or ())


def _of(source: Mapping[str, Any], reviews: set[int]) -> bool:
    id_ = str(source.get("id", "")).split("-")[0]
    return source.get("kind") == "reply" and id_.isdigit() and int(id_) in reviews


def _compact(engine: Engine) -> None:
    """SQLite leaves deleted text in free pages of its file: write the file again without them."""
    with writing(engine) as connection:
        connection.connection.driver_connection.execute("VACUUM")  # type: ignore[union-attr]

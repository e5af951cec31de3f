"""The agent's word on a draft: good or not, why, in one row per draft and person (the last word stands)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from data.operations import tables
from data.operations.engine import reading
from data.operations.journal import Fact, record
from data.operations.tables import now


@dataclass(frozen=True)
class Word:
    """What a person said of a draft."""

    draft_id: str
    person: str
    review_id: int
    good: bool
    reasons: list[str]
    comment: str
    given_at: datetime
    version: int


def give(
    engine: Engine,
    draft_id: str,
    person: str,
    *,
    review_id: int,
    good: bool,
    reasons: Sequence[str] = (),
    comment: str = "",
) -> Word:
    """Keep the word of `person` on a draft; saying the same again changes nothing."""
    known = of_draft(engine, draft_id, person)
    if known is not None and (known.good, known.reasons, known.comment) == (good, list(reasons), comment):
        return known
    version = known.version if known else 0

    def work(connection: Connection) -> Fact:
        table = tables.feedback
        values = {
            "review_id": review_id,
            "good": good,
            "reasons": list(reasons),
            "comment": comment,
            "given_at": now(),
            "version": version + 1,
        }
        if known is None:
            connection.execute(insert(table).values(draft_id=draft_id, person=person, **values))
        else:
            connection.execute(
                update(table).where(table.c.draft_id == draft_id, table.c.person == person).values(**values)
            )
        return Fact("feedback", draft_id, review_id, {"good": good, "reasons": list(reasons)})

    record(engine, f"feedback:{draft_id}:{person}:{version}", person, "draft.feedback", work)
    found = of_draft(engine, draft_id, person)
    assert found is not None
    return found


def of_draft(engine: Engine, draft_id: str, person: str) -> Word | None:
    """What `person` said of a draft, None when nothing yet."""
    table = tables.feedback
    with reading(engine) as connection:
        row = connection.execute(
            select(table).where(table.c.draft_id == draft_id, table.c.person == person)
        ).one_or_none()
    return None if row is None else _word(row)


def _word(row: Row[Any]) -> Word:
    return Word(**row._mapping)

"""The agent's word on a draft: good or not, why, in one row per draft and person (the last word stands)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from data.operations import tables
from data.operations.engine import reading
from data.operations.journal import Fact, key_of, record
from data.operations.tables import now

GOOD = {"clear": "Claire", "complete": "Complète", "sources": "Bonnes sources"}
BAD = {
    "invented": "Invente",
    "imprecise": "Imprécise",
    "incoherent": "Incohérente",
    "no_source": "Sans source",
    "too_long": "Trop longue",
    "mistakes": "Fautes",
}
REASONS = GOOD | BAD


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

    record(
        engine,
        key_of("feedback", draft_id, version, good, list(reasons), comment, person),
        person,
        "draft.feedback",
        work,
    )
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


def recent(engine: Engine, *, since: datetime | None = None, limit: int = 500) -> list[Word]:
    """Words on every draft (given from `since` on), newest first."""
    table = tables.feedback
    query = select(table).order_by(table.c.given_at.desc(), table.c.draft_id, table.c.person).limit(limit)
    query = query.where(table.c.given_at >= since) if since is not None else query
    with reading(engine) as connection:
        return [_word(row) for row in connection.execute(query)]


def _word(row: Row[Any]) -> Word:
    return Word(**row._mapping)

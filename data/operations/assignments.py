"""Who is to answer which review: taken by oneself, or given by a team lead; one person at a time.

The rules it protects: nobody takes a review from somebody else unseen (`claim` refuses, `assign` is a lead's act and is
journalled); a review sent, handed over or given back is nobody's any longer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select, update

from data.operations import tables
from data.operations.engine import reading
from data.operations.errors import Conflict, Refused
from data.operations.journal import Fact, record
from data.operations.tables import now


@dataclass(frozen=True)
class Assignment:
    """A review somebody is to answer."""

    review_id: int
    person: str  # '' = given back to everyone
    assigned_by: str
    at: datetime
    version: int


def current(engine: Engine) -> dict[int, Assignment]:
    """Reviews that are somebody's, by review id."""
    table = tables.assignments
    with reading(engine) as connection:
        rows = connection.execute(select(table).where(table.c.person != ""))
        return {row.review_id: Assignment(**row._mapping) for row in rows}


def of_review(engine: Engine, review_id: int) -> Assignment | None:
    """Whose a review is, None when nobody's."""
    with reading(engine) as connection:
        found = _row(connection, review_id)
    return found if found is not None and found.person else None


def claim(engine: Engine, review_id: int, person: str) -> None:
    """`person` takes a review. Taking one's own again changes nothing; raises Conflict when it is somebody else's."""
    with reading(engine) as connection:
        seen = _row(connection, review_id)
    if seen is not None and seen.person == person:
        return
    _give(engine, seen, review_id, person, by=person, action="review.claim")


def assign(engine: Engine, review_ids: Iterable[int], person: str, *, by: str) -> int:
    """A lead gives reviews to `person`, whoever had them; returns how many changed hands.

    Raises Refused without a person, Conflict when another lead decided at the same instant (those before stay given).
    """
    if not person:
        raise Refused("Choisissez à qui confier ces avis.")
    changed = 0
    for review_id in review_ids:
        with reading(engine) as connection:
            seen = _row(connection, review_id)
        if seen is not None and seen.person == person:
            continue
        _give(engine, seen, review_id, person, by=by, action="review.assign")
        changed += 1
    return changed


def release(engine: Engine, review_id: int, *, by: str) -> None:
    """A review goes back to everyone. One that is nobody's stays so."""
    with reading(engine) as connection:
        seen = _row(connection, review_id)
    if seen is not None and seen.person:
        _give(engine, seen, review_id, "", by=by, action="review.release")


def free(connection: Connection, review_id: int, person: str | None = None) -> None:
    """Inside another write's transaction: the review is nobody's (or not `person`'s) any longer."""
    table = tables.assignments
    query = update(table).where(table.c.review_id == review_id, table.c.person != "")
    query = query.where(table.c.person == person) if person is not None else query
    connection.execute(query.values(person="", at=now(), version=table.c.version + 1))


def _give(engine: Engine, seen: Assignment | None, review_id: int, person: str, *, by: str, action: str) -> None:
    version = 0 if seen is None else seen.version

    def work(connection: Connection) -> Fact:
        table = tables.assignments
        known = _row(connection, review_id)
        if action == "review.claim" and known is not None and known.person not in ("", person):
            raise Conflict("Quelqu'un d'autre a déjà pris cet avis.")
        if (0 if known is None else known.version) != version:
            raise Conflict("Cet avis vient de changer de main : rechargez la page.")
        values = {"person": person, "assigned_by": by, "at": now(), "version": version + 1}
        if known is None:
            connection.execute(insert(table).values(review_id=review_id, **values))
        else:
            this = update(table).where(table.c.review_id == review_id, table.c.version == version)
            if connection.execute(this.values(**values)).rowcount != 1:
                raise Conflict("Cet avis vient de changer de main : rechargez la page.")
        return Fact("assignment", str(review_id), review_id, {"person": person} if person != by else {})

    record(engine, f"{action}:{review_id}:{person}:{version}", by, action, work)


def _row(connection: Connection, review_id: int) -> Assignment | None:
    table = tables.assignments
    row = connection.execute(select(table).where(table.c.review_id == review_id)).one_or_none()
    return None if row is None else Assignment(**row._mapping)

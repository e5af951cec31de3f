"""The text under an agent's hands: one per review and person, saved as it is typed, never lost to a reload.

The rules it protects: the store holds the truth, the screen a copy; a save that does not start from the latest version
is refused (`Conflict`), so that two tabs never overwrite each other unseen; two people on one review are told so; time
at the desk counts presence, not the night a tab stayed open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from data.operations import assignments, tables
from data.operations.engine import reading, writing
from data.operations.errors import Conflict, Refused
from data.operations.journal import Fact, record
from data.operations.tables import now

PAUSE_S = 300.0  # a longer silence between two signs of presence counts as this much and no more
PRESENT_S = 900.0  # somebody seen less than this ago is at the desk


@dataclass(frozen=True)
class DeskText:
    """What one person has in hand for one review."""

    review_id: int
    person: str
    body: str
    draft_id: str | None  # the draft it began from
    started: str  # '' nothing chosen yet | 'draft' | 'blank'
    opened_at: datetime
    seen_at: datetime
    active_s: float  # presence so far, pauses counted as PAUSE_S at most
    closed_at: datetime | None
    version: int
    first_edit_at: datetime | None  # first word changed by hand
    begun_s: float | None  # presence when the draft came on screen; None without a draft


def opened(engine: Engine, review_id: int, person: str) -> DeskText:
    """`person` opens the desk on `review_id`: finds the text again, or starts one. The first opening is journalled."""
    found = get(engine, review_id, person)
    if found is not None and found.closed_at is None:
        return _seen(engine, found)

    def work(connection: Connection) -> Fact:
        at = now()
        values: dict[str, Any] = {
            "body": "",
            "draft_id": None,
            "started": "",
            "opened_at": at,
            "seen_at": at,
            "active_s": 0.0,
            "closed_at": None,
            "first_edit_at": None,
            "begun_s": None,
        }
        table = tables.desk_texts
        if found is None:
            connection.execute(insert(table).values(review_id=review_id, person=person, version=1, **values))
        else:
            connection.execute(_this(found).values(version=table.c.version + 1, **values))
        return Fact("desk", f"{review_id}:{person}", review_id)

    version = 0 if found is None else found.version
    record(engine, f"desk:{review_id}:{person}:{version}", person, "desk.open", work)
    again = get(engine, review_id, person)
    assert again is not None
    return again


def get(engine: Engine, review_id: int, person: str) -> DeskText | None:
    """What `person` has in hand for `review_id`, None when they never opened it."""
    table = tables.desk_texts
    with reading(engine) as connection:
        row = connection.execute(
            select(table).where(table.c.review_id == review_id, table.c.person == person)
        ).one_or_none()
    return None if row is None else _text(row)


def save(engine: Engine, text: DeskText, body: str) -> DeskText:
    """Keep what was typed since `text` was read; returns the new state. Raises Conflict when another tab saved first.

    Saving again the very same words is no change, and never a conflict.
    """
    return _write(engine, text, {"body": body}, edited=True)


def begin(engine: Engine, text: DeskText, *, body: str, started: str, draft_id: str | None = None) -> DeskText:
    """Start the text over, from a draft (`started='draft'`) or from nothing (`'blank'`). Raises Conflict as `save`."""
    begun = None if draft_id is None else presence(text, now())
    return _write(engine, text, {"body": body, "started": started, "draft_id": draft_id}, begun_s=begun)


def others(engine: Engine, review_id: int, person: str) -> list[DeskText]:
    """Who else is on this review now, latest seen first."""
    table = tables.desk_texts
    query = (
        select(table)
        .where(
            table.c.review_id == review_id,
            table.c.person != person,
            table.c.closed_at.is_(None),
            table.c.seen_at >= now() - timedelta(seconds=PRESENT_S),
        )
        .order_by(table.c.seen_at.desc())
    )
    with reading(engine) as connection:
        return [_text(row) for row in connection.execute(query)]


def in_hand(engine: Engine) -> dict[int, list[DeskText]]:
    """Reviews somebody is on now, or has a text under way for, by review id."""
    table = tables.desk_texts
    query = select(table).where(
        table.c.closed_at.is_(None),
        (table.c.seen_at >= now() - timedelta(seconds=PRESENT_S)) | (table.c.body != ""),
    )
    found: dict[int, list[DeskText]] = {}
    with reading(engine) as connection:
        for row in connection.execute(query):
            found.setdefault(row.review_id, []).append(_text(row))
    return found


def leave(engine: Engine, review_id: int, person: str) -> None:
    """`person` gives the review back: their text stays, it is theirs to answer no longer. Journalled."""
    found = get(engine, review_id, person)
    if found is None or found.closed_at is not None:
        return

    def work(connection: Connection) -> Fact:
        close(connection, review_id, person)
        assignments.free(connection, review_id, person)
        return Fact("desk", f"{review_id}:{person}", review_id)

    record(engine, f"leave:{review_id}:{person}:{found.version}", person, "desk.leave", work)


def close(connection: Connection, review_id: int, person: str | None = None) -> None:
    """Inside another write's transaction: nobody (or not `person`) works on this review any longer."""
    table = tables.desk_texts
    query = update(table).where(table.c.review_id == review_id, table.c.closed_at.is_(None))
    if person is not None:
        query = query.where(table.c.person == person)
    connection.execute(query.values(closed_at=now(), version=table.c.version + 1))


def presence(text: DeskText, at: datetime) -> float:
    """Seconds at the desk up to `at`: what was counted, and the time since the last sign, at most a pause."""
    return text.active_s + min(max((at - text.seen_at).total_seconds(), 0.0), PAUSE_S)


def reading_time(text: DeskText, at: datetime) -> float | None:
    """Seconds of presence since the draft came on screen, None without a draft."""
    if text.draft_id is None or text.begun_s is None:
        return None
    return presence(text, at) - text.begun_s


def _seen(engine: Engine, text: DeskText) -> DeskText:
    """A sign of presence, nothing else: the version does not move."""
    at = now()
    with writing(engine) as connection, connection.begin():
        connection.execute(_this(text).values(seen_at=at, active_s=presence(text, at)))
    found = get(engine, text.review_id, text.person)
    assert found is not None
    return found


def _write(
    engine: Engine, text: DeskText, values: dict[str, Any], *, edited: bool = False, begun_s: float | None = None
) -> DeskText:
    at = now()
    table = tables.desk_texts
    marks = {"first_edit_at": text.first_edit_at or at} if edited else {"begun_s": begun_s}
    with writing(engine) as connection, connection.begin():
        row = connection.execute(
            _this(text)
            .values(**values, **marks, seen_at=at, active_s=presence(text, at), version=text.version + 1)
            .returning(table)
        ).one_or_none()
    if row is not None:
        return _text(row)
    found = get(engine, text.review_id, text.person)
    if found is None:
        raise Refused("Ce texte n'existe plus : rouvrez l'avis.")
    if found.closed_at is None and all(getattr(found, name) == value for name, value in values.items()):
        return found
    if found.closed_at is not None:
        raise Conflict("Cet avis a été traité entre-temps : ce texte n'est plus enregistré.")
    raise Conflict("Ce texte a été modifié dans un autre onglet : rechargez pour le voir avant d'écrire.")


def _this(text: DeskText) -> Any:
    table = tables.desk_texts
    return update(table).where(
        table.c.review_id == text.review_id, table.c.person == text.person, table.c.version == text.version
    )


def _text(row: Row[Any]) -> DeskText:
    return DeskText(**row._mapping)

"""Replies sent from here: the text, where it came from, how long it took. One per review, whoever sends first.

The rules it protects: two people, two tabs or a double click send one reply; a severe finding is sent over only with a
reason; the measures (similarity, characters changed, time at the desk) are taken at the moment of sending, by code.
Nothing is published by the product alone: a reply sent waits for the portal to show it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import Connection, Engine, Row, func, insert, select

from data.operations import desk, tables
from data.operations.desk import DeskText
from data.operations.engine import reading
from data.operations.errors import Conflict, Refused
from data.operations.journal import Fact, record
from data.operations.similarity import as_proposed, characters_changed, similarity
from data.operations.tables import now

Decided = Literal["as_proposed", "reworked", "blank"]


@dataclass(frozen=True)
class SentReply:
    """One reply sent."""

    id: str
    review_id: int
    draft_id: str | None
    structure_id: str | None
    body: str
    decided: Decided
    similarity: float | None  # 0-100 against the draft; None when there was none
    characters_changed: int | None
    overrides: list[dict[str, str]]  # findings set aside: check, message, reason
    regenerations: int
    sent_by: str
    opened_at: datetime
    sent_at: datetime
    desk_s: float  # presence at the desk, pauses left out


def send(
    engine: Engine,
    text: DeskText,
    body: str,
    *,
    structure_id: str | None = None,
    overrides: Sequence[Mapping[str, str]] = (),
) -> SentReply:
    """Send `body` as the reply to the review of `text`. Sending the same text twice acts once.

    `overrides`: severe findings the agent sets aside, each with its reason. Raises Conflict when somebody else sent a
    reply first, or when another tab changed the text; Refused for an empty text or a missing reason.
    """
    if not body.strip():
        raise Refused("La réponse est vide.")
    if any(not override.get("reason", "").strip() for override in overrides):
        raise Refused("Dites pourquoi vous écartez chaque point signalé.")
    id_ = uuid4().hex

    def work(connection: Connection) -> Fact:
        first = connection.execute(select(tables.replies).where(tables.replies.c.review_id == text.review_id)).first()
        if first is not None:
            raise Conflict("Une réponse à cet avis a déjà été envoyée : rien n'a été envoyé une seconde fois.")
        at = now()
        current = connection.execute(
            select(tables.desk_texts.c.version).where(
                tables.desk_texts.c.review_id == text.review_id, tables.desk_texts.c.person == text.person
            )
        ).scalar_one_or_none()
        if current != text.version:
            raise Conflict("Ce texte a été modifié dans un autre onglet : rechargez pour le voir avant d'envoyer.")
        measures = _measures(connection, text, body)
        connection.execute(
            insert(tables.replies).values(
                id=id_,
                review_id=text.review_id,
                draft_id=text.draft_id,
                structure_id=structure_id,
                body=body,
                overrides=[dict(o) for o in overrides],
                sent_by=text.person,
                opened_at=text.opened_at,
                sent_at=at,
                desk_s=desk.presence(text, at),
                **measures,
            )
        )
        desk.close(connection, text.review_id)
        details = {**measures, "draft": text.draft_id, "characters": len(body), "overrides": [*map(dict, overrides)]}
        return Fact("reply", id_, text.review_id, details)

    sent = record(engine, f"send:{text.review_id}:{text.person}:{text.version}", text.person, "reply.send", work)
    return get(engine, sent)


def get(engine: Engine, reply_id: str) -> SentReply:
    """The reply of that id. Raises Refused when there is none."""
    with reading(engine) as connection:
        row = connection.execute(select(tables.replies).where(tables.replies.c.id == reply_id)).one_or_none()
    if row is None:
        raise Refused("Cette réponse n'existe pas.")
    return _reply(row)


def of_review(engine: Engine, review_id: int) -> SentReply | None:
    """The reply sent to a review, None when none was."""
    with reading(engine) as connection:
        row = connection.execute(select(tables.replies).where(tables.replies.c.review_id == review_id)).one_or_none()
    return None if row is None else _reply(row)


def sent(engine: Engine, *, limit: int = 1_000) -> list[SentReply]:
    """Replies sent, newest first."""
    query = select(tables.replies).order_by(tables.replies.c.sent_at.desc(), tables.replies.c.id).limit(limit)
    with reading(engine) as connection:
        return [_reply(row) for row in connection.execute(query)]


def sent_ids(engine: Engine) -> frozenset[int]:
    """Reviews a reply was sent to from here."""
    with reading(engine) as connection:
        return frozenset(connection.scalars(select(tables.replies.c.review_id)))


def _measures(connection: Connection, text: DeskText, body: str) -> dict[str, Any]:
    table = tables.drafts
    made = connection.scalar(select(func.count()).select_from(table).where(table.c.review_id == text.review_id)) or 0
    values: dict[str, Any] = {"regenerations": max(0, made - 1), "similarity": None, "characters_changed": None}
    if text.draft_id is None:
        return values | {"decided": "blank"}
    proposed = connection.scalar(select(table.c.reply).where(table.c.id == text.draft_id)) or ""
    return values | {
        "decided": "as_proposed" if as_proposed(proposed, body) else "reworked",
        "similarity": similarity(proposed, body),
        "characters_changed": characters_changed(proposed, body),
    }


def _reply(row: Row[Any]) -> SentReply:
    return SentReply(**row._mapping)

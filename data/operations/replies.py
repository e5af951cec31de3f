"""Replies sent from here: the text, where it came from, how long it took. One per review, whoever sends first.

The rules it protects: two people, two tabs or a double click send one reply; a severe finding is sent over only with a
reason; the measures (similarity, characters changed, sources kept, time at the desk, time reading) are taken at the
moment of sending, by code. Nothing is published by the product alone: a reply sent waits for the portal to show it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from data.operations import assignments, desk, tables
from data.operations.desk import DeskText
from data.operations.engine import reading
from data.operations.errors import Conflict, Refused
from data.operations.journal import Fact, record
from data.operations.similarity import as_proposed, characters_changed, similarity
from data.operations.tables import now

_AT_ONCE = 500  # ids asked for in one statement

Decided = Literal["as_proposed", "reworked", "blank"]
# Characters a second. Adults read 175 to 300 words a minute silently (Brysbaert, J. of Memory and Language 109, 2019);
# at 300 words of 6 characters, spaces included, it is 30: a text sent sooner was not read to its end.
READING = 30.0


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
    opened_at: datetime | None  # this one, and the next ones in seconds, are None once forgotten (see `timings`)
    sent_at: datetime
    desk_s: float | None  # presence at the desk, pauses left out
    first_edit_at: datetime | None
    read_s: float | None  # presence from the draft on screen to the sending; None without a draft
    hasty: bool  # sent faster than the text can be read
    sources: dict[str, list[str]] | None  # ids: kept, removed, added by the agent; None without a draft
    mention: str  # what says that AI helped, '' when nothing does

    @property
    def published(self) -> str:
        """The text that leaves: the reply, then the mention."""
        return with_mention(self.body, self.mention)


def with_mention(body: str, mention: str) -> str:
    """`body` as it is published with `mention` under it."""
    return f"{body.rstrip()}\n\n{mention}" if mention else body


def reading_floor(body: str) -> float:
    """Seconds under which nobody has read `body`."""
    return len(body) / READING


def send(
    engine: Engine,
    text: DeskText,
    body: str,
    *,
    structure_id: str | None = None,
    overrides: Sequence[Mapping[str, str]] = (),
    mention: str = "",
) -> SentReply:
    """Send `body` as the reply to the review of `text`. Sending the same text twice acts once.

    `overrides`: severe findings the agent sets aside, each with its reason. `mention`: what says that AI helped, put
    under a reply that a draft helped to write and under no other. A review handed to a person is dealt with by that
    very reply. Raises Conflict when somebody else sent a
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
        measures = _measures(connection, text, body, desk.reading_time(text, at))
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
                first_edit_at=text.first_edit_at,
                mention=mention if text.draft_id is not None else "",
                **measures,
            )
        )
        desk.close(connection, text.review_id)
        assignments.free(connection, text.review_id)
        _dealt_with(connection, text)
        told = {name: value for name, value in measures.items() if name != "read_s"}  # one person's timing: no fact
        details = {**told, "draft": text.draft_id, "characters": len(body), "overrides": [*map(dict, overrides)]}
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


def sent(
    engine: Engine, *, since: datetime | None = None, until: datetime | None = None, limit: int = 1_000
) -> list[SentReply]:
    """Replies sent (from `since` on, before `until`), newest first."""
    query = select(tables.replies).order_by(tables.replies.c.sent_at.desc(), tables.replies.c.id).limit(limit)
    query = query.where(tables.replies.c.sent_at >= since) if since is not None else query
    query = query.where(tables.replies.c.sent_at < until) if until is not None else query
    with reading(engine) as connection:
        return [_reply(row) for row in connection.execute(query)]


def by_ids(engine: Engine, ids: Sequence[str]) -> list[SentReply]:
    """Replies of these ids, in the order given; unknown ids are left out."""
    found: dict[str, SentReply] = {}
    with reading(engine) as connection:
        for start in range(0, len(ids), _AT_ONCE):
            some = tables.replies.c.id.in_(list(ids[start : start + _AT_ONCE]))
            found |= {row.id: _reply(row) for row in connection.execute(select(tables.replies).where(some))}
    return [found[id_] for id_ in ids if id_ in found]


def sent_ids(engine: Engine) -> frozenset[int]:
    """Reviews a reply was sent to from here."""
    with reading(engine) as connection:
        return frozenset(connection.scalars(select(tables.replies.c.review_id)))


def by_model(engine: Engine, since: datetime) -> dict[str, int]:
    """How many replies sent since then began from a draft of each model; '' = from none."""
    reply, draft = tables.replies, tables.drafts
    model = func.coalesce(draft.c.model, "")
    query = (
        select(model, func.count())
        .select_from(reply.outerjoin(draft, draft.c.id == reply.c.draft_id))
        .where(reply.c.sent_at >= since)
        .group_by(model)
    )
    with reading(engine) as connection:
        return {name: int(n) for name, n in connection.execute(query)}


def _measures(connection: Connection, text: DeskText, body: str, read_s: float | None) -> dict[str, Any]:
    table = tables.drafts
    made = connection.scalar(select(func.count()).select_from(table).where(table.c.review_id == text.review_id)) or 0
    values: dict[str, Any] = {"regenerations": max(0, made - 1), "similarity": None, "characters_changed": None}
    values |= {"read_s": read_s, "hasty": read_s is not None and read_s < reading_floor(body), "sources": None}
    if text.draft_id is None:
        return values | {"decided": "blank"}
    draft = connection.execute(select(table.c.reply, table.c.record).where(table.c.id == text.draft_id)).one()
    return values | {
        "decided": "as_proposed" if as_proposed(draft.reply, body) else "reworked",
        "similarity": similarity(draft.reply, body),
        "characters_changed": characters_changed(draft.reply, body),
        "sources": _sources(draft.record, draft.reply, body),
    }


def _sources(record: Mapping[str, Any], proposed: str, body: str) -> dict[str, list[str]]:
    """What became of a draft's sources in the text sent, told by their addresses; a cited source that shows none in
    the draft can't be followed and counts as kept.
    """
    cited = set(record.get("cited") or ())
    found: dict[str, list[str]] = {"kept": [], "removed": [], "added": []}
    for source in record.get("sources") or ():
        links = [link for link in (source.get("url"), *(source.get("links") or ())) if link]
        before, after = (any(link in where for link in links) for where in (proposed, body))
        if source["id"] in cited:
            found["removed" if before and not after else "kept"].append(source["id"])
        elif after:
            found["added"].append(source["id"])
    return {name: list(dict.fromkeys(ids)) for name, ids in found.items()}


def _dealt_with(connection: Connection, text: DeskText) -> None:
    """A reply closes the escalation of its review."""
    table = tables.escalations
    connection.execute(
        update(table)
        .where(table.c.review_id == text.review_id, table.c.state == "open")
        .values(
            state="closed",
            closed_by=text.person,
            closed_at=now(),
            outcome="Réponse envoyée.",
            version=table.c.version + 1,
        )
    )


def _reply(row: Row[Any]) -> SentReply:
    return SentReply(**row._mapping)

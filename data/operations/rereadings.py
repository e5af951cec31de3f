"""Blind re-reading: one reply in twenty, read again by a lead who does not know who sent it nor how it was made.

The rules it protects: which replies are re-read is nobody's choice (it follows from the reply's id, drawn at random
when it was sent); nobody re-reads their own; a verdict is given once, before anything is revealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, insert, select

from data.operations import replies, tables
from data.operations.engine import reading
from data.operations.errors import Conflict, Refused
from data.operations.journal import Fact, record
from data.operations.replies import SentReply
from data.operations.tables import now

ONE_IN = 20
DAYS = 60  # an older reply is no longer asked to be re-read


@dataclass(frozen=True)
class Rereading:
    """A lead's verdict on a reply already sent."""

    reply_id: str
    review_id: int
    good: bool  # whether they would have sent it as it is
    note: str
    read_by: str
    read_at: datetime


def sampled(reply_id: str) -> bool:
    """Whether a reply is in the sample."""
    return int(reply_id, 16) % ONE_IN == 0


def pending(engine: Engine, reader: str) -> list[SentReply]:
    """Sampled replies that wait for a re-reading by somebody else than their author, oldest first."""
    replied, read = tables.replies, tables.rereadings
    query = (
        select(replied.c.id)
        .where(replied.c.sent_at >= now() - timedelta(days=DAYS), replied.c.sent_by != reader)
        .where(replied.c.id.not_in(select(read.c.reply_id)))
        .order_by(replied.c.sent_at, replied.c.id)
    )
    with reading(engine) as connection:
        ids = [id_ for id_ in connection.scalars(query) if sampled(id_)]
    return replies.by_ids(engine, ids)


def give(engine: Engine, reply: SentReply, *, good: bool, note: str, read_by: str) -> None:
    """Keep a verdict. Raises Refused for one's own reply or a bad verdict without a word; Conflict when it has one."""
    if reply.sent_by == read_by:
        raise Refused("On ne relit pas sa propre réponse.")
    if not good and not note.strip():
        raise Refused("Dites en quelques mots ce qui ne va pas.")

    def work(connection: Connection) -> Fact:
        table = tables.rereadings
        if connection.execute(select(table.c.good).where(table.c.reply_id == reply.id)).first() is not None:
            raise Conflict("Quelqu'un d'autre vient de relire cette réponse.")
        values = {"good": good, "note": note.strip(), "read_by": read_by, "read_at": now()}
        connection.execute(insert(table).values(reply_id=reply.id, review_id=reply.review_id, **values))
        return Fact("rereading", reply.id, reply.review_id, {"good": good, "note": note.strip()})

    record(engine, f"reread:{reply.id}:{read_by}", read_by, "reply.reread", work)


def given(engine: Engine, limit: int = 500) -> list[Rereading]:
    """Verdicts given, newest first."""
    table = tables.rereadings
    with reading(engine) as connection:
        rows = connection.execute(select(table).order_by(table.c.read_at.desc(), table.c.reply_id).limit(limit))
        return [Rereading(**row._mapping) for row in rows]

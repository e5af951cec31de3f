"""What the portal says of replies sent from here: the author's verdict, visitors' votes, and why one was of no use.

`collect` reads them from a snapshot and attaches each to its reply and draft. The rules it protects: a verdict is the
portal's word, never typed here; a lead explains, and what they withhold is no source for another reply any longer
(`withheld` is what the retrieval index leaves out).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from data.operations import replies, tables
from data.operations.engine import reading
from data.operations.errors import Conflict, Refused
from data.operations.journal import Fact, key_of, record
from data.operations.tables import now
from data.warehouse import Warehouse, sql

PORTAL = "portail"  # the actor of what comes from there
CAUSES = {
    "wrong": "Inexacte ou dépassée",
    "beside": "À côté de la question",
    "vague": "Trop vague, ne dit pas quoi faire",
    "tone": "Ton qui ne convient pas",
    "late": "Arrivée trop tard",
    "refusal": "La décision contestée, pas la réponse",
}
REPEATS = frozenset({"wrong", "beside", "vague", "tone"})  # what another reply would repeat by leaning on this one
_LEAST_VOTES = 3
_MOST = 100_000


@dataclass(frozen=True)
class Return:
    """The portal's verdict on one reply sent from here."""

    reply_id: str
    review_id: int
    draft_id: str | None
    author_verdict: str  # 'utile' | 'pas utile' | '' (nobody said)
    useful_votes: int
    useless_votes: int
    seen_at: datetime
    snapshot: str
    cause: str  # key of CAUSES, '' = not explained yet
    note: str
    withheld: bool  # never a source for another reply
    explained_by: str | None
    explained_at: datetime | None
    version: int

    @property
    def useless(self) -> bool:
        """Whether it is to be explained: the author says so, or without their word most of some visitors."""
        if self.author_verdict:
            return self.author_verdict == "pas utile"
        return self.useless_votes >= _LEAST_VOTES and self.useless_votes > self.useful_votes


def collect(engine: Engine, warehouse: Warehouse) -> int:
    """Attach what the snapshot says of the replies sent from here; returns how many verdicts are new or changed."""
    sent = {reply.review_id: reply for reply in replies.sent(engine, limit=_MOST)}
    if not sent:
        return 0
    known = {found.reply_id: found for found in listed(engine)}
    wanted = {"reviews": list(sent), "structures": [reply.structure_id or "" for reply in sent.values()]}
    changed = 0
    for review_id, verdict, useful, useless in warehouse.rows(sql(__file__, "verdicts"), wanted):
        reply = sent[review_id]
        before = known.get(reply.id)
        if before is not None and (before.author_verdict, before.useful_votes, before.useless_votes) == (
            verdict,
            useful,
            useless,
        ):
            continue
        values = {
            "author_verdict": verdict,
            "useful_votes": useful,
            "useless_votes": useless,
            "seen_at": now(),
            "snapshot": warehouse.snapshot.id,
        }
        _attach(engine, reply, before, values)
        changed += 1
    return changed


def listed(engine: Engine) -> list[Return]:
    """Every verdict held, newest first."""
    table = tables.returns
    with reading(engine) as connection:
        return [
            _return(row) for row in connection.execute(select(table).order_by(table.c.seen_at.desc(), table.c.reply_id))
        ]


def of_review(engine: Engine, review_id: int) -> Return | None:
    """The verdict on the reply sent to a review, None while the portal shows none."""
    table = tables.returns
    with reading(engine) as connection:
        row = connection.execute(select(table).where(table.c.review_id == review_id)).one_or_none()
    return None if row is None else _return(row)


def explain(engine: Engine, seen: Return, *, cause: str, note: str, withheld: bool, by: str) -> Return:
    """A lead says why a reply was of no use, and whether others may lean on it. Raises Conflict when it changed."""
    if cause not in CAUSES:
        raise Refused("Choisissez ce qui explique ce jugement.")

    def work(connection: Connection) -> Fact:
        table = tables.returns
        values = {"cause": cause, "note": note.strip(), "withheld": withheld, "explained_by": by, "explained_at": now()}
        this = update(table).where(table.c.reply_id == seen.reply_id, table.c.version == seen.version)
        if connection.execute(this.values(version=seen.version + 1, **values)).rowcount != 1:
            raise Conflict("Cet avis vient d'être expliqué ou jugé de nouveau : rechargez la page.")
        return Fact("return", seen.reply_id, seen.review_id, {"cause": cause, "withheld": withheld})

    record(
        engine, key_of("explain", seen.reply_id, seen.version, cause, note, withheld, by), by, "return.explain", work
    )
    found = of_review(engine, seen.review_id)
    assert found is not None
    return found


def withheld(engine: Engine) -> list[int]:
    """Reviews whose reply is no source for another one."""
    table = tables.returns
    with reading(engine) as connection:
        return list(connection.scalars(select(table.c.review_id).where(table.c.withheld).order_by(table.c.review_id)))


def _attach(engine: Engine, reply: replies.SentReply, before: Return | None, values: dict[str, Any]) -> None:
    version = 0 if before is None else before.version

    def work(connection: Connection) -> Fact:
        table = tables.returns
        if before is None:
            whole = {"reply_id": reply.id, "review_id": reply.review_id, "draft_id": reply.draft_id, "version": 1}
            connection.execute(insert(table).values(**whole, **values, cause="", note="", withheld=False))
        else:
            this = update(table).where(table.c.reply_id == reply.id, table.c.version == version)
            if connection.execute(this.values(version=version + 1, **values)).rowcount != 1:
                raise Conflict("Ce retour vient de changer.")
        details = {name: values[name] for name in ("author_verdict", "useful_votes", "useless_votes", "snapshot")}
        return Fact("return", reply.id, reply.review_id, details)

    record(engine, f"return:{reply.id}:{version}", PORTAL, "return.attach", work)


def _return(row: Row[Any]) -> Return:
    return Return(**row._mapping)

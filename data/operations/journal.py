"""The journal: who did what and when, append-only, each entry sealed by the hash of the one before.

`record` is the only way the store writes a fact: the change, its journal entry and its idempotency key are one
transaction. The rules it protects: a fact without its entry, or an entry without its fact, can't exist; the same key
twice acts once; an entry changed, removed or cut off afterwards is found by `verify`. Heartbeats, text in progress and
autosaves are not facts: they leave no entry.

Seal: `hash = SHA-256(previous ‖ canonical JSON of the entry)`, over UTF-8 bytes; keys sorted, no spaces.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from data.operations import tables
from data.operations.engine import reading, writing
from data.operations.errors import Conflict, Refused
from data.operations.tables import now

_CHUNK = 2_000
_ATTEMPTS = 5


@dataclass(frozen=True)
class Fact:
    """What a write did, as its journal entry tells it."""

    kind: str  # draft_request | draft | reply | escalation | triage | feedback | desk | worker
    id: str  # of the object written
    review_id: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)  # JSON-ready; no citizen text


@dataclass(frozen=True)
class Entry:
    """One line of the journal."""

    seq: int
    at: datetime
    actor: str
    action: str
    kind: str
    object_id: str
    review_id: int | None
    details: dict[str, Any]
    key: str
    hash: str


@dataclass(frozen=True)
class Verification:
    """Whether the chain holds; `broken_at` is the first entry that does not."""

    ok: bool
    entries: int
    broken_at: int | None = None
    reason: str = ""


def record(engine: Engine, key: str, actor: str, action: str, work: Callable[[Connection], Fact]) -> str:
    """Run `work` and journal it in one transaction; returns the id of what was written.

    A `key` already used returns what it wrote then, and `work` does not run. Whatever `work` raises undoes everything.
    Raises Conflict when another session wrote the same row at the same instant.
    """
    attempt = 0
    while True:
        try:
            with writing(engine) as connection, connection.begin():
                known = _known(connection, key, action)
                if known is not None:
                    return known
                fact = work(connection)
                _append(connection, key, actor, action, fact)
                return fact.id
        except (IntegrityError, OperationalError, Refused) as error:
            with reading(engine) as connection:
                known = _known(connection, key, action)
            if known is not None:  # the same key, committed by another session while this one worked
                return known
            if isinstance(error, Refused):
                raise
            if isinstance(error, IntegrityError):
                raise Conflict("Quelqu'un vient d'écrire la même chose : rechargez la page, puis décidez.") from error
            attempt += 1
            if attempt == _ATTEMPTS:
                raise
            time.sleep(0.05 * 2**attempt)


def key_of(what: str, *parts: object) -> str:
    """An idempotency key made of what is written: the same words twice are one act, other words are another."""
    return f"{what}:{hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:40]}"


def entries(
    engine: Engine,
    *,
    actor: str | None = None,
    action: str | None = None,
    review_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 200,
    offset: int = 0,
) -> list[Entry]:
    """Entries newest first; `since` included, `until` excluded."""
    table = tables.journal
    query = select(table).order_by(table.c.seq.desc()).limit(limit).offset(offset)
    for column, value in ((table.c.actor, actor), (table.c.action, action), (table.c.review_id, review_id)):
        query = query.where(column == value) if value is not None else query
    query = query.where(table.c.at >= since) if since is not None else query
    query = query.where(table.c.at < until) if until is not None else query
    with reading(engine) as connection:
        return [_entry(row) for row in connection.execute(query)]


def choices(engine: Engine) -> tuple[list[str], list[str]]:
    """Actors and actions the journal holds, sorted: what its filters offer."""
    table = tables.journal
    with reading(engine) as connection:
        actors = connection.scalars(select(table.c.actor).distinct().order_by(table.c.actor))
        found = list(actors)
        actions = connection.scalars(select(table.c.action).distinct().order_by(table.c.action))
        return found, list(actions)


def count(engine: Engine) -> int:
    """How many entries the journal holds."""
    with reading(engine) as connection:
        return int(connection.scalar(select(func.count()).select_from(tables.journal)) or 0)


def verify(engine: Engine, inside: Connection | None = None) -> Verification:
    """Recompute the whole chain, in constant memory, against each entry and against the head.

    `inside`: the transaction to look from, when the entries are not committed yet.
    """
    table = tables.journal
    last, seal = 0, ""
    with nullcontext(inside) if inside is not None else reading(engine) as connection:
        head = connection.execute(select(tables.journal_head)).one_or_none()
        if head is None:
            return Verification(False, 0, 1, "la tête du journal a été retirée")
        rows = connection.execution_options(yield_per=_CHUNK).execute(
            select(table).where(table.c.seq <= head.seq).order_by(table.c.seq)
        )
        for row in rows:
            if row.seq != last + 1:
                return Verification(False, last, last + 1, f"l'entrée {last + 1} manque")
            if row.previous != seal or row.hash != _seal(row.previous, row._mapping):
                return Verification(False, last, row.seq, f"l'entrée {row.seq} a été modifiée après coup")
            last, seal = row.seq, row.hash
        if (last, seal) != (head.seq, head.hash):
            return Verification(False, last, last + 1, f"le journal a été coupé après l'entrée {last}")
        beyond = connection.scalar(select(func.max(table.c.seq)))
        if beyond is not None and beyond > last:
            again = connection.scalar(select(tables.journal_head.c.seq))
            if again is None or again < beyond:
                return Verification(False, last, last + 1, f"l'entrée {last + 1} a été ajoutée hors des règles")
    return Verification(True, last)


def _known(connection: Connection, key: str, action: str) -> str | None:
    """What `key` wrote before, None if it is new. Raises ValueError when it wrote something of another nature."""
    row = connection.execute(
        select(tables.journal.c.object_id, tables.journal.c.action).where(tables.journal.c.key == key)
    ).one_or_none()
    if row is None:
        return None
    if row.action != action:
        raise ValueError(f"idempotency key {key!r} was used by {row.action}, not {action}")
    return str(row.object_id)


def _append(connection: Connection, key: str, actor: str, action: str, fact: Fact) -> None:
    head = tables.journal_head
    # Taking the head first orders writers on PostgreSQL (row lock); SQLite has one writer already.
    previous = connection.execute(update(head).values(seq=head.c.seq + 1).returning(head.c.seq, head.c.hash)).one()
    entry = {
        "seq": previous.seq,
        "at": now(),
        "actor": actor,
        "action": action,
        "kind": fact.kind,
        "object_id": fact.id,
        "review_id": fact.review_id,
        "details": json.dumps(fact.details, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        "key": key,
    }
    seal = _seal(previous.hash, entry)
    connection.execute(insert(tables.journal).values(**entry, previous=previous.hash, hash=seal))
    connection.execute(update(head).values(hash=seal))


def _seal(previous: str, entry: Mapping[Any, Any]) -> str:
    names = ("seq", "actor", "action", "kind", "object_id", "review_id", "details", "key")
    content = {name: entry[name] for name in names} | {"at": entry["at"].isoformat(timespec="microseconds")}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256((previous + text).encode()).hexdigest()


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        row.seq,
        row.at,
        row.actor,
        row.action,
        row.kind,
        row.object_id,
        row.review_id,
        json.loads(row.details),
        row.key,
        row.hash,
    )

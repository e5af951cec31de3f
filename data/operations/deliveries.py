"""Replies on their way out: a file that the portal imports, or a webhook that gets them one by one, signed, tried again.

The receiver is the publishing side's importer; nothing is published by the product alone. The rules it protects: both
ways carry the same columns, and a text leaves to the character as its agent confirmed it; a reply is offered until it is received, and never by two processes at once (whoever takes it leases it); a receiver can
tell a second delivery of the same reply (`X-Vigie-Delivery`) and a forged or replayed one: `X-Vigie-Signature` is
`sha256=` and the hexadecimal HMAC-SHA256 of `<X-Vigie-Timestamp>.<body>` under the shared secret.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TextIO
from urllib.parse import urlsplit

import httpx
from sqlalchemy import Connection, Engine, Select, func, insert, or_, select, update

from data.errors import VigieError
from data.operations import replies, tables
from data.operations.engine import reading, writing
from data.operations.journal import Fact, record
from data.operations.replies import SentReply
from data.operations.tables import now

POSTMAN = "envoi"  # the actor of deliveries
ATTEMPTS = 12  # about three days of trying
FIRST_WAIT_S, LONGEST_WAIT_S = 60.0, 6 * 3600.0
LEASE_S = 120.0
TIMEOUT_S = 15.0
_AGAIN = frozenset({408, 425, 429})  # refusals that ask to come back later
COLUMNS = (
    "ID expérience",
    "ID structure 1",
    "Réponse structure 1",
    "Date de premiere réponse",
    "Taux de similarité réponse IA structure 1",
)


@dataclass(frozen=True)
class Outcome:
    """What one round of deliveries did."""

    delivered: int
    failed: int  # given up: the receiver refuses it, or did not answer for days
    waiting: int  # to be tried again


def portal_row(reply: SentReply) -> dict[str, Any]:
    """A reply with the portal's own column names, whatever way it leaves by."""
    values = (
        reply.review_id,
        reply.structure_id or "",
        reply.published,
        reply.sent_at.isoformat(timespec="seconds"),
        "" if reply.similarity is None else round(reply.similarity),
    )
    return dict(zip(COLUMNS, values, strict=True))


def write_csv(stream: TextIO, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows of `portal_row` as the portal's own CSV (`;`, every cell quoted); returns how many.

    A file for a machine: no cell is disarmed against spreadsheets, as `pages.components.tables` does for people. Open
    `stream` as UTF-8 with BOM and without newline translation.
    """
    writer = csv.DictWriter(stream, COLUMNS, delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    kept = list(rows)
    writer.writerows(kept)
    return len(kept)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What `X-Vigie-Signature` holds."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def deliver(engine: Engine, url: str, secret: str) -> Outcome:
    """Offer every reply that is due to the webhook at `url`. Raises VigieError for an address or secret that won't do."""
    _checked(url, secret)
    delivered = failed = 0
    with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False) as client:
        while (reply := _take(engine)) is not None:
            error, final = _post(client, url, secret, reply)
            if not error:
                _received(engine, reply)
                delivered += 1
            elif _refused(engine, reply, error, final=final):
                failed += 1
    return Outcome(delivered, failed, waiting(engine))


def waiting(engine: Engine) -> int:
    """Replies that no webhook received yet, those given up left out."""
    with reading(engine) as connection:
        return int(connection.scalar(select(func.count()).select_from(_undelivered().subquery())) or 0)


def states(engine: Engine) -> dict[str, tuple[str, str]]:
    """State ('waiting', 'delivered', 'failed') and last error of the replies offered so far, by reply id."""
    table = tables.deliveries
    with reading(engine) as connection:
        rows = connection.execute(select(table.c.reply_id, table.c.state, table.c.error))
        return {row.reply_id: (row.state, row.error) for row in rows}


def again(engine: Engine, by: str) -> int:
    """Try again the replies given up; returns how many."""
    table = tables.deliveries
    changed: list[int] = []

    def work(connection: Connection) -> Fact:
        done = connection.execute(
            update(table).where(table.c.state == "failed").values(state="waiting", attempts=0, next_at=now())
        )
        changed.append(done.rowcount)
        return Fact("delivery", "failed", None, {"replies": done.rowcount})

    record(engine, f"again:{by}:{now().isoformat()}", by, "reply.retry", work)
    return changed[-1]


def _undelivered() -> Select[Any]:
    replied, table = tables.replies, tables.deliveries
    joined = replied.outerjoin(table, table.c.reply_id == replied.c.id)
    return select(replied.c.id).select_from(joined).where(or_(table.c.reply_id.is_(None), table.c.state == "waiting"))


def _take(engine: Engine) -> SentReply | None:
    """Lease the oldest reply that is due, None when nothing is."""
    table, at = tables.deliveries, now()
    due = _undelivered().where(or_(table.c.reply_id.is_(None), table.c.next_at <= at))
    due = due.order_by(tables.replies.c.sent_at, tables.replies.c.id).limit(1)
    if engine.dialect.name == "postgresql":
        due = due.with_for_update(of=tables.replies, skip_locked=True)
    while True:
        with writing(engine) as connection, connection.begin():
            reply_id = connection.scalar(due)
            if reply_id is None:
                return None
            if _lease(connection, reply_id, at):
                return replies.get(engine, reply_id)


def _lease(connection: Connection, reply_id: str, at: datetime) -> bool:
    """Take a reply whose row is locked; False when another process took it before the lock was held.

    The row is read again: PostgreSQL showed the select what stood before it waited for the lock.
    """
    table = tables.deliveries
    this = table.c.reply_id == reply_id
    lease = {"next_at": at + timedelta(seconds=LEASE_S)}
    known = connection.execute(select(table.c.state, table.c.next_at).where(this)).one_or_none()
    if known is None:
        connection.execute(insert(table).values(reply_id=reply_id, state="waiting", attempts=1, error="", **lease))
        return True
    if known.state != "waiting" or known.next_at > at:
        return False
    connection.execute(update(table).where(this).values(attempts=table.c.attempts + 1, **lease))
    return True


def _post(client: httpx.Client, url: str, secret: str, reply: SentReply) -> tuple[str, bool]:
    """Offer one reply; returns ('', _) when it was received, else the error and whether trying again is of no use."""
    body = json.dumps(portal_row(reply), ensure_ascii=False).encode()
    timestamp = str(int(now().timestamp()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Vigie-Delivery": reply.id,
        "X-Vigie-Timestamp": timestamp,
        "X-Vigie-Signature": signature(secret, timestamp, body),
    }
    try:
        answer = client.post(url, content=body, headers=headers)
    except httpx.HTTPError as error:
        return f"{type(error).__name__}: {error}"[:300], False
    if answer.is_success:
        return "", False
    return f"HTTP {answer.status_code}", answer.is_client_error and answer.status_code not in _AGAIN


def _received(engine: Engine, reply: SentReply) -> None:
    at = now()

    def work(connection: Connection) -> Fact:
        _write(connection, reply, {"state": "delivered", "delivered_at": at, "error": ""})
        return Fact("delivery", reply.id, reply.review_id)

    record(engine, f"delivered:{reply.id}", POSTMAN, "reply.deliver", work)


def _refused(engine: Engine, reply: SentReply, error: str, *, final: bool) -> bool:
    """Keep the error and when to try again; returns whether it was given up."""
    table = tables.deliveries
    with writing(engine) as connection, connection.begin():
        attempts = connection.execute(select(table.c.attempts).where(table.c.reply_id == reply.id)).scalar_one()
        given_up = final or attempts >= ATTEMPTS
        wait = min(FIRST_WAIT_S * 3 ** (attempts - 1), LONGEST_WAIT_S)
        values = {"state": "failed" if given_up else "waiting", "error": error}
        _write(connection, reply, values | {"next_at": now() + timedelta(seconds=wait)})
    return given_up


def _write(connection: Connection, reply: SentReply, values: Mapping[str, str | datetime]) -> None:
    connection.execute(update(tables.deliveries).where(tables.deliveries.c.reply_id == reply.id).values(**values))


def _checked(url: str, secret: str) -> None:
    parts = urlsplit(url)
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and here)):
        raise VigieError("VIGIE_WEBHOOK_URL doit être une adresse https (http sur cette machine seulement)")
    if len(secret) < 16:
        raise VigieError("VIGIE_WEBHOOK_SECRET doit compter 16 caractères au moins")

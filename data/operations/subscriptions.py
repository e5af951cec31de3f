"""Who wants to hear of which signals, and of which delays: one row a wish, and what was already sent for it.

The rule it protects: a person is told of a signal once, and stops hearing the moment they unsubscribe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, Row, delete, insert, select

from data.operations import tables
from data.operations.engine import reading
from data.operations.errors import Refused
from data.operations.journal import Fact, record
from data.operations.tables import now

_ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")


@dataclass(frozen=True)
class Subscription:
    """Signals that meet every part that is given; a part left out narrows nothing."""

    id: str
    person: str
    address: str
    institution: str | None  # network, typology, or structure id
    department: str | None  # INSEE code
    irritant: int | None
    instant: bool  # very sure signals at once; the others come with the weekly digest
    created_at: datetime
    delays: bool = False  # what will be late and structures that drift too, with the weekly digest


def subscribe(
    engine: Engine,
    key: str,
    *,
    person: str,
    address: str,
    institution: str | None = None,
    department: str | None = None,
    irritant: int | None = None,
    instant: bool = False,
    delays: bool = False,
) -> str:
    """Add a subscription; returns its id. The same one twice is one. Raises Refused when the address is none."""
    if not _ADDRESS.fullmatch(address.strip()):
        raise Refused("Cette adresse de messagerie n'est pas valable.")
    asked = (address.strip(), institution, department, irritant, instant, delays)
    for known in of(engine, person):
        if asked == (
            known.address, known.institution, known.department, known.irritant, known.instant, known.delays,
        ):  # fmt: skip
            return known.id

    def work(connection: Connection) -> Fact:
        id_ = uuid4().hex
        connection.execute(
            insert(tables.subscriptions).values(
                id=id_,
                person=person,
                address=address.strip(),
                institution=institution,
                department=department,
                irritant=irritant,
                instant=instant,
                delays=delays,
                created_at=now(),
            )
        )
        return Fact("subscription", id_, None, {"institution": institution, "department": department})

    return record(engine, key, person, "signal.subscribe", work)


def unsubscribe(engine: Engine, key: str, subscription_id: str, *, person: str) -> None:
    """Remove one of the person's subscriptions, and what was sent for it."""

    def work(connection: Connection) -> Fact:
        table = tables.subscriptions
        connection.execute(
            delete(tables.subscription_sent).where(tables.subscription_sent.c.subscription_id == subscription_id)
        )
        gone = connection.execute(delete(table).where(table.c.id == subscription_id, table.c.person == person)).rowcount
        if gone != 1:
            raise Refused("Cet abonnement n'existe plus.")
        return Fact("subscription", subscription_id)

    record(engine, key, person, "signal.unsubscribe", work)


def of(engine: Engine, person: str | None = None) -> list[Subscription]:
    """Subscriptions of a person, or of everyone, oldest first."""
    table = tables.subscriptions
    query = select(table).order_by(table.c.created_at, table.c.id)
    query = query.where(table.c.person == person) if person is not None else query
    with reading(engine) as connection:
        return [_subscription(row) for row in connection.execute(query)]


def sent(engine: Engine, subscription_id: str) -> set[str]:
    """Signals already sent for a subscription."""
    table = tables.subscription_sent
    with reading(engine) as connection:
        query = select(table.c.signal_id).where(table.c.subscription_id == subscription_id)
        return set(connection.execute(query).scalars())


def mark_sent(engine: Engine, key: str, subscription: Subscription, signal_ids: Iterable[str]) -> None:
    """Remember that these signals were sent; those already marked are left as they are."""
    already = sent(engine, subscription.id)
    new = [s for s in dict.fromkeys(signal_ids) if s not in already]

    def work(connection: Connection) -> Fact:
        at = now()
        for signal_id in new:
            connection.execute(
                insert(tables.subscription_sent).values(subscription_id=subscription.id, signal_id=signal_id, at=at)
            )
        return Fact("subscription", subscription.id, None, {"signals": new})

    if new:
        record(engine, key, subscription.person, "signal.digest", work)


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(**row._mapping)

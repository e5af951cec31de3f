"""Reviews handed to a person: the distress button, and the cues that no machine may answer.

The rule it protects: from the moment a review is escalated, no draft is made for it, the ones asked for are cancelled
in the same transaction, and it stays so after the escalation is closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import Connection, Engine, Row, insert, select, update

from data.operations import assignments, desk, tables
from data.operations.engine import reading
from data.operations.errors import Conflict, Refused
from data.operations.journal import Fact, record
from data.operations.tables import now

Source = Literal["agent", "cues"]


@dataclass(frozen=True)
class EscalatedReview:
    """A review in the hands of a person."""

    id: str
    review_id: int
    source: Source  # raised by an agent, or by the cues in the text
    reason: str
    note: str
    recipient: str
    deadline: datetime
    raised_by: str
    raised_at: datetime
    state: str  # open | closed
    closed_by: str | None
    closed_at: datetime | None
    outcome: str
    version: int


def escalate(
    engine: Engine,
    key: str,
    review_id: int,
    *,
    raised_by: str,
    reason: str,
    recipient: str,
    deadline: datetime,
    note: str = "",
    source: Source = "agent",
) -> EscalatedReview:
    """Hand `review_id` to `recipient` before `deadline`; the AI is off for it from now on, the agent is freed.

    Raises Conflict when it was escalated already, Refused without a reason or a recipient.
    """
    if not reason.strip() or not recipient.strip():
        raise Refused("Dites pourquoi, et à qui vous confiez cet avis.")
    id_ = uuid4().hex

    def work(connection: Connection) -> Fact:
        table = tables.escalations
        known = connection.execute(select(table.c.recipient).where(table.c.review_id == review_id)).scalar_one_or_none()
        if known is not None:
            raise Conflict(f"Cet avis est déjà confié à : {known}.")
        connection.execute(
            insert(table).values(
                id=id_,
                review_id=review_id,
                source=source,
                reason=reason,
                note=note,
                recipient=recipient,
                deadline=deadline,
                raised_by=raised_by,
                raised_at=now(),
                state="open",
                outcome="",
                version=1,
            )
        )
        requests = tables.draft_requests
        connection.execute(
            update(requests)
            .where(requests.c.review_id == review_id, requests.c.state.in_(["waiting", "running"]))
            .values(state="cancelled", ended_at=now(), version=requests.c.version + 1)
        )
        desk.close(connection, review_id, raised_by)
        assignments.free(connection, review_id)
        return Fact(
            "escalation",
            id_,
            review_id,
            {"reason": reason, "recipient": recipient, "deadline": deadline.isoformat(), "source": source},
        )

    record(engine, key, raised_by, "escalation.open", work)
    found = of_review(engine, review_id)
    assert found is not None
    return found


def close(engine: Engine, key: str, escalation: EscalatedReview, *, closed_by: str, outcome: str) -> EscalatedReview:
    """The person it was handed to has dealt with it. Raises Conflict when somebody else closed it meanwhile."""
    if not outcome.strip():
        raise Refused("Dites ce qui a été fait.")

    def work(connection: Connection) -> Fact:
        table = tables.escalations
        row = connection.execute(
            update(table)
            .where(table.c.id == escalation.id, table.c.version == escalation.version, table.c.state == "open")
            .values(
                state="closed", closed_by=closed_by, closed_at=now(), outcome=outcome, version=escalation.version + 1
            )
        )
        if row.rowcount != 1:
            raise Conflict("Cet avis confié a été modifié entre-temps : rechargez la page.")
        return Fact("escalation", escalation.id, escalation.review_id, {"outcome": outcome})

    record(engine, key, closed_by, "escalation.close", work)
    found = of_review(engine, escalation.review_id)
    assert found is not None
    return found


def of_review(engine: Engine, review_id: int) -> EscalatedReview | None:
    """The escalation of a review, open or closed; None when it never had one."""
    table = tables.escalations
    with reading(engine) as connection:
        row = connection.execute(select(table).where(table.c.review_id == review_id)).one_or_none()
    return None if row is None else _escalated(row)


def opened(engine: Engine) -> list[EscalatedReview]:
    """Escalations nobody has dealt with yet, the nearest deadline first."""
    table = tables.escalations
    query = select(table).where(table.c.state == "open").order_by(table.c.deadline, table.c.id)
    with reading(engine) as connection:
        return [_escalated(row) for row in connection.execute(query)]


def since(engine: Engine, start: datetime) -> list[EscalatedReview]:
    """Escalations raised from `start` on, dealt with or not, newest first."""
    table = tables.escalations
    query = select(table).where(table.c.raised_at >= start).order_by(table.c.raised_at.desc(), table.c.id)
    with reading(engine) as connection:
        return [_escalated(row) for row in connection.execute(query)]


def review_ids(engine: Engine) -> frozenset[int]:
    """Every review ever handed to a person."""
    with reading(engine) as connection:
        return frozenset(connection.scalars(select(tables.escalations.c.review_id)))


def ai_off(engine: Engine, review_id: int) -> bool:
    """Whether no draft may be made for this review."""
    return of_review(engine, review_id) is not None


def _escalated(row: Row[Any]) -> EscalatedReview:
    return EscalatedReview(**row._mapping)

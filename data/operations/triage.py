"""What people decided about signals: the state of each, who set it, why, what was sent to whom; and what it teaches.

The rules it protects: a false alarm has a reason, and a decision is never written over one the person did not see; a
signal that was dealt with stays quiet for four weeks unless it doubles; what false alarms teach moves a detector's
threshold within bounds only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args
from uuid import uuid4

from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from data.operations import tables
from data.operations.engine import reading
from data.operations.errors import Conflict, Refused
from data.operations.journal import Fact, record
from data.operations.tables import now

State = Literal["acknowledged", "forwarded", "answered", "closed", "false_alarm"]  # a signal without a row is new
NEXT: Mapping[str, tuple[State, ...]] = {  # what may follow each state
    "new": ("acknowledged", "forwarded", "false_alarm"),
    "acknowledged": ("forwarded", "closed", "false_alarm"),
    "forwarded": ("answered", "closed", "false_alarm"),
    "answered": ("closed", "forwarded"),
    "closed": ("acknowledged",),
    "false_alarm": ("acknowledged",),
}
DEADLINES = {"new": timedelta(days=7), "acknowledged": timedelta(days=7), "forwarded": timedelta(days=21)}
COOL_DOWN = timedelta(weeks=4)
DOUBLED = 2.0
CONFIRMED: tuple[State, ...] = ("forwarded", "answered", "closed")
ENOUGH = 5  # decisions from which a detector's threshold moves
BOUNDS = (0.01, 0.10)


@dataclass(frozen=True)
class Decision:
    """The last decision on a signal."""

    signal_id: str
    state: State
    note: str
    decided_by: str
    decided_at: datetime
    version: int
    detector: str  # '' for decisions of before detectors were kept
    score: float | None  # reviews beyond what was expected, when it was decided


@dataclass(frozen=True)
class Message:
    """A message sent, or taken away as a file, about a signal."""

    id: str
    signal_id: str
    recipient: str
    subject: str
    body: str
    sent: bool  # by SMTP; False: downloaded as .eml
    sent_by: str
    sent_at: datetime


@dataclass(frozen=True)
class Lesson:
    """What people's decisions say of one detector."""

    confirmed: int
    false: int
    q: float  # false-discovery rate it now works at

    @property
    def share(self) -> float | None:
        """Share confirmed; None before any decision."""
        decided = self.confirmed + self.false
        return self.confirmed / decided if decided else None


def decide(
    engine: Engine,
    key: str,
    signal_id: str,
    state: State,
    *,
    decided_by: str,
    note: str = "",
    seen: Decision | None = None,
    detector: str = "",
    score: float | None = None,
) -> Decision:
    """Set the state of a signal. `seen` is the decision on screen (None: none yet). Raises Conflict when it changed,
    Refused when that state can't follow or a false alarm has no reason.
    """
    if state not in get_args(State):
        raise ValueError(f"unknown state {state!r}")
    if state == "false_alarm" and not note.strip():
        raise Refused("Dites pourquoi c'est une fausse alerte.")

    def work(connection: Connection) -> Fact:
        values = {"state": state, "note": note, "decided_by": decided_by, "detector": detector, "score": score}
        _write(connection, signal_id, values, seen)
        return Fact("triage", signal_id, None, {"state": state, "note": note})

    record(engine, key, decided_by, "signal.triage", work)
    return decisions(engine, [signal_id])[signal_id]


def forward(
    engine: Engine,
    key: str,
    signal_id: str,
    *,
    recipient: str,
    subject: str,
    body: str,
    sent: bool,
    sent_by: str,
    seen: Decision | None = None,
    detector: str = "",
    score: float | None = None,
) -> Decision:
    """Keep the message that was sent (or downloaded) and set the signal as forwarded, in one transaction."""
    if not recipient.strip() or not body.strip():
        raise Refused("Un message a besoin d'un destinataire et d'un texte.")

    def work(connection: Connection) -> Fact:
        connection.execute(
            insert(tables.signal_messages).values(
                id=uuid4().hex,
                signal_id=signal_id,
                recipient=recipient.strip(),
                subject=subject,
                body=body,
                sent=sent,
                sent_by=sent_by,
                sent_at=now(),
            )
        )
        values = {"state": "forwarded", "note": "", "decided_by": sent_by, "detector": detector, "score": score}
        _write(connection, signal_id, values, seen)
        return Fact("triage", signal_id, None, {"state": "forwarded", "recipient": recipient.strip(), "sent": sent})

    record(engine, key, sent_by, "signal.forward", work)
    return decisions(engine, [signal_id])[signal_id]


def decisions(engine: Engine, signal_ids: Iterable[str] | None = None) -> dict[str, Decision]:
    """Last decision by signal id, for these signals or for all; signals nobody looked at are absent."""
    query = select(tables.signal_triage)
    if signal_ids is not None:
        query = query.where(tables.signal_triage.c.signal_id.in_(list(signal_ids)))
    with reading(engine) as connection:
        return {row.signal_id: _decision(row) for row in connection.execute(query)}


def decisions_before(engine: Engine, moment: datetime, signal_ids: Iterable[str] | None = None) -> dict[str, Decision]:
    """The same as it stood at an earlier moment, as the journal tells it."""
    detectors = {id_: decision.detector for id_, decision in decisions(engine, signal_ids).items()}
    table = tables.journal
    query = select(table).where(table.c.kind == "triage", table.c.at < moment).order_by(table.c.seq)
    found: dict[str, Decision] = {}
    with reading(engine) as connection:
        for row in connection.execute(query):
            if row.object_id in detectors:
                told = json.loads(row.details)
                version = found[row.object_id].version + 1 if row.object_id in found else 1
                found[row.object_id] = Decision(
                    row.object_id, told["state"], told.get("note", ""), row.actor, row.at, version,
                    detectors[row.object_id], None,
                )  # fmt: skip
    return found


def messages(engine: Engine, signal_id: str) -> list[Message]:
    """Messages about a signal, oldest first."""
    table = tables.signal_messages
    query = select(table).where(table.c.signal_id == signal_id).order_by(table.c.sent_at, table.c.id)
    with reading(engine) as connection:
        return [Message(**row._mapping) for row in connection.execute(query)]


def lessons(engine: Engine, usual: float = 0.05, *, before: datetime | None = None) -> dict[str, Lesson]:
    """By detector: signals confirmed (forwarded, answered or closed), false alarms, and the rate that follows; as it stood
    `before` an earlier moment.

    With ENOUGH decisions, half of them confirmed leaves the `usual` rate; all of them doubles it and none brings it
    to the lower of BOUNDS, in proportion (two decisions of each kind are supposed to begin with).
    """
    table = tables.signal_triage
    query = select(table.c.detector, table.c.state, func.count()).group_by(table.c.detector, table.c.state)
    if before is None:
        with reading(engine) as connection:
            counted = [(detector, state, n) for detector, state, n in connection.execute(query)]
    else:
        counted = [(one.detector, one.state, 1) for one in decisions_before(engine, before).values()]
    found: dict[str, list[int]] = {}
    for detector, state, n in counted:
        counts = found.setdefault(detector, [0, 0])
        if state in CONFIRMED:
            counts[0] += n
        elif state == "false_alarm":
            counts[1] += n
    return {d: Lesson(yes, no, _rate(yes, no, usual)) for d, (yes, no) in found.items() if d and yes + no}


def deadline(decision: Decision | None, first_seen: datetime) -> datetime | None:
    """When the next step is due: 7 days to look at a new signal, 7 more to forward it, 21 to be answered; else None."""
    if decision is None:
        return first_seen + DEADLINES["new"]
    after = DEADLINES.get(decision.state)
    return decision.decided_at + after if after else None


def quiet(earlier: Iterable[Decision], score: float, at: datetime) -> bool:
    """Whether a signal should not be raised again: one like it was dealt with less than four weeks ago (forwarded,
    answered, closed or a false alarm), and it has not doubled since. `earlier` are the decisions on signals like it.
    """
    return any(
        d.state != "acknowledged"
        and at - d.decided_at < COOL_DOWN
        and (d.score is None or score < DOUBLED * max(d.score, 1.0))
        for d in earlier
    )


def _rate(confirmed: int, false: int, usual: float) -> float:
    if confirmed + false < ENOUGH:
        return usual
    share = (confirmed + 2) / (confirmed + false + 4)
    return min(max(2 * share * usual, BOUNDS[0]), BOUNDS[1])


def _write(connection: Connection, signal_id: str, values: dict[str, Any], seen: Decision | None) -> None:
    table = tables.signal_triage
    known = connection.execute(select(table.c.version).where(table.c.signal_id == signal_id)).scalar()
    if known != (seen.version if seen else None):
        raise Conflict("Quelqu'un a changé l'état de ce signal : rechargez la page.")
    if values["state"] not in NEXT[seen.state if seen else "new"]:
        raise Refused("Cette étape ne peut pas suivre l'état actuel du signal.")
    if seen is None:
        connection.execute(insert(table).values(signal_id=signal_id, version=1, decided_at=now(), **values))
        return
    if not values["detector"]:
        values = values | {"detector": seen.detector, "score": seen.score}
    changed = connection.execute(
        update(table)
        .where(table.c.signal_id == signal_id, table.c.version == seen.version)
        .values(version=seen.version + 1, decided_at=now(), **values)
    ).rowcount
    if changed != 1:
        raise Conflict("Quelqu'un a changé l'état de ce signal : rechargez la page.")


def _decision(row: Row[Any]) -> Decision:
    return Decision(**row._mapping)

"""What people decided about signals: the state of each, who set it, and why.

The rule it protects: a false alarm has a reason, and a decision is never written over one the person did not see.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Engine, Row, insert, select, update

from data.operations import tables
from data.operations.engine import reading
from data.operations.errors import Conflict, Refused
from data.operations.journal import Fact, record
from data.operations.tables import now

State = Literal["acknowledged", "forwarded", "answered", "closed", "false_alarm"]  # a signal without a row is new


@dataclass(frozen=True)
class Decision:
    """The last decision on a signal."""

    signal_id: str
    state: State
    note: str
    decided_by: str
    decided_at: datetime
    version: int


def decide(
    engine: Engine,
    key: str,
    signal_id: str,
    state: State,
    *,
    decided_by: str,
    note: str = "",
    seen: Decision | None = None,
) -> Decision:
    """Set the state of a signal. `seen` is the decision on screen (None: none yet). Raises Conflict when it changed."""
    if state not in get_args(State):
        raise ValueError(f"unknown state {state!r}")
    if state == "false_alarm" and not note.strip():
        raise Refused("Dites pourquoi c'est une fausse alerte.")

    def work(connection: Connection) -> Fact:
        table = tables.signal_triage
        values = {"state": state, "note": note, "decided_by": decided_by, "decided_at": now()}
        if seen is None:
            known = connection.execute(select(table.c.state).where(table.c.signal_id == signal_id)).first()
            if known is not None:
                raise Conflict("Quelqu'un a déjà traité ce signal : rechargez la page.")
            connection.execute(insert(table).values(signal_id=signal_id, version=1, **values))
        else:
            changed = connection.execute(
                update(table)
                .where(table.c.signal_id == signal_id, table.c.version == seen.version)
                .values(version=seen.version + 1, **values)
            ).rowcount
            if changed != 1:
                raise Conflict("Quelqu'un a changé l'état de ce signal : rechargez la page.")
        return Fact("triage", signal_id, None, {"state": state, "note": note})

    record(engine, key, decided_by, "signal.triage", work)
    return decisions(engine, [signal_id])[signal_id]


def decisions(engine: Engine, signal_ids: Iterable[str] | None = None) -> dict[str, Decision]:
    """Last decision by signal id, for these signals or for all; signals nobody looked at are absent."""
    query = select(tables.signal_triage)
    if signal_ids is not None:
        query = query.where(tables.signal_triage.c.signal_id.in_(list(signal_ids)))
    with reading(engine) as connection:
        return {row.signal_id: _decision(row) for row in connection.execute(query)}


def _decision(row: Row[Any]) -> Decision:
    return Decision(**row._mapping)

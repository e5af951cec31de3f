"""What was decided about an irritant: actions with an owner, a date and a state.

The rule it protects: an action is never changed over a version the person did not see, and its dates agree with its
state (done has a day, planned has none).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, get_args
from uuid import uuid4

from sqlalchemy import Connection, Engine, Row, insert, select, update

from data.operations import tables
from data.operations.engine import reading
from data.operations.errors import Conflict, Refused
from data.operations.journal import Fact, record
from data.operations.tables import now

State = Literal["planned", "started", "done", "dropped"]


@dataclass(frozen=True)
class Action:
    """One action on an irritant."""

    id: str
    irritant: int
    title: str
    owner: str
    state: State
    due_on: date | None
    started_on: date | None
    done_on: date | None
    created_by: str
    created_at: datetime
    version: int


def add(
    engine: Engine, key: str, irritant: int, title: str, *, owner: str, due_on: date | None, created_by: str
) -> str:
    """Plan an action; returns its id. The same one twice is one. Raises Refused without a title or an owner."""
    if not title.strip() or not owner.strip():
        raise Refused("Dites ce qui sera fait, et par qui.")
    id_ = uuid4().hex
    told = {"irritant": irritant, "title": title.strip(), "owner": owner.strip()[:200], "state": "planned"}
    for known in of(engine, irritant):
        if (known.title, known.owner, known.state, known.due_on) == (told["title"], told["owner"], "planned", due_on):
            return known.id

    def work(connection: Connection) -> Fact:
        values = {**told, "due_on": due_on, "created_by": created_by, "created_at": now(), "version": 1}
        connection.execute(insert(tables.irritant_actions).values(id=id_, **values))
        return Fact("action", id_, None, {**told, "due_on": due_on.isoformat() if due_on else None})

    return record(engine, key, created_by, "action.add", work)


def move(engine: Engine, key: str, seen: Action, state: State, on: date, *, moved_by: str) -> None:
    """Change the state of an action, which happened `on` that day. Raises Conflict when it changed meanwhile."""
    if state not in get_args(State):
        raise ValueError(f"unknown state {state!r}")
    dates = _dates(state, seen, on)
    began = dates.get("started_on")
    if began is not None and on < began:
        raise Refused("Une action ne peut pas finir avant d'avoir commencé.")

    def work(connection: Connection) -> Fact:
        table = tables.irritant_actions
        changed = connection.execute(
            update(table)
            .where(table.c.id == seen.id, table.c.version == seen.version)
            .values(state=state, version=seen.version + 1, **dates)
        ).rowcount
        if changed != 1:
            raise Conflict("Quelqu'un a changé cette action : rechargez la page.")
        return Fact("action", seen.id, None, {"irritant": seen.irritant, "state": state, "on": on.isoformat()})

    record(engine, key, moved_by, "action.move", work)


def of(engine: Engine, irritant: int | None = None) -> list[Action]:
    """Actions of an irritant, or all, oldest first."""
    table = tables.irritant_actions
    query = select(table).order_by(table.c.created_at, table.c.id)
    if irritant is not None:
        query = query.where(table.c.irritant == irritant)
    with reading(engine) as connection:
        return [_action(row) for row in connection.execute(query)]


def before(engine: Engine, moment: datetime, irritant: int) -> list[Action]:
    """Actions of an irritant as they stood at an earlier moment, as the journal tells it."""
    planned = [replace(one, state="planned", started_on=None, done_on=None) for one in of(engine, irritant)]
    found = {one.id: one for one in planned if one.created_at < moment}
    table = tables.journal
    query = select(table).where(table.c.action == "action.move", table.c.at < moment).order_by(table.c.seq)
    with reading(engine) as connection:
        for row in connection.execute(query):
            if row.object_id in found:
                told = json.loads(row.details)
                seen = found[row.object_id]
                dates = _dates(told["state"], seen, date.fromisoformat(told["on"]))
                found[seen.id] = replace(seen, state=told["state"], **dates)  # type: ignore[arg-type]
    return list(found.values())


def _dates(state: State, seen: Action, on: date) -> dict[str, date | None]:
    """The dates that a state gives an action."""
    by_state: dict[str, dict[str, date | None]] = {
        "planned": {"started_on": None, "done_on": None},
        "started": {"started_on": on, "done_on": None},
        "done": {"started_on": seen.started_on or on, "done_on": on},
        "dropped": {},
    }
    return by_state[state]


def _action(row: Row[Any]) -> Action:
    return Action(**row._mapping)

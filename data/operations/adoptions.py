"""Days on which structures began to draft with AI, when an administrator knows better than the open file.

The rule it protects: a declared day replaces what the file shows only from the next refresh on, and the journal tells who
declared it; taking it back returns to what the file shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Engine, delete, insert, select, update

from data.operations import tables
from data.operations.engine import reading
from data.operations.errors import Conflict, Refused
from data.operations.journal import Fact, record
from data.operations.tables import now

EARLIEST = date(2022, 1, 1)


@dataclass(frozen=True)
class Declared:
    """One declared day."""

    structure_id: str
    adopted_on: date
    declared_by: str
    declared_at: datetime
    version: int


def declare(
    engine: Engine, key: str, structure_id: str, adopted_on: date, *, by: str, seen: Declared | None = None
) -> Declared:
    """Say when a structure adopted AI. `seen` is the declaration on screen (None: none yet); the day it already holds
    changes nothing. Raises Refused for a day that cannot be, Conflict when somebody else declared meanwhile.
    """
    if not EARLIEST <= adopted_on <= now().date():
        raise Refused(f"Choisissez un jour entre le {EARLIEST:%d/%m/%Y} et aujourd'hui.")
    known = next((one for one in declared(engine) if one.structure_id == structure_id), None)
    if known is not None and (known.adopted_on, known.declared_by) == (adopted_on, by):
        return known

    def work(connection: Connection) -> Fact:
        table = tables.adoption_days
        values = {"adopted_on": adopted_on, "declared_by": by, "declared_at": now()}
        if seen is None:
            if connection.execute(select(table.c.version).where(table.c.structure_id == structure_id)).first():
                raise Conflict("Quelqu'un a déjà déclaré cette structure : rechargez la page.")
            connection.execute(insert(table).values(structure_id=structure_id, version=1, **values))
        else:
            query = update(table).where(table.c.structure_id == structure_id, table.c.version == seen.version)
            if connection.execute(query.values(version=seen.version + 1, **values)).rowcount != 1:
                raise Conflict("Quelqu'un a changé cette déclaration : rechargez la page.")
        return Fact("adoption", structure_id, None, {"adopted_on": adopted_on.isoformat()})

    record(engine, key, by, "adoption.declare", work)
    return next(d for d in declared(engine) if d.structure_id == structure_id)


def take_back(engine: Engine, key: str, seen: Declared, *, by: str) -> None:
    """Return to what the file shows. Raises Conflict when the declaration changed since it was on screen."""

    def work(connection: Connection) -> Fact:
        table = tables.adoption_days
        query = delete(table).where(table.c.structure_id == seen.structure_id, table.c.version == seen.version)
        if connection.execute(query).rowcount != 1:
            raise Conflict("Quelqu'un a changé cette déclaration : rechargez la page.")
        return Fact("adoption", seen.structure_id, None, {"adopted_on": None})

    record(engine, key, by, "adoption.take_back", work)


def declared(engine: Engine) -> list[Declared]:
    """Every declared day, by structure."""
    with reading(engine) as connection:
        rows = connection.execute(select(tables.adoption_days).order_by(tables.adoption_days.c.structure_id))
        return [Declared(**row._mapping) for row in rows]

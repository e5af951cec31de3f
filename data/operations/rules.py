"""What each structure chose: the delay its replies should not exceed, and whether they say that AI helped.

The rule it protects: saying so is the default; a structure that stops saying it did so on purpose, and the journal
tells who decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select, update

from data.operations import tables
from data.operations.engine import reading
from data.operations.errors import Conflict, Refused
from data.operations.journal import Fact, key_of, record
from data.operations.tables import now

MENTION = "Réponse préparée avec l'aide d'une intelligence artificielle, relue et validée par un agent."
LONGEST_TARGET = 365


@dataclass(frozen=True)
class Rules:
    """What a structure chose; version 0 is a structure that chose nothing yet."""

    structure_id: str
    target_days: int | None = None  # None = the product's setting
    mention: bool = True
    set_by: str = ""
    set_at: datetime | None = None
    version: int = 0


def of(engine: Engine, structure_id: str | None) -> Rules:
    """Rules of a structure, the defaults when it chose none."""
    table = tables.structure_settings
    with reading(engine) as connection:
        row = connection.execute(select(table).where(table.c.structure_id == (structure_id or ""))).one_or_none()
    return Rules(structure_id or "") if row is None else Rules(**row._mapping)


def chosen(engine: Engine) -> dict[str, Rules]:
    """Rules of the structures that chose some, by structure id."""
    with reading(engine) as connection:
        return {
            row.structure_id: Rules(**row._mapping) for row in connection.execute(select(tables.structure_settings))
        }


def targets(engine: Engine) -> dict[str, int]:
    """Days not to exceed, for the structures that have their own."""
    return {id_: rules.target_days for id_, rules in chosen(engine).items() if rules.target_days is not None}


def choose(engine: Engine, seen: Rules, *, target_days: int | None, mention: bool, by: str) -> Rules:
    """Set the rules of `seen.structure_id`. Raises Conflict when somebody changed them meanwhile, Refused for a target
    out of 1 to 365 days. Choosing what is already in force changes nothing.
    """
    if not seen.structure_id:
        raise Refused("Choisissez une structure.")
    if target_days is not None and not 1 <= target_days <= LONGEST_TARGET:
        raise Refused(f"L'objectif va de 1 à {LONGEST_TARGET} jours.")
    if (seen.target_days, seen.mention) == (target_days, mention):
        return seen

    def work(connection: Connection) -> Fact:
        table = tables.structure_settings
        values = {"target_days": target_days, "mention": mention, "set_by": by, "set_at": now()}
        if seen.version == 0:
            connection.execute(insert(table).values(structure_id=seen.structure_id, version=1, **values))
        else:
            this = update(table).where(table.c.structure_id == seen.structure_id, table.c.version == seen.version)
            if connection.execute(this.values(version=seen.version + 1, **values)).rowcount != 1:
                raise Conflict("Quelqu'un a changé les réglages de cette structure : rechargez la page.")
        return Fact("rules", seen.structure_id, None, {"target_days": target_days, "mention": mention})

    record(engine, key_of("rules", seen, target_days, mention, by), by, "rules.choose", work)
    return of(engine, seen.structure_id)

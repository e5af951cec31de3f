"""Forgetting how long each person took: after some days only sums by month and structure are left.

The rule it protects: a person's timings are kept for `personal_days` (90 by default) and no longer; what a structure
needs to know of its pace survives them. Who sent which reply stays on record: it is an act, not a timing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, Engine, insert, select, update

from data.operations import tables
from data.operations.engine import reading
from data.operations.journal import Fact, record
from data.operations.tables import now

CLOCK = "horloge"  # the actor of what happens by itself


@dataclass(frozen=True)
class Month:
    """What is left of a month's forgotten timings, for one structure."""

    month: str  # '2026-11'
    structure_id: str  # '' = none
    replies: int
    desk_s: float  # sum
    hasty: int


def forget(engine: Engine, days: int) -> int:
    """Turn the personal timings older than `days` into sums; returns how many replies were concerned."""
    limit = now() - timedelta(days=days)
    table = tables.replies
    old = (table.c.sent_at < limit) & table.c.desk_s.is_not(None)
    with reading(engine) as connection:
        if connection.execute(select(table.c.id).where(old).limit(1)).first() is None:
            return 0
    forgotten: list[int] = []

    def work(connection: Connection) -> Fact:
        sums: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        rows = connection.execute(
            select(table.c.sent_at, table.c.structure_id, table.c.desk_s, table.c.hasty).where(old).with_for_update()
        )
        for row in rows:
            found = sums[f"{row.sent_at:%Y-%m}", row.structure_id or ""]
            found[0], found[1], found[2] = found[0] + 1, found[1] + row.desk_s, found[2] + int(row.hasty)
        for (month, structure_id), (count, seconds, hasty) in sums.items():
            _add(connection, Month(month, structure_id, int(count), seconds, int(hasty)))
        nothing = {"desk_s": None, "read_s": None, "opened_at": None, "first_edit_at": None}
        connection.execute(update(table).where(old).values(**nothing))
        texts = tables.desk_texts
        connection.execute(
            update(texts).where(texts.c.closed_at < limit).values(active_s=0.0, begun_s=None, first_edit_at=None)
        )
        count = int(sum(values[0] for values in sums.values()))
        forgotten.append(count)
        return Fact("timings", limit.date().isoformat(), None, {"replies": count})

    record(engine, f"forget:{now().isoformat()}", CLOCK, "timings.forget", work)
    return forgotten[-1]


def months(engine: Engine) -> list[Month]:
    """What is left, latest month first."""
    table = tables.timings
    with reading(engine) as connection:
        rows = connection.execute(select(table).order_by(table.c.month.desc(), table.c.structure_id))
        return [Month(**row._mapping) for row in rows]


def _add(connection: Connection, more: Month) -> None:
    table = tables.timings
    this = (table.c.month == more.month) & (table.c.structure_id == more.structure_id)
    grown = connection.execute(
        update(table)
        .where(this)
        .values(
            replies=table.c.replies + more.replies,
            desk_s=table.c.desk_s + more.desk_s,
            hasty=table.c.hasty + more.hasty,
        )
    )
    if not grown.rowcount:
        connection.execute(insert(table).values(**vars(more)))

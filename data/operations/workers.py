"""Which drafting workers live, and what they serve.

The rule it protects: a worker counts as alive only while its signs of life come (`ALIVE_S`); the page that promises a
draft from a model looks here first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, insert, select, update

from data.operations import tables
from data.operations.engine import reading, writing
from data.operations.tables import now

ALIVE_S = 15.0  # a worker beats every few seconds, even while its model reads a long prompt


@dataclass(frozen=True)
class Worker:
    """One drafting process."""

    id: str
    model: str
    model_sha256: str
    notice: str  # why another model than the one set serves; '' otherwise
    started_at: datetime
    beat_at: datetime
    stopped_at: datetime | None


def reads_prompts(model: str) -> bool:
    """Whether a model is asked anything: the embedded drafter assembles passages and reads no prompt."""
    return not model.startswith("extractive")


def beat(engine: Engine, worker: str, *, model: str, model_sha256: str = "", notice: str = "") -> None:
    """Sign of life of `worker`; the first one, or the first after a stop, starts its row."""
    at = now()
    values = {"model": model, "model_sha256": model_sha256, "notice": notice, "beat_at": at, "stopped_at": None}
    table = tables.workers
    with writing(engine) as connection, connection.begin():
        known = connection.execute(update(table).where(table.c.id == worker).values(**values)).rowcount
        if not known:
            connection.execute(insert(table).values(id=worker, started_at=at, **values))


def stop(engine: Engine, worker: str) -> None:
    """`worker` ends by itself: no page waits for it any longer."""
    table = tables.workers
    with writing(engine) as connection, connection.begin():
        connection.execute(update(table).where(table.c.id == worker).values(stopped_at=now()))


def alive(engine: Engine, within_s: float = ALIVE_S) -> list[Worker]:
    """Workers that gave a sign of life in the last `within_s` seconds, longest running first."""
    table = tables.workers
    query = select(table).where(table.c.beat_at >= now() - timedelta(seconds=within_s), table.c.stopped_at.is_(None))
    with reading(engine) as connection:
        return [_worker(row) for row in connection.execute(query.order_by(table.c.started_at))]


def last(engine: Engine) -> Worker | None:
    """The worker seen most recently, dead or alive; None when none ever ran."""
    table = tables.workers
    with reading(engine) as connection:
        row = connection.execute(select(table).order_by(table.c.beat_at.desc()).limit(1)).one_or_none()
    return None if row is None else _worker(row)


def _worker(row: Row[Any]) -> Worker:
    return Worker(**row._mapping)

"""What is known of each model by test: its self-tests at start, its measures on held cases.

The rule it protects: a report says of which weights, prompt and data it speaks; an older one never passes for the
newest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, Row, insert, select

from data.operations import tables
from data.operations.engine import reading
from data.operations.journal import Fact, record
from data.operations.tables import now

SELF_TEST, MEASURES = "self_test", "measures"


@dataclass(frozen=True)
class Report:
    """One run of tests or measures."""

    id: str
    kind: str  # SELF_TEST | MEASURES
    model: str
    model_sha256: str  # '' when the model has no file
    prompt_version: str
    snapshot: str
    made_at: datetime
    body: dict[str, Any]


def keep(
    engine: Engine,
    kind: str,
    *,
    model: str,
    model_sha256: str,
    prompt_version: str,
    snapshot: str,
    body: Mapping[str, Any],
    actor: str = "command",
) -> str:
    """Keep a report; returns its id."""
    id_ = uuid4().hex

    def work(connection: Any) -> Fact:
        connection.execute(
            insert(tables.model_reports).values(
                id=id_,
                kind=kind,
                model=model,
                model_sha256=model_sha256,
                prompt_version=prompt_version,
                snapshot=snapshot,
                made_at=now(),
                body=dict(body),
            )
        )
        return Fact("model", id_, None, {"kind": kind, "model": model, "prompt_version": prompt_version})

    return record(engine, f"report:{id_}", actor, "model.report", work)


def newest(engine: Engine, kind: str, limit: int = 20) -> list[Report]:
    """The newest report of that kind of each model, weights and version of the prompt, newest first."""
    table = tables.model_reports
    with reading(engine) as connection:
        rows = connection.execute(select(table).where(table.c.kind == kind).order_by(table.c.made_at.desc()).limit(500))
        found: dict[tuple[str, str, str], Report] = {}
        for row in rows:
            found.setdefault((row.model, row.model_sha256, row.prompt_version), _report(row))
    return list(found.values())[:limit]


def _report(row: Row[Any]) -> Report:
    return Report(**row._mapping)

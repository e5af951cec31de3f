"""Drafts once made, kept with all that made them.

The rules it protects: a stored draft can be made again from its record alone; no draft is ever kept for a review whose
AI is off (see `escalations`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, Row, Select, insert, select

from data.operations import tables
from data.operations.engine import reading
from data.operations.errors import Refused
from data.operations.journal import Fact, record
from data.operations.tables import now


@dataclass(frozen=True)
class StoredDraft:
    """A draft as kept. `record` is the drafter's whole JSON object: sources, findings, route, prompt, parameters…"""

    id: str
    review_id: int
    request_id: str | None
    created_at: datetime
    requested_by: str
    instruction: str
    reply: str
    model: str
    model_sha256: str
    prompt_version: str
    seed: int
    snapshot: str
    total_s: float | None
    first_s: float | None
    record: dict[str, Any]


def store(
    engine: Engine, key: str, review_id: int, draft: Mapping[str, Any], *, requested_by: str, instruction: str = ""
) -> str:
    """Keep a draft made in the page's own process; returns its id. Raises Refused when the AI is off for it."""
    id_ = uuid4().hex

    def work(connection: Connection) -> Fact:
        allowed(connection, review_id)
        keep(
            connection,
            id_,
            draft,
            review_id=review_id,
            requested_by=requested_by,
            instruction=instruction,
            request_id=None,
        )
        return Fact("draft", id_, review_id, told(draft))

    return record(engine, key, requested_by, "draft.store", work)


def get(engine: Engine, draft_id: str) -> StoredDraft:
    """The stored draft of that id. Raises Refused when there is none."""
    table = tables.drafts
    with reading(engine) as connection:
        row = connection.execute(select(table).where(table.c.id == draft_id)).one_or_none()
    if row is None:
        raise Refused("Cette proposition n'existe pas.")
    return _draft(row)


def of_review(engine: Engine, review_id: int) -> list[StoredDraft]:
    """Every draft made for a review, newest first."""
    return _drafts(engine, select(tables.drafts).where(tables.drafts.c.review_id == review_id))


def recent(engine: Engine, limit: int = 20) -> list[StoredDraft]:
    """The last drafts made, newest first."""
    return _drafts(engine, select(tables.drafts).limit(limit))


def allowed(connection: Connection, review_id: int) -> None:
    """Inside another write's transaction: raises Refused when the AI is off for this review."""
    table = tables.escalations
    if connection.execute(select(table.c.id).where(table.c.review_id == review_id)).first() is not None:
        raise Refused("L'IA est désactivée pour cet avis : il a été confié à une personne.")


def keep(
    connection: Connection,
    id_: str,
    draft: Mapping[str, Any],
    *,
    review_id: int,
    requested_by: str,
    instruction: str,
    request_id: str | None,
) -> None:
    """Inside another write's transaction: keep a drafter's JSON object under `id_`."""
    timings = draft.get("timings") or {}
    connection.execute(
        insert(tables.drafts).values(
            id=id_,
            review_id=review_id,
            request_id=request_id,
            created_at=now(),
            requested_by=requested_by,
            instruction=instruction,
            reply=draft["reply"],
            model=draft["model"],
            model_sha256=draft.get("model_sha256", ""),
            prompt_version=draft["prompt_version"],
            seed=draft["seed"],
            snapshot=draft.get("snapshot", ""),
            total_s=timings.get("total"),
            first_s=timings.get("first"),
            record=dict(draft),
        )
    )


def told(draft: Mapping[str, Any]) -> dict[str, Any]:
    """What the journal says of a draft: how it was made, none of its text."""
    return {
        "model": draft["model"],
        "prompt_version": draft["prompt_version"],
        "seed": draft["seed"],
        "sources": [source["id"] for source in draft["sources"]],
        "findings": len(draft["findings"]),
    }


def _drafts(engine: Engine, query: Select[Any]) -> list[StoredDraft]:
    with reading(engine) as connection:
        return [_draft(row) for row in connection.execute(query.order_by(tables.drafts.c.created_at.desc()))]


def _draft(row: Row[Any]) -> StoredDraft:
    return StoredDraft(**row._mapping)

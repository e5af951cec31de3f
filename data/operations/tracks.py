"""The track of one review: every state it went through here, when, and through whose hands.

Read from the journal and from what was kept at sending. The rule it protects: a track is told, never typed: nothing
here writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from data.operations import journal, tables
from data.operations.engine import reading

_MOST = 1_000
FIRST_EDIT = "desk.edit"  # not a journalled fact: autosaves are none


@dataclass(frozen=True)
class Step:
    """One thing that happened to a review."""

    at: datetime
    action: str  # the journal's names ('desk.open', 'draft.finish'…) and FIRST_EDIT
    actor: str
    details: dict[str, object]


def of_review(engine: Engine, review_id: int) -> list[Step]:
    """What happened to a review here, oldest first."""
    steps = [
        Step(entry.at, entry.action, entry.actor, entry.details)
        for entry in journal.entries(engine, review_id=review_id, limit=_MOST)
    ]
    table = tables.desk_texts
    query = select(table.c.first_edit_at, table.c.person)
    with reading(engine) as connection:
        rows = connection.execute(query.where(table.c.review_id == review_id, table.c.first_edit_at.is_not(None)))
        steps += [Step(row.first_edit_at, FIRST_EDIT, row.person, {}) for row in rows]
    return sorted(steps, key=lambda step: step.at)

"""What the desk left behind each reply sent: time, what was kept of the draft, findings, and what the agent said of it.

Read-only. The rule it protects: no person is named here; a draft is known by the model and the prompt that made it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from data.operations import tables
from data.operations.engine import reading


@dataclass(frozen=True)
class Piece:
    """One reply sent, and the draft it began from; fields of the draft are None or empty without one."""

    review_id: int
    sent_at: datetime
    decided: str  # as_proposed | reworked | blank
    desk_s: float | None  # None once forgotten
    similarity: float | None  # 0-100 against the draft
    characters: int  # of the reply sent
    kept: int | None  # characters of the draft left unchanged, as the similarity says
    model: str
    prompt_version: str
    findings: int  # raised on the draft
    severe: int  # of which to be acknowledged one by one
    set_aside: int  # findings the agent sent against
    good: bool | None  # the agents' word on the draft, None when nobody said
    regenerations: int


def pieces(engine: Engine, *, since: datetime | None = None, limit: int = 50_000) -> list[Piece]:
    """Replies sent, oldest first."""
    reply, draft = tables.replies, tables.drafts
    query = (
        select(reply, draft.c.model, draft.c.prompt_version, draft.c.record, draft.c.reply.label("proposed"))
        .outerjoin(draft, draft.c.id == reply.c.draft_id)
        .order_by(reply.c.sent_at)
        .limit(limit)
    )
    if since is not None:
        query = query.where(reply.c.sent_at >= since)
    with reading(engine) as connection:
        words: dict[str, list[bool]] = {}
        for row in connection.execute(select(tables.feedback.c.draft_id, tables.feedback.c.good)):
            words.setdefault(row.draft_id, []).append(row.good)
        found = []
        for row in connection.execute(query):
            raised = (row.record or {}).get("findings") or []
            said = words.get(row.draft_id or "", [])
            kept = None if row.similarity is None else round(len(row.proposed or "") * row.similarity / 100)
            found.append(
                Piece(
                    review_id=row.review_id,
                    sent_at=row.sent_at,
                    decided=row.decided,
                    desk_s=row.desk_s,
                    similarity=row.similarity,
                    characters=len(row.body),
                    kept=kept,
                    model=row.model or "",
                    prompt_version=row.prompt_version or "",
                    findings=len(raised),
                    severe=sum(1 for one in raised if one.get("severity") == "high"),
                    set_aside=len(row.overrides or []),
                    good=None if not said else sum(said) * 2 >= len(said),
                    regenerations=row.regenerations,
                )
            )
        return found

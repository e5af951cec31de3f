"""What a team did and has in hand, by agent and by structure, over the days a person's timings are kept.

The rule it protects: figures of a person are told only for the period whose timings are still that person's (see
`timings`); a structure's figures go on without them. Who may see names is the page's to decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import Engine

from data.operations import assignments, desk, escalations, feedback, replies
from data.operations.replies import SentReply

_MOST = 50_000


@dataclass(frozen=True)
class Work:
    """Figures of one agent, or of one structure."""

    id: str  # person, or structure id ('' = none)
    taken: int  # reviews that are theirs to answer (agents)
    in_hand: int  # of which, or besides, texts under way now
    sent: int
    as_proposed: int
    reworked: int
    blank: int
    escalated: int  # handed to a person
    refused: int  # drafts judged not good
    hasty: int  # sent faster than they can be read
    median_s: float | None  # time at the desk of the replies sent

    def share(self, count: int) -> float | None:
        """`count` over the reviews that left these hands, sent or handed over; None when none did."""
        total = self.sent + self.escalated
        return count / total if total else None


def by_agent(engine: Engine, since: datetime) -> list[Work]:
    """Figures of each person who did something since then, or has something in hand; the busiest first."""
    sent = replies.sent(engine, since=since, limit=_MOST)
    raised = [e.raised_by for e in escalations.since(engine, since)]
    refused = [word.person for word in feedback.recent(engine, since=since, limit=_MOST) if not word.good]
    taken = [a.person for a in assignments.current(engine).values()]
    hand = [text.person for texts in desk.in_hand(engine).values() for text in texts]
    people = {r.sent_by for r in sent} | {*raised, *refused, *taken, *hand}
    found = [
        _work(
            person,
            [r for r in sent if r.sent_by == person],
            taken=taken.count(person),
            in_hand=hand.count(person),
            escalated=raised.count(person),
            refused=refused.count(person),
        )
        for person in people
    ]
    return sorted(found, key=lambda work: (-work.sent, -work.taken, work.id))


def by_structure(
    engine: Engine, since: datetime, structure_of: Callable[[Iterable[int]], dict[int, str]]
) -> list[Work]:
    """Figures of each structure. `structure_of` tells whom reviews are addressed to: operations don't know reviews."""
    sent = replies.sent(engine, since=since, limit=_MOST)
    raised = [e.review_id for e in escalations.since(engine, since)]
    refused = [word.review_id for word in feedback.recent(engine, since=since, limit=_MOST) if not word.good]
    taken = list(assignments.current(engine))
    hand = [id_ for id_, texts in desk.in_hand(engine).items() for _ in texts]
    where = structure_of({*raised, *refused, *taken, *hand, *(r.review_id for r in sent if not r.structure_id)})

    def of(ids: list[int], structure: str) -> int:
        return sum(where.get(id_, "") == structure for id_ in ids)

    def place(reply: SentReply) -> str:
        return reply.structure_id or where.get(reply.review_id, "")

    structures = {place(r) for r in sent} | {where.get(id_, "") for id_ in (*raised, *refused, *taken, *hand)}
    found = [
        _work(
            structure,
            [r for r in sent if place(r) == structure],
            taken=of(taken, structure),
            in_hand=of(hand, structure),
            escalated=of(raised, structure),
            refused=of(refused, structure),
        )
        for structure in structures
    ]
    return sorted(found, key=lambda work: (-work.sent, -work.taken, work.id))


def _work(id_: str, sent: list[SentReply], *, taken: int, in_hand: int, escalated: int, refused: int) -> Work:
    times = [r.desk_s for r in sent if r.desk_s is not None]
    decided = [r.decided for r in sent]
    return Work(
        id_,
        taken,
        in_hand,
        len(sent),
        decided.count("as_proposed"),
        decided.count("reworked"),
        decided.count("blank"),
        escalated,
        refused,
        sum(r.hasty for r in sent),
        median(times) if times else None,
    )

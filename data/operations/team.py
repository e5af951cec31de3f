"""What a team did and has in hand, by agent and by structure, over the days a person's timings are kept.

The rule it protects: figures of a person are told only for the period whose timings are still that person's (see
`timings`); a structure's figures go on without them. Whose acts may be counted, and who may see names, is the page's to
decide (`allowed`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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


Allowed = Callable[[Iterable[int]], set[int]]  # those of some reviews whose acts may be counted


def by_agent(engine: Engine, since: datetime, allowed: Allowed = set) -> list[Work]:
    """Figures of each person who did something since then, or has something in hand; the busiest first."""
    found = _acts(engine, since, allowed)
    names = {what: [name for _, name in part] for what, part in found.others.items()}
    people = {r.sent_by for r in found.sent}.union(*names.values())
    return _sorted([_work(id_, [r for r in found.sent if r.sent_by == id_], names) for id_ in people])


def by_structure(
    engine: Engine,
    since: datetime,
    structure_of: Callable[[Iterable[int]], dict[int, str]],
    allowed: Allowed = set,
) -> list[Work]:
    """Figures of each structure. `structure_of` tells whom reviews are addressed to: operations don't know reviews."""
    found = _acts(engine, since, allowed)
    told = {r.review_id for r in found.sent if r.structure_id}
    where = structure_of(found.reviews() - told | {id_ for part in found.others.values() for id_, _ in part})

    def place(reply: SentReply) -> str:
        return reply.structure_id or where.get(reply.review_id, "")

    places = {what: [where.get(id_, "") for id_, _ in part] for what, part in found.others.items()}
    structures = {place(r) for r in found.sent}.union(*places.values())
    return _sorted([_work(id_, [r for r in found.sent if place(r) == id_], places) for id_ in structures])


@dataclass(frozen=True)
class _Acts:
    """Replies sent, and (review, person) of what else was done, by the name of its count in `Work`."""

    sent: list[SentReply]
    others: dict[str, list[tuple[int, str]]]

    def reviews(self) -> set[int]:
        return {r.review_id for r in self.sent} | {id_ for part in self.others.values() for id_, _ in part}


def _acts(engine: Engine, since: datetime, allowed: Allowed) -> _Acts:
    whole = _Acts(
        replies.sent(engine, since=since, limit=_MOST),
        {
            "taken": [(a.review_id, a.person) for a in assignments.current(engine).values()],
            "in_hand": [(id_, text.person) for id_, texts in desk.in_hand(engine).items() for text in texts],
            "escalated": [(e.review_id, e.raised_by) for e in escalations.since(engine, since)],
            "refused": [
                (w.review_id, w.person) for w in feedback.recent(engine, since=since, limit=_MOST) if not w.good
            ],
        },
    )
    mine = allowed(whole.reviews())
    return _Acts(
        [r for r in whole.sent if r.review_id in mine],
        {what: [(id_, name) for id_, name in part if id_ in mine] for what, part in whole.others.items()},
    )


def _sorted(found: Iterable[Work]) -> list[Work]:
    return sorted(found, key=lambda work: (-work.sent, -work.taken, work.id))


def _work(id_: str, sent: list[SentReply], whose: Mapping[str, list[str]]) -> Work:
    times = [r.desk_s for r in sent if r.desk_s is not None]
    decided = [r.decided for r in sent]
    return Work(
        id_,
        sent=len(sent),
        as_proposed=decided.count("as_proposed"),
        reworked=decided.count("reworked"),
        blank=decided.count("blank"),
        hasty=sum(r.hasty for r in sent),
        median_s=median(times) if times else None,
        **{what: names.count(id_) for what, names in whose.items()},
    )

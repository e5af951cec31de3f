"""The waiting reviews as a person may take them, and those sent from here that the portal does not show yet.

The rules it protects: one list behind the queue, its figures and "next"; a review that speaks of danger comes first;
what was sent or handed to somebody is no longer offered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from analytics import reviews, waiting
from analytics.reviews import Review
from analytics.waiting import Waiting, WaitingFigures
from data.filters import Filters
from data.operations import desk, escalations, replies
from data.operations.replies import SentReply
from pages.components import french, identity, store, tables
from pages.components.identity import Person

CUES_DAYS = 60  # danger is looked for in reviews published in the last two months
_NEXT = 25


@dataclass(frozen=True)
class Sent:
    """A reply sent from here, and its review, which the portal still shows as waiting."""

    reply: SentReply
    review: Review


def listed(who: Person, filters: Filters, *, outside: bool = False, limit: int = 10, offset: int = 0) -> list[Waiting]:
    """The most pressing reviews of `filters` within the person's structures."""
    return waiting.page(
        store.warehouse(),
        _own(who, filters),
        skip=_gone(),
        first=cues(),
        outside=outside,
        limit=limit,
        offset=offset,
    )


def figures(who: Person, filters: Filters, *, outside: bool = False) -> WaitingFigures:
    """Counts of what `listed` goes through."""
    return waiting.figures(
        store.warehouse(),
        _own(who, filters),
        target_days=store.config().target_days,
        skip=_gone(),
        outside=outside,
    )


def next_id(who: Person, filters: Filters | None = None, *, but: int | None = None) -> int | None:
    """The review to take next: the first one nobody else is on, `but` left out; None when the queue is empty."""
    taken = {
        id_ for id_, texts in desk.in_hand(store.operations()).items() if any(text.person != who.id for text in texts)
    }
    for item in listed(who, filters or Filters(), limit=_NEXT):
        if item.review.id != but and item.review.id not in taken:
            return item.review.id
    return None


def cues() -> frozenset[int]:
    """Recent waiting reviews that speak of danger: they go first."""
    return _cues(store.snapshot().id)


def unpublished() -> list[Sent]:
    """Replies sent from here whose review the portal still shows as waiting, newest first."""
    sent = replies.sent(store.operations())
    shown = {review.id: review for review in reviews.by_ids(store.warehouse(), [reply.review_id for reply in sent])}
    return [
        Sent(reply, shown[reply.review_id])
        for reply in sent
        if reply.review_id in shown and not shown[reply.review_id].answered
    ]


def unpublished_table(sent: list[Sent]) -> None:
    """Those replies as a table with its CSV: sent, waiting for the portal to publish them."""
    rows = [
        {
            "review": item.review.id,
            "sent_at": french.clock(item.reply.sent_at),
            "structure": item.review.structure or item.review.typology,
            "state": "envoyée, en attente de publication",
            "desk": french.duration(item.reply.desk_s) if item.reply.desk_s is not None else "–",
            "similarity": item.reply.similarity,
            "by": identity.name_of(item.reply.sent_by),
        }
        for item in sent
    ]
    labels = {
        "review": "Avis",
        "sent_at": "Envoyée le",
        "structure": "Structure",
        "state": "État",
        "desk": "Temps de rédaction",
        "similarity": "Similarité avec la proposition (0-100)",
        "by": "Par",
    }
    tables.table(
        pd.DataFrame(rows, columns=list(labels)),
        labels,
        name="reponses-envoyees",
        alt=f"{french.count(len(rows), 'réponse envoyée', 'réponses envoyées')}, en attente de publication",
    )


def _gone() -> frozenset[int]:
    engine = store.operations()
    return replies.sent_ids(engine) | escalations.review_ids(engine)


def _own(who: Person, filters: Filters) -> Filters:
    """`filters` within the person's structures; what they may not see becomes an empty list, never everything."""
    if not who.structures:
        return filters
    wanted = tuple(s for s in filters.structures if s in who.structures) if filters.structures else who.structures
    return replace(filters, structures=wanted or ("",))


@st.cache_data(max_entries=3, show_spinner=False)
def _cues(snapshot_id: str) -> frozenset[int]:
    from generation import distress

    texts = waiting.texts(store.warehouse(), days=CUES_DAYS)
    return frozenset(id_ for id_, text in texts if distress.assess(text) is not None)

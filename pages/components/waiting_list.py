"""The waiting reviews as a person may take them, and those sent from here that the portal does not show yet.

The rules it protects: one list behind the queue, its figures and "next"; a review that speaks of danger comes first;
what was sent or handed to somebody is no longer offered, and is counted apart so that the sum is the delay page's.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd
import streamlit as st

from analytics import reviews, waiting
from analytics.reviews import Review
from analytics.waiting import Waiting, WaitingFigures, Wanted
from data.filters import Filters
from data.operations import assignments, deliveries, desk, escalations, replies, rules
from data.operations.replies import SentReply
from pages.components import french, identity, perimeter, store, tables
from pages.components.filters import usual
from pages.components.identity import Person

CUES_DAYS = 60  # danger is looked for in reviews published in the last two months
_VIEW = "_queue_view"  # session: what the queue was last asked for
_MOST = 10_000


@dataclass(frozen=True)
class Sent:
    """A reply sent from here, and its review, which the portal still shows as waiting."""

    reply: SentReply
    review: Review


@dataclass(frozen=True)
class Account:
    """What the delay page counts as unanswered, and where each of them stands here."""

    unanswered: int
    to_take: int
    sent: int  # waiting for publication
    handed: int  # in the hands of a person


def wanted(who: Person, filters: Filters, **more: object) -> Wanted:
    """What a person may take among `filters`: their structures, nothing sent or handed over, danger first."""
    return replace(
        Wanted(
            _own(who, filters),
            target_days=store.config().target_days,
            targets=rules.targets(store.operations()),
            skip=_gone(),
            first=cues(),
        ),
        **more,  # type: ignore[arg-type]
    )


def listed(asked: Wanted, *, limit: int = 10, offset: int = 0) -> list[Waiting]:
    """The most pressing reviews."""
    return waiting.page(store.warehouse(), asked, limit=limit, offset=offset)


def figures(asked: Wanted) -> WaitingFigures:
    """Counts of what `listed` goes through."""
    return waiting.figures(store.warehouse(), asked)


def account(who: Person, filters: Filters) -> Account:
    """Where each review stands that the delay page counts as unanswered, with the same filters."""
    everyone = wanted(who, filters, skip=())
    engine = store.operations()
    sent, handed = replies.sent_ids(engine), escalations.review_ids(engine)
    total = figures(everyone).waiting
    left = figures(replace(everyone, only=sent)).waiting if sent else 0
    given = figures(replace(everyone, only=handed - sent)).waiting if handed - sent else 0
    return Account(total, total - left - given, left, given)


def keep_view(filters: Filters, *, outside: bool, words: str) -> None:
    """Remember what the person asked the queue for: the desk goes on in the same queue."""
    st.session_state[_VIEW] = (filters, outside, words)


def view() -> tuple[Filters, bool, str]:
    """What the person last asked the queue for; what it shows first when they never opened it."""
    return st.session_state.get(_VIEW) or (usual(), False, "")


def in_view(who: Person) -> Wanted:
    """The queue as the person last saw it."""
    filters, outside, words = view()
    return wanted(who, filters, outside=outside, words=words)


def next_id(who: Person, asked: Wanted, *, but: int | None = None) -> int | None:
    """The review of a queue to take next: the first one nobody else has or is on, `but` left out; None without one."""
    taken = others(who) | ({but} if but is not None else set())
    found = listed(replace(asked, skip=frozenset(asked.skip) | taken), limit=1)
    return found[0].review.id if found else None


def others(who: Person) -> set[int]:
    """Reviews that are somebody else's, or that somebody else is on."""
    engine = store.operations()
    on_it = {id_ for id_, texts in desk.in_hand(engine).items() if any(text.person != who.id for text in texts)}
    mine = {id_ for id_, a in assignments.current(engine).items() if a.person == who.id}
    return (on_it - mine) | {id_ for id_, a in assignments.current(engine).items() if a.person != who.id}


def cues() -> frozenset[int]:
    """Recent waiting reviews that speak of danger: they go first."""
    return _cues(store.snapshot().id)


def unpublished(who: Person) -> list[Sent]:
    """Replies sent from here, in the person's structures, whose review the portal still shows as waiting, newest first."""
    sent = perimeter.kept(who, replies.sent(store.operations(), limit=_MOST), lambda reply: reply.review_id)
    shown = {review.id: review for review in reviews.by_ids(store.warehouse(), [reply.review_id for reply in sent])}
    return [
        Sent(reply, shown[reply.review_id])
        for reply in sent
        if reply.review_id in shown and not shown[reply.review_id].answered
    ]


def unpublished_table(sent: list[Sent]) -> None:
    """Those replies as a table, and as the file the portal imports."""
    delivered = deliveries.states(store.operations())
    rows = [
        {
            "review": item.review.id,
            "sent_at": french.clock(item.reply.sent_at),
            "structure": item.review.structure or item.review.typology,
            "state": "envoyée, en attente de publication",
            "desk": "–" if item.reply.desk_s is None else french.duration(item.reply.desk_s),
            "similarity": item.reply.similarity,
            "by": identity.name_of(item.reply.sent_by),
            "way": WAYS[delivered.get(item.reply.id, ("", ""))[0]],
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
        "way": "Transmission au portail",
    }
    tables.table(
        pd.DataFrame(rows, columns=list(labels)),
        labels,
        name="reponses-envoyees",
        alt=f"{french.count(len(rows), 'réponse envoyée', 'réponses envoyées')}, en attente de publication",
    )
    st.download_button(
        "Fichier à importer dans le portail (CSV)",
        data=partial(_portal_file, [item.reply for item in sent]),
        file_name="reponses-pour-le-portail.csv",
        mime="text/csv",
        key="portal_file",
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
        help="Pour le portail, pas pour un tableur : les textes y sont à la lettre près, tels qu'ils ont été envoyés.",
    )


def _portal_file(sent: list[SentReply]) -> bytes:
    stream = io.StringIO(newline="")
    deliveries.write_csv(stream, map(deliveries.portal_row, sent))
    return stream.getvalue().encode("utf-8-sig")


WAYS = {"": "à importer", "waiting": "nouvel essai prévu", "delivered": "reçue", "failed": "refusée"}


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

    return waiting.cued(store.warehouse(), distress.cue, days=CUES_DAYS)

"""The proposed reply at the desk: asked of a worker and shown as it is written, or assembled here when none is alive.

The rules it protects: the page never loads a model that could take it down (other models live in the worker); a person
never waits for a worker that died; nobody gets a proposal for a review whose AI is off.
"""

from __future__ import annotations

import html
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from analytics.reviews import Review
from data import personal
from data.errors import VigieError
from data.operations import drafts, stored, trials, workers
from data.operations.drafts import Request
from data.operations.stored import StoredDraft
from data.operations.tables import now
from data.operations.trials import Order
from pages.components import french, store
from pages.components.identity import Person

if TYPE_CHECKING:
    from generation.drafter import Drafter
    from generation.results import Finding, Source

_DOUBLE_CLICK_S = 2.0
ACTIVE = ("waiting", "running")
PILOT = "Essai en cours : le sort a donné cet avis à une réponse sans brouillon. Écrivez-la sans aide."
NO_WORKER = "Aucun rédacteur n'est en marche : proposition assemblée à partir des réponses et des fiches, sans modèle."


@dataclass(frozen=True)
class Proposal:
    """Where the proposal for a review stands."""

    draft: StoredDraft | None  # the newest one
    pending: Request | None  # a worker is on it
    notice: str = ""  # what the agent should know of how it was made


def current(who: Person, review: Review) -> Proposal:
    """The proposal for a review; the first visit asks for it. Raises VigieError when it can't be made."""
    engine = store.operations()
    order = _order(review.id)
    if not order.drafted:
        return Proposal(None, None, PILOT)
    request = drafts.latest_request(engine, review.id)
    if request is not None and not order.fits(request.model, request.prompt):
        request = None  # asked before the trial
    made = [draft for draft in stored.of_review(engine, review.id) if _serves(draft, order, request)]
    if request is not None and request.state in ACTIVE:
        if workers.alive(engine):
            drafts.hurry(engine, request.id)
            return Proposal(made[0] if made else None, request)
        drafts.cancel(engine, f"dead:{request.id}", request.id, who.id)
        return Proposal(_here(who, review, request.instruction), None, _died(request))
    if made:
        return Proposal(made[0], None, _told(made[0]))
    if request is not None and request.state == "failed":
        notice = f"Le rédacteur n'a pas abouti ({request.error}) : proposition assemblée sans modèle."
        return Proposal(_here(who, review), None, notice)
    if request is not None and request.state == "cancelled":
        return Proposal(None, None)  # the agent chose to write alone
    ask(who, review)
    return current(who, review)


def ask(who: Person, review: Review, instruction: str = "", *, without: Sequence[str] = ()) -> None:
    """Ask for a new proposal: of the worker when one is alive, else of the extractive drafter, here.

    `without`: ids of sources that are not wanted; others are looked for.

    Asking twice from the same screen asks once: the key is made of what was on it.
    """
    engine = store.operations()
    if not workers.alive(engine):
        _here(who, review, instruction, without)
        return
    order = _order(review.id)
    drafts.request(
        engine,
        f"ask:{_state(review.id)}",
        review.id,
        requested_by=who.id,
        instruction=instruction,
        seed=len(stored.of_review(engine, review.id)) + 1,
        without=without,
        model=order.model,
        prompt=order.prompt,
    )


def ask_again(who: Person, review: Review, instruction: str, without: Sequence[str]) -> None:
    """Another proposal, asked by a click: the second click of a double click asks for nothing more.

    The mark is left once the first is kept: a run interrupted by the second click leaves the asking to it.
    """
    asked = (review.id, instruction, tuple(without))
    before, at = st.session_state.get("_asked_again", (None, 0.0))
    if asked == before and time.monotonic() - at < _DOUBLE_CLICK_S:
        return
    ask(who, review, instruction, without=without)
    st.session_state["_asked_again"] = (asked, time.monotonic())


def _order(review_id: int) -> Order:
    """What the trial in progress, if both its arms can be served, wants of the draft of a review: drawn and logged."""
    engine = store.operations()
    trial = trials.running(engine)
    if trial is None:
        return Order()
    alive = {worker.model for worker in workers.alive(engine)}
    if not trial.served(alive, _prompts() if trial.kind == "prompts" else ()):
        return Order()
    trials.assign(engine, trial, review_id)
    return trial.order(review_id)


def _prompts() -> list[str]:
    from generation import templates

    return [template.version for template in templates.every(store.config().home)]


def _serves(draft: StoredDraft, order: Order, request: Request | None) -> bool:
    """Whether a draft is of the arm drawn, or came of the asking for it: another model serves when that one can't."""
    return order.fits(draft.model, draft.prompt_version) or (
        request is not None and draft.created_at >= request.created_at
    )


@st.fragment(run_every=0.5)
def live(who: Person, request_id: str) -> None:
    """What a worker writes, as it writes it; the whole page runs again when it ends. Called only while one waits."""
    engine = store.operations()
    request = drafts.get_request(engine, request_id)
    if request.state not in ACTIVE or not workers.alive(engine):
        st.rerun()
    seconds = (now() - (request.claimed_at or request.created_at)).total_seconds()
    if request.state == "waiting":
        st.caption(f"En attente d'un rédacteur depuis {french.duration(seconds)}…")
    elif not request.partial_text:
        st.caption(f"Le rédacteur lit l'avis et les sources depuis {french.duration(seconds)}…")
    else:
        st.caption(f"Rédaction en cours ({french.duration(seconds)})…")
    letter(request.partial_text + " ▍" if request.partial_text else "")
    if st.button("Arrêter et écrire sans aide", icon=":material/stop_circle:", key=f"stop_{request_id}"):
        drafts.cancel(engine, f"stop:{request_id}", request_id, who.id)
        st.rerun()


def letter(text: str) -> None:
    """A text as it will be read: line breaks kept, every character escaped."""
    st.html(f'<div style="white-space:pre-wrap;overflow-wrap:anywhere">{html.escape(text)}</div>')


def findings(draft: StoredDraft, body: str) -> list[Finding]:
    """What to look at in `body`, checked against the sources of `draft`."""
    return list(_findings(store.snapshot().id, draft.id, body))


def sources(draft: StoredDraft) -> list[Source]:
    """Sources of a stored draft, the ones it uses first."""
    from generation.results import Source

    cited = draft.record.get("cited", [])
    found = [Source(**{**given, "links": tuple(given.get("links", ()))}) for given in draft.record["sources"]]
    return sorted(found, key=lambda source: source.id not in cited)


@st.cache_data(max_entries=200, show_spinner=False)
def _findings(snapshot_id: str, draft_id: str, body: str) -> list[Finding]:
    from generation import checks, institution

    draft = stored.get(store.operations(), draft_id)
    asked = _drafter(snapshot_id).asked(draft.review_id)
    route: Mapping[str, Any] = draft.record.get("route") or {}
    asked = replace(asked, typology=asked.typology or route.get("typology"))
    answering = institution.of(store.warehouse(), asked)
    review = personal.mask(f"{asked.title}\n{asked.text}")
    return list(checks.check(body, sources(draft), answering, review))


def _here(who: Person, review: Review, instruction: str = "", without: Sequence[str] = ()) -> StoredDraft:
    """Write a draft in this process with the extractive model, and keep it."""
    engine = store.operations()
    key = f"here:{_state(review.id)}"
    drafter = _drafter(store.snapshot().id)
    asked = replace(drafter.asked(review.id), instruction=instruction, without=tuple(without))
    seed = len(stored.of_review(engine, review.id)) + 1
    with st.spinner("Recherche de réponses et de fiches proches…"):
        draft = drafter.draft(asked, seed=seed, notice=NO_WORKER)
    if draft.escalation is not None:
        raise VigieError(draft.escalation.reason)
    made = stored.store(engine, key, review.id, draft.to_json(), requested_by=who.id, instruction=instruction)
    return stored.get(engine, made)


def _told(draft: StoredDraft) -> str:
    """What the agent should know of a proposal: why this model wrote it, and what became of the instruction."""
    stale = _stale(store.snapshot().id, draft.id)
    unheard = draft.instruction and draft.model.startswith("extractive")
    return " ".join(
        filter(
            None,
            [
                draft.record.get("notice", ""),
                "Sans modèle de langage, la consigne n'est pas suivie." if unheard else "",
                f"Depuis cette proposition, {stale} : demandez-en une autre." if stale else "",
            ],
        )
    )


@st.cache_data(max_entries=200, show_spinner=False)
def _stale(snapshot_id: str, draft_id: str) -> str:
    """Why a proposal should no longer be sent: its review, a source it uses or the prompt changed since."""
    draft = stored.get(store.operations(), draft_id)
    drafter = _drafter(snapshot_id)
    return drafter.stale(draft.record, drafter.asked(draft.review_id))


def _state(review_id: int) -> str:
    """What the screen showed when the person asked: the same state asks once."""
    engine = store.operations()
    request = drafts.latest_request(engine, review_id)
    return f"{review_id}:{len(stored.of_review(engine, review_id))}:{request.id if request else 'first'}"


def _died(request: Request) -> str:
    if request.worker is None:
        return NO_WORKER
    return (
        "Le rédacteur s'est arrêté en chemin : proposition assemblée à partir des réponses et des fiches, sans modèle."
    )


@st.cache_resource(max_entries=2, show_spinner=False)
def _drafter(snapshot_id: str) -> Drafter:
    from generation.drafter import Drafter

    return Drafter(store.warehouse())

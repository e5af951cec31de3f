"""The distress button: a review is handed to a person, the AI is off for it, the agent is thanked and freed.

The rules it protects: a review that speaks of danger shows whom to call before anything else, and no proposal; handing
over takes a reason and a recipient, nothing more.
"""

from __future__ import annotations

import html
from datetime import timedelta
from typing import TYPE_CHECKING

import streamlit as st

from analytics.reviews import Review
from data.errors import VigieError
from data.operations import escalations
from data.operations.escalations import EscalatedReview
from data.operations.tables import now
from pages.components import dialogs, french, identity, store
from pages.components.identity import Person

if TYPE_CHECKING:
    from generation.results import Escalation

RECIPIENTS = ("Encadrement de l'équipe", "Référent détresse de la structure", "Service juridique", "Direction (DITP)")
REASONS = (
    "La personne semble en détresse",
    "Violence ou danger évoqué",
    "Situation trop complexe pour une réponse type",
    "Menace ou propos illégaux",
    "Autre raison",
)
DEADLINES = {"Aujourd'hui (4 heures)": 4, "Demain (24 heures)": 24, "Sous 3 jours": 72}


def assess(review: Review) -> Escalation | None:
    """Cues of danger in a review."""
    from generation import distress

    return distress.assess(f"{review.title}\n{review.body}")


def contacts(found: Escalation) -> None:
    """Why no machine may answer, and whom the person can call now."""
    st.error(f"{found.reason} Aucune proposition n'est faite.", icon=":material/emergency:")
    lines = "".join(
        f'<li><b style="font-size:1.125rem">{html.escape(c.number)}</b> : {html.escape(c.name)}, '
        f"{html.escape(c.hours)}</li>"
        for c in found.contacts
    )
    st.html(f"<p style='margin:0'><b>Qui la personne peut appeler maintenant</b></p><ul>{lines}</ul>")


@st.dialog("Confier cet avis à une personne", on_dismiss=dialogs.close)
def hand_over(who: Person, review: Review, found: Escalation | None) -> None:
    """Reason, recipient, deadline, a note: then the AI is off for this review and the agent is free."""
    st.write("Vous n'avez pas à porter cet avis seul. L'assistance par IA sera désactivée pour lui.")
    reason = st.selectbox("Raison", REASONS, key="distress_reason")
    recipient = st.selectbox("À qui", RECIPIENTS, key="distress_recipient")
    deadline = st.selectbox("À lire avant", list(DEADLINES), key="distress_deadline", index=0 if found else 1)
    note = st.text_area(
        "Ce qu'il faut savoir (facultatif)", key="distress_note", placeholder="Quelques mots suffisent."
    )
    if st.button("Confier l'avis", type="primary", icon=":material/support:", key="distress_confirm"):
        try:
            escalations.escalate(
                store.operations(),
                f"escalate:{review.id}:{who.id}",
                review.id,
                raised_by=who.id,
                reason=reason,
                recipient=recipient,
                deadline=now() + timedelta(hours=DEADLINES[deadline]),
                note=note or "",
                source="cues" if found else "agent",
            )
        except VigieError as error:
            st.error(str(error), icon=":material/error:")
            return
        st.session_state["_thanked"] = review.id
        dialogs.close()
        st.rerun()


def banner(who: Person, escalation: EscalatedReview) -> None:
    """The state of a review handed to a person; whoever deals with it says what was done."""
    if st.session_state.get("_thanked") == escalation.review_id:
        st.success(
            f"Merci. L'avis est confié à « {escalation.recipient} » : vous n'avez plus rien à faire.",
            icon=":material/favorite:",
        )
    by = identity.name_of(escalation.raised_by)
    if escalation.state == "open":
        st.info(
            f"Avis confié à « {escalation.recipient} » par {by} le {french.clock(escalation.raised_at)}, "
            f"à lire avant le {french.clock(escalation.deadline)}. L'assistance par IA est désactivée pour cet avis.",
            icon=":material/support:",
        )
    else:
        st.info(
            f"Avis confié à « {escalation.recipient} », traité le {french.clock(escalation.closed_at or now())} par "
            f"{identity.name_of(escalation.closed_by or '')}. L'assistance par IA reste désactivée.",
            icon=":material/task_alt:",
        )
    for label, text in (("Raison", escalation.reason), ("Note", escalation.note), ("Suite donnée", escalation.outcome)):
        if text:
            st.text(f"{label} : {text}")
    if escalation.state == "open":
        deal_with(who, escalation)


def deal_with(who: Person, escalation: EscalatedReview) -> None:
    """Whoever deals with it otherwise than by a reply says what was done; a reply closes it by itself."""
    with st.popover("Marquer comme traité", icon=":material/task_alt:", key=f"deal_{escalation.id}"):
        outcome = st.text_area(
            "Ce qui a été fait",
            key=f"escalation_outcome_{escalation.id}",
            placeholder="Exemple : personne rappelée ce matin.",
        )
        if st.button("Enregistrer", key=f"escalation_close_{escalation.id}"):
            try:
                key = f"close:{escalation.id}:{escalation.version}"
                escalations.close(store.operations(), key, escalation, closed_by=who.id, outcome=outcome or "")
            except VigieError as error:
                st.error(str(error), icon=":material/error:")
                return
            st.rerun()

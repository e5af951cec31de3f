"""Reviews handed to a person: who must read them, before when; each answered from here, without AI."""

from __future__ import annotations

import streamlit as st

from analytics import reviews
from data.operations import escalations
from data.operations.tables import now
from pages.components import distress_button, french, identity, links, perimeter, states, store, verbatims

who = identity.guard("avis-confies")
engine = store.operations()
st.title("Avis confiés", anchor=False)
handed = perimeter.kept(who, escalations.opened(engine), lambda one: one.review_id)
shown = {review.id: review for review in reviews.by_ids(store.warehouse(), [e.review_id for e in handed])}
late = [e for e in handed if e.deadline < now()]
if not handed:
    st.write("Aucun avis n'attend une personne.")
    states.empty(
        "Personne n'a passé la main.", "Un avis confié par le bouton de détresse apparaît ici, avec son échéance."
    )
    links.to("file-d-attente", "Voir la file d'attente")
    st.stop()
first = handed[0]
st.write(
    f"{french.count(len(handed), 'avis attend', 'avis attendent')} une personne, dont {french.number(len(late))} "
    f"{'après son échéance' if len(late) < 2 else 'après leur échéance'} ; prochaine échéance : {french.clock(first.deadline)}."
)
recipients = sorted({e.recipient for e in handed})
recipient = st.selectbox(
    "Confiés à", recipients, index=None, placeholder="Tous", key="confies_a", bind="query-params", width=360
)
for escalation in handed:
    if recipient and escalation.recipient != recipient:
        continue
    with st.container(border=True, key=f"handed_{escalation.id}"):
        with st.container(horizontal=True):
            st.badge(escalation.recipient, icon=":material/support:", color="blue")
            overdue = escalation.deadline < now()
            st.badge(
                f"{'Échéance dépassée' if overdue else 'Avant le'} {french.clock(escalation.deadline)}",
                icon=":material/alarm:",
                color="red" if overdue else "gray",
            )
        st.text(
            f"{escalation.reason} · par {identity.name_of(escalation.raised_by)}, le {french.clock(escalation.raised_at)}"
        )
        if escalation.note:
            st.text(f"Note : {escalation.note}")
        review = shown.get(escalation.review_id)
        if review is None:
            st.caption(f"L'avis {escalation.review_id} n'est plus publié.")
            distress_button.deal_with(who, escalation)
            continue
        verbatims.card(review, key="handed_card", link=False)
        with st.container(horizontal=True, vertical_alignment="center"):
            links.to("rediger", "Répondre sans IA", id=str(review.id))
            distress_button.deal_with(who, escalation)

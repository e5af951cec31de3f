"""The queue: what waits for an answer, the most pressing first, and one button to answer it."""

from __future__ import annotations

import html

import streamlit as st

from analytics.waiting import Waiting
from data.operations import desk, escalations
from pages.components import filters, french, identity, links, paging, palette, states, store, verbatims, waiting_list

who = identity.guard("file-d-attente")
_EXCERPT = 220


def row(item: Waiting, taken_by: list[str], *, danger: bool) -> None:
    """One waiting review: since when, who, what, and the button that opens the desk on it."""
    review = item.review
    target = store.config().target_days
    waited = f"attend depuis {french.days(item.days)}" if item.days else "publié aujourd'hui"
    with st.container(border=True, key=f"queue_{review.id}"):
        with st.container(horizontal=True):
            if danger:
                st.badge("À lire par une personne", icon=":material/emergency:", color="red")
            if item.days >= target:
                st.badge(f"Au-delà de {french.days(target)}", icon=":material/schedule:", color="orange")
            if review.out_of_structure:
                st.badge("Hors structure", icon=":material/help:", color="gray")
            if any(reply.canned for reply in review.replies):
                st.badge("Message d'attente seulement", icon=":material/hourglass_empty:", color="gray")
            for name in taken_by:
                st.badge(f"En cours : {name}", icon=":material/edit:", color="blue")
        body = review.body if len(review.body) <= _EXCERPT else review.body[:_EXCERPT].rsplit(" ", 1)[0] + "…"
        feeling = ""
        if review.sentiment in palette.SYMBOLS:
            colour = palette.sentiment(review.sentiment)
            feeling = f'<b style="color:{colour}">{palette.SYMBOLS[review.sentiment]} {review.sentiment}</b> · '
        facts = " · ".join(
            html.escape(part) for part in (review.structure or review.typology, review.department_name, waited) if part
        )
        st.html(
            f'<p style="margin:0;font-weight:700">{verbatims.marked(review.title or "Sans titre")}</p>'
            f'<p style="margin:0;font-size:0.875rem">{feeling}{facts}</p>'
            f'<p style="margin:.25rem 0 0;overflow-wrap:anywhere">{verbatims.marked(body)}</p>'
        )
        if st.button("Répondre", icon=":material/edit_note:", key=f"answer_{review.id}"):
            st.switch_page(links.script("rediger"), query_params={"id": str(review.id)})


st.title("File d'attente", anchor=False)
sentence = st.container()
chosen = filters.bar()
outside = st.toggle(
    "Montrer aussi les avis « Hors structure »",
    key="hors_structure",
    bind="query-params",
    help="Avis qu'aucune structure de Services Publics + ne prend en charge.",
)
queue = waiting_list.figures(who, chosen, outside=outside)
handed = escalations.opened(store.operations())
target = store.config().target_days
if queue.waiting:
    sentence.write(
        f"{french.count(queue.waiting, 'avis attend', 'avis attendent')} une réponse, dont {french.number(queue.late)} "
        f"depuis plus de {french.days(target)} ; le plus ancien depuis {french.days(int(queue.oldest_days or 0))}."
    )
else:
    sentence.write("Aucun avis n'attend de réponse avec ces filtres.")

if queue.waiting:
    with st.container(horizontal=True, vertical_alignment="center"):
        following = waiting_list.next_id(who, chosen)
        if following is not None and st.button(
            "Suivant : répondre au plus pressant", type="primary", icon=":material/play_arrow:", key="next"
        ):
            st.switch_page(links.script("rediger"), query_params={"id": str(following)})
        with st.popover("Comment la file est-elle triée ?", icon=":material/help:", type="tertiary"):
            st.write(
                "Les avis qui évoquent un danger passent devant. Ensuite, urgence × attente : un avis négatif pèse 3, "
                "un neutre 2, un positif 1 ; chaque personne qui a vécu la même chose ajoute un dixième, jusqu'à "
                "doubler. L'attente se compte en jours depuis la publication. Un message d'attente automatique "
                "n'est pas une réponse."
            )
    start = paging.offset(queue.waiting, key="queue")
    in_hand = desk.in_hand(store.operations())
    danger = waiting_list.cues()
    for item in waiting_list.listed(who, chosen, outside=outside, limit=paging.SIZE, offset=start):
        names = [identity.name_of(t.person) for t in in_hand.get(item.review.id, ()) if t.person != who.id]
        row(item, names, danger=item.review.id in danger)
else:
    states.empty("Tout a reçu une réponse, ou vos filtres sont étroits.", "Élargissez la période ou l'institution.")

if handed:
    st.header(f"Confiés à une personne ({french.number(len(handed))})", anchor=False)
    st.caption("L'assistance par IA est désactivée pour ces avis.")
    for escalation in handed:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"handed_{escalation.id}"):
            st.text(
                f"Avis {escalation.review_id} · {escalation.recipient} · avant le {french.clock(escalation.deadline)}"
            )
            links.to("rediger", "Ouvrir", id=str(escalation.review_id))

sent = waiting_list.unpublished()
if sent:
    st.header(f"Envoyées, en attente de publication ({french.number(len(sent))})", anchor=False)
    st.caption("Le portail les comptera comme répondues quand un prochain fichier les montrera.")
    waiting_list.unpublished_table(sent)

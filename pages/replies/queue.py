"""The queue: what waits for an answer, the most pressing first; whose each review is; one key to take the next."""

from __future__ import annotations

import html
from dataclasses import replace

import streamlit as st

from analytics.waiting import Waiting
from data.errors import VigieError
from data.operations import assignments, desk, escalations
from data.operations.assignments import Assignment
from pages.components import (
    filters,
    french,
    identity,
    links,
    paging,
    palette,
    perimeter,
    states,
    store,
    verbatims,
    waiting_list,
)
from pages.components.navigation import Role

who = identity.guard("file-d-attente")
engine = store.operations()
_EXCERPT = 220
_VIEWS = ("À prendre", "À moi", "À quelqu'un", "Tous")
_CHOSEN = "choisi_"


def take_and_answer(review_id: int) -> None:
    """Take a review nobody has, then open the desk on it; somebody else's is opened without taking it."""
    try:
        assignments.claim(engine, review_id, who.id)
    except VigieError as error:
        st.toast(f"{error} Vous pouvez l'ouvrir, et vous mettre d'accord.", icon=":material/group:")
    st.switch_page(links.script("rediger"), query_params={"id": str(review_id)})


def take(ids: list[int]) -> None:
    """Take reviews; those that are somebody else's are left and said."""
    refused = 0
    for review_id in ids:
        try:
            assignments.claim(engine, review_id, who.id)
        except VigieError:
            refused += 1
        st.session_state[f"{_CHOSEN}{review_id}"] = False
    if refused:
        st.toast(f"{french.count(refused, 'avis est', 'avis sont')} déjà à quelqu'un d'autre.", icon=":material/group:")


def give_back(ids: list[int]) -> None:
    """Give reviews back to everyone: one's own, or anyone's for a lead."""
    current = assignments.current(engine)
    for review_id in ids:
        if review_id in current and (current[review_id].person == who.id or who.role is not Role.AGENT):
            assignments.release(engine, review_id, by=who.id)
        st.session_state[f"{_CHOSEN}{review_id}"] = False


def give(ids: list[int]) -> None:
    """A lead gives the reviews chosen to the person chosen."""
    person = st.session_state.get("a_qui") or ""
    try:
        changed = assignments.assign(engine, ids, person, by=who.id)
    except VigieError as error:
        st.toast(str(error), icon=":material/error:")
        return
    for review_id in ids:
        st.session_state[f"{_CHOSEN}{review_id}"] = False
    st.toast(f"{french.count(changed, 'avis confié', 'avis confiés')} à {identity.name_of(person)}.")


def choose_all(ids: list[int]) -> None:
    """Tick every review of the page."""
    for review_id in ids:
        st.session_state[f"{_CHOSEN}{review_id}"] = True


def together(shown: list[int]) -> None:
    """What can be done to the reviews ticked."""
    ids = [review_id for review_id in shown if st.session_state.get(f"{_CHOSEN}{review_id}")]
    with st.container(horizontal=True, vertical_alignment="bottom", key="ensemble"):
        if not ids:
            st.button("Cocher toute la page", key="tout", type="tertiary", on_click=choose_all, args=(shown,))
            return
        st.caption(french.count(len(ids), "avis coché", "avis cochés"))
        st.button("Prendre", key="prendre", icon=":material/pan_tool:", on_click=take, args=(ids,))
        st.button("Rendre à tous", key="rendre", icon=":material/undo:", on_click=give_back, args=(ids,))
        if who.role is not Role.AGENT:
            people = identity.answerers(who.structures)
            st.selectbox(
                "Confier à",
                [person.id for person in people],
                index=None,
                format_func=identity.name_of,
                key="a_qui",
                placeholder="Choisissez une personne",
                width=260,
            )
            st.button("Confier", key="confier", icon=":material/person_add:", on_click=give, args=(ids,))


def row(item: Waiting, taken_by: list[str], whose: Assignment | None, *, danger: bool) -> None:
    """One waiting review: since when, who, what, whose it is, and the button that opens the desk on it."""
    review = item.review
    waited = f"attend depuis {french.days(item.days)}" if item.days else "publié aujourd'hui"
    with st.container(border=True, key=f"queue_{review.id}"):
        with st.container(horizontal=True):
            if danger:
                st.badge("À lire par une personne", icon=":material/emergency:", color="red")
            if item.days >= item.target:
                st.badge(f"Au-delà de {french.days(item.target)}", icon=":material/schedule:", color="orange")
            elif item.risk > 1:
                left = french.days(max(1, item.target - item.days))
                st.badge(f"En retard dans {left}", icon=":material/hourglass_bottom:", color="yellow")
            if review.out_of_structure:
                st.badge("Hors structure", icon=":material/help:", color="gray")
            if any(reply.canned for reply in review.replies):
                st.badge("Message d'attente seulement", icon=":material/hourglass_empty:", color="gray")
            if whose is not None:
                name = "À vous" if whose.person == who.id else f"À {identity.name_of(whose.person)}"
                st.badge(name, icon=":material/person:", color="blue")
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
            f'<p style="margin:0;font-weight:700">{verbatims.marked(review.title or "Sans titre", words)}</p>'
            f'<p style="margin:0;font-size:0.875rem">{feeling}{facts}</p>'
            f'<p style="margin:.25rem 0 0;overflow-wrap:anywhere">{verbatims.marked(body, words)}</p>'
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Répondre", icon=":material/edit_note:", key=f"answer_{review.id}"):
                take_and_answer(review.id)
            if whose is None:
                st.button("Prendre", key=f"take_{review.id}", type="tertiary", on_click=take, args=([review.id],))
            elif whose.person == who.id:
                st.button("Rendre", key=f"back_{review.id}", type="tertiary", on_click=give_back, args=([review.id],))
            st.checkbox(f"Choisir l'avis {review.id}", key=f"{_CHOSEN}{review.id}")


st.title("File d'attente", anchor=False)
sentence = st.container()
chosen = filters.bar()
with st.container(horizontal=True, vertical_alignment="bottom"):
    view = st.segmented_control("Montrer", _VIEWS, default=_VIEWS[0], key="vue", bind="query-params", required=True)
    words = st.text_input(
        "Chercher dans les avis", key="mots", bind="query-params", placeholder="Exemple : carte grise", width=280
    )
    outside = st.toggle(
        "Montrer aussi les avis « Hors structure »",
        key="hors_structure",
        bind="query-params",
        help="Avis qu'aucune structure de Services Publics + ne prend en charge.",
    )
words = (words or "").strip()
waiting_list.keep_view(chosen, outside=outside, words=words)
owned = assignments.current(engine)
asked = waiting_list.wanted(who, chosen, outside=outside, words=words)
mine = [id_ for id_, a in owned.items() if a.person == who.id]
theirs = [id_ for id_, a in owned.items() if a.person != who.id]
shown = {
    "À prendre": replace(asked, skip=frozenset(asked.skip) | set(owned)),
    "À moi": replace(asked, only=mine),
    "À quelqu'un": replace(asked, only=theirs),
}.get(view or _VIEWS[0], asked)
queue = waiting_list.figures(asked)
listed = waiting_list.figures(shown)
handed = perimeter.kept(who, escalations.opened(engine), lambda one: one.review_id)
period = f" (publiés {filters.described(chosen)})" if chosen.start else ""
beyond = (
    waiting_list.figures(replace(asked, filters=replace(asked.filters, start=None, end=None))).waiting - queue.waiting
)
own = " ou celui de la structure" if asked.targets else ""
if queue.waiting:
    sentence.write(
        f"{french.count(queue.waiting, 'avis attend', 'avis attendent')} une réponse{period}, dont {french.number(queue.late)} "
        f"au-delà de l'objectif ({french.days(store.config().target_days)}{own}) ; {french.number(queue.soon)} le "
        f"dépasseront d'ici une semaine ; le plus ancien attend depuis {french.days(int(queue.oldest_days or 0))}."
    )
else:
    sentence.write("Aucun avis n'attend de réponse avec ces filtres.")
if beyond:
    sentence.caption(f"{french.count(beyond, 'autre attend', 'autres attendent')} hors de cette période.")
account = waiting_list.account(who, chosen)
if account.sent or account.handed:
    sentence.caption(
        f"La page Délais en compte {french.number(account.unanswered)} sans réponse : {french.number(account.to_take)} ici, "
        f"{french.count(account.sent, 'envoyée', 'envoyées')} en attente de publication, "
        f"{french.count(account.handed, 'confié', 'confiés')} à une personne."
    )

if queue.waiting:
    with st.container(horizontal=True, vertical_alignment="center"):
        following = waiting_list.next_id(who, asked)
        if following is not None and st.button(
            "Suivant : répondre au plus pressant",
            type="primary",
            icon=":material/play_arrow:",
            key="next",
            shortcut="Alt+S",
        ):
            take_and_answer(following)
        with st.popover("Comment la file est-elle triée ?", icon=":material/help:", type="tertiary"):
            st.write(
                "Les avis qui évoquent un danger passent devant. Ensuite, urgence × attente × risque. Urgence : un avis "
                "négatif pèse 3, un neutre 2, un positif 1 ; chaque personne qui a vécu la même chose ajoute un dixième, "
                "jusqu'à doubler. Attente : les jours depuis la publication. Risque de dépasser l'objectif de la "
                "structure : 1 jusqu'à une semaine avant, puis il monte jusqu'à 2 le jour dit, et y reste. Un message "
                "d'attente automatique n'est pas une réponse. « Suivant » saute les avis pris par quelqu'un d'autre ; "
                "au clavier : Alt + S."
            )
        st.page_link(
            links.script("delais"),
            label="Les délais de cette sélection",
            icon=":material/schedule:",
            query_params=filters.address() or None,
        )
if listed.waiting:
    start = paging.offset(listed.waiting, key="queue")
    in_hand = desk.in_hand(engine)
    danger = waiting_list.cues()
    items = waiting_list.listed(shown, limit=paging.SIZE, offset=start)
    together([item.review.id for item in items])
    for item in items:
        names = [identity.name_of(t.person) for t in in_hand.get(item.review.id, ()) if t.person != who.id]
        row(item, names, owned.get(item.review.id), danger=item.review.id in danger)
elif queue.waiting:
    if view == "À moi":
        states.empty("Aucun avis n'est à vous.", "Prenez-en dans « À prendre », ou répondez au plus pressant.")
    else:
        states.empty("Aucun avis dans cette vue.", "Choisissez « Tous », ou retirez des mots de la recherche.")
else:
    states.empty("Tout a reçu une réponse, ou vos filtres sont étroits.", "Élargissez la période ou l'institution.")

if handed:
    st.header(f"Confiés à une personne ({french.number(len(handed))})", anchor=False)
    st.caption("L'assistance par IA est désactivée pour ces avis.")
    links.to("avis-confies", "Voir les avis confiés et leurs échéances")

sent = waiting_list.unpublished(who)
if sent:
    st.header(f"Envoyées, en attente de publication ({french.number(len(sent))})", anchor=False)
    st.caption("Le portail les comptera comme répondues quand un prochain fichier les montrera.")
    waiting_list.unpublished_table(sent)

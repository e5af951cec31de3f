"""The desk: one review, a proposal with its sources, the reply in the agent's hands, and three ways to go on.

Send as proposed, rework, or hand over to a person. The operations store is the truth; the screen shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from analytics import reviews
from analytics.reviews import Review
from data.errors import NotRefreshed, VigieError
from data.operations import assignments, desk, escalations, replies, stored, workers
from data.operations.desk import DeskText
from data.operations.errors import Conflict
from data.operations.escalations import EscalatedReview
from data.operations.replies import SentReply
from data.operations.stored import StoredDraft
from pages.components import (
    context,
    dialogs,
    distress_button,
    draft_word,
    editor,
    evidence,
    filters,
    french,
    identity,
    links,
    palette,
    proposal,
    reading,
    states,
    store,
    verbatims,
    waiting_list,
)

if TYPE_CHECKING:
    from generation.results import Escalation

who = identity.guard("rediger")
engine = store.operations()
# On a wide screen the reply stays beside the sources as they scroll, and the ways to go on never leave the screen. On a
# narrow one, where the reply comes after the review, they are a bar at its foot, and the page ends above it.
_BESIDE = """<style>
.st-key-ways {{ background: {paper}; padding: .5rem 0 }}
.st-key-ways button {{ min-height: 2.75rem }}
@media (min-width: 641px) {{
  [data-testid=stColumn]:has(.st-key-answer) {{ position: sticky; top: 4rem; align-self: flex-start }}
  :has(> .st-key-ways) {{ position: sticky; top: 4rem; bottom: 0; z-index: 2 }}
}}
@media (max-width: 640px) {{
  .st-key-ways {{ position: fixed; inset: auto 0 0 0; z-index: 2; width: auto; padding: .5rem 1rem; border-top: 1px solid {line} }}
  .st-key-ways button {{ padding-inline: .25rem }}
  .st-key-ways button p {{ font-size: .8125rem }}
  .st-key-ways kbd {{ display: none }}
  [data-testid=stMainBlockContainer]:has(.st-key-ways) {{ padding-bottom: 9rem }}
}}
</style>"""
_LEAVE = "Votre texte est gardé ; les autres ne vous verront plus sur cet avis."


def go_on(but: int | None = None) -> None:
    """The links that close each visit: the next review, the queue."""
    following = waiting_list.next_id(who, waiting_list.in_view(who), but=but)
    with st.container(horizontal=True):
        if following is not None:
            st.page_link(
                links.script("rediger"),
                label="Avis suivant",
                icon=":material/play_arrow:",
                query_params={"id": str(following)},
            )
        links.to("file-d-attente", "Voir la file d'attente")


def nothing_chosen() -> None:
    """Without a review in the address: offer the most pressing one."""
    asked = waiting_list.in_view(who)
    queue = waiting_list.figures(asked)
    st.write(
        f"{french.count(queue.waiting, 'avis attend', 'avis attendent')} une réponse dans votre file d'attente "
        f"({filters.described(asked.filters)}, avec les filtres que vous y avez mis)."
    )
    following = waiting_list.next_id(who, asked)
    if following is None:
        states.empty("Aucun avis à proposer.", "La file est vide, ou d'autres personnes y travaillent.")
        links.to("file-d-attente", "Voir la file d'attente")
        return
    review = reviews.one(store.warehouse(), following)
    if review is not None:
        st.header("Le plus pressant", anchor=False)
        verbatims.card(review, key="offered", link=False)
        links.to("rediger", "Répondre à cet avis", id=str(following))


def already_sent(reply: SentReply) -> None:
    """After sending: thanks, the measures, what is waiting, and the next review."""
    mine = reply.sent_by == who.id
    by = "vous" if mine else identity.name_of(reply.sent_by)
    if mine:
        st.success("Merci. Votre réponse est enregistrée et attend sa publication.", icon=":material/check_circle:")
    st.write(f"Envoyée par {by} le {french.clock(reply.sent_at)}, en attente de publication sur le portail.")
    figures = [
        states.Figure(
            "Temps de rédaction",
            french.duration(reply.desk_s) if reply.desk_s is not None else "–",
            "Temps passé sur cet avis, d'une action à la suivante ; une longue pause compte 5 minutes au plus.",
        )
    ]
    if reply.similarity is not None:
        figures.append(
            states.Figure(
                "Similarité, sur 100",
                french.number(reply.similarity),
                "Avec la proposition ; 100 : envoyée telle quelle. C'est la part de caractères communs, dans l'ordre, "
                "entre la proposition et la réponse envoyée.",
            )
        )
        figures.append(
            states.Figure(
                "Caractères changés",
                french.number(reply.characters_changed),
                "Nombre de caractères ajoutés, retirés ou remplacés.",
            )
        )
    states.figures(figures)
    editor.leftover(reply.review_id)
    go_on(reply.review_id)
    st.header("La réponse envoyée", anchor=False)
    with st.container(border=True):
        proposal.letter(reply.published)
    if chosen is not None:
        context.track(chosen)


def take(text: DeskText, draft: StoredDraft | None) -> None:
    """Put a proposal, or a blank page, under the agent's hands; another tab that wrote meanwhile wins."""
    try:
        if draft is None:
            desk.begin(engine, text, body="", started="blank")
        else:
            desk.begin(engine, text, body=draft.reply, started="draft", draft_id=draft.id)
    except Conflict as error:
        st.toast(str(error), icon=":material/sync_problem:")


def untouched(text: DeskText) -> bool:
    """Whether the agent has not changed a word of what was put in the editor."""
    if text.draft_id is None:
        return not text.body.strip() and text.started == ""
    return text.body == stored.get(engine, text.draft_id).reply


def work(review: Review) -> None:
    """The desk itself: the review and its sources on one side, the reply on the other.

    What comes and goes (a banner, a text being written) has a place of its own, so that the editor never moves: an
    element that moves is drawn anew, and would lose the words being typed.
    """
    found = distress_button.assess(review)
    escalation = escalations.of_review(engine, review.id)
    with st.container():
        if handed_over(review, found, escalation):
            return
        text = desk.opened(engine, review.id, who.id)
        editor.bring_back(text)
        whose = assignments.of_review(engine, review.id)
        if whose is not None and whose.person != who.id:
            st.info(f"Cet avis est à {identity.name_of(whose.person)}.", icon=":material/person:")
        for other in desk.others(engine, review.id, who.id):
            st.warning(
                f"{identity.name_of(other.person)} travaille aussi sur cet avis (vu le {french.clock(other.seen_at)}). "
                "Mettez-vous d'accord : la première réponse envoyée sera la seule.",
                icon=":material/group:",
            )
    asked, side = st.columns([2, 3], gap="medium")
    answer = side.container(key="answer")
    st.html(_BESIDE.format(paper=palette.paper(), line=palette.muted()))
    with asked:
        st.header("L'avis", anchor=False)
        verbatims.card(review, key="desk", link=False)
        st.caption("Les coordonnées repérées sont masquées. Un nom seul peut rester visible.")
        context.show(review)
        context.track(review)
    with answer:
        st.header("Votre réponse", anchor=False)
        helped = escalation is None and found is None
        with st.container():
            draft = proposed(review, text) if helped else None
        hands(review, draft, helped)
    if draft is not None:
        with asked:
            st.header("Sources de la proposition", anchor=False)
            evidence.sources(draft)
            with st.expander("Comment cette proposition a été faite", icon=":material/info:"):
                made_by(draft)
            draft_word.ask(who, draft)


def handed_over(review: Review, found: Escalation | None, escalation: EscalatedReview | None) -> bool:
    """What a review in a person's hands, or that should be, says first; True when nothing more is to be shown."""
    if escalation is not None:
        distress_button.banner(who, escalation)
        if escalation.state == "open" and escalation.raised_by == who.id:  # freed: somebody else takes over
            go_on(review.id)
            verbatims.card(review, key="handed", link=False)
            return True
    if found is not None:
        distress_button.contacts(found)
        if escalation is None:
            st.button(
                "Confier cet avis à une personne",
                type="primary",
                icon=":material/support:",
                key="hand_over",
                on_click=dialogs.open_,
                args=(f"distress:{review.id}",),
            )
    if escalation is None and dialogs.is_open(f"distress:{review.id}"):
        distress_button.hand_over(who, review, found)
    return False


@st.fragment
def hands(review: Review, draft: StoredDraft | None, helped: bool) -> None:
    """What changes as the agent types: the text, what to look at in it, and the ways to go on."""
    text = desk.get(engine, review.id, who.id)
    if text is None or (text.closed_at is not None and replies.of_review(engine, review.id) is not None):
        st.rerun()  # somebody sent a reply meanwhile: the page says so
    body = editor.field(text)
    begun = stored.get(engine, text.draft_id) if text.draft_id else None
    reference = begun or draft
    try:
        points = proposal.findings(reference, body) if reference is not None and body.strip() else []
    except NotRefreshed:  # after an update: what earlier versions computed is not read any more
        st.error(
            "Ces données ont été préparées par une autre version de Vigie : actualisez-les (page Données). D'ici là, la "
            "relecture automatique ne peut pas se faire et rien ne s'envoie ; votre texte est gardé.",
            icon=":material/sync_problem:",
        )
        return
    with st.container(gap="xsmall", key="ways"):
        st.button(
            editor.kind(text, body, begun),
            type="primary",
            icon=":material/send:",
            key="send",
            disabled=not body.strip(),
            on_click=dialogs.open_,
            args=(f"send:{review.id}",),
            shortcut="Alt+E",
            width="stretch",
            wrap=True,
        )
        if helped:
            with st.container(horizontal=True, wrap=False, gap="xsmall"):
                propose_again(review, draft)
                if st.button(
                    "Bouton de détresse",
                    icon=":material/support:",
                    key="distress",
                    help="Confier cet avis à une personne. L'IA est désactivée pour lui, vous êtes libéré.",
                    shortcut="Alt+D",
                    width="stretch",
                    wrap=True,
                ):
                    dialogs.open_(f"distress:{review.id}")
                    st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if helped:
            start_over(text, body, draft)
        else:
            st.caption("Le texte est à vous, sans IA.")
        if st.button("Rendre à la file", icon=":material/undo:", key="leave", type="tertiary", help=_LEAVE):
            desk.leave(engine, review.id, who.id)
            st.switch_page(links.script("file-d-attente"))
    if body.strip() and dialogs.is_open(f"send:{review.id}"):
        editor.confirm(review, text, body, begun, points)
    if body.strip() and reference is not None:
        st.header("Points à regarder", anchor=False)
        evidence.findings(points, body)
        with st.expander("Relire le texte, points soulignés et reprises marquées", icon=":material/format_underlined:"):
            reading.show_underlined(body, evidence.ordered(points), proposal.sources(reference))
        if begun is not None:
            with st.expander("Ce que vous avez changé", icon=":material/difference:"):
                reading.show_changed(begun.reply, body)


def propose_again(review: Review, draft: StoredDraft | None) -> None:
    """Another proposal, with or without an instruction, from other sources or the same."""
    with st.popover("Autre proposition", icon=":material/refresh:", width="stretch", wrap=True):
        instruction = st.text_input(
            "Consigne (facultative)",
            key="instruction",
            max_chars=300,
            placeholder="Exemple : plus court, préciser le délai",
        )
        st.caption("Suivie par le modèle de langage. Sans modèle, une autre formulation est assemblée.")
        names = (
            {} if draft is None else {s.id: evidence.name(s) for s in proposal.sources(draft) if s.kind != "structure"}
        )
        without = st.multiselect(
            "Sources à écarter (facultatif)",
            list(names),
            format_func=lambda id_: names.get(id_, id_),
            key="without",
            placeholder="D'autres seront cherchées",
        )
        if st.button("Proposer", key="regenerate", type="primary"):
            proposal.ask_again(who, review, (instruction or "").strip(), without)
            st.rerun()


def start_over(text: DeskText, body: str, draft: StoredDraft | None) -> None:
    """Ways to begin the text again: from the proposal, or from nothing."""
    if draft is not None and body != draft.reply:
        st.button(
            "Reprendre la proposition",
            icon=":material/undo:",
            key="take_draft",
            type="tertiary",
            on_click=take,
            args=(text, draft),
        )
    if text.started != "blank" or body:
        st.button(
            "Page blanche",
            icon=":material/draft:",
            key="blank",
            type="tertiary",
            on_click=take,
            args=(text, None),
            help="Écrire sans aide. La proposition reste disponible.",
        )


def proposed(review: Review, text: DeskText) -> StoredDraft | None:
    """The proposal: live while a worker writes it; put under the agent's hands if they have not begun."""
    try:
        state = proposal.current(who, review)
    except VigieError as error:
        st.error(f"Proposition indisponible : {error} Vous pouvez écrire la réponse.", icon=":material/error:")
        return None
    if state.pending is not None:
        with st.container(border=True, key="live"):
            proposal.live(who, state.pending.id)
    if state.notice:
        st.caption(states.plain(state.notice))
    draft = state.draft
    if draft is None:
        return None
    if text.draft_id != draft.id and text.started != "blank":
        if untouched(text):
            take(text, draft)
        else:
            with st.container(border=True, key="newer"):
                st.caption("Une nouvelle proposition est prête. Votre texte n'a pas été touché.")
                proposal.letter(draft.reply)
                st.button("Remplacer mon texte", key="replace", on_click=take, args=(text, draft))
    route = draft.record.get("route") or {}
    if route.get("warning"):
        st.warning(states.plain(route["warning"]), icon=":material/alt_route:")
    elif route and (review.out_of_structure or not review.typology):  # nobody in particular was written to
        st.info(states.plain(evidence.routed(route)), icon=":material/alt_route:")
    return draft


def made_by(draft: StoredDraft) -> None:
    """Provenance, in plain words."""
    total = f" en {french.number(draft.total_s, 1)} s" if draft.total_s is not None else ""
    st.text(f"Modèle : {draft.model}{total}")
    if draft.record.get("route"):
        st.text(evidence.routed(draft.record["route"]))
    prompt = (
        f"version {draft.prompt_version}" if workers.reads_prompts(draft.model) else "aucune, sans modèle de langage"
    )
    st.text(f"Consignes : {prompt} · graine {draft.seed}")
    if draft.instruction:
        st.text(f"Votre consigne : {draft.instruction}")
    st.text(f"Faite le {french.clock(draft.created_at)}, sur les données {draft.snapshot}")


st.title("Rédiger", anchor=False)
given = st.query_params.get("id", "")
number = links.number(given)
chosen = reviews.one(store.warehouse(), number) if number is not None else None
if chosen is not None and who.structures and chosen.structure_id not in who.structures:
    st.warning("Cet avis est adressé à une structure dont vous ne répondez pas.", icon=":material/lock:")
    go_on()
    st.stop()
if not given:
    nothing_chosen()
elif chosen is None:
    states.empty("Cet avis n'existe pas ou n'est plus publié.", "Choisissez-en un dans la file d'attente.")
    go_on()
else:
    past = replies.of_review(engine, chosen.id)
    if past is not None:
        already_sent(past)
    elif chosen.answered:
        st.write("Cet avis a déjà reçu une réponse, publiée sur le portail.")
        verbatims.card(chosen, key="answered", link=False)
        go_on(chosen.id)
    else:
        waited = french.day(chosen.published_at)
        st.write(
            f"Avis {chosen.id}, publié le {waited}, adressé à {chosen.structure or chosen.typology or 'personne'}."
        )
        work(chosen)

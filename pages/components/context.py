"""What an agent should know of a review before answering: its irritant, its signals, its like, its structure's pace.

The rule it protects: what stands here is told by the open data and by the journal; nothing is guessed about the person.
"""

from __future__ import annotations

import html

import streamlit as st

from analytics import pace, reviews
from analytics.reviews import Review
from analytics.signals import record
from data import metadata
from data.filters import Filters
from data.operations import tracks
from pages.components import french, identity, links, navigation, palette, states, store, verbatims

_LIKE = 3
_GENERAL = ("accessibility", "information", "relation", "responsiveness", "simplicity")
_LABELS = {field.name: field.label for field in metadata.FIELDS if field.name in _GENERAL}
STEPS = {
    "desk.open": "Avis ouvert",
    "desk.leave": "Rendu à la file",
    "review.claim": "Pris",
    "review.assign": "Confié à un agent",
    "review.release": "Rendu à tous",
    "draft.request": "Proposition demandée",
    "draft.finish": "Proposition prête",
    "draft.store": "Proposition prête",
    "draft.fail": "Proposition en échec",
    "draft.cancel": "Proposition annulée",
    "draft.feedback": "Proposition jugée",
    tracks.FIRST_EDIT: "Premier mot changé",
    "escalation.open": "Confié à une personne",
    "escalation.close": "Avis confié traité",
    "reply.send": "Réponse envoyée",
    "reply.deliver": "Reçue par le portail",
    "reply.reread": "Relue",
    "return.attach": "Jugée sur le portail",
    "return.explain": "Jugement expliqué",
}


def show(review: Review) -> None:
    """The context of a review, folded: links, figures, like reviews."""
    signals = _signals(store.snapshot().id, review.id)
    opens = identity.person().role in navigation.room("signal").roles
    with st.expander("Contexte de cet avis", icon=":material/explore:", expanded=True):
        facts = [
            ("Institution", review.typology),
            ("Structure", review.structure),
            ("Lieu", review.department_name),
            ("Canal", ", ".join(review.channels)),
            ("Étiquettes métiers", ", ".join(review.business_tags)),
            ("Signal", "" if opens else ", ".join(label for _, label in signals)),
            ("Vécu aussi par", french.count(review.endorsements, "personne") if review.endorsements else ""),
        ]
        told = "".join(f"<li>{name} : {html.escape(value)}</li>" for name, value in facts if value)
        told += _tags(review)
        st.html(f'<ul style="margin:0;padding-left:1.25rem;font-size:0.875rem">{told}</ul>')
        with st.container(horizontal=True):
            verbatims.to_irritant(review)
            for signal_id, label in signals:
                links.to("signal", f"Signal : {states.plain(label)}", id=signal_id)
        _pace(review)
        like = _like(store.snapshot().id, review.id, review.irritant, review.structure_id)
        if like:
            st.caption("Avis semblables, même irritant et même structure :")
            with st.container(gap="xsmall"):
                for id_, title, answered in like:
                    state = "répondu" if answered else "en attente"
                    links.to("avis", f"{states.plain(title or 'Sans titre')} ({state})", id=str(id_))


def _tags(review: Review) -> str:
    """The general tags that are set, each with its polarity in words and by symbol."""
    said = [
        f'{label} <span style="white-space:nowrap;color:{palette.sentiment(polarity)}">'
        f"{palette.SYMBOLS[polarity]} {polarity.lower()}</span>"
        for name, label in _LABELS.items()
        if (polarity := review.tags.get(name, "")) in palette.SYMBOLS
    ]
    return f"<li>Étiquettes générales : {', '.join(said)}</li>" if said else ""


def track(review: Review) -> None:
    """Every state the review went through, with its moment."""
    steps = tracks.of_review(store.operations(), review.id)
    with st.expander(f"Parcours de cet avis ({french.number(len(steps) + 1)} étapes)", icon=":material/timeline:"):
        st.text(f"{french.moment(review.published_at)} · Publié sur le portail")
        for step in steps:
            who = identity.name_of(step.actor)
            st.text(f"{french.clock(step.at)} · {STEPS.get(step.action, step.action)} · {who}")


def _pace(review: Review) -> None:
    if not review.structure_id:
        return
    found = _found_pace(store.snapshot().id, review.structure_id)
    if found.after is None:
        known = found.before
        st.caption(
            f"Cette structure : délai médian {french.days(known.median_days)} ; réponses jugées utiles : "
            f"{french.percent(known.useful_share, known.judged)}. Aucune adoption de l'IA n'y est connue."
            if known.answered
            else "Cette structure n'a encore aucune réponse publiée."
        )
    else:
        lines = "".join(
            f"<tr><th scope='row' style='text-align:left;padding-right:1rem'>{name}</th>"
            f"<td style='padding-right:1rem'>{french.days(side.median_days)} (n = {side.answered})</td>"
            f"<td>{french.percent(side.useful_share, side.judged)}</td></tr>"
            for name, side in (("Avant l'IA", found.before), ("Depuis l'IA", found.after))
        )
        st.html(
            '<table style="font-size:0.875rem"><caption style="text-align:left;padding-bottom:.25rem">'
            f"Cette structure, avant et depuis l'IA ({french.day(found.adopted_on)}) : chiffres bruts</caption>"
            "<tr><td></td><th scope='col' style='text-align:left'>Délai médian</th>"
            f"<th scope='col' style='text-align:left'>Jugées utiles</th></tr>{lines}</table>"
        )
    links.to("impact-ia", "Voir l'impact de l'IA", structure=review.structure_id)


@st.cache_data(max_entries=256, show_spinner=False)
def _found_pace(snapshot_id: str, structure_id: str) -> pace.Pace:
    return pace.of_structure(store.warehouse(), structure_id)


@st.cache_data(max_entries=256, show_spinner=False)
def _signals(snapshot_id: str, review_id: int) -> list[tuple[str, str]]:
    found = record.published(store.warehouse(), Filters(), weeks=_SIGNAL_WEEKS)
    return [(signal.id, signal.label) for signal in found if review_id in signal.review_ids]


_SIGNAL_WEEKS = 8


@st.cache_data(max_entries=256, show_spinner=False)
def _like(
    snapshot_id: str, review_id: int, irritant: int | None, structure_id: str | None
) -> list[tuple[int, str, bool]]:
    if irritant is None or irritant < 0 or not structure_id:
        return []
    asked = Filters(irritants=(irritant,), structures=(structure_id,))
    found = reviews.page(store.warehouse(), asked, limit=_LIKE + 1)
    return [(one.id, one.title, one.answered) for one in found if one.id != review_id][:_LIKE]

"""The reply under the agent's hands: the editor, its autosave, and the one confirmation before sending.

The rules it protects: the operations store holds the text, the screen a copy, so that a reload, another tab or a lost
connection loses nothing; what the dialog shows is, to the character, what is sent; a severe point is sent over only
with a reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from analytics.reviews import Review
from data.errors import VigieError
from data.operations import desk, replies, rules
from data.operations.desk import DeskText
from data.operations.errors import Conflict
from data.operations.similarity import as_proposed, similarity
from data.operations.stored import StoredDraft
from data.operations.tables import now
from pages.components import autosave, dialogs, evidence, french, proposal, store
from pages.components.autosave import Kept

if TYPE_CHECKING:
    from generation.results import Finding

_HEIGHT = 190  # on a screen of 800 pixels, it and its count stand whole above the ways to go on


def field(text: DeskText) -> str:
    """The editor. Each change is saved; what another tab saved meanwhile is shown, never overwritten."""
    key, seen = _keys(text)
    if key not in st.session_state or st.session_state.get(seen) != text.version:
        st.session_state[key] = text.body
        st.session_state[seen] = text.version
    with st.container():
        _unsaved(text)
    body = st.text_area(
        "Votre réponse",
        key=key,
        height=_HEIGHT,
        on_change=_save,
        args=(text,),
        placeholder="Écrivez ici la réponse à la personne.",
        label_visibility="collapsed",
    )
    autosave.watch(key, saved=text.body, received=_received(text))
    saved = st.session_state.get(f"_saved_{text.review_id}")
    st.caption(f"{french.count(len(body or ''), 'caractère')} · {saved or 'Chaque modification est enregistrée.'}")
    return body or ""


def bring_back(text: DeskText) -> None:
    """Words that a lost connection had held back, brought to the store; call it before the editor, outside any fragment."""
    kept = autosave.lost(_keys(text)[0], received=_received(text))
    if kept is not None:
        _found(text, kept)
        st.rerun()


def kind(text: DeskText, body: str, draft: StoredDraft | None) -> str:
    """What sending would be called: as proposed, reworked, or the agent's own."""
    if draft is None:
        return "Envoyer ma réponse"
    return "Envoyer telle quelle" if as_proposed(draft.reply, body) else "Envoyer la réponse retravaillée"


@st.dialog("Envoyer cette réponse ?", width="large", on_dismiss=dialogs.close)
def confirm(review: Review, text: DeskText, body: str, draft: StoredDraft | None, found: Sequence[Finding]) -> None:
    """The one confirmation: exactly what will be published, by whom, and the severe points to justify."""
    st.caption(
        f"Au nom de : {review.structure or review.typology or 'structure inconnue'}. Texte publié, mot pour mot :"
    )
    told = rules.MENTION if draft is not None and rules.of(store.operations(), review.structure_id).mention else ""
    with st.container(border=True, key="published_text"):
        proposal.letter(replies.with_mention(body, told))
    if draft is not None:
        share = french.number(similarity(draft.reply, body))
        st.caption(f"Similarité avec la proposition : {share} sur 100.")
        _read(text, body)
    overrides = []
    for place, finding in enumerate(f for f in found if f.severity == "high"):
        quoted = evidence.excerpt(finding, body)
        with st.container(border=True):
            proposal.letter(f"« {quoted} » : {finding.message}" if quoted else finding.message)
            reason = st.text_input(
                "Pourquoi le garder ?",
                key=f"reason_{text.review_id}_{place}",
                placeholder="Exemple : vérifié auprès du service",
            )
        overrides.append({"check": finding.check, "message": finding.message, "reason": reason or ""})
    missing = any(not override["reason"].strip() for override in overrides)
    if missing:
        st.caption("Corrigez ces points dans l'éditeur, ou dites pourquoi vous les gardez.")
    with st.container(horizontal=True):
        if st.button("Confirmer l'envoi", type="primary", icon=":material/send:", key="confirm_send", disabled=missing):
            try:
                replies.send(
                    store.operations(),
                    text,
                    body,
                    structure_id=review.structure_id,
                    overrides=overrides,
                    mention=told,
                )
            except VigieError as error:
                st.error(str(error), icon=":material/error:")
                return
            dialogs.close()
            st.rerun()
        if st.button("Revenir à l'éditeur", key="cancel_send"):
            dialogs.close()
            st.rerun()


def _read(text: DeskText, body: str) -> None:
    """A word to whoever sends a proposal faster than it can be read; the sending stays theirs to decide."""
    spent = desk.reading_time(text, now())
    needed = replies.reading_floor(body)
    if spent is not None and spent < needed:
        st.warning(
            f"Cette proposition est sous vos yeux depuis {french.duration(spent)} ; la lire en entier demande environ "
            f"{french.duration(needed)}. C'est votre lecture qui la rend sûre.",
            icon=":material/speed:",
        )


def leftover(review_id: int) -> None:
    """Words typed while somebody else sent a reply: shown, so that nothing is lost without a word."""
    if f"_unsaved_{review_id}" in st.session_state:
        with st.expander("Vos mots, qui n'ont pas été envoyés", icon=":material/edit_off:"):
            proposal.letter(st.session_state[f"_unsaved_{review_id}"][1])


def _keys(text: DeskText) -> tuple[str, str]:
    return f"reply_{text.review_id}_{text.person}", f"_version_{text.review_id}_{text.person}"


def _received(text: DeskText) -> str | None:
    """The last words that this session received, saved or not."""
    return st.session_state.get(f"_received_{text.review_id}")


def _found(text: DeskText, kept: Kept) -> None:
    """Words that a lost connection had held back: saved if nothing else was since, else shown for the person to choose."""
    st.session_state[f"_received_{text.review_id}"] = kept.words
    current = desk.get(store.operations(), text.review_id, text.person)
    if current is None or current.body == kept.words:
        return
    if current.closed_at is None and current.body == kept.over:
        desk.save(store.operations(), current, kept.words)
        st.toast("Les mots tapés pendant la coupure sont enregistrés.", icon=":material/cloud_done:")
    else:
        told = "Ce texte a changé ailleurs pendant que la connexion était coupée."
        st.session_state[f"_unsaved_{text.review_id}"] = (told, kept.words)


def _save(text: DeskText) -> None:
    key, seen = _keys(text)
    typed = st.session_state[key] or ""
    st.session_state[f"_received_{text.review_id}"] = typed
    try:
        saved = desk.save(store.operations(), replace(text, version=st.session_state[seen]), typed)
    except Conflict as error:
        st.session_state[f"_unsaved_{text.review_id}"] = (str(error), typed)
        return
    st.session_state[seen] = saved.version
    st.session_state[f"_saved_{text.review_id}"] = f"Enregistré à {french.clock(now()).rsplit(' ', 1)[-1]}."


def _unsaved(text: DeskText) -> None:
    """Words typed in this tab that another tab's save came before: shown until the person chooses."""
    name = f"_unsaved_{text.review_id}"
    if name not in st.session_state:
        return
    error, typed = st.session_state[name]
    with st.container(border=True):
        st.warning(f"{error} Vos mots non enregistrés sont ci-dessous.", icon=":material/sync_problem:")
        proposal.letter(typed)
        with st.container(horizontal=True):
            if st.button("Reprendre mes mots", key="take_mine"):
                try:
                    desk.save(store.operations(), text, typed)
                except Conflict as again:
                    st.error(str(again), icon=":material/error:")
                    return
                del st.session_state[name]
                st.rerun()
            if st.button("Garder l'autre version", key="take_other"):
                del st.session_state[name]
                st.rerun()

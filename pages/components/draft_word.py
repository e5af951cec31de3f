"""The agent's word on a proposal: one click, then why, then a few words of their own; kept as it is given."""

from __future__ import annotations

import streamlit as st

from data.operations import feedback
from data.operations.stored import StoredDraft
from pages.components import store
from pages.components.identity import Person

_VERDICTS = {True: ":material/thumb_up: Bonne", False: ":material/thumb_down: Pas bonne"}


def ask(who: Person, draft: StoredDraft) -> None:
    """Is this proposal good? Each answer is kept at once; the last word stands."""
    engine = store.operations()
    thumb, why, said = f"word_{draft.id}", f"why_{draft.id}", f"said_{draft.id}"
    if thumb not in st.session_state:
        known = feedback.of_draft(engine, draft.id, who.id)
        st.session_state[thumb] = None if known is None else known.good
        st.session_state.setdefault(why, [] if known is None else known.reasons)
        st.session_state.setdefault(said, "" if known is None else known.comment)

    def keep() -> None:
        chosen = st.session_state[thumb]
        if chosen is None:
            return
        allowed = feedback.GOOD if chosen else feedback.BAD
        reasons = [reason for reason in st.session_state.get(why) or [] if reason in allowed]
        comment = (st.session_state.get(said) or "").strip()
        feedback.give(
            engine,
            draft.id,
            who.id,
            review_id=draft.review_id,
            good=chosen,
            reasons=reasons,
            comment=comment,
        )

    st.segmented_control(
        "Cette proposition est-elle bonne ?",
        list(_VERDICTS),
        format_func=_VERDICTS.__getitem__,
        key=thumb,
        on_change=keep,
        required=True,  # a second click takes nothing back
    )
    chosen = st.session_state[thumb]
    if chosen is None:
        return
    offered = feedback.GOOD if chosen else feedback.BAD
    st.session_state[why] = [reason for reason in st.session_state.get(why) or [] if reason in offered]
    st.pills(
        "Pourquoi ?",
        list(offered),
        selection_mode="multi",
        format_func=offered.__getitem__,
        key=why,
        on_change=keep,
    )
    st.text_input(
        "Un mot de plus (facultatif)", key=said, on_change=keep, max_chars=500, placeholder="Exemple : délai périmé"
    )

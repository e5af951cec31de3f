"""Links between pages: every figure leads somewhere, by the page's slug and never by its file."""

from __future__ import annotations

import streamlit as st

from pages.components import identity, navigation


def to(slug: str, label: str, **parameters: str) -> None:
    """A link to the page at `slug`, with its query parameters; nothing when the person's role can't open it."""
    room = navigation.room(slug)
    if identity.person().role in room.roles:
        st.page_link(script(slug), label=label, icon=room.icon, query_params=parameters or None)


def script(slug: str) -> str:
    """Path of the page's script, for `st.page_link` and `st.switch_page`."""
    return str(navigation.ROOT / navigation.room(slug).script)

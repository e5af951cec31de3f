"""Links between pages: every figure leads somewhere, by the page's slug and never by its file."""

from __future__ import annotations

import streamlit as st

from pages.components import identity, navigation


def to(slug: str, label: str, **parameters: str) -> None:
    """A link to the page at `slug`, with its query parameters; nothing when the person's role can't open it."""
    _link(slug, label, navigation.room(slug).icon, parameters)


def back(slug: str, label: str) -> None:
    """The way back from one irritant, signal or review to the list it comes from."""
    _link(slug, label, ":material/arrow_back:", {})


def _link(slug: str, label: str, icon: str, parameters: dict[str, str]) -> None:
    if identity.person().role in navigation.room(slug).roles:
        st.page_link(script(slug), label=label, icon=icon, query_params=parameters or None)


def script(slug: str) -> str:
    """Path of the page's script, for `st.page_link` and `st.switch_page`."""
    return str(navigation.ROOT / navigation.room(slug).script)

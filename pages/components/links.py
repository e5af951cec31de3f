"""Links between pages: every figure leads somewhere, by the page's slug and never by its file."""

from __future__ import annotations

import streamlit as st

from pages.components import identity, navigation, store

_LONGEST = 18  # digits: what a database holds as a number


def to(slug: str, label: str, **parameters: str) -> None:
    """A link to the page at `slug`, with its query parameters; nothing when the person's role can't open it."""
    _link(slug, label, navigation.room(slug).icon, parameters)


def back(slug: str, label: str) -> None:
    """The way back from one irritant, signal or review to the list it comes from."""
    _link(slug, label, ":material/arrow_back:", {})


def _link(slug: str, label: str, icon: str, parameters: dict[str, str]) -> None:
    if identity.person().role in navigation.room(slug).roles:
        st.page_link(script(slug), label=label, icon=icon, query_params=dated(slug, parameters) or None)


def dated(slug: str, parameters: dict[str, str]) -> dict[str, str]:
    """The parameters of an address; a page of figures is opened as known on the same day as this one."""
    day = store.known_on()
    return parameters if day is None or slug not in navigation.DATED else {**parameters, store.PARAMETER: str(day)}


def number(given: str) -> int | None:
    """The number that an address or a person gives, None when it is none (`²` is a digit, and no number)."""
    return int(given) if given.isdecimal() and len(given) <= _LONGEST else None


def script(slug: str) -> str:
    """Path of the page's script, for `st.page_link` and `st.switch_page`."""
    return str(navigation.ROOT / navigation.room(slug).script)

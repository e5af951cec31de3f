"""Which dialog of a page is open, kept in the session.

The rule it protects: a dialog stays open while the page behind it runs again (a text that arrives, an autosave); a bare
`st.dialog` would close on somebody in the middle of confirming.
"""

from __future__ import annotations

import streamlit as st

_KEY = "_dialog"


def open_(name: str) -> None:
    """Open the dialog of that name, and close any other: give this as a button's `on_click`."""
    st.session_state[_KEY] = name


def is_open(name: str) -> bool:
    """Whether the page should draw that dialog in this run."""
    return st.session_state.get(_KEY) == name


def close() -> None:
    """No dialog is open any longer: call it before `st.rerun()`, and give it as the dialog's `on_dismiss`."""
    st.session_state.pop(_KEY, None)

"""Pages of a long list: ten items at a time, the page in the URL."""

from __future__ import annotations

import streamlit as st

from pages.components import french

SIZE = 10


def offset(total: int, *, key: str) -> int:
    """Draw the page chooser of a list of `total` items; returns how many items come before the page shown."""
    pages = max(1, -(-total // SIZE))
    if pages == 1:
        return 0
    name = f"page_{key}"
    if st.session_state.get(name, 1) > pages:
        st.session_state[name] = 1
    chosen = st.number_input(
        f"Page (sur {french.number(pages)})", 1, pages, 1, key=name, bind="query-params", width=160
    )
    return (int(chosen) - 1) * SIZE

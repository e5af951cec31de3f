"""The router: identity, then role, then navigation; nothing else."""

from __future__ import annotations

import streamlit as st

from pages.components import frame, identity, navigation

st.set_page_config(page_title="Vigie", page_icon=str(navigation.ROOT / "pages/components/vigie.svg"), layout="wide")

who = identity.sign_in()
st.session_state["_person"] = who
page = st.navigation(frame.menu(who.role), expanded=True)
frame.draw(page.title)
page.run()

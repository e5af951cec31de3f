"""Saved views of a page: its address under a name, for the person who saved it.

The rule it protects: a view holds parameters of the address alone, so that opening it is opening a link.
"""

from __future__ import annotations

from uuid import uuid4

import streamlit as st

from data.errors import VigieError
from data.operations import watched
from pages.components import identity, links, states, store
from pages.components.identity import Person


def panel(who: Person, slug: str) -> None:
    """A popover: open a saved view, save this one, forget one."""
    operations = store.operations()
    known = watched.views(operations, who.id, slug)
    with st.popover(f"Vues enregistrées ({len(known)})", icon=":material/bookmark:"):
        for view in known:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.page_link(
                    links.script(slug),
                    label=states.plain(view.name),
                    icon=":material/bookmark:",
                    query_params=[(name, value) for name, values in view.parameters.items() for value in values],
                )
                if st.button("Supprimer", key=f"forget_{view.id}", icon=":material/delete:", type="tertiary"):
                    watched.forget_view(operations, f"forget-{view.id}", view)
                    st.rerun()
        if not known:
            st.caption("Aucune vue : donnez un nom à celle-ci pour la retrouver avec ses filtres.")
        name = st.text_input("Nom de la vue", key=f"view_name_{slug}", placeholder="Exemple : impôts, par mois")
        if st.button("Enregistrer cette vue", key=f"view_save_{slug}", icon=":material/bookmark_add:"):
            key = str(st.session_state.setdefault("_view_key", uuid4().hex))
            shown = {k: st.query_params.get_all(k) for k in st.query_params if k != identity.PARAMETER}
            try:
                watched.save_view(operations, key, slug, name, shown, person=who.id)
            except VigieError as error:
                st.error(str(error), icon=":material/error:")
                return
            st.session_state["_view_key"] = uuid4().hex
            st.rerun()

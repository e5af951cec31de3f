"""Where an administrator says when a structure began to draft with AI, when they know better than the open file.

The rule it protects: nothing on the page moves at once: a declaration counts from the next refresh on, and says so.
"""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pandas as pd
import streamlit as st

from analytics import dimensions
from data.errors import VigieError
from data.operations import adoptions
from data.operations.adoptions import Declared
from pages.components import french, identity, store
from pages.components.navigation import Role


@st.cache_data(max_entries=4, show_spinner=False)
def _structures(snapshot_id: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for choice in dimensions.load(store.warehouse()).structures:
        found[choice.label if choice.label not in found else f"{choice.label} ({choice.value})"] = choice.value
    return found


def panel(adopted: pd.DataFrame) -> None:
    """The declarations and the form to add one; nothing for those who may not."""
    who = identity.person()
    if who.role is not Role.ADMIN or store.known_on() is not None:
        return
    with st.expander("Déclarer le jour d'adoption d'une structure", key="declare_adoption"):
        st.write(
            "Le jour d'adoption est lu dans le fichier du portail. Déclarez-le si vous le connaissez mieux : il remplace "
            "celui du fichier à la prochaine actualisation de l'analyse."
        )
        known = {d.structure_id: d for d in adoptions.declared(store.operations())}
        _form(known, adopted, who.id)
        names = {id_: name for name, id_ in _structures(store.snapshot().id).items()}
        for one in known.values():
            _line(one, names.get(one.structure_id, one.structure_id), who.id)


def _form(known: dict[str, Declared], adopted: pd.DataFrame, person: str) -> None:
    structures = _structures(store.snapshot().id)
    name = st.selectbox(
        "Structure", list(structures), index=None, placeholder="Tapez son nom", key="adoption_structure"
    )
    if not name:
        return
    id_ = structures[name]
    line = adopted[adopted["structure_id"] == id_]
    seen = known.get(id_)
    shown = pd.Timestamp(line["adopted_on"].iloc[0]).date() if len(line) else None
    st.caption(f"Jour retenu aujourd'hui : {french.day(shown)}." if shown else "Aucun jour retenu aujourd'hui.")
    day = st.date_input(
        "Jour d'adoption",
        value=seen.adopted_on if seen else shown or date.fromisoformat(store.snapshot().last_publication),
        format="DD/MM/YYYY",
        key=f"adoption_day_{id_}",
    )
    if st.button("Déclarer ce jour", icon=":material/event_available:", key="adoption_declare") and isinstance(
        day, date
    ):
        key = st.session_state.setdefault(f"adoption_key_{id_}_{day}", uuid4().hex)
        try:
            adoptions.declare(store.operations(), key, id_, day, by=person, seen=seen)
        except VigieError as error:
            st.error(str(error), icon=":material/error:")
            return
        del st.session_state[f"adoption_key_{id_}_{day}"]
        st.toast(f"{name} : {french.day(day)}, pris en compte à la prochaine actualisation.")
        st.rerun()


def _line(one: Declared, name: str, person: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(f"{name} : {french.day(one.adopted_on)}, déclaré par {identity.name_of(one.declared_by)}")
        if st.button("Retirer", key=f"adoption_back_{one.structure_id}", type="tertiary", icon=":material/undo:"):
            try:
                key = f"adoption-back/{one.structure_id}/{one.version}/{one.declared_at.isoformat()}"
                adoptions.take_back(store.operations(), key, one, by=person)
            except VigieError as error:
                st.error(str(error), icon=":material/error:")
                return
            st.rerun()

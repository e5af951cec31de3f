"""A word on the model of irritants when the latest one could not serve.

The rule it protects: nobody reads figures of an older model without knowing it.
"""

from __future__ import annotations

import streamlit as st

from analytics import irritants
from data.errors import VigieError
from pages.components import store

_WHY = {
    "damaged": "son fichier est abîmé",
    "version": "il a été fait par une autre version de Vigie",
}


def notice() -> None:
    """Say that an earlier model serves, and what an administrator can do; nothing when all is well."""
    try:
        found = irritants.refused(store.warehouse())
    except VigieError:
        return
    if found is not None:
        why, serving = found
        st.warning(
            f"Le dernier modèle d'irritants a été refusé à l'actualisation : {_WHY.get(why, 'il ne se lit pas')}. Le dernier "
            f"bon modèle sert, ou un nouveau s'il n'en restait aucun ({serving}) : les irritants ci-dessous sont les siens. Un "
            "administrateur peut en refaire un avec « .venv/bin/python -m refresh --refit ».",
            icon=":material/report:",
        )

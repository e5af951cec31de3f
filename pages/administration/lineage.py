"""Where a figure comes from: from the published file to the screen, what counts, what is left out and why."""

from __future__ import annotations

import textwrap

import pandas as pd
import streamlit as st

from analytics import lineage
from pages.components import filters, french, identity, states, store, tables

identity.guard("provenance")
warehouse = store.warehouse()
st.title("D'où vient un chiffre", anchor=False)
headline = st.empty()
name = st.selectbox("Chiffre", list(lineage.FIGURES), key="chiffre", bind="query-params") or next(iter(lineage.FIGURES))
asked = filters.bar()
told = lineage.of(warehouse, name, asked)
last = told.steps[-1].kept


def written() -> str:
    """The figure as the other pages write it."""
    if told.value is None:
        return "non mesuré"
    if told.unit == "%":
        return french.percent(told.value, decimals=1)
    return french.days(told.value) if told.unit == "jours" else french.count(int(told.value), "avis", "avis")


headline.text(f"{told.figure}, {filters.described(asked)} : {written()}.")
load = lineage.source(warehouse)
if load is None:
    states.empty("Aucun chargement n'est connu de cet instantané.", "Chargez un fichier depuis la page Données.")
else:
    st.header("Le fichier", anchor=False)
    digest = " ".join(textwrap.wrap(load.sha256, 16))  # a run of 64 characters would not fold in its cell
    st.table(
        {
            "Information": ["Fichier", "Chargé le", "Empreinte SHA-256", "Instantané"],
            "Valeur": [states.plain(v) for v in (load.files, f"{load.ran_at} UTC", digest, warehouse.snapshot.id)],
        },
        hide_index=True,
        border="horizontal",
        alt="Fichier d'où viennent les avis",
    )

st.header("Du fichier au chiffre", anchor=False)
rows = []
for step in told.steps:
    rows += [(f"− {why}", -n) for why, n in step.out if n]
    rows.append((step.name, step.kept))
frame = pd.DataFrame(rows, columns=["step", "n"])
tables.table(
    frame.assign(n=[f"−\u202f{french.number(-n)}" if n < 0 else french.number(n) for n in frame["n"]]),
    {"step": "Étape, ou ce qui est laissé de côté", "n": "Lignes"},
    name="provenance",
    alt=f"De la lecture du fichier au chiffre « {told.figure} »",
)
st.write(told.rule)
with st.expander("La requête, pour qui veut la rejouer", icon=":material/code:"):
    st.code(told.query, language="sql")

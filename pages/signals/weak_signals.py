"""Weak signals: each Monday, what is starting to go wrong, where, how sure we are, and who must be told."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from analytics.signals import record
from pages.components import filters, french, identity, links, signal_words, states, store, tables

_STRENGTHS = {"Tous": None, "Faibles": ("weak",), "Forts": ("strong",)}

identity.guard("signaux-faibles")
st.title("Signaux faibles", anchor=False)
headline = st.empty()
asked = filters.bar(sentiments=False)
strength = st.segmented_control(
    "Force", list(_STRENGTHS), default="Tous", key="force", bind="query-params", required=True,
    help="Faible : significatif, et plus petit que le sujet médian. Fort : significatif, et plus grand.",
)  # fmt: skip
warehouse = store.warehouse()
today = date.fromisoformat(store.snapshot().last_publication)
if not warehouse.has("signals"):
    states.empty("Les signaux ne sont pas encore calculés.", "Lancez « Actualiser l'analyse » sur la page Données.")
    links.to("donnees", "Aller aux données")
    st.stop()

found = record.published(warehouse, asked, strengths=_STRENGTHS[strength or "Tous"])
recent = [s for s in found if (today - s.last_week).days <= 7]
if recent:
    surest = min(recent, key=lambda s: s.q)
    headline.write(
        f"Cette semaine, {french.count(len(recent), 'signal', 'signaux')} ; "
        f"le plus sûr : {states.plain(signal_words.subject(warehouse, surest))}."
    )
else:
    headline.write("Cette semaine, aucun signal : rien ne dépasse ce que le hasard et les habitudes expliquent.")
weak = sum(s.strength == "weak" for s in found)
states.figures(
    [
        states.Figure(
            "Cette semaine",
            french.number(len(recent)),
            "Signaux dont la dernière semaine touche les sept derniers jours.",
        ),
        states.Figure("Sur la période", french.number(len(found)), "Signaux qui ont un avis dans la sélection."),
        states.Figure(
            "Faibles", french.number(weak), "Significatifs, et plus petits que le sujet médian : les plus précoces."
        ),
        states.Figure("Forts", french.number(len(found) - weak), "Significatifs, et plus grands que le sujet médian."),
    ]
)
if not found:
    states.empty("Aucun signal sur cette sélection.", "Élargissez la période ou retirez un filtre.")
    st.stop()

for signal in found[:20]:
    with st.container(border=True, key=f"signal_{signal.id}"):
        st.header(states.plain(signal.label), anchor=False)
        st.text(signal_words.sentence(warehouse, signal))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                f"{signal_words.DETECTORS[signal.detector]} · "
                f"{'signal faible' if signal.strength == 'weak' else 'signal fort'} · "
                f"semaine du {french.day(signal.last_week)}"
            )
            links.to("signal", "Ouvrir le signal", id=signal.id)

st.header("Tous les signaux de la sélection", anchor=False)
frame = pd.DataFrame(
    {
        "week": [s.last_week for s in found],
        "label": [s.label for s in found],
        "where": [signal_words.place(warehouse, s) for s in found],
        "observed": [s.observed for s in found],
        "expected": [round(s.expected, 2) for s in found],
        "ratio_low": [round(s.ratio_low, 1) for s in found],
        "q": [round(s.q, 4) for s in found],
        "owner": [s.owner.name if s.owner else None for s in found],
    }
)
tables.table(
    frame,
    {
        "week": st.column_config.DateColumn("Semaine du", format="DD/MM/YYYY"),
        "label": "Sujet",
        "where": "Où",
        "observed": "Observés",
        "expected": st.column_config.NumberColumn("Attendus", format="localized"),
        "ratio_low": st.column_config.NumberColumn("Au moins ×", format="localized"),
        "q": st.column_config.NumberColumn("Fausses alertes (q)", format="localized"),
        "owner": "À prévenir",
    },
    name="signaux",
    alt="Tous les signaux de la sélection",
)

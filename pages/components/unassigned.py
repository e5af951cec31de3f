"""Reviews that no irritant explains, as a stream that is watched: how much of it, whether it grows, its words, its list.

The rule it protects: a review that fits nowhere is read as easily as any other.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from analytics import comparison, irritants, reviews
from data.filters import Filters
from pages.components import charts, french, paging, palette, states, store, verbatims
from pages.components.charts import Line

_WORDS = 8


@st.cache_data(max_entries=32, show_spinner=False)
def _evolution(snapshot_id: str, asked: Filters) -> pd.DataFrame:
    return irritants.evolution(store.warehouse(), irritants.UNASSIGNED, asked, "week")


@st.cache_data(max_entries=32, show_spinner=False)
def _words(snapshot_id: str, first: Filters, second: Filters) -> pd.DataFrame:
    return comparison.vocabulary(store.warehouse(), first, second)


def panel(asked: Filters, total: int) -> None:
    """The stream over the selection; `total` counts all its reviews."""
    warehouse, snapshot_id = store.warehouse(), store.snapshot().id
    stream = replace(asked, irritants=(irritants.UNASSIGNED,))
    n = reviews.count(warehouse, stream)
    st.header(
        "Les avis qu'aucun irritant n'explique",
        anchor=False,
        help="Le modèle n'y reconnaît pas assez nettement un sujet. Un sujet nouveau commence ici : ces avis restent lus, "
        "et les signaux faibles les surveillent.",
    )
    if not n:
        st.caption(f"{palette.SYMBOLS['Neutre']} Chaque avis de la sélection se rattache à un irritant.")
        return
    before = asked.previous()
    past = None if before is None else reviews.count(warehouse, replace(before, irritants=stream.irritants))
    whole = None if before is None else reviews.count(warehouse, before)
    told = f"{french.count(n, 'avis', 'avis')} de la sélection ne se rattachent à aucun irritant"
    if total >= french.TOO_FEW:
        told += f", soit {french.percent(n / total, total)}"
        if past is not None and whole is not None and whole >= french.TOO_FEW:
            told += f" ({french.signed(100 * (n / total - past / whole), 1, ' point')} depuis la période précédente)"
    st.write(f"{told}.")
    weeks = _evolution(snapshot_id, asked)
    if len(weeks) > 2:
        charts.show(
            charts.lines(
                weeks,
                "period",
                [Line("share", "Part des avis", palette.category(0))],
                percent=True,
                decimals=1,
                incomplete=0 if bool(weeks["complete"].iloc[-1]) else 1,
            ),
            title="Part des avis sans irritant, par semaine",
            alt=f"Courbe par semaine. Sur la sélection : {french.percent(n / total, total)} des avis.",
            frame=weeks.assign(share=100 * weeks["share"]),
            labels={
                "period": st.column_config.DateColumn("Semaine du", format="DD/MM/YYYY"),
                "n": "Sans irritant",
                "total": "Tous les avis",
                "share": st.column_config.NumberColumn("Part", format="%.1f %%"),
            },
            name="sans-irritant",
        )
    if before is not None:
        rising = _words(snapshot_id, replace(before, irritants=stream.irritants), stream)
        rising = rising[rising["z"] > 0].head(_WORDS)
        if len(rising):
            st.write(
                f"Mots qui y montent depuis la période précédente : {states.plain(', '.join(map(str, rising['word'])))}."
            )
    with st.expander("Lire ces avis", icon=":material/list:"):
        offset = paging.offset(n, key="sans_irritant")
        verbatims.cards(
            reviews.page(warehouse, stream, limit=paging.SIZE, offset=offset), key="unassigned", irritant=False
        )

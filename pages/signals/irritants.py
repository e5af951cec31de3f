"""Irritants: what people keep running into, most frequent first, each a step from its reviews."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analytics import irritants, reviews
from data.filters import Filters
from pages.components import charts, filters, french, identity, links, palette, states, store, tables

identity.guard("irritants")
st.title("Irritants", anchor=False)
headline = st.empty()
asked = filters.bar(irritants=False)


@st.cache_data(max_entries=64, show_spinner=False)
def _listing(snapshot_id: str, asked: Filters) -> tuple[pd.DataFrame, int, int | None]:
    """The irritants, the reviews none explains, and all reviews of the previous period."""
    warehouse = store.warehouse()
    before = asked.previous()
    return (
        irritants.listing(warehouse, asked),
        irritants.unassigned(warehouse, asked),
        None if before is None else reviews.count(warehouse, before),
    )


if not store.warehouse().has("topics"):
    states.empty("Les irritants ne sont pas encore calculés.", "Lancez « Actualiser l'analyse » sur la page Données.")
    links.to("donnees", "Aller aux données")
    st.stop()
listing, unassigned, total_before = _listing(store.snapshot().id, asked)
if listing.empty:
    states.empty("Aucun irritant sur cette sélection.", "Élargissez la période ou retirez un filtre.")
    st.stop()

total = int(listing["n"].sum()) + unassigned
first = listing.iloc[0]
headline.write(
    f"Le plus fréquent {filters.described(asked)} : **{states.plain(first['label'])}**, "
    f"{french.count(int(first['n']), 'avis', 'avis')} sur {french.number(total)}."
)
negative = float((listing["share_negative"].fillna(0) * listing["n"]).sum())
rising: int | None = None
if total_before:
    compared = listing[listing["n_previous"] >= french.TOO_FEW]
    share, share_before = compared["n"] / total, compared["n_previous"] / total_before
    rising = int((share > 1.2 * share_before).sum())
states.figures(
    [
        states.Figure(
            "Avis",
            french.number(total),
            "Tous les avis de la sélection ; l'évolution compare à la période précédente de même durée.",
            french.signed(100 * (total / total_before - 1), 0, "\u202f%") if total_before else None,
        ),
        states.Figure(
            "Irritants", french.number(len(listing)), "Sujets rencontrés au moins une fois dans la sélection."
        ),
        states.Figure(
            "Avis rattachés",
            french.percent(1 - unassigned / total, total),
            "Part des avis qu'un irritant explique ; les autres sont suivis à part, pas jetés.",
        ),
        states.Figure(
            "Négatifs",
            french.percent(negative / max(1, total - unassigned), total - unassigned),
            "Part des avis rattachés dont l'auteur déclare un ressenti négatif.",
        ),
        states.Figure(
            "Montent vite",
            french.number(rising),
            "Irritants dont la part dans tous les avis a crû de plus d'un cinquième depuis la période précédente "
            f"(où ils avaient au moins {french.TOO_FEW} avis).",
        ),
    ]
)

top = listing.head(15)
charts.show(
    charts.bars(list(top["label"]), list(top["n"])),
    title="Les irritants les plus fréquents",
    alt=f"Barres horizontales. En tête : {first['label']} avec {french.number(first['n'])} avis.",
    frame=listing,
    labels={
        "label": "Irritant",
        "n": "Avis",
        "n_previous": "Période précédente",
        "share_negative": "Part négative",
        "unanswered_share": "Part sans réponse",
        "median_days": "Délai médian (jours)",
        "endorsements": "Vécus similaires",
    },
    name="irritants",
)

st.header(
    "Tous les irritants", anchor=False, help="Sélectionnez une ligne, ou choisissez dans la liste, pour l'ouvrir."
)
shown = listing.assign(
    change=(listing["change"].astype(float) * 100).round(),
    share_negative=listing["share_negative"] * 100,
    unanswered_share=listing["unanswered_share"] * 100,
    words=[", ".join(terms[:6]) for terms in listing["terms"]],
)
picked = st.dataframe(
    shown[
        ["label", "n", "change", "trend", "share_negative", "unanswered_share", "median_days", "endorsements", "words"]
    ],
    column_config={
        "label": st.column_config.TextColumn("Irritant", width="medium", pinned=True),
        "n": "Avis",
        "change": st.column_config.NumberColumn("Évolution", format="%+d %%", help="Contre la période précédente."),
        "trend": st.column_config.BarChartColumn(
            "Un an", width="small", help="Avis par quatre semaines, depuis un an."
        ),
        "share_negative": st.column_config.NumberColumn("Négatifs", format="%.0f %%"),
        "unanswered_share": st.column_config.NumberColumn("Sans réponse", format="%.0f %%"),
        "median_days": st.column_config.NumberColumn("Délai médian", format="%.0f j"),
        "endorsements": st.column_config.NumberColumn(
            "Vécu aussi", help="Personnes qui disent avoir vécu la même chose."
        ),
        "words": "Mots caractéristiques",
    },
    hide_index=True,
    on_select="rerun",
    selection_mode="single-row",
    key="irritants_table",
    alt="Tous les irritants et leurs chiffres",
)
tables.csv_button(shown.drop(columns=["trend", "terms"]), "tous-les-irritants")
chosen = [int(listing.iloc[i]["id"]) for i in picked.selection.rows]
with st.container(horizontal=True, vertical_alignment="bottom"):
    by_id = dict(zip(listing["id"], listing["label"], strict=True))
    named = st.selectbox(
        "Irritant à ouvrir",
        list(by_id),
        format_func=lambda i: str(by_id[i]),
        index=list(by_id).index(chosen[0]) if chosen else None,
        placeholder="Choisissez un irritant",
        key="irritant_a_ouvrir",
        width=480,
    )
    if st.button("Ouvrir", icon=":material/arrow_forward:", key="ouvrir_irritant", disabled=named is None):
        st.switch_page(links.script("irritant"), query_params={"id": str(named)})
st.caption(
    f"{palette.SYMBOLS['Neutre']} {french.count(unassigned, 'avis', 'avis')} de la sélection ne se rattachent à aucun "
    "irritant : ils restent lus, et les signaux faibles les surveillent."
)

"""The map of irritants: near when reviews speak of near things, large when frequent; and the same as a table."""

from __future__ import annotations

import html
from typing import Any

import pandas as pd
import streamlit as st

from analytics import irritants
from pages.components import charts, french, identity, links, palette, states, store

_LONGEST = 28  # letters of a name written on the map
_LETTER = 0.018  # width of one, as a share of the map's on a phone

identity.guard("carte-irritants")
links.back("irritants", "Tous les irritants")
st.title("Carte des irritants", anchor=False)
warehouse = store.warehouse()
if not warehouse.has("topics"):
    states.empty("Les irritants ne sont pas encore calculés.", "Lancez « Actualiser l'analyse » sur la page Données.")
    links.to("donnees", "Aller aux données")
    st.stop()


@st.cache_data(max_entries=4, show_spinner=False)
def _places(snapshot_id: str) -> pd.DataFrame:
    return irritants.chart_map(store.warehouse())


def _figure(frame: pd.DataFrame, named: set[int]) -> dict[str, Any]:
    """One disc an irritant: area for its reviews, shade for its negative share; only the largest are written."""
    largest = float(frame["size"].max())
    shares = frame["share_negative"].fillna(0)
    told = [
        f"{html.escape(label, quote=False)} : {french.count(int(n), 'avis', 'avis')}, "
        f"{french.percent(share, int(n))} de négatifs"
        for label, n, share in zip(frame["label"], frame["size"], frame["share_negative"], strict=True)
    ]
    short = [
        html.escape(label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…", quote=False)
        if id_ in named
        else ""
        for id_, label in zip(frame["id"], frame["label"], strict=True)
    ]
    discs = {
        "type": "scatter",
        "mode": "markers+text",
        "x": list(frame["x"]),
        "y": list(frame["y"]),
        "text": short,
        "textposition": "top center",
        "textfont": {"size": 11, "color": palette.ink()},
        "hovertext": told,
        "hoverinfo": "text",
        "marker": {
            "size": [6 + 26 * (n / largest) ** 0.5 for n in frame["size"]],
            "color": list(shares),
            "colorscale": palette.scale(),
            "cmin": 0,
            "cmax": 1,
            "opacity": 0.75,
            "line": {"color": palette.muted(), "width": 1},
        },
    }
    look = charts.layout(percent=False)
    hidden = {"visible": False, "fixedrange": True}
    low, high = float(frame["x"].min()), float(frame["x"].max())
    beside = 0.2 * max(high - low, 1e-9)  # half a name
    across = hidden | {"range": [low - beside, high + beside]}
    look |= {"height": 560, "showlegend": False, "xaxis": across, "yaxis": hidden}
    return {"data": [discs], "layout": look}


def _legible(frame: pd.DataFrame, wanted: list[int], most: int = 24) -> set[int]:
    """Irritants whose name is written: the `wanted` ones, else the largest that do not cover one another."""
    x = (frame["x"] - frame["x"].min()) / max(1e-9, frame["x"].max() - frame["x"].min())
    y = (frame["y"] - frame["y"].min()) / max(1e-9, frame["y"].max() - frame["y"].min())
    place = dict(zip(frame["id"], zip(x, y, strict=True), strict=True))
    width = {id_: _LETTER * min(_LONGEST, len(label)) for id_, label in zip(frame["id"], frame["label"], strict=True)}
    kept: list[int] = [i for i in wanted if i in place]
    if wanted:
        return set(kept)
    for id_ in frame["id"]:
        free = all(
            abs(place[id_][0] - place[k][0]) > (width[id_] + width[k]) / 2 or abs(place[id_][1] - place[k][1]) > 0.045
            for k in kept
        )
        if free and len(kept) < most:
            kept.append(int(id_))
    return set(kept)


places = _places(store.snapshot().id)
if len(places) < 3:
    states.empty("Il y a trop peu d'irritants pour une carte.", "Elle paraît à partir de trois.")
    st.stop()
top = places.iloc[0]
st.write(
    f"{french.number(len(places))} irritants ; deux cercles proches sont deux sujets dont les mots se ressemblent. "
    f"Le plus grand : **{states.plain(top['label'])}**, {french.count(int(top['size']), 'avis', 'avis')}."
)
options = dict(zip(places["id"], places["label"], strict=True))
with st.container(horizontal=True, vertical_alignment="bottom"):
    chosen = st.selectbox(
        "Montrer les voisins de",
        list(options),
        index=None,
        format_func=lambda i: str(options[i]),
        placeholder="Choisissez un irritant",
        key="voisins_de",
        width=480,
    )
    if chosen is not None:
        links.to("irritant", "Ouvrir cet irritant", id=str(chosen))
near = irritants.neighbours(warehouse, int(chosen)) if chosen is not None else pd.DataFrame(columns=["id"])
written = _legible(places, [int(chosen), *map(int, near["id"])] if chosen is not None else [])
charts.show(
    _figure(places, written),
    title="Irritants, placés par ressemblance",
    alt=f"Carte de {len(places)} irritants. Les axes n'ont pas d'unité ; le tableau donne les mêmes informations.",
    frame=places.assign(
        share_negative=100 * places["share_negative"], terms=[", ".join(t[:6]) for t in places["terms"]]
    ),
    labels={
        "label": st.column_config.TextColumn("Irritant", width="medium"),
        "size": "Avis",
        "share_negative": st.column_config.NumberColumn("Négatifs", format="%.0f %%"),
        "terms": "Mots caractéristiques",
        "x": st.column_config.NumberColumn("Horizontal", format="%.2f"),
        "y": st.column_config.NumberColumn("Vertical", format="%.2f"),
    },
    name="carte-irritants",
    help="Surface : nombre d'avis. Couleur : plus elle est foncée, plus les avis sont négatifs. Sur toute la période.",
)
if chosen is not None:
    st.subheader("Voisins les plus proches", anchor=False)
    for row in near.to_dict("records"):
        links.to("irritant", f"{states.plain(row['label'])} ({french.number(row['n'])} avis)", id=str(row["id"]))

"""The départements as equal tiles, each about where it lies: a small département is as easy to read as a large one.

The rule it protects: a tile is told by its code and its count as well as by its shade, and only reviews whose
département is known are on the map (the caption says how many).
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from pages.components import charts, french, palette, store


def show(
    counts: Mapping[str, int], *, title: str, name: str, total: int, notes: Mapping[str, str] | None = None
) -> None:
    """Draw reviews by département, then the table and its CSV.

    `counts`: reviews by INSEE code; `total`: reviews of the selection, located or not; `notes`: more to say of a
    département, shown on hover and in the table; `name` is unique on the page and names the file.
    """
    tiles = _tiles(store.snapshot().id)
    tiles = tiles.assign(n=[int(counts.get(code, 0)) for code in tiles["code"]])
    tiles["note"] = [(notes or {}).get(code, "") for code in tiles["code"]]
    located = int(tiles["n"].sum())
    table = tiles[tiles["n"] > 0].sort_values(["n", "code"], ascending=[False, True])
    if table.empty:
        st.header(title, anchor=False)
        st.info("Aucun de ces avis ne dit de quel département vient l'usager.", icon=":material/wrong_location:")
        return
    first = table.iloc[0]
    labels = {"code": "Code", "name": "Département", "region": "Région", "n": "Avis"}
    charts.show(
        figure(tiles),
        title=title,
        alt=f"Carte en tuiles des départements. En tête : {first['name']}, {french.number(first['n'])} avis.",
        frame=table,
        labels={**labels, "note": "Fois la moyenne"} if notes else labels,
        name=name,
        width=460,
        help="Une tuile par département, à peu près à sa place ; plus elle est foncée, plus il y a d'avis.",
    )
    st.caption(
        f"{french.number(located)} avis sur {french.number(total)} disent d'où vient l'usager. "
        f"En tête : {first['name']} ({french.number(int(first['n']))})."
    )


def figure(tiles: pd.DataFrame) -> dict[str, Any]:
    """The tiles as a figure: columns `code`, `name`, `tile_x`, `tile_y` (rows from the top), `n`, `note`."""
    rows, columns = int(tiles["tile_y"].max()) + 1, int(tiles["tile_x"].max()) + 1
    counts: list[list[int | None]] = [[None] * columns for _ in range(rows)]
    codes = [[""] * columns for _ in range(rows)]
    hover = [[""] * columns for _ in range(rows)]
    for code, name, x, y, n, note in tiles[["code", "name", "tile_x", "tile_y", "n", "note"]].itertuples(index=False):
        counts[y][x], codes[y][x] = int(n), code
        told = [f"{name} ({code}) : {french.count(int(n), 'avis', 'avis')}", *([note] if note else [])]
        hover[y][x] = html.escape(", ".join(told), quote=False)
    squares = {
        "type": "heatmap",
        "z": counts,
        "zmin": 0,
        "zmax": max(1, int(tiles["n"].max())),
        "text": codes,
        "texttemplate": "%{text}",
        "textfont": {"size": 11},
        "hovertext": hover,
        "hoverinfo": "text",
        "hoverongaps": False,
        "xgap": 2,
        "ygap": 2,
        "colorscale": palette.scale(),
        "showscale": False,
    }
    hidden = {"visible": False, "fixedrange": True}
    return {
        "data": [squares],
        "layout": {
            "height": 30 * rows,
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "dragmode": False,
            "hovermode": "closest",
            "xaxis": hidden,
            "yaxis": {**hidden, "autorange": "reversed"},
        },
    }


@st.cache_data(max_entries=4, show_spinner=False)
def _tiles(snapshot_id: str) -> pd.DataFrame:
    return store.warehouse().frame(
        "SELECT code, name, region, tile_x, tile_y FROM departments WHERE tile_x IS NOT NULL ORDER BY code"
    )

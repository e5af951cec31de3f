"""The five measures as every page names, defines and writes them.

The rule it protects: a figure has one name, one definition and one unit on all pages, and says when it stands on too
few cases instead of showing a share.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from analytics.trends import MEASURES, Figures, Measure
from pages.components import french, links, states
from pages.components.states import Figure

NAMES: dict[Measure, str] = {
    "volume": "Volume",
    "negative": "Part de négatifs",
    "answered": "Taux de réponse",
    "delay": "Délai médian",
    "useful": "Réponses utiles",
}
DEFINITIONS: dict[Measure, str] = {
    "volume": "Nombre d'avis publiés sur la période.",
    "negative": "Part des avis dont l'auteur déclare un ressenti négatif.",
    "answered": (
        "Part des avis qui ont une réponse à la fin de la période. Ni les messages d'attente ni les avis "
        "Hors structure ne comptent."
    ),
    "delay": (
        "De la publication à la première réponse, en jours : la moitié des avis attend moins. Les avis encore sans "
        "réponse à la fin de la période comptent pour ce qu'ils ont déjà attendu."
    ),
    "useful": "Part de « utile » parmi les réponses que l'auteur de l'avis a jugées.",
}
BETTER: dict[Measure, str] = {
    "volume": "off",
    "negative": "inverse",
    "answered": "normal",
    "delay": "inverse",
    "useful": "normal",
}


def written(measure: Measure, value: float | None, n: int | None = None) -> str:
    """A value of the measure in French; under 20 cases, a share or a delay says that they are too few."""
    if measure == "volume":
        return french.number(value)
    if measure == "delay":
        if n is not None and n < french.TOO_FEW:
            return french.percent(None, n) if n else "–"
        return short_days(value)
    return french.percent(value, n)


def short_days(value: float | None) -> str:
    """A delay where there is little room: `6,8 j`."""
    if value is None:
        return "–"
    return french.number(value, 0 if value >= 20 else 1) + "\u202fj"


def change(measure: Measure, now: Figures, before: Figures | None) -> str | None:
    """The change since the period before: `+12 %`, `−2,5 points`, `−1,2 jour`; None when either has too few cases."""
    if before is None or min(now.base(measure), before.base(measure)) < french.TOO_FEW:
        return None
    value, was = now.value(measure), before.value(measure)
    if value is None or was is None:
        return None
    if measure == "volume":
        return french.signed(100 * (value / was - 1), unit="\u202f%")
    if measure == "delay":
        gap = value - was
        return french.signed(gap, 1, "\u202fj")
    gap = 100 * (value - was)
    return french.signed(gap, 1, " point" + ("s" if abs(gap) >= 1.95 else ""))


def figures(
    now: Figures,
    before: Figures | None,
    trend: pd.DataFrame,
    leads: Mapping[str, tuple[str, str, Mapping[str, str]]],
) -> None:
    """The five key figures with their change, definition and small trend (`value_<measure>` columns).

    Periods not over yet, or too recent for their replies, are the caller's to leave out of `trend`. `leads` says which
    page each figure opens: slug, words, parameters.
    """
    with st.grid(len(MEASURES), min_column_width=168):
        for measure in MEASURES:
            with st.container(gap="small", key=f"figure_{measure}"):
                states.figure(_figure(measure, now, before, trend))
                slug, words, parameters = leads[measure]
                links.to(slug, words, **parameters)


def _figure(measure: Measure, now: Figures, before: Figures | None, trend: pd.DataFrame) -> Figure:
    points = [] if trend.empty else trend[f"value_{measure}"].dropna().tolist()
    gap = change(measure, now, before)
    return Figure(
        NAMES[measure],
        written(measure, now.value(measure), now.base(measure)),
        DEFINITIONS[measure],
        gap,
        BETTER[measure],
        points[-53:] if len(points) > 2 else None,
    )

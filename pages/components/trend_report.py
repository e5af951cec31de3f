"""A change in words, and the Tendances page as a report to print.

The rule it protects: the screen and the report say a change in the same words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from analytics import trends
from analytics.trends import Cause, Measure
from pages.components import french, measures, reports

_LISTED = 20


def scaled(frame: pd.DataFrame, measure: Measure) -> tuple[pd.DataFrame, Any]:
    """The measure as a column a table shows: percents for shares."""
    if measure in {"volume", "delay"}:
        shown = st.column_config.NumberColumn(measures.NAMES[measure], format="%.1f" if measure == "delay" else "%d")
        return frame, shown
    scaled = frame.assign(**{f"value_{measure}": 100 * frame[f"value_{measure}"]})
    return scaled, st.column_config.NumberColumn(measures.NAMES[measure], format="%.1f %%")


def effect(measure: Measure, value: float) -> str:
    """A change of the measure, signed, with its unit."""
    if measure == "volume":
        return french.signed(value, unit=" avis")
    if measure == "delay":
        return french.signed(value, 1, " jour")
    return french.signed(100 * value, 1, " point")


def sentence(cause: Cause, measure: Measure) -> str:
    """Who moved the measure, by how much, and whether the value or its weight did."""
    kind = "irritant" if cause.dimension == "irritant" else "institution"
    why = ""
    if cause.rate is not None and cause.mix is not None:
        why = (
            ", surtout parce que sa valeur a bougé"
            if abs(cause.rate) >= abs(cause.mix)
            else ", surtout parce qu'elle pèse plus ou moins dans l'ensemble"
        )
    return f"{cause.label} ({kind}) : {effect(measure, cause.contribution)}{why}."


def button(
    measure: Measure,
    period: str,
    *,
    said: str,
    causes: Sequence[Cause],
    series: pd.DataFrame,
    institutions: pd.DataFrame,
) -> None:
    """The report: the figure, what explains its change, its periods and its institutions (`trends` frames)."""
    name = measures.NAMES[measure]
    unit = name if measure in {"volume", "delay"} else f"{name} (%)"
    sections = [reports.Section("Le chiffre", [said.replace("**", ""), measures.DEFINITIONS[measure]])]
    if causes:
        sections.append(reports.Section("Ce qui a changé", [sentence(cause, measure) for cause in causes]))
    known = [(f"{name}, période par période", series, "period", "Période")]
    if len(institutions):
        base = institutions[trends.BASES[measure]] if measure != "volume" else institutions["n"]
        value = institutions[f"value_{measure}"].where((base >= french.TOO_FEW) | (measure == "volume"))
        listed = institutions.assign(**{f"value_{measure}": value}).head(_LISTED)
        known.append(("Par institution", listed, "label", "Institution"))
    for title, frame, key, column in known:
        columns = {key: column, "n": "Avis"} | ({} if measure == "volume" else {f"value_{measure}": unit})
        sections.append(reports.Section(title, [], scaled(frame, measure)[0][list(columns)].rename(columns=columns)))
    reports.button(f"Tendances : {name.lower()}", period, sections, name="tendances")

"""Colours: the categorical order, the three that mean a sentiment, and their dark-theme counterparts.

The rule it protects: a sentiment always has its own colour *and* its own symbol, and no category ever borrows one of
the three. Every colour is at least 3:1 against its background.
"""

from __future__ import annotations

import streamlit as st

LIGHT = ("#000091", "#5C68E5", "#B34000", "#B478F1", "#29598F")
DARK = ("#8585F6", "#A5ADF5", "#F28B50", "#C9A0F5", "#7FB0E0")
SENTIMENTS = ("Positif", "Neutre", "Négatif")
SYMBOLS = {"Positif": "▲", "Neutre": "●", "Négatif": "▼"}
_SENTIMENT_LIGHT = {"Positif": "#18753C", "Neutre": "#666666", "Négatif": "#CE0500"}
_SENTIMENT_DARK = {"Positif": "#3FA56A", "Neutre": "#AAAAAA", "Négatif": "#FF6B66"}


def dark() -> bool:
    """Whether the browser shows the dark theme."""
    return st.context.theme.type == "dark"


def category(rank: int) -> str:
    """Colour of the category of that rank (0 first), the same on every chart."""
    colours = DARK if dark() else LIGHT
    return colours[rank % len(colours)]


def sentiment(name: str) -> str:
    """Colour of a sentiment."""
    return (_SENTIMENT_DARK if dark() else _SENTIMENT_LIGHT)[name]


def scale() -> list[list[float | str]]:
    """Shades from nothing to the most, as Plotly wants them: none stands apart, then darker is more."""
    if dark():
        return [[0, "#2c2c2c"], [0.001, "#33335c"], [1, "#8585f6"]]
    return [[0, "#eeeeee"], [0.001, "#d5d5f5"], [1, "#000091"]]


def paper() -> str:
    """Background of the page."""
    return "#161616" if dark() else "#ffffff"


def ink() -> str:
    """Text of a chart: readable on the page's background."""
    return "#dddddd" if dark() else "#3a3a3a"


def muted() -> str:
    """Grey for references: previous period, target, expected."""
    return "#AAAAAA" if dark() else "#666666"

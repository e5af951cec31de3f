"""Charts, each with its take-away for those who can't see it, its table and its CSV.

Figures are plain dicts (a `go.Figure` costs four times as much per rerun). The rules it protects: bars start at
zero, an incomplete last period is drawn apart, a band is drawn wherever there is uncertainty, nothing is told by
colour alone.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import pandas as pd
import streamlit as st

from pages.components import french, palette, states, tables

_CONFIG = {"displayModeBar": False, "responsive": True, "scrollZoom": False, "doubleClick": False}
_LABEL = 28  # characters of a bar's label on one line
_MONTHS = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")


@dataclass(frozen=True)
class Line:
    """One curve: its column, its name on the chart, its colour; `dash` sets references apart."""

    column: str
    name: str
    colour: str
    dash: str = "solid"


@dataclass(frozen=True)
class Mark:
    """A thin vertical mark: an event and its date."""

    day: date
    label: str


def lines(
    frame: pd.DataFrame,
    x: str,
    curves: Sequence[Line],
    *,
    unit: str = "",
    percent: bool = False,
    band: tuple[str, str] | None = None,
    marks: Sequence[Mark] = (),
    incomplete: int = 0,
    decimals: int = 0,
) -> dict[str, Any]:
    """Curves over dates. `incomplete`: how many last points are not final yet (dotted). `band`: low, high columns."""
    days = list(frame[x])
    data: list[dict[str, Any]] = []
    if band:
        low, high = band
        data.append(
            {
                "type": "scatter",
                "x": [*days, *reversed(days)],
                "y": [*frame[high], *reversed(list(frame[low]))],
                "fill": "toself",
                "fillcolor": faded(curves[0].colour),
                "line": {"width": 0},
                "hoverinfo": "skip",
                "showlegend": False,
            }
        )
    several = len(curves) > 1
    for curve in curves:
        values = list(frame[curve.column])
        cut = min(int(incomplete), len(values) - 1)
        full = [*values[:-cut], *[None] * cut] if cut > 0 else values
        text = [_hover(d, v, unit, percent, decimals) for d, v in zip(days, values, strict=True)]
        base = {
            "type": "scatter",
            "mode": "lines",
            "x": days,
            "text": text,
            "hoverinfo": "text+name",
            "name": curve.name,
        }
        data.append(
            {
                **base,
                "y": full,
                "line": {"color": curve.colour, "dash": curve.dash, "width": 2.5},
                "showlegend": several,
            }
        )
        if cut > 0:
            data.append(
                {
                    **base,
                    "mode": "lines+markers",
                    "x": days[-cut - 1 :],
                    "y": values[-cut - 1 :],
                    "text": text[-cut - 1 :],
                    "line": {"color": curve.colour, "dash": "dot", "width": 2},
                    "marker": {"symbol": ["circle", *["circle-open"] * cut], "size": [1, *[7] * cut]},
                    "showlegend": False,
                }
            )
    look = layout(percent=percent)
    look["xaxis"] |= _ticks(days)
    look["shapes"] = [upright(m.day.isoformat()) for m in marks]
    look["annotations"] = [said(m.day.isoformat(), m.label) for m in marks]
    return {"data": data, "layout": look}


def bars(
    labels: Sequence[str],
    values: Sequence[float],
    *,
    unit: str = "",
    percent: bool = False,
    colours: Sequence[str] | str | None = None,
    decimals: int = 0,
    errors: tuple[Sequence[float], Sequence[float]] | None = None,
    signed: bool = False,
) -> dict[str, Any]:
    """Horizontal bars, largest on top as given, values written at their right. `errors`: absolute low and high bounds.

    `signed` writes values as changes: `+3`, `−2`.
    """
    texts = [french.signed(v, decimals, unit) if signed else _value(v, unit, percent, decimals) for v in values]
    bar: dict[str, Any] = {
        "type": "bar",
        "orientation": "h",
        "x": list(values),
        "y": list(range(len(labels))),
        "text": [text if value >= 0 else "" for text, value in zip(texts, values, strict=True)],
        "textposition": "outside" if errors is None else "none",
        "cliponaxis": False,
        "textfont": _ink(),
        "hovertext": [f"{html.escape(name, quote=False)} : {text}" for name, text in zip(labels, texts, strict=True)],
        "hoverinfo": "text",
        "showlegend": False,
        "marker": {"color": colours or palette.category(0)},
    }
    if errors is not None:
        low, high = errors
        bar["error_x"] = {
            "type": "data",
            "symmetric": False,
            "array": [h - v for h, v in zip(high, values, strict=True)],
            "arrayminus": [v - lo for lo, v in zip(low, values, strict=True)],
            "color": palette.muted(),
        }
    look = layout(percent=False)
    look["height"] = 70 + 30 * len(values)
    look["yaxis"] = {
        "autorange": "reversed",
        "automargin": True,
        "ticklabelstandoff": 6,
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "tickvals": list(range(len(labels))),
        "ticktext": [wrapped(name) for name in labels],
        "tickfont": _ink(),
    }
    look["xaxis"] = {"rangemode": "tozero", "showgrid": False, "zeroline": True, "showticklabels": False}
    look["margin"]["r"] = 84
    below = [place for place, value in enumerate(values) if value < 0 and errors is None]
    beside: dict[str, Any] = {  # right of zero, where a bar to the left leaves room at any width
        "type": "scatter",
        "mode": "text",
        "x": [0] * len(below),
        "y": below,
        "text": [f" {texts[place]}" for place in below],
        "textposition": "middle right",
        "textfont": _ink(),
        "hoverinfo": "skip",
        "showlegend": False,
        "cliponaxis": False,
    }
    return {"data": [bar, beside] if below else [bar], "layout": look}


def shares(frame: pd.DataFrame, x: str, parts: Sequence[Line]) -> dict[str, Any]:
    """Shares (0..1) of a whole over dates, stacked to 100 %; patterns as well as colours tell them apart."""
    days = list(frame[x])
    patterns = ("", "/", ".", "")  # white lines over the plain colour
    data = [
        {
            "type": "bar",
            "x": days,
            "y": list(frame[part.column]),
            "name": part.name,
            "hovertext": [_hover(d, v, "", True, 0) for d, v in zip(days, frame[part.column], strict=True)],
            "hoverinfo": "text+name",
            "marker": {
                "color": part.colour,
                "pattern": {
                    "shape": patterns[rank % len(patterns)],
                    "fillmode": "overlay",
                    "fgcolor": "rgba(255,255,255,0.6)",
                    "size": 6,
                },
            },
        }
        for rank, part in enumerate(parts)
    ]
    look = layout(percent=True)
    look |= {"barmode": "stack", "bargap": 0.15}
    look["legend"] |= {"traceorder": "normal"}
    look["yaxis"]["range"] = [0, 1]
    look["xaxis"] |= _ticks(days)
    return {"data": data, "layout": look}


def upright(at: Any) -> dict[str, Any]:
    """A thin dashed mark at a place of the x axis."""
    line = {"color": palette.muted(), "width": 1, "dash": "dash"}
    return {"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1, "line": line}


def said(at: Any, text: str) -> dict[str, Any]:
    """The words of a mark, at its top."""
    place = {"x": at, "y": 1, "yref": "paper", "xanchor": "left", "showarrow": False}
    return {**place, "text": text, "font": {"size": 11}}


def show(
    figure: Mapping[str, Any],
    *,
    title: str,
    alt: str,
    frame: pd.DataFrame,
    labels: Mapping[str, Any],
    name: str,
    help: str | None = None,
    width: int | Literal["stretch"] = "stretch",
) -> None:
    """Title, chart, then « Voir les données »: table and CSV. `name` is unique on the page and names the file."""
    st.header(title, help=help, anchor=False)  # always a second level: valid whatever heading stands before
    if frame.empty:
        states.empty("Aucun avis ne correspond.", "Élargissez la période ou retirez un filtre.")
        return
    st.plotly_chart(dict(figure), config=_CONFIG, key=f"chart_{name}", alt=alt, width=width)
    with st.expander("Voir les données", key=f"data_{name}", on_change="rerun") as body:
        if body.open:
            tables.table(frame, labels, name=name, alt=f"Données du graphique : {title}")


def layout(*, percent: bool) -> dict[str, Any]:
    """What every chart has in common."""
    return {
        "height": 320,
        "margin": {"l": 8, "r": 16, "t": 24, "b": 8},
        "font": _ink(),
        "separators": ",\u202f",
        "hovermode": "closest",
        "dragmode": False,
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": _ink()},
        "xaxis": {"fixedrange": True, "showgrid": False, "automargin": True, "tickfont": _ink()},
        "yaxis": {
            "fixedrange": True,
            "rangemode": "tozero",
            "automargin": True,
            "tickfont": _ink(),
            "tickformat": ",.0%" if percent else ",",
            "nticks": 5,
        },
    }


def _ticks(days: Sequence[Any]) -> dict[str, Any]:
    """About eight ticks with French month names, which Plotly's bundle lacks."""
    if not days:
        return {}
    step = max(1, -(-len(days) // 8))
    chosen = [pd.Timestamp(d) for d in list(days)[::step]]
    close = (pd.Timestamp(days[-1]) - pd.Timestamp(days[0])).days < 300
    return {
        "tickvals": [d.isoformat() for d in chosen],
        "ticktext": [
            f"{d.day} {_MONTHS[d.month - 1]}" if close else f"{_MONTHS[d.month - 1]} {d.year}" for d in chosen
        ],
    }


def _hover(day: Any, value: Any, unit: str, percent: bool, decimals: int) -> str:
    return f"{french.day(pd.Timestamp(day).to_pydatetime())} : {_value(value, unit, percent, decimals)}"


def _value(value: Any, unit: str, percent: bool, decimals: int) -> str:
    if value is None or pd.isna(value):
        return "–"
    return french.percent(float(value), decimals=decimals) if percent else french.number(float(value), decimals) + unit


def _ink() -> dict[str, Any]:
    return {"color": palette.ink(), "size": 13}


def wrapped(name: str) -> str:
    """A label on two short lines at most; Plotly reads some HTML, so its characters are escaped first."""
    lines = textwrap.wrap(name, _LABEL, max_lines=2, placeholder="…") or ["–"]
    return "<br>".join(html.escape(line, quote=False) for line in lines)


def faded(colour: str) -> str:
    """A colour for a band behind a curve."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"

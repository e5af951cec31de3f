"""Charts of what is uncertain: who is still waiting after how long, and estimates around an event.

The rule it protects: no estimate is drawn without its interval.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from pages.components import charts, french, palette


def waiting(frame: pd.DataFrame, *, target: float) -> dict[str, Any]:
    """A survival curve with its band: `day`, `survival`, `low`, `high` (0..1), and the target as a mark."""
    days = list(frame["day"])
    colour = palette.category(0)
    text = [
        f"{french.percent(v)} attendent encore après {french.days(d)}"
        for d, v in zip(days, frame["survival"], strict=True)
    ]
    band = {
        "type": "scatter",
        "x": [*days, *reversed(days)],
        "y": [*frame["high"], *reversed(list(frame["low"]))],
        "fill": "toself",
        "fillcolor": charts.faded(colour),
        "line": {"width": 0, "shape": "hv"},
        "hoverinfo": "skip",
    }
    curve = {
        "type": "scatter",
        "mode": "lines",
        "x": days,
        "y": list(frame["survival"]),
        "text": text,
        "hoverinfo": "text",
        "line": {"color": colour, "width": 2.5, "shape": "hv"},
    }
    look = charts.layout(percent=True)
    look["showlegend"] = False
    look["xaxis"] |= {"title": {"text": "Jours depuis l'avis"}, "nticks": 8}
    look["yaxis"]["range"] = [0, 1]
    look["shapes"] = [charts.upright(target)]
    look["annotations"] = [charts.said(target, f"objectif : {french.days(target)}")]
    return {"data": [band, curve], "layout": look}


def waitings(curves: Mapping[str, pd.DataFrame], *, target: float) -> dict[str, Any]:
    """Survival curves side by side, named at the top; each has its own colour, its own dash and its band."""
    dashes = ("solid", "dash", "dot", "dashdot")
    data: list[dict[str, Any]] = []
    for k, (name, frame) in enumerate(curves.items()):
        one = waiting(frame, target=target)["data"]
        colour = palette.category(k)
        band = {**one[0], "fillcolor": charts.faded(colour), "showlegend": False}
        text = [f"{html.escape(name, quote=False)} : {said}" for said in one[1]["text"]]
        line = {**one[1]["line"], "color": colour, "dash": dashes[k % len(dashes)]}
        data += [band, {**one[1], "name": html.escape(name, quote=False), "line": line, "text": text}]
    look = waiting(next(iter(curves.values())), target=target)["layout"] | {"showlegend": True}
    return {"data": data, "layout": look}


def running(frame: pd.DataFrame, *, unit: str) -> dict[str, Any]:
    """An estimate and its band as cases come in: `n`, `effect`, `low`, `high`; zero is drawn."""
    colour = palette.category(0)
    counts = list(frame["n"])
    text = [
        f"{french.number(n)} cas : {french.signed(v, 1, unit)} (entre {french.signed(lo, 1)} et {french.signed(hi, 1)})"
        for n, v, lo, hi in zip(counts, frame["effect"], frame["low"], frame["high"], strict=True)
    ]
    band = {
        "type": "scatter",
        "x": [*counts, *reversed(counts)],
        "y": [*frame["high"], *reversed(list(frame["low"]))],
        "fill": "toself",
        "fillcolor": charts.faded(colour),
        "line": {"width": 0},
        "hoverinfo": "skip",
    }
    line = {"type": "scatter", "mode": "lines", "x": counts, "y": list(frame["effect"]), "text": text}
    look = charts.layout(percent=False)
    look["showlegend"] = False
    look["yaxis"] |= {"rangemode": "normal", "zeroline": True, "zerolinecolor": palette.muted(), "zerolinewidth": 2}
    look["xaxis"] |= {"title": {"text": "Réponses comparées"}, "nticks": 8}
    return {"data": [band, {**line, "hoverinfo": "text", "line": {"color": colour, "width": 2.5}}], "layout": look}


def rows(
    labels: Sequence[str], values: Sequence[float], low: Sequence[float], high: Sequence[float], *, unit: str
) -> dict[str, Any]:
    """Estimates with their intervals, one a line, for labels too long to stand under an axis; zero is drawn."""
    upright = points(labels, values, low, high, unit=unit, after=0)["data"][0]
    places = list(range(len(labels)))
    errors = {k: v for k, v in upright["error_y"].items()}
    marks = {**upright, "x": list(values), "y": places, "error_x": errors}
    del marks["error_y"]
    look = charts.layout(percent=False)
    look["height"] = 90 + 38 * len(labels)
    look["xaxis"] |= {"zeroline": True, "zerolinecolor": palette.muted(), "zerolinewidth": 2, "ticksuffix": unit}
    look["yaxis"] = {
        **look["yaxis"],
        "rangemode": "normal",
        "range": [len(labels) - 0.5, -0.5],
        "tickvals": places,
        "ticktext": [charts.wrapped(name) for name in labels],
        "showgrid": False,
    }
    return {"data": [marks], "layout": look}


def points(
    labels: Sequence[str],
    values: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    *,
    unit: str,
    after: int,
) -> dict[str, Any]:
    """Estimates with their intervals, in order; the first `after` of them, before the event, are drawn hollow."""
    colour = palette.category(0)
    texts = [
        f"{name} : {french.signed(v, 1, unit)} (entre {french.signed(lo, 1)} et {french.signed(hi, 1)})"
        for name, v, lo, hi in zip(labels, values, low, high, strict=True)
    ]
    marks = {
        "type": "scatter",
        "mode": "markers",
        "x": list(labels),
        "y": list(values),
        "hovertext": texts,
        "hoverinfo": "text",
        "marker": {
            "color": colour,
            "size": 10,
            "symbol": ["circle-open" if k < after else "circle" for k in range(len(labels))],
            "line": {"color": colour, "width": 2},
        },
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [h - v for h, v in zip(high, values, strict=True)],
            "arrayminus": [v - lo for lo, v in zip(low, values, strict=True)],
            "color": colour,
        },
    }
    look = charts.layout(percent=False)
    look["yaxis"] |= {"rangemode": "normal", "zeroline": True, "zerolinecolor": palette.muted(), "zerolinewidth": 2}
    look["xaxis"] |= {"type": "category"}
    if 0 < after < len(labels):
        look["shapes"] = [charts.upright(after - 0.5)]
        look["annotations"] = [charts.said(after - 0.5, "adoption")]
    return {"data": [marks], "layout": look}

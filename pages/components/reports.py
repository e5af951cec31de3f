"""A page as a report to print or to send: one HTML file that needs nothing else.

The rule it protects: every text is escaped, what people wrote was masked before it comes here, and the report says its
selection, its date and whether its data are a demo.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
import streamlit as st

from pages.components import french, store, tables

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;color:#161616;max-width:820px;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.7rem;margin:0 0 .25rem}h2{font-size:1.2rem;margin:1.75rem 0 .5rem}"
    "table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{border-bottom:1px solid #ccc;padding:.35rem .5rem;"
    "text-align:left;vertical-align:top}blockquote{border-left:3px solid #666;margin:.75rem 0;padding-left:.75rem;"
    "overflow-wrap:anywhere}footer{margin-top:2rem;border-top:1px solid #ccc;font-size:.85rem;color:#444}"
    "@media print{body{margin:0;max-width:none}h2,tr,blockquote{break-inside:avoid}}"
)


@dataclass(frozen=True)
class Section:
    """A part of a report: sentences, then a table (columns named as shown), then quotes already masked."""

    title: str
    sentences: Sequence[str] = ()
    table: pd.DataFrame | None = None
    quotes: Sequence[str] = ()


def page(title: str, subtitle: str, sections: Sequence[Section], *, demo: bool, last: date) -> str:
    """The whole document."""
    parts = [f"<h1>{html.escape(title)}</h1><p>{html.escape(subtitle)}</p>"]
    if demo:
        parts.append("<p><strong>Démonstration : tous les avis sont fictifs.</strong></p>")
    for section in sections:
        parts.append(f"<h2>{html.escape(section.title)}</h2>")
        parts += [f"<p>{html.escape(sentence)}</p>" for sentence in section.sentences]
        if section.table is not None and len(section.table):
            parts.append(tables.printable(section.table).to_html(index=False, border=0, escape=True))
        parts += [f"<blockquote>{html.escape(quote)}</blockquote>" for quote in section.quotes]
    foot = f"Vigie, données publiées jusqu'au {french.day(last)}."
    return (
        f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(parts)}<footer>{html.escape(foot)}</footer></body></html>"
    )


def button(title: str, subtitle: str, sections: Sequence[Section], *, name: str) -> None:
    """A button that downloads the report of this page, ready to print."""
    snapshot = store.snapshot()
    last = date.fromisoformat(snapshot.last_publication[:10])
    st.download_button(
        "Rapport imprimable",
        data=page(title, _dated(subtitle), sections, demo=snapshot.demo, last=last),
        file_name=f"{store.named(name)}.html",
        mime="text/html",
        key=f"report_{name}",
        icon=":material/print:",
        on_click="ignore",
        type="tertiary",
        help="Un fichier à ouvrir dans le navigateur, à imprimer ou à envoyer.",
    )


def _dated(subtitle: str) -> str:
    day = store.known_on()
    return subtitle if day is None else f"{subtitle} Chiffres tels que connus le {french.day(day)}."

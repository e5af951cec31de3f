"""A reply as it is read again before it leaves: the points to look at underlined, the sentences taken from a source marked
with a link to it, and what was changed since the draft.

The rule it protects: every character of the text is escaped; a mark is told by its words (`title`, a number, a sign)
and not by its colour alone.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from generation.quotes import Quote
    from generation.results import Finding, Source

_WORD = re.compile(r"\s+|[^\s]+")
_STYLES = {"high": "#C9191E", "medium": "#B34000", "low": "#666666"}
_SAID = {"fiche": "Fiche", "reply": "Réponse", "structure": "Référentiel"}
_BOX = '<div style="white-space:pre-wrap;overflow-wrap:anywhere">{}</div>'


def underlined(body: str, found: Sequence[Finding], taken: Sequence[Quote] = ()) -> str:
    """HTML of `body` with the words of each finding underlined and followed by its number in the list, and each quote on a
    pale ground followed by a link to its source.

    Numbers are places in `found`, from 1; a finding about the whole text underlines nothing.
    """
    spans = [(*finding.span, place, finding) for place, finding in enumerate(found, 1) if finding.span is not None]
    places = [*(span[:2] for span in spans), *((quote.start, quote.end) for quote in taken)]
    cuts = sorted({0, len(body), *(max(0, min(len(body), place)) for both in places for place in both)})
    out = []
    for start, stop in pairwise(cuts):
        over = [(place, finding) for a, b, place, finding in spans if a <= start and stop <= b]
        piece = html.escape(body[start:stop])
        if over:
            colour = _STYLES[min((finding.severity for _, finding in over), key=list(_STYLES).index)]
            said = html.escape(" ; ".join(finding.message for _, finding in over), quote=True)
            piece = f'<u style="text-decoration:underline wavy {colour} 2px" title="{said}">{piece}</u>'
        ended = [place for place, finding in over if finding.span is not None and finding.span[1] == stop]
        piece += "".join(f"<sup><b>{place}</b></sup>" for place in ended)
        for quote in taken:
            if quote.start <= start and stop <= quote.end:
                named = html.escape(f"Repris mot pour mot : {quote.source.title}", quote=True)
                piece = f'<span style="background:#5C68E522" title="{named}">{piece}</span>'
                piece += _source(quote.source) if quote.end == stop else ""
        out.append(piece)
    return "".join(out)


def _source(source: Source) -> str:
    """The sign after a quote: the kind of its source, a link where it has a page."""
    kind = _SAID[source.kind]
    address = f"avis?id={source.id.split('-', 1)[0]}" if source.kind == "reply" else source.url
    if source.kind != "reply" and not address.startswith(("https://", "http://")):
        return f"<sup>{kind}</sup>"
    return f'<sup><a href="{html.escape(address, quote=True)}" target="_blank" rel="noopener">{kind}</a></sup>'


def changed(draft: str, body: str) -> str:
    """HTML of what was done to `draft` to get `body`: words removed struck out, words added underlined."""
    before, after = _WORD.findall(draft), _WORD.findall(body)
    out = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        removed, added = html.escape("".join(before[a:b])), html.escape("".join(after[c:d]))
        if kind == "equal":
            out.append(added)
            continue
        if removed:
            out.append(f'<del style="color:#C9191E">{removed}</del>')
        if added:
            out.append(f'<ins style="color:#18753C;font-weight:600">{added}</ins>')
    return "".join(out)


def show_underlined(body: str, found: Sequence[Finding], sources: Sequence[Source]) -> None:
    """Draw `underlined`, the sentences taken from `sources` marked."""
    from generation.quotes import quotes

    taken = quotes(body, sources)
    if taken:
        st.caption("Fond coloré : phrase reprise mot pour mot d'une source. Le lien qui la suit y mène.")
    st.html(_BOX.format(underlined(body, found, taken)))


def show_changed(draft: str, body: str) -> None:
    """Draw `changed`, or say that nothing was."""
    if draft == body:
        st.caption("Le texte est celui de la proposition, au mot près.")
        return
    st.caption("Barré : retiré de la proposition. Souligné et en gras : ajouté.")
    st.html(_BOX.format(changed(draft, body)))

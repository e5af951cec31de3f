"""A reply as it is read again before it leaves: the points to look at underlined, and what was changed since the draft.

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
    from generation.results import Finding

_WORD = re.compile(r"\s+|[^\s]+")
_STYLES = {"high": "#C9191E", "medium": "#B34000", "low": "#666666"}
_BOX = '<div style="white-space:pre-wrap;overflow-wrap:anywhere">{}</div>'


def underlined(body: str, found: Sequence[Finding]) -> str:
    """HTML of `body` with the words of each finding underlined and followed by its number in the list.

    Numbers are places in `found`, from 1; a finding about the whole text underlines nothing.
    """
    spans = [(*finding.span, place, finding) for place, finding in enumerate(found, 1) if finding.span is not None]
    cuts = sorted({0, len(body), *(end for start, stop, *_ in spans for end in (max(0, start), min(len(body), stop)))})
    out = []
    for start, stop in pairwise(cuts):
        over = [(place, finding) for a, b, place, finding in spans if a <= start and stop <= b]
        piece = html.escape(body[start:stop])
        if over:
            colour = _STYLES[min((finding.severity for _, finding in over), key=list(_STYLES).index)]
            said = html.escape(" ; ".join(finding.message for _, finding in over), quote=True)
            piece = f'<u style="text-decoration:underline wavy {colour} 2px" title="{said}">{piece}</u>'
        ended = [place for place, finding in over if finding.span is not None and finding.span[1] == stop]
        out.append(piece + "".join(f"<sup><b>{place}</b></sup>" for place in ended))
    return "".join(out)


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


def show_underlined(body: str, found: Sequence[Finding]) -> None:
    """Draw `underlined`."""
    st.html(_BOX.format(underlined(body, found)))


def show_changed(draft: str, body: str) -> None:
    """Draw `changed`, or say that nothing was."""
    if draft == body:
        st.caption("Le texte est celui de la proposition, au mot près.")
        return
    st.caption("Barré : retiré de la proposition. Souligné et en gras : ajouté.")
    st.html(_BOX.format(changed(draft, body)))

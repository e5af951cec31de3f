"""Reviews as cards: who felt what about whom, the text folded after a few lines, the reply and its verdict.

The rule it protects: what a person wrote is shown as text and nothing else. Personal data is masked first, then every
character is escaped, then (and only then) found words are marked; no link in a review becomes one on screen.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

import streamlit as st

from analytics import strengths
from analytics import words as found_words
from analytics.reviews import Reply, Review
from data import personal
from pages.components import french, links, palette, states

_LINES = 5  # lines of a text shown before it is folded
_LINE = 105  # characters of a line on a wide screen


def cards(found: Sequence[Review], *, words: str = "", key: str = "cards", irritant: bool = True) -> None:
    """One card a review; `words` are marked in the text; `irritant`: link to it (useless on its own page)."""
    for review in found:
        card(review, words=words, key=key, irritant=irritant)


def card(review: Review, *, words: str = "", key: str = "card", link: bool = True, irritant: bool = True) -> None:
    """A review: date, institution, place, sentiment in words and symbol, text, reply, links."""
    with st.container(border=True, key=f"{key}_{review.id}"):
        st.html(_head(review) + _text(review, words) + "".join(_reply(r) for r in review.replies if r.body))
        if link:
            with st.container(horizontal=True):
                links.to("avis", "Ouvrir l'avis", id=str(review.id))
                if irritant:
                    to_irritant(review)


def to_irritant(review: Review) -> None:
    """A link to the review's irritant, when it has one; what a happy person writes about is no irritant."""
    if review.irritant is not None and review.irritant >= 0:
        kind = "Sujet" if review.sentiment == strengths.POSITIVE else "Irritant"
        links.to("irritant", f"{kind} : {states.plain(review.irritant_label or '')}", id=str(review.irritant))


def marked(text: str, words: str = "") -> str:
    """Escaped HTML of a masked text, paragraphs kept, words found (case and accents ignored) marked."""
    return _marked(personal.mask(text), words)


def _marked(masked: str, words: str) -> str:
    spans = _spans(masked, words)
    out, at = [], 0
    for start, end in spans:
        out += [html.escape(masked[at:start]), "<mark>", html.escape(masked[start:end]), "</mark>"]
        at = end
    return "".join([*out, html.escape(masked[at:])]).replace("\n", "<br>")


def _head(review: Review) -> str:
    parts = [french.day(review.published_at), review.structure or review.typology, review.department_name]
    facts = " · ".join(html.escape(p) for p in parts if p)
    feeling = ""
    if review.sentiment in palette.SYMBOLS:
        style = f"color:{palette.sentiment(review.sentiment)};font-weight:600"
        feeling = f' · <span style="{style}">{palette.SYMBOLS[review.sentiment]} {review.sentiment}</span>'
    more = (
        f" · {french.count(review.endorsements, 'personne a vécu', 'personnes ont vécu')} la même chose"
        if review.endorsements
        else ""
    )
    return f'<p style="font-size:0.875rem;margin:0">{facts}{feeling}{html.escape(more)}</p>'


def _text(review: Review, words: str) -> str:
    title = f'<p style="font-weight:700;margin:.25rem 0">{marked(review.title, words)}</p>' if review.title else ""
    return title + _folded(review.body, words)


def _folded(text: str, words: str = "") -> str:
    text = personal.mask(re.sub(r"\s*\n\s*", "\n", text.strip()))  # masked whole: a fold must not cut a number in two
    cut = _cut(text)
    if cut == len(text):
        return f'<div style="overflow-wrap:anywhere">{_marked(text, words)}</div>'
    return (
        f'<div style="overflow-wrap:anywhere">{_marked(text[:cut].rstrip(), words)}…'
        f"<details><summary>Lire la suite</summary>{_marked(text[cut:].lstrip(), words)}</details></div>"
    )


def _cut(text: str) -> int:
    """Where to fold: after `_LINES` lines, at a space; the whole length when little would be left."""
    lines, at = 0, 0
    for paragraph in text.split("\n"):
        needed = max(1, -(-len(paragraph) // _LINE))
        if lines + needed > _LINES:
            at += (_LINES - lines) * _LINE
            break
        lines, at = lines + needed, at + len(paragraph) + 1
    if at >= len(text) - _LINE:
        return len(text)
    space = max(text.rfind(" ", 0, at), text.rfind("\n", 0, at))
    return space if space > 0 else at


def _reply(reply: Reply) -> str:
    who = html.escape(reply.structure or "Réponse")
    if reply.canned:
        who += " (message d'attente : ne compte pas comme une réponse)"
    verdict = {"utile": "▲ jugée utile par l'auteur", "pas utile": "▼ jugée pas utile par l'auteur"}.get(
        reply.author_verdict or "", ""
    )
    ai = ""
    if reply.ai_similarity is not None:
        ai = f"proposée par IA, conservée à {french.number(reply.ai_similarity)} %"
    notes = " · ".join(x for x in (verdict, ai) if x)
    line = f'<p style="font-size:0.875rem;margin:.25rem 0 0">{html.escape(notes)}</p>' if notes else ""
    return (
        f'<div style="border-left:3px solid {palette.muted()};margin:.5rem 0 0;padding-left:.75rem">'
        f'<p style="font-size:0.875rem;font-weight:600;margin:0">{who}</p>{_folded(reply.body or "")}{line}</div>'
    )


def _spans(text: str, typed: str) -> list[tuple[int, int]]:
    """Where the words and phrases that search looks for begin a word of the text; a single letter marks nothing."""
    quoted = found_words.phrases(typed)
    alone = [
        word for word in found_words.tokens(typed) if len(word) > 1 and not any(word in phrase for phrase in quoted)
    ]
    if not quoted and not alone:
        return []
    folded, at = "", list[int]()
    for i, c in enumerate(text):
        letters = c.lower() if c.isascii() else found_words.fold(c)
        folded += letters
        at += [i] * len(letters)
    wanted = [r"[^a-z0-9]+".join(phrase) for phrase in quoted] + sorted(alone, key=len, reverse=True)
    found = re.finditer(rf"(?<![a-z0-9])(?:{'|'.join(wanted)})", folded)
    at.append(len(text))
    return [(at[m.start()], at[m.end()]) for m in found]

"""Short French titles of irritants and subjects, from the words that set them apart: by rule, or by a model where
there is one.

Words arrive as people wrote them (`phrases`). The rules it protects: every title is unique and readable; a title that a
model wrote says so; a title once given stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from analytics.topics import text

_SHOWN = 10  # terms kept for a topic
Titler = Callable[[Sequence[str], Sequence[str]], str | None]  # shown terms, some reviews -> a title, None if it can't
_LONGEST = 70  # characters of a model's title
_READ = 5  # reviews a model reads
_CONTROL = re.compile(r"[\x00-\x1f]+")


@dataclass(frozen=True)
class Named:
    """Title and terms of a topic, as shown."""

    label: str
    terms: tuple[str, ...]
    by: str = "rule"  # 'rule' | 'model'


def named(
    topics: Sequence[Sequence[str]],
    samples: Sequence[Sequence[str]],
    *,
    known: Sequence[tuple[str, str] | None] | None = None,
    titler: Titler | None = None,
) -> list[Named]:
    """A title and shown terms for each topic.

    `topics` holds the words of each, best first; `samples` some of its reviews, for the titler; `known` titles to keep,
    with who wrote them. Titles are made unique by adding the next telling words, then a number; one that `titler` gives
    and another topic has, or that is no title, is left for the rule's.
    """
    given = list(known) if known is not None else [None] * len(topics)
    taken = {text.fold(title[0]) for title in given if title is not None}
    out = []
    for shown, reviews, title in zip(topics, samples, given, strict=True):
        label, by = title or (None, "rule")
        if label is None and titler is not None:
            label, by = _asked(titler, shown, reviews, taken), "model"
        if label is None:
            label, by = _unique(shown, taken), "rule"
        taken.add(text.fold(label))
        out.append(Named(label, tuple(shown[:_SHOWN]), by))
    return out


def _asked(titler: Titler, shown: Sequence[str], reviews: Sequence[str], taken: set[str]) -> str | None:
    """The model's title when it is one: a short line that no other topic has."""
    told = titler(shown[:_SHOWN], reviews[:_READ])
    lines = [" ".join(_CONTROL.sub(" ", line).split()).strip(' ."«»*#-') for line in (told or "").splitlines()]
    label = next((line for line in lines if line), "")
    if not 3 <= len(label) <= _LONGEST or text.fold(label) in taken:
        return None
    return label[:1].upper() + label[1:]


def _unique(shown: Sequence[str], taken: set[str]) -> str:
    """Title from the first terms: two at least, more while it is taken already, a number at last."""
    if not shown:
        shown = ["sujet sans mots fréquents"]
    for count in range(min(2, len(shown)), len(shown) + 1):
        label = _title(shown[:count])
        if text.fold(label) not in taken:
            return label
    base, number = _title(shown[:2]), 2
    while text.fold(f"{base} ({number})") in taken:
        number += 1
    return f"{base} ({number})"


def _title(terms: Sequence[str]) -> str:
    label = ", ".join(terms)
    return label[:1].upper() + label[1:]

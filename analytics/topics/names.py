"""Short French titles of irritants and subjects, from their c-TF-IDF terms: by rule, or by a model where there is one.

Terms arrive as counted keys (stems) with the reviews they come from; titles leave as words people wrote, accents
kept. The rules it protects: every title is unique, readable, and holds no stem; a title that a model wrote says so; a
title once given stays.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from analytics.topics import text

_SHOWN = 10  # terms kept for a topic
_PAIR_BONUS = 2.0  # a pair of words says more than a word: its c-TF-IDF weight counts that much more
_VERBAL = 0.4  # what looks like a verb or a participle names a subject badly: its weight counts that much
_VERB = re.compile(r"(?:ez|ait|ais|aient|ant|ons|er|ir|oir|é|ée|és|ées|ent|u|ue|us|ues|it|ite|is|ise)$")
_NOUN = re.compile(
    r"(?:ment|ments|agent|agents|client|clients|patient|patients|accident|document|documents|revenu|"
    r"revenus|avis|permis|colis|devis|délai|délais|service|crédit|débit|dossier|papier|courrier|guichet|"
    r"particulier|employeur|site|visite|santé|société|identité|nationalité|mobilité|fiscalité|sécurité|scolarité|"
    r"ité|ités|été|marché|congé|salarié|retraité|handicapé|étranger|loyer|foyer|chantier|délit|habitant|montant|"
    r"enfant|enfants|étudiant|étudiants|restaurant|carburant|panne|maison|maisons|saison|cartons|statut|statuts)$"
)
_LINKS = frozenset(
    ["de", "d'", "du", "des", "la", "le", "les", "l'", "à", "au", "aux", "en", "et", "pour", "par", "sur", "sans"]
)  # small words between a noun and its complement
_PAIR_WORD = re.compile(r"[^\s']+'|[^\s']+")


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
    topics: Sequence[Sequence[tuple[str, float]]],
    samples: Sequence[Sequence[str]],
    *,
    known: Sequence[tuple[str, str] | None] | None = None,
    titler: Titler | None = None,
) -> list[Named]:
    """A title and shown terms for each topic.

    `topics` holds each one's (key, weight), heaviest first; `samples` some of its reviews, to find how people write
    the keys; `known` titles to keep, with who wrote them. Titles are made unique by adding the next telling term, then
    a number; one that `titler` gives and another topic has, or that is no title, is left for the rule's.
    """
    given = list(known) if known is not None else [None] * len(topics)
    taken = {text.fold(title[0]) for title in given if title is not None}
    out = []
    for terms, reviews, title in zip(topics, samples, given, strict=True):
        shown = [surface for _, surface in readable(terms, text.surfaces(reviews, {key for key, _ in terms}))]
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


def readable(terms: Sequence[tuple[str, float]], written: dict[str, Counter[str]]) -> list[tuple[str, str]]:
    """(key, surface) of the terms as people write them, best first, without repeats.

    A word that a better pair already holds is left out, and so is a pair that only repeats known words.
    """
    candidates = []
    for counted, weight in terms:
        surface = _surface(counted, written)
        if weight > 0 and surface is not None:
            candidates.append((-weight * _quality(counted, surface), counted, surface))
    used: set[str] = set()
    out = []
    for _, counted, surface in sorted(candidates):
        parts = counted.split()
        if not used.intersection(parts):
            used.update(parts)
            out.append((counted, surface))
    return out


def _surface(counted: str, written: dict[str, Counter[str]]) -> str | None:
    """How people write the key most often; None for a pair that is not written as a noun with its complement."""
    forms = written.get(counted)
    if not forms:
        return None
    surface = forms.most_common(1)[0][0]
    parts = counted.split()
    if len(parts) == 1:
        return surface
    words = _PAIR_WORD.findall(surface)
    if len(set(parts)) < len(parts) or not set(words[1:-1]) <= _LINKS or _verbal(words[0]):
        return None
    return surface


def _quality(counted: str, surface: str) -> float:
    if " " in counted:
        return _PAIR_BONUS
    return _VERBAL if _verbal(surface) else 1.0


def _verbal(word: str) -> bool:
    return bool(_VERB.search(word)) and not _NOUN.search(word)


def _unique(shown: Sequence[str], taken: set[str]) -> str:
    """Title from the first terms: two at least, more while it is taken already, a number at last."""
    if not shown:
        shown = ["sujet sans mots fréquents"]
    for count in range(1 if " " in shown[0] else 2, len(shown) + 1):
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

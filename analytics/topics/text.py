"""French words of a review, as the topic model counts them and as a person reads them.

Owns tokenisation, stop words, stems and acronyms (a written-out name counts as its acronym: 'caisse d'allocations
familiales' is CAF). Two forms of each word are kept: the key that is counted (Snowball
stem without accents, so that 'déclarée' and 'declarer' agree) and the surface that is shown (real words, accents kept).
The rule it protects: nothing shown to a person is ever a stem.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from functools import cache
from pathlib import Path

import Stemmer

_HERE = Path(__file__).parent
_ELISION = re.compile(r"\b(?:l|d|j|n|m|t|s|c|qu|jusqu|lorsqu|puisqu|quelqu|presqu|quoiqu|aujourd)'")
_WORD = re.compile(r"[a-zà-öø-ÿœ](?:[a-zà-öø-ÿœ0-9]|-(?=[a-zà-öø-ÿœ]))*")
_LONG_RUN = re.compile(r"(.)\1{3,}")
_BREAK = re.compile(r"[.!?;:\n\r()]+")
_FAR = 40  # characters between the starts of two words of a pair
_LONGEST = 30  # characters: anything longer is an address, a token or noise
_STEMMER = Stemmer.Stemmer("french")


def fold(text: str) -> str:
    """Lower case, no accents, ligatures opened: for comparing only."""
    opened = text.lower().replace("œ", "oe").replace("æ", "ae").replace("’", "'")
    return "".join(c for c in unicodedata.normalize("NFD", opened) if not unicodedata.combining(c))


def clean(text: str) -> str:
    """Lower case, plain apostrophes, one space; long runs of a letter shortened ('nulllll')."""
    flat = unicodedata.normalize("NFC", text).lower().replace("’", "'").replace("\xa0", " ")
    return _LONG_RUN.sub(r"\1\1", flat)


@cache
def stop_words() -> frozenset[str]:
    """Folded words that say nothing about a subject."""
    return frozenset(fold(word) for word in (_HERE / "stopwords.txt").read_text("utf-8").split())


@cache
def key(word: str) -> str:
    """What is counted for a lower-case word: its folded stem, '' for a stop word."""
    folded = fold(word)
    if len(word) < 2 or len(word) > _LONGEST or folded in stop_words():
        return ""
    if folded in _acronyms()[0]:
        return folded
    stem = fold(_STEMMER.stemWord(word))
    return stem[:-1] if len(stem) > 4 and stem.endswith("s") else stem  # the stemmer keeps the s of 'revenus'


def sentences(texts: Iterable[str]) -> Iterator[list[str]]:
    """The counted keys of each sentence of each review, joined by spaces; sentences without any are left out."""
    _, pattern, by_phrase = _acronyms()
    for text in texts:
        flat = _ELISION.sub(" ", pattern.sub(lambda found: by_phrase[fold(found[0])], clean(text)))
        parts = (" ".join(k for k in map(key, _WORD.findall(part)) if k) for part in _BREAK.split(flat))
        yield [part for part in parts if part]


def counted(texts: Iterable[str]) -> Iterator[str]:
    """The counted keys of each review, joined by spaces: what the vectoriser and BERTopic read."""
    return (" ".join(parts) for parts in sentences(texts))


def surfaces(texts: Iterable[str], wanted: Container[str] | None = None) -> dict[str, Counter[str]]:
    """How people write each key and each pair of neighbouring keys ('declar revenu' -> 'déclaration de revenus').

    A pair's surface is the text between its first and last word, small words included. Only `wanted` ones, if given.
    """
    names, pattern, by_phrase = _acronyms()
    seen: dict[str, Counter[str]] = {}
    for text in texts:
        flat = pattern.sub(lambda found: by_phrase[fold(found[0])], clean(text))
        for part in _BREAK.split(flat):
            previous: tuple[str, str, int, int] | None = None  # key, as shown, start, end
            for found in _WORD.finditer(part):
                word = found[0]
                counted_key = key(word)
                if not counted_key:
                    continue
                shown = names.get(counted_key, word)
                if wanted is None or counted_key in wanted:
                    seen.setdefault(counted_key, Counter())[shown] += 1
                if previous is not None and found.start() - previous[2] < _FAR:
                    pair = f"{previous[0]} {counted_key}"
                    if wanted is None or pair in wanted:
                        span = previous[1] + part[previous[3] : found.start()] + shown
                        seen.setdefault(pair, Counter())[" ".join(span.split())] += 1
                previous = (counted_key, shown, found.start(), found.end())
    return seen


@cache
def _acronyms() -> tuple[dict[str, str], re.Pattern[str], dict[str, str]]:
    """Acronym by folded acronym, the pattern of written-out names, and folded name -> folded acronym."""
    with (_HERE / "acronyms.csv").open(encoding="utf-8", newline="") as stream:
        rows = [(row["acronym"], row["expansion"]) for row in csv.DictReader(stream)]
    by_phrase = {fold(expansion): fold(acronym) for acronym, expansion in rows}
    longest_first = sorted((expansion for _, expansion in rows), key=len, reverse=True)
    forms = {form for expansion in longest_first for form in (expansion, fold(expansion))}
    alternatives = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    return {fold(a): a for a, _ in rows}, re.compile(rf"\b(?:{alternatives})\b"), by_phrase

"""French text as the drafting code reads it: cleaned, cut in sentences, turned into search terms, and its facts.

Every part that compares texts (retrieval, routing, checks) goes through here, so that two of them never disagree on
what a word, a sentence or a phone number is. A fact is what nobody may invent: address, phone, e-mail, figure.
"""

from __future__ import annotations

import csv
import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import Stemmer

REFERENCE = Path(__file__).parent / "reference"

_TAG = re.compile(r"<[^<>]{1,200}>")
_ARTEFACT = re.compile(r"(?: ;)+(?=\S)")  # what the portal left of &nbsp;
_GLUED = re.compile(
    r"(?<=[a-zà-ÿ0-9)»][.!?,])(?=[A-ZÀ-Ý«][a-zà-ÿ’' ])|(?<=\.fr)(?=[A-Z])|(?<=\.com)(?=[A-Z])|(?<=\.eu)(?=[A-Z])"
)
_SPACES = re.compile(r"[ \t\f\v\u00a0\u202f\u2009]+")
_ABBREVIATION = re.compile(
    r"(?:\b(?:M|MM|Mme|Mmes|Mlle|Me|Dr|Pr|St|Ste|art|cf|p|pp|n|no|ex|tél|tel|av|bd|env|max|min|réf|ref|[A-Z])"
    r"|\bc\.-à-d)\.$"
)
_BOUNDARY = re.compile(r"[.!?…]+[»\")]*(?=\s+[\"«(\[]?[A-ZÀ-Ý0-9•-])|\n+|(?<=[.!?])$")
_WORD = re.compile(r"[a-zà-ÿœæ0-9]+")

URL = re.compile(
    r"(?:https?://|www\.)[\w-]+\.[^\s<>()\[\]{}\"'’«»,;]+|\b(?:[a-z0-9-]+\.)+(?:fr|eu|com|org"
    r"|net)(?:/[^\s<>()\[\],;]*)?",
    re.I,
)
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(
    r"(?<![\d.,])(?:(?:\+33|0033)[ .\-]?\(?0?\)?[ .\-]?[1-9](?:[ .\-]?\d{2}){4}|0[1-9](?:[ .\-]?\d{2}){4}"
    r"|0 ?8\d{2}[ .]?\d{3}[ .]?\d{3}|3[ .]?[0-9](?:[ .]?\d){2}|11[0-9]|1 ?1[68] ?\d{3}|15|17|18)(?![\d%€]|[.,]\d"
    r"|[ .]\d{2})"
)
_SHORT_PHONE = re.compile(r"(?:3\d{3}|11\d(?:\d{3})?|1[578])")
_SHORT_CONTEXT = re.compile(
    r"(?:\b(?:au|le|du|numéro|numero|tél\w*|tel|appel\w*|compos\w*|contact\w*|joindre|joignable|par)\s*(?:court|vert"
    r"|unique|national|:)?\s*)$",
    re.I,
)
_STREET = re.compile(
    r"(?: ?(?:bis|ter))?,? +(?:rue|avenue|boulevard|bd|impasse|allées?|chemin|quai|square|place|route|cours|faubourg)\b",
    re.I,
)  # after a number that is then a house's

STOP_WORDS = frozenset((REFERENCE / "stop_words.txt").read_text("utf-8").split())
_STEMMER = Stemmer.Stemmer("french", 0)


def fold(text: str) -> str:
    """Lower case without accents, for comparing."""
    decomposed = unicodedata.normalize("NFD", text.lower().replace("œ", "oe").replace("æ", "ae").replace("’", "'"))
    return "".join(char for char in decomposed if unicodedata.category(char) != "Mn")


def clean(text: str | None) -> str:
    """Text of the portal or of a fiche without tags, entities and glued paragraphs; line breaks are kept."""
    if not text:
        return ""
    text = html.unescape(_TAG.sub("\n", text)).replace("\r\n", "\n").replace("\r", "\n")
    text = _GLUED.sub("\n", _ARTEFACT.sub(" ", _SPACES.sub(" ", text)))
    lines = (line.strip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


@dataclass(frozen=True)
class Sentence:
    """A sentence and its place in the text it was cut from."""

    text: str
    start: int
    end: int


def sentences(text: str) -> list[Sentence]:
    """Sentences of `text` in order, abbreviations and addresses kept whole; spans index `text`."""
    return list(_cut(text))


def _cut(text: str) -> Iterator[Sentence]:
    start = 0
    for boundary in _BOUNDARY.finditer(text):
        end = boundary.end() if not boundary.group().startswith("\n") else boundary.start()
        if boundary.group() == "." and _ABBREVIATION.search(text[max(start, end - 8) : end]):
            continue
        if sentence := _trimmed(text, start, end):
            yield sentence
        start = boundary.end()
    if sentence := _trimmed(text, start, len(text)):
        yield sentence


def _trimmed(text: str, start: int, end: int) -> Sentence | None:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    piece = piece.strip()
    return Sentence(piece, start + left, start + left + len(piece)) if piece else None


@lru_cache(maxsize=200_000)
def _term(word: str) -> str:
    """Search term of a word: stemmed with its accents, then folded; empty for a stop word."""
    folded = fold(word)
    if len(folded) < 2 or folded in STOP_WORDS:
        return ""
    return fold(_STEMMER.stemWord(word))


def terms(text: str) -> list[str]:
    """Search terms of a text, in order, stop words left out."""
    return [term for word in _WORD.findall(text.lower().replace("’", "'")) if (term := _term(word))]


@cache
def acronyms() -> dict[str, str]:
    """Administrative acronyms (folded) and what they stand for, from `reference/acronyms.csv`."""
    with (REFERENCE / "acronyms.csv").open(encoding="utf-8", newline="") as stream:
        return {fold(row["acronym"]): row["expansion"] for row in csv.DictReader(stream)}


@cache
def everyday() -> dict[tuple[str, ...], list[str]]:
    """Search terms of everyday words and those of the official words for them, from `reference/everyday.csv`."""
    with (REFERENCE / "everyday.csv").open(encoding="utf-8", newline="") as stream:
        return {tuple(terms(row["everyday"])): terms(row["official"]) for row in csv.DictReader(stream)}


def query_terms(text: str) -> list[str]:
    """Search terms of a question, then once each those of its acronyms spelled out and of the official words for its
    everyday ones ("papier rose": permis de conduire), the longest expression first."""
    own = terms(text)
    words = _WORD.findall(fold(text))
    spelled = {word: acronyms()[word] for word in words if word in acronyms()}
    told = [term for expansion in spelled.values() for term in terms(expansion)]
    official: dict[str, None] = {}
    place, longest = 0, max(map(len, everyday()))
    while place < len(own):
        sizes = range(min(longest, len(own) - place), 0, -1)
        size = next((n for n in sizes if tuple(own[place : place + n]) in everyday()), 0)
        official.update(dict.fromkeys(everyday().get(tuple(own[place : place + size]), ())))
        place += max(size, 1)
    known = {*own, *told}
    return own + told + [term for term in official if term not in known]


@dataclass(frozen=True)
class Fact:
    """Something a reply may only copy: its kind, its text, a canonical form to compare, and its place."""

    kind: str  # 'link' | 'mail' | 'phone'
    text: str
    key: str
    start: int
    end: int


def contacts(text: str) -> list[Fact]:
    """Addresses, e-mails and phones of `text`, in order of place. Short numbers count only in a call's context."""
    found: list[Fact] = []
    for match in MAIL.finditer(text):
        found.append(
            Fact("mail", match.group().rstrip("."), match.group().lower().rstrip("."), match.start(), match.end())
        )
    for match in URL.finditer(text):
        if not any(fact.start <= match.start() < fact.end for fact in found):
            address = match.group().rstrip(".,;:!?'’*_")
            found.append(Fact("link", address, link_key(address), match.start(), match.start() + len(address)))
    for match in PHONE.finditer(text):
        if any(fact.start <= match.start() < fact.end for fact in found):
            continue
        digits = re.sub(r"\D", "", match.group())
        called = _SHORT_CONTEXT.search(text[max(0, match.start() - 30) : match.start()])
        if _SHORT_PHONE.fullmatch(digits) and (not called or _STREET.match(text, match.end())):
            continue
        found.append(Fact("phone", match.group(), phone_key(digits), match.start(), match.end()))
    return sorted(found, key=lambda fact: fact.start)


def link_key(address: str) -> str:
    """Address as compared: without scheme, www, fragment and final slash; one name for Service-Public's two hosts."""
    key = re.sub(r"^(?:https?://)?(?:www\.)?", "", address.strip().lower()).split("#")[0].rstrip("/.")
    return key.replace("service-public.gouv.fr", "service-public.fr")


def phone_key(digits: str) -> str:
    """Phone number as compared: digits only, national form."""
    digits = re.sub(r"\D", "", digits)
    return re.sub(r"^(?:0033|33)0?(?=\d{9}$)", "0", digits)

"""Personal data in free text: what patterns can find, and how it is masked on screen, in exports and before any model.

Found: social security numbers, bank accounts and cards (check digits verified), e-mails, phones, plates, street
addresses, file numbers that say so, titled names ("Mme Durand"). Bare names are not caught by patterns: the page that
shows masked text says so. The rule it protects: nothing a pattern can find leaves the house in a prompt, an export or
a published reply. Public service numbers (08…, 39 39) are nobody's and stay readable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stdnum import iban, luhn
from stdnum.fr import nir


@dataclass(frozen=True)
class Personal:
    """A piece of personal data and its place in the text."""

    kind: str  # a key of LABELS
    start: int
    end: int
    text: str


LABELS = {
    "nir": "[numéro de sécurité sociale]",
    "iban": "[compte bancaire]",
    "card": "[carte bancaire]",
    "mail": "[adresse électronique]",
    "phone": "[téléphone]",
    "plate": "[immatriculation]",
    "address": "[adresse]",
    "file": "[numéro de dossier]",
    "name": "[nom]",
}
_SEP = r"[ .\u00a0\u202f-]?"
_IBAN_FR = re.compile(rf"(?<!\w)FR\d{{2}}(?:{_SEP}[A-Z0-9]){{23}}(?!\w)", re.I)
_IBAN_ANY = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
_NIR = re.compile(
    rf"(?<!\d)[12]{_SEP}\d\d{_SEP}(?:0[1-9]|1[0-2]|[2-9]\d){_SEP}(?:\d\d|2[AB]){_SEP}\d{{3}}{_SEP}\d{{3}}"
    rf"(?:{_SEP}\d\d)?(?!\d)",
    re.I,
)
_CARD = re.compile(r"(?<!\d)(?:\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}|3[47]\d\d[ -]?\d{6}[ -]?\d{5})(?!\d)")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(
    rf"(?<![\d.,])(?:(?:\+33|0033){_SEP}(?:\(0\))?{_SEP}[1-79]|0[1-79])(?:{_SEP}\d\d){{4}}(?!\d)"
    rf"|(?<![\w+])\+(?!33)\d{{1,3}}(?:{_SEP}\d){{7,12}}(?!\d)"
)
_PLATE = re.compile(
    r"\b[A-HJ-NP-TV-Z]{2}[ -]?\d{3}[ -]?[A-HJ-NP-TV-Z]{2}\b|\b[a-hj-np-tv-z]{2}-\d{3}-[a-hj-np-tv-z]{2}\b"
    r"|(?:immatricul\w*|plaques?)\W{1,3}(?:\w+\W{1,3}){0,2}?(?P<v>\d{1,4}[ -]?[A-Z]{2,3}[ -]?(?:97\d|\d\d|2[AB]))\b"
)
_STREETS = r"rue|avenue|boulevard|bd|bvd|impasse|allées?|chemin|quai|square|faubourg|lotissement"
_ALSO_WORDS = r"av\.?|place|route|cours|passage|sentier|voie|hameau|résidence|esplanade|villa|cité|rés\.?|ch\.?|imp\.?"
_PARTICLE = r"(?:de la|de l['’]|des|du|de|d['’]|la|les|le|l['’]|aux|au|à la|en|et|sur|sous|lès)"
_NAMED = r"(?:[A-ZÀ-Ý][a-zà-ÿ]{0,2}\.(?=[ \w])|[A-ZÀ-Ý0-9](?:[\wÀ-ÿ’'-]|\.(?=\w))*)"  # a dot ends a sentence, save after "St"
_PLACE = rf"{_NAMED}(?:[ -](?:{_PARTICLE}\s*)*{_NAMED}){{0,4}}"
_ADDRESS = re.compile(
    r"(?<![\w/])\d{1,4}(?:\s?(?:bis|ter|quater|[a-dA-D]))?,?\s+"
    rf"(?:(?i:{_STREETS})\s+(?:(?i:{_PARTICLE})\s*)*(?:{_PLACE}|[\wÀ-ÿ’'-]{{3,}})"
    rf"|(?i:{_ALSO_WORDS})\s+(?:(?i:{_PARTICLE})\s*)*{_PLACE})"
    rf"(?:\s*,?\s*\d{{5}}(?:\s+{_NAMED}(?:[ -]{_NAMED}){{0,3}})?)?"
)
_FILE = re.compile(
    r"\b(?i:dossier|allocataire|matricule|référence|réf\.?|client|fiscal|contrat|identifiant|sécurité sociale|numéro"
    r"|n°)"
    r"\s*(?i:n°|numéro|:|est le|no)?\s*(?P<v>[A-Z]{0,4}[ -]?\d[\dA-Z/ .-]{4,20}\d[A-Z]?)"
)
_PUBLIC_NUMBER = re.compile(
    r"(?:lois?|décrets?|arrêtés?|ordonnances?|articles?|cerfa|formulaires?|circulaires?|déclarations?)\W*$", re.I
)
_NAME = re.compile(
    r"\b(?:M\.|Mr\.?|Mme|Mlle|Monsieur|Madame|Mademoiselle|Maître|Dr|Docteur)[ \u00a0]"
    r"(?P<v>[A-ZÀ-Ý][\wÀ-ÿ’'-]+(?:[ \u00a0][A-ZÀ-Ý][\wÀ-ÿ’'-]+)?)"
)
_NOT_NAMES = frozenset({
    "la", "le", "les", "monsieur", "madame", "défenseur", "maire", "préfet", "préfète", "directeur", "directrice",
    "président", "présidente", "responsable", "conseiller", "conseillère", "inspecteur", "inspectrice", "secrétaire",
    "juge", "procureur", "procureure", "proviseur", "proviseure", "délégué", "déléguée", "chef", "cheffe", "médiateur", "médiatrice", "ministre", "elle", "il", "je", "nous", "vous", "merci",
})  # fmt: skip


def find(text: str) -> list[Personal]:
    """Personal data of `text` in order of place, without overlaps: the most certain kind wins."""
    found: list[Personal] = []
    for kind, start, end in _candidates(text):
        if all(end <= other.start or start >= other.end for other in found):
            found.append(Personal(kind, start, end, text[start:end]))
    return sorted(found, key=lambda item: item.start)


def mask(text: str) -> str:
    """`text` with each piece of personal data replaced by what it is, in brackets."""
    for item in reversed(find(text)):
        text = text[: item.start] + LABELS[item.kind] + text[item.end :]
    return text


def _candidates(text: str) -> Iterator[tuple[str, int, int]]:
    """(kind, start, end), from the most certain kind to the least."""
    for kind, pattern, valid in _CHECKED:
        for match in pattern.finditer(text):
            if valid(match.group()):
                yield kind, *match.span()
    for kind, pattern in _PLAIN:
        for match in pattern.finditer(text):
            yield kind, *match.span("v" if pattern.groups and match["v"] else 0)
    for match in _FILE.finditer(text):
        of_a_form = text[match.end("v") :].startswith("*")  # a Cerfa: 13411*07
        if not of_a_form and not _PUBLIC_NUMBER.search(text, max(0, match.start() - 20), match.start()):
            yield "file", *match.span("v")
    for match in _NAME.finditer(text):
        words = match["v"].lower().split()
        if words[0] in {"le", "la"} and len(words) > 1:  # "Mme Le Goff", but "Madame La Préfète"
            words = words[1:]
        if words[0] not in _NOT_NAMES:
            yield "name", *match.span("v")


def _is_iban(text: str) -> bool:
    return bool(iban.is_valid(_bare(text)))


def _is_card(text: str) -> bool:
    return bool(luhn.is_valid(_bare(text)))


def _is_nir(text: str) -> bool:
    """A social security number: its key is verified when written in one run; spaced groups speak for themselves."""
    bare = _bare(text)
    return len(bare) < len(text) or len(bare) < 15 or bool(nir.is_valid(bare.upper()))


def _bare(text: str) -> str:
    return re.sub(r"[\s.-]", "", text)


_CHECKED: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("iban", _IBAN_FR, _is_iban),
    ("iban", _IBAN_ANY, _is_iban),
    ("nir", _NIR, _is_nir),
    ("card", _CARD, _is_card),
)
_PLAIN = (("mail", _MAIL), ("phone", _PHONE), ("plate", _PLATE), ("address", _ADDRESS))

"""Personal data in free text: what patterns can find, and how it is masked before a model or an export sees it.

Found: social security numbers, bank accounts, e-mails, phones, file and licence plate numbers, titled names
("Mme Durand"). Bare names are not caught by patterns; the page that shows masked text says so. The rule it protects: nothing
a pattern can find leaves the house in a prompt, an export or a published reply.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stdnum import iban
from stdnum.exceptions import ValidationError
from stdnum.fr import nir


@dataclass(frozen=True)
class Personal:
    """A piece of personal data and its place in the text."""

    kind: str  # 'nir' | 'iban' | 'mail' | 'phone' | 'plate' | 'file' | 'name'
    start: int
    end: int
    text: str


_LABELS = {
    "nir": "[numéro de sécurité sociale]",
    "iban": "[compte bancaire]",
    "mail": "[adresse électronique]",
    "phone": "[téléphone]",
    "plate": "[immatriculation]",
    "file": "[numéro de dossier]",
    "name": "[nom]",
}
_NIR = re.compile(
    r"(?<!\d)[12][ .]?\d{2}[ .]?(?:0[1-9]|1[0-2]|[2-9]\d)[ .]?(?:\d{2}|2[AB])[ .]?\d{3}[ .]?\d{3}(?:[ .]?\d{2})?(?!\d)",
    re.I,
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){3,7}(?:[ ]?[A-Z0-9]{1,3})?\b")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\d.,])(?:(?:\+33|0033)[ .\-]?(?:\(0\))?[ .\-]?|0)[1-79](?:[ .\-]?\d{2}){4}(?!\d)")
_PLATE = re.compile(r"\b[A-HJ-NP-TV-Z]{2}[ -]?\d{3}[ -]?[A-HJ-NP-TV-Z]{2}\b")
_FILE = re.compile(
    r"\b(?:dossier|allocataire|matricule|référence|réf\.?|client|fiscal|contrat|identifiant|sécurité sociale|numéro|n°)\s*(?:n°|numéro|:|est le|no)?\s*(?P<v>[A-Z]{0,4}[ -]?\d[\dA-Z/ .-]{4,20}\d[A-Z]?)",
    re.I,
)
_NAME = re.compile(
    r"\b(?:M\.|Mr\.?|Mme|Mlle|Monsieur|Madame|Mademoiselle|Maître|Dr|Docteur)[ \u00a0](?P<v>[A-ZÀ-Ý][\wÀ-ÿ’'-]+(?:[ \u00a0][A-ZÀ-Ý][\wÀ-ÿ’'-]+)?)"
)
_TITLES = frozenset(
    ["la", "le", "les", "monsieur", "madame", "le", "défenseur", "maire", "préfet", "directeur", "directrice", "président", "présidente", "médiateur", "médiatrice", "ministre"]
)


def find(text: str) -> list[Personal]:
    """Personal data of `text` in order of place, without overlaps."""
    found: list[Personal] = []

    def keep(kind: str, start: int, end: int) -> None:
        if all(end <= other.start or start >= other.end for other in found):
            found.append(Personal(kind, start, end, text[start:end]))

    for match in _IBAN.finditer(text):
        if _valid(iban, match.group()):
            keep("iban", *match.span())
    for match in _NIR.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if len(digits) < 15 or _valid(nir, re.sub(r"[ .]", "", match.group())):
            keep("nir", *match.span())
    for kind, pattern in (("mail", _MAIL), ("phone", _PHONE), ("plate", _PLATE)):
        for match in pattern.finditer(text):
            keep(kind, *match.span())
    for match in _FILE.finditer(text):
        keep("file", *match.span("v"))
    for match in _NAME.finditer(text):
        if match["v"].split()[0].lower() not in _TITLES:
            keep("name", *match.span("v"))
    return sorted(found, key=lambda item: item.start)


def mask(text: str) -> str:
    """`text` with each piece of personal data replaced by what it is, in brackets."""
    for item in reversed(find(text)):
        text = text[: item.start] + _LABELS[item.kind] + text[item.end :]
    return text


def _valid(module: object, value: str) -> bool:
    try:
        module.validate(value)  # type: ignore[attr-defined]
    except ValidationError:
        return False
    return True

"""Figures a reply may only copy: dates, amounts, deadlines and legal references, in a canonical form to compare.

Own French patterns over the raw text; `text.contacts` does the same for addresses, e-mails and phones. Two writings
of one fact ("deux mois", "2 mois"; "12/03/2024", "12 mars 2024") have one key.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from generation.text import Fact, contacts, fold

_MONTHS = (
    "janvier",
    "fevrier",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "aout",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
)
_NUMBERS = {
    **{"zero": 0, "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8},
    **{"neuf": 9, "dix": 10, "onze": 11, "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15, "seize": 16},
    **{"vingt": 20, "vingt-quatre": 24, "trente": 30, "quarante": 40, "quarante-cinq": 45, "quarante-huit": 48},
    **{"cinquante": 50, "soixante": 60, "soixante-douze": 72, "quatre-vingt-dix": 90, "cent": 100},
}
_NUMBER = r"(?:\d{1,4}(?:[.,]\d+)?|" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + ")"
_MONTH = r"(?:janvier|f[ée]vrier|mars|avril|mai|juin|juillet|ao[ûu]t|septembre|octobre|novembre|d[ée]cembre)"

_DATE = re.compile(
    rf"\b(?:(?P<d>\d{{1,2}})(?:er)?[ \u00a0]+(?P<m>{_MONTH})(?:[ \u00a0]+(?P<y>\d{{4}}))?"
    rf"|(?P<m2>{_MONTH})[ \u00a0]+(?P<y2>\d{{4}})"
    r"|(?P<d3>\d{1,2})[/.](?P<m3>\d{1,2})[/.](?P<y3>\d{4}|\d{2})|(?P<y4>(?:19|20)\d{2})-(?P<m4>\d{2})-(?P<d4>\d{2}))\b",
    re.I,
)
_YEAR = re.compile(
    r"\b(?:en|fin|d[ée]but|depuis|courant|avant|apr[eè]s|d[’']ici)[ \u00a0](?P<y>(?:19|20)\d{2})\b", re.I
)
_SPELLED = (
    rf"(?:{'|'.join(sorted([*_NUMBERS, 'vingts', 'cents', 'mille', 'million', 'millions'], key=len, reverse=True))})"
)
_AMOUNT = re.compile(
    r"(?<![\w])(?:(?P<n>\d{1,3}(?:[ .\u00a0\u202f]\d{3})+(?:,\d+)?|\d+(?:[.,]\d+)?)"
    rf"|(?P<w>\b{_SPELLED}(?:[ -](?:et[ -])?{_SPELLED})*))[ \u00a0\u202f]?"
    r"(?P<u>€|(?:d['’])?euros?\b|%|pour[ -]cent\b|k€|centimes?\b)",
    re.I,
)
_DEADLINE = re.compile(
    rf"(?<![\w-])(?P<n>{_NUMBER})(?:[ \u00a0]?(?:à|a|ou|-)[ \u00a0]?(?P<n2>{_NUMBER}))?[ \u00a0-]*(?P<u>jours?"
    rf"|semaines?|mois|ans?|ann[ée]es?|heures?|minutes?)\b"
    r"|\b(?P<q>quinzaine|huitaine)\b",
    re.I,
)
_LEGAL = re.compile(
    r"\b(?:articles?|art\.)[ \u00a0]+(?P<a>[LRDA]?[ .*]*\d+(?:[-–.]\d+)*(?:[ \u00a0](?:bis|ter))?)"
    r"|\b(?P<k>lois?|d[ée]crets?|ordonnances?|arr[êe]t[ée]s?"
    r"|circulaires?)[ \u00a0]+(?:n[°o][ \u00a0]?(?P<n>\d+[-–]\d+)"
    r"|du[ \u00a0]+(?P<d>\d{1,2}(?:er)?[ /][\wéûÉ]+[ /]\d{4}))"
    r"|\b(?P<r>r[èe]glements?|directives?)[ \u00a0]+(?:\w+[ \u00a0]+)?(?:\((?:UE|CE)\)[ \u00a0]+)?(?:n[°o][ \u00a0]?)?(?P<e>\d+/\d+)"
    r"|\b(?P<i>alin[ée]as?[ \u00a0]\d+)"
    r"|\b(?P<c>code[ \u00a0](?:civil|p[ée]nal|du travail|de la route|de la s[ée]curit[ée] sociale"
    r"|g[ée]n[ée]ral des imp[ôo]ts|de l[’']\w+|des \w+|de la \w+|du \w+))\b",
    re.I,
)


def facts(text: str) -> list[Fact]:
    """Every fact of `text`, contacts included, in order of place; no two overlap (the first kind named below wins)."""
    found = list(contacts(text))
    for kind, pattern, key in _KINDS:
        for match in pattern.finditer(text):
            if all(match.end() <= fact.start or match.start() >= fact.end for fact in found):
                found.append(Fact(kind, match.group(), key(match), match.start(), match.end()))
    return sorted(found, key=lambda fact: fact.start)


def _number(word: str) -> str:
    folded = fold(word).replace(",", ".")
    if folded in _NUMBERS:
        return str(_NUMBERS[folded])
    return folded.rstrip("0").rstrip(".") if "." in folded else str(int(folded))


def _date_key(match: re.Match[str]) -> str:
    parts = match.groupdict()
    day = parts["d"] or parts["d3"] or parts["d4"]
    month = parts["m"] or parts["m2"]
    number = _MONTHS.index(fold(month)) + 1 if month else int(parts["m3"] or parts["m4"])
    year = parts["y"] or parts["y2"] or parts["y3"] or parts["y4"] or ""
    year = f"20{year}" if len(year) == 2 else year
    return f"{year}-{number:02d}-{int(day):02d}" if day else f"{year}-{number:02d}"


def _amount_key(match: re.Match[str]) -> str:
    if match["w"]:
        number = float(_spelled(match["w"]))
    else:
        number = float(re.sub(r"[ \u00a0\u202f]|\.(?=\d{3}\b)", "", match["n"]).replace(",", "."))
    unit = {"%": "%", "p": "%", "k": "k€", "c": "c"}.get(match["u"][0].lower(), "€")
    return f"{number:.10g} {unit}"


def _spelled(words: str) -> int:
    """Value of a number written in words."""
    total = current = 0
    for word in re.split(r"[ -]", fold(words)):
        if word.startswith("mill"):
            total += max(current, 1) * (1000 if word == "mille" else 1_000_000)
            current = 0
        elif word in ("cent", "cents"):
            current = max(current, 1) * 100
        elif word in ("vingt", "vingts") and current % 100 == 4:  # quatre-vingts
            current += 76
        elif word != "et":
            current += _NUMBERS[word]
    return total + current


def _deadline_key(match: re.Match[str]) -> str:
    if match["q"]:
        return "15 j" if fold(match["q"]) == "quinzaine" else "8 j"
    unit = {"j": "j", "s": "sem", "h": "h"}.get(match["u"][0].lower()) or (
        "an" if match["u"][0].lower() == "a" else fold(match["u"])[:3]
    )
    numbers = [match["n"], *([match["n2"]] if match["n2"] else [])]
    return "-".join(_number(number) for number in numbers) + " " + unit


def _legal_key(match: re.Match[str]) -> str:
    if match["a"]:
        return "art " + re.sub(r"[ .*\u00a0]", "", match["a"]).upper().replace("–", "-")
    if match["i"]:
        return fold(match["i"]).replace("\u00a0", " ")
    if match["e"]:
        return f"ue {match['e']}"
    if match["c"]:
        return fold(match["c"]).replace("\u00a0", " ")
    return fold(match["k"])[:3] + " " + fold(match["n"] or match["d"])


_KINDS: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    ("legal", _LEGAL, _legal_key),
    ("date", _DATE, _date_key),
    ("date", _YEAR, lambda match: match["y"]),
    ("amount", _AMOUNT, _amount_key),
    ("deadline", _DEADLINE, _deadline_key),
)

"""Institutions under all their names, the network they belong to, and the replies that answer nothing.

Owns `reference/renamed.csv`, the one table of renamed institutions (Pôle emploi is France Travail, the ANTS is France
Titres). The rule it protects: an institution has one name on every page, whatever the year of the review.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from data.columns import fold, tidy

TRAY = "sxZshFsE9R"  # 'Hors-structures': the portal's tray of reviews that no structure follows; not an institution
_RENAMED = Path(__file__).parent / "reference" / "renamed.csv"
_PHRASES = (
    "n est pas encore en mesure de vous repondre",
    "n est pas en mesure de vous repondre car il n a pas acces au dispositif",
)
_SIGNATURES = (
    "equipe services publics",
    "direction interministerielle de la transformation publique",
    "voxusagers",
)


@cache
def renamed() -> dict[str, str]:
    """Alias as published -> name in use."""
    with _RENAMED.open(encoding="utf-8", newline="") as stream:
        return {row["alias"]: row["name"] for row in csv.DictReader(stream)}


@cache
def _by_key() -> dict[str, str]:
    return {fold(alias): name for alias, name in renamed().items()} | {fold(n): n for n in renamed().values()}


@dataclass(frozen=True)
class Institutions:
    """Names and networks, learnt from the structures referential: pairs (typology, network) as published."""

    pairs: Iterable[tuple[str | None, str | None]] = ()
    _spelling: dict[str, str] = field(init=False, default_factory=dict, repr=False)
    _network: dict[str, str] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        votes: dict[str, Counter[str]] = {}
        for typology, network in self.pairs:
            for label in (typology, network):
                if label:
                    self._spelling.setdefault(fold(label), tidy(label))
        for typology, network in self.pairs:
            if typology and network:
                votes.setdefault(self.name(typology) or "", Counter())[self.name(network) or ""] += 1
        for name, counter in votes.items():
            self._network[name] = min(counter, key=lambda n: (-counter[n], n))

    def name(self, label: str | None) -> str | None:
        """Name in use of a typology or network: renamed, else spelt as the referential spells it, else as given."""
        if label is None or not tidy(label):
            return None
        key = fold(label)
        return _by_key().get(key) or self._spelling.get(key) or tidy(label)

    def network(self, typology: str | None) -> str | None:
        """Network most structures of a typology belong to; None when the referential does not know it."""
        return self._network.get(self.name(typology) or "")


def canned_macro() -> str:
    """SQL that defines `is_canned(reply)`: the programme's non-reply, the service "n'est pas encore en mesure de vous
    répondre". Both the phrase and a signature of the programme are needed: a service that says so itself did answer.
    """
    words = "regexp_replace(lower(strip_accents(reply)), '[^a-z0-9]+', ' ', 'g')"
    phrases = " OR ".join(f"contains({words}, '{phrase}')" for phrase in _PHRASES)
    signatures = " OR ".join(f"contains({words}, '{sign}')" for sign in _SIGNATURES)
    return (
        "CREATE OR REPLACE TEMP MACRO is_canned(reply) AS coalesce(CASE WHEN contains(reply, 'en mesure de vous')"
        f" THEN ({phrases}) AND ({signatures}) ELSE false END, false)"
    )

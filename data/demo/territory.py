"""Départements and towns of the demo: public facts (INSEE codes, postcodes, regions), no person's data.

Owns `lexicon/territoires.csv`. The rule it protects: a review, its user's département and its structure speak of the
same places, with real codes, so that maps and spatial tests work on the demo as on the real file.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

REGIONS = {
    "01": "Guadeloupe", "02": "Martinique", "03": "Guyane", "04": "La Réunion", "06": "Mayotte",
    "11": "Île-de-France", "24": "Centre-Val de Loire", "27": "Bourgogne-Franche-Comté", "28": "Normandie",
    "32": "Hauts-de-France", "44": "Grand Est", "52": "Pays de la Loire", "53": "Bretagne",
    "75": "Nouvelle-Aquitaine", "76": "Occitanie", "84": "Auvergne-Rhône-Alpes",
    "93": "Provence-Alpes-Côte d'Azur", "94": "Corse",
}  # fmt: skip


@dataclass(frozen=True)
class Department:
    """One département with its chief town."""

    code: str  # INSEE: '01', '2A', '971'
    name: str
    region: str  # INSEE code
    weight: int  # population in tens of thousands, about
    town: str  # chief town
    town_code: str  # its INSEE code
    postcode: str
    towns: tuple[str, ...]  # chief town first

    @property
    def region_name(self) -> str:
        """Name of the region."""
        return REGIONS[self.region]


def departments() -> tuple[Department, ...]:
    """The 101 départements, in the file's order."""
    path = Path(__file__).parent / "lexicon" / "territoires.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return tuple(
            Department(
                code=row["code"],
                name=row["nom"],
                region=row["region"],
                weight=int(row["poids"]),
                town=row["chef_lieu"],
                town_code=row["insee"],
                postcode=row["cp"],
                towns=(row["chef_lieu"], *(v for v in row["villes"].split(",") if v)),
            )
            for row in csv.DictReader(stream, delimiter=";")
        )

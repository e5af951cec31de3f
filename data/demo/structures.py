"""The demo's referential of structures, in the layout of the portal's own (structures.csv).

Owns identifiers, names, the tree of parents and the mailboxes. The rule it protects: every structure that a review names
is in the referential, with a département whose code joins, so routing and ownership can be followed to a mailbox.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from data.demo import networks
from data.demo.networks import Network
from data.demo.territory import REGIONS, Department

TRAY = "sxZshFsE9R"
TRAY_NAME = "Hors-structures"
DOMAIN = "services.demonstration.example"
HEADER = (
    '"Code SP+ de la structure"', "Intitulé du réseau", "Intitulé de la typologie", "Intitulé de la structure",
    "Intitulé structure usager", "Description de la structure", "Identifiant de la structure",
    "Type d'identifiant", "Code SP+ structure parent", "Intitulé de la structure parente", "Adresse",
    "Compléments Adresse", "Code postal de la structure", "Ville", "PAYS", "Codes Postaux", "Départements",
    "URL du site internet", "Boîte à lettre fonctionnelle", "Clé de tracking", "Actif",
    "Code sp+ de la typologie", "INSEE Ville", "INSEE Département", "INSEE Région", "INSEE Arrondissement",
)  # fmt: skip
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_STREETS = (
    "rue de la République", "place de la Mairie", "avenue Jean Jaurès", "boulevard Gambetta", "rue Victor Hugo",
    "cours Pasteur", "rue des Tilleuls", "allée des Marronniers", "quai du Port", "rue du Général Leclerc",
)  # fmt: skip


@dataclass(frozen=True)
class Structure:
    """One structure of the referential; a national one stands in Paris and covers every département."""

    id: str
    network: str
    typology: str
    name: str
    parent: str  # id, '' at the top of the tree
    department: Department
    national: bool
    mailbox: str
    active: bool = True


def code_of(text: str) -> str:
    """A ten-character code in the portal's alphabet, the same for the same text."""
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=10).digest(), "big")
    letters = []
    for _ in range(10):
        number, rest = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return "".join(letters)


def _name(network: Network, department: Department) -> str:
    towns = department.towns
    return network.pattern.format(
        d=f"({department.code}) {department.name}",
        v=department.town,
        v2=towns[min(1, len(towns) - 1)],
        r=department.region_name,
    )


def _places(network: Network, places: tuple[Department, ...]) -> Iterable[Department]:
    paris = next(d for d in places if d.code == "75")
    if network.level == "nation":
        return (paris,)
    if network.level == "dept":
        return places
    ranked = sorted(places, key=lambda d: -d.weight)
    if network.level == "half":
        return tuple(ranked[: len(ranked) // 2])
    largest: dict[str, Department] = {}
    for place in ranked:
        largest.setdefault(place.region, place)
    return tuple(largest[region] for region in REGIONS)


def _slug(text: str) -> str:
    plain = text.lower().translate(str.maketrans("àâäéèêëîïôöûüùç’'", "aaaeeeeiioouuuc--"))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def build(typologies: Iterable[str], places: tuple[Department, ...]) -> tuple[Structure, ...]:
    """The referential for these typologies: heads of network first, then structures by typology and place."""
    known = networks.networks()
    paris = next(d for d in places if d.code == "75")
    heads: dict[str, Structure] = {}
    found: list[Structure] = []
    for typology in sorted(set(typologies)):
        network = networks.of(typology, known)
        if network.network not in heads:
            heads[network.network] = Structure(
                id=code_of(f"head/{network.network}"),
                network=network.network,
                typology=network.network,
                name=f"{network.network} - coordination nationale",
                parent="",
                department=paris,
                national=True,
                mailbox=f"{_slug(network.network)[:40]}@{DOMAIN}",
            )
        for place in _places(network, places):
            name = _name(network, place)
            national = network.level == "nation"
            box = _slug(typology)[:30] + ("" if national else f"-{place.code.lower()}")
            structure = code_of(f"{typology}/{place.code}")
            found.append(
                Structure(
                    id=structure,
                    network=network.network,
                    typology=typology,
                    name=name,
                    parent=heads[network.network].id,
                    department=place,
                    national=national,
                    mailbox=f"{box}@{DOMAIN}" if national or ord(structure[0]) % 4 else "",
                    active=True,
                )
            )
    return (*heads.values(), *found)


def write(path: Path, structures: Iterable[Structure]) -> None:
    """Write structures.csv: `;`, quotes only where needed, and the BOM inside the first header's quotes."""
    names = {s.id: s.name for s in structures}
    lines = [";".join(_cell(h) for h in ("\ufeff" + HEADER[0], *HEADER[1:]))]
    tray = (
        TRAY, networks.OUTSIDE, networks.OUTSIDE, TRAY_NAME, "", "Bannette de démonstration", "", "", "", "", "", "",
        "75000", "PARIS", "France", "", "", "", "", "", "Oui", code_of(networks.OUTSIDE), "com75056", "dep75",
        "reg11", "arr75056-00",
    )  # fmt: skip
    lines.append(";".join(_cell(c) for c in tray))
    for s in structures:
        place = s.department
        street = _STREETS[sum(map(ord, s.id)) % len(_STREETS)]
        row = (
            s.id, s.network, s.typology, s.name, "", "Structure fictive de démonstration", "", "", s.parent,
            names.get(s.parent, ""), f"{1 + sum(map(ord, s.id)) % 98} {street}", "", place.postcode,
            place.town.upper(), "France", "", "" if s.national else place.code, "", s.mailbox, "",
            "Oui" if s.active else "Non", code_of(f"typology/{s.typology}"), f"com{place.town_code}",
            f"dep{place.code}", f"reg{place.region}", f"arr{place.town_code}",
        )  # fmt: skip
        lines.append(";".join(_cell(c) for c in row))
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")


def _cell(text: str) -> str:
    if any(c in text for c in '";\n\ufeff'):
        return '"' + text.replace('"', '""') + '"'
    return text

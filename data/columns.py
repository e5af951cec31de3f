"""The portal's column names, and ours.

Owns the one table that maps what the open data calls a column (its French label or its snake_case id, both of which
fold to the same key) to the name the staging tables use. The rule it protects: a header is matched on what it says,
never on its position, its case, its accents, its quotes or its spacing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SLOTS = (1, 2, 3)  # the portal flattens up to three typologies and three structures into numbered columns

_PLAIN = {
    "id_experience": "id",
    "etat_experience": "state",
    "statut_de_l_experience": "status",
    "ecrit_le": "written",
    "date_de_publication": "published",
    "date_de_premiere_reponse": "first_reply",
    "pseudonyme_usager": "pseudonym",
    "titre": "title",
    "description": "body",
    "poste_comme": "posted_as",
    "ressenti_usager": "sentiment",
    "code_insee_departement_usager": "department",
    "intitule_departement_usager": "department_name",
    "intitule_region_usager": "region_name",
    "code_insee_region_usager": "region",
    "pays": "country",
    "demarches_saisies_par_usager": "procedures",
    "hors_structure": "out_of_structure",
    "accessibilite": "accessibility",
    "information_explication": "information",
    "relation": "relation",
    "reactivite": "responsiveness",
    "simplicite_complexite": "simplicity",
    "experiences_similaires": "endorsements",
    "amelioration_de_service_a_considerer": "improvement",
    "action": "action",
    "date_action_engagee": "action_started",
    "date_action_realisee": "action_done",
    "tags_metiers": "business_tags",
}
_NUMBERED = {
    "intitule_typologie_{n}": "typology_{n}",
    "code_postal_typologie_{n}": "postcode_{n}",
    "pays_typologie_{n}": "country_{n}",
    "canaux_typologie_{n}": "channels_{n}",
    "tags_metier_typologie_{n}": "tags_{n}",
    "id_structure_{n}": "structure_id_{n}",
    "intitule_structure_{n}": "structure_{n}",
    "statut_reponse_structure_{n}": "reply_status_{n}",
    "reponse_structure_{n}": "reply_{n}",
    "taux_de_similarite_reponse_ia_structure_{n}": "ai_similarity_{n}",
    "evaluation_utile_reponse_structure_{n}_par_visiteurs": "useful_{n}",
    "evaluation_inutile_reponse_structure_{n}_par_visiteurs": "useless_{n}",
    "evaluation_reponse_structure_{n}_par_auteur": "verdict_{n}",
}
REVIEWS: Mapping[str, str] = _PLAIN | {
    key.format(n=n): name.format(n=n) for n in SLOTS for key, name in _NUMBERED.items()
}
LONG_TEXTS = frozenset({"title", "body", *(f"reply_{n}" for n in SLOTS)})  # written by people, with line breaks
STRUCTURES: Mapping[str, str] = {
    "code_sp_de_la_structure": "id",
    "intitule_du_reseau": "network",
    "intitule_de_la_typologie": "typology",
    "intitule_de_la_structure": "name",
    "intitule_structure_usager": "public_name",
    "description_de_la_structure": "description",
    "code_sp_structure_parent": "parent_id",
    "intitule_de_la_structure_parente": "parent_name",
    "adresse": "address",
    "complements_adresse": "address_more",
    "code_postal_de_la_structure": "postcode",
    "ville": "city",
    "pays": "country",
    "url_du_site_internet": "website",
    "boite_a_lettre_fonctionnelle": "mailbox",
    "actif": "active",
    "insee_ville": "city_code",
    "insee_departement": "department",
    "insee_region": "region",
}
# Each inner group is satisfied by any one of its columns; labels are those of the portal, for the message.
REVIEWS_REQUIRED = (
    {"id": "ID expérience"},
    {"published": "Date de publication"},
    {"title": "Titre", "body": "Description"},
)
STRUCTURES_REQUIRED = ({"id": "Code SP+ de la structure"}, {"name": "Intitulé de la structure"})


@dataclass(frozen=True)
class Header:
    """A header, understood."""

    known: dict[str, int]  # our name -> position in the file
    unknown: dict[str, int]  # label as written (quotes and BOM off) -> position in the file
    missing: tuple[str, ...]  # portal labels of the required columns that are absent
    absent: tuple[str, ...]  # our names of the optional columns that are absent


def tidy(label: str) -> str:
    """A label without BOM, quotes and repeated spaces, NFC."""
    text = unicodedata.normalize("NFC", label).replace("\ufeff", "").strip().strip('"')
    return " ".join(text.split())


def fold(label: str) -> str:
    """Comparison key of a label: no BOM, quotes, case, accents or punctuation; words joined by underscores.

    A portal label and its snake_case id fold to the same key.
    """
    text = unicodedata.normalize("NFKD", tidy(label).replace("œ", "oe").replace("Œ", "OE"))
    bare = "".join(ch for ch in text if not unicodedata.combining(ch)).lower()
    return re.sub(r"[^a-z0-9]+", "_", bare).strip("_")


def read_header(
    cells: Sequence[str], names: Mapping[str, str] = REVIEWS, required: Sequence[Mapping[str, str]] = REVIEWS_REQUIRED
) -> Header:
    """Match header cells to our names. A second column of the same meaning is kept among the unknown ones."""
    known: dict[str, int] = {}
    unknown: dict[str, int] = {}
    for position, cell in enumerate(cells):
        name = names.get(fold(cell))
        if name is not None and name not in known:
            known[name] = position
        elif tidy(cell):
            unknown[_free(tidy(cell), unknown)] = position
    missing = tuple(" / ".join(group.values()) for group in required if not known.keys() & group.keys())
    absent = tuple(name for name in names.values() if name not in known)
    return Header(known, unknown, missing, absent)


def label_of(name: str, names: Mapping[str, str] = REVIEWS) -> str:
    """The portal's snake_case id of one of our names."""
    return next(key for key, value in names.items() if value == name)


def area_code(text: str) -> str:
    """INSEE code of a département or région as published ('75.0', '1', 'dep2a', 'reg11') -> '75', '01', '2A', '11'."""
    code = re.sub(r"^(dep|reg)", "", text.strip(), flags=re.IGNORECASE)
    code = re.sub(r"[.,]0+$", "", code).upper()
    return code.zfill(2)


def _free(label: str, taken: Mapping[str, int]) -> str:
    candidate, rank = label, 2
    while candidate in taken:
        candidate, rank = f"{label} ({rank})", rank + 1
    return candidate

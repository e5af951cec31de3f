"""Small files in the format of the open data, for tests: full headers, only the cells a test is about."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import duckdb

from data import snapshots
from data.columns import fold

LABELS = (
    "ID expérience", "Etat expérience", "Statut de l'expérience", "Écrit le", "Date de publication",
    "Date de premiere réponse", "Pseudonyme usager", "Titre", "Description", "Posté comme", "Ressenti usager",
    "Code INSEE Département usager", "Intitulé département usager", "Intitulé région usager",
    "Code INSEE Région usager", "Pays", "Démarches saisies par usager",
    *(label.format(n=n) for n in (1, 2, 3) for label in (
        "Intitulé Typologie {n}", "Code Postal typologie {n}", "Pays Typologie  {n}", "Canaux Typologie {n}",
        "Tags métier typologie {n}",
    )),
    "Hors structure",
    *(label.format(n=n) for n in (1, 2, 3) for label in (
        "ID structure {n}", "Intitulé structure  {n}", "Statut réponse structure {n}", "Réponse structure {n}",
        "Taux de similarité réponse IA structure {n}", "Evaluation utile réponse structure {n} par visiteurs",
        "Evaluation inutile réponse structure {n} par visiteurs", "Evaluation  réponse structure {n} par auteur",
    )),
    "Accessibilité", "Information/Explication", "Relation", "Réactivité", "Simplicité/Complexité",
    "Expériences Similaires", "Amélioration de service à considérer", "Action", "Date action engagée",
    "Date action réalisée", "Tags Métiers",
)  # fmt: skip
STRUCTURE_LABELS = (
    "Code SP+ de la structure", "Intitulé du réseau", "Intitulé de la typologie", "Intitulé de la structure",
    "Code SP+ structure parent", "Intitulé de la structure parente", "Adresse", "Compléments Adresse",
    "Code postal de la structure", "Ville", "PAYS", "Boîte à lettre fonctionnelle", "Actif", "INSEE Ville",
    "INSEE Département", "INSEE Région",
)  # fmt: skip


def row(id_: int | str, **cells: Any) -> dict[str, Any]:
    """One review; keyword `titre="…"` sets the column whose label folds to that key."""
    base = {"id_experience": id_, "date_de_publication": "2024-03-05T10:00:00", "titre": f"Titre {id_}"}
    return base | {"description": f"Texte de l'avis {id_}"} | cells


def text(rows: list[dict[str, Any]], delimiter: str = ";", labels: tuple[str, ...] = LABELS) -> str:
    """CSV text of `rows` under `labels`, every cell quoted as on the portal."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(labels)
    for cells in rows:
        writer.writerow([cells.get(fold(label), "") for label in labels])
    return out.getvalue()


def write(path: Path, rows: list[dict[str, Any]], delimiter: str = ";", labels: tuple[str, ...] = LABELS) -> Path:
    """The same in a file, UTF-8 with its BOM."""
    path.write_text(text(rows, delimiter, labels), encoding="utf-8-sig", newline="")
    return path


def query(home: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query on the snapshot in service."""
    with duckdb.connect(str(snapshots.file_of(home, snapshots.current(home))), read_only=True) as db:
        return db.execute(sql).fetchall()

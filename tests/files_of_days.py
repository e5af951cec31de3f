"""A home that went on loading files: three days of the portal, each with its analysis; see `homes`.

From one file to the next reviews appear, are answered, are changed (one in seven by the second file, one in nine by the third). The
irritant of each review is given by rule, as a model in service would.
"""

from __future__ import annotations

import shutil
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

import refresh
from analytics.topics import edits
from data.ingest import ingest
from tests import open_data

DAYS = (date(2024, 3, 10), date(2024, 3, 20), date(2024, 4, 2))  # files seen at noon
KINDS = ("CAF", "Préfecture", "France Travail")
FELT = ("Négatif", "Négatif", "Neutre", "Positif")
SAYS = ("mon dossier attend", "personne ne répond au téléphone", "le guichet est fermé", "merci pour cet accueil")
PLACES = ("lille", "arras", "douai", "laon", "lens", "dax", "pau", "albi", "gap", "foix", "sens")


def row(number: int, seen: date) -> dict[str, Any]:
    """Review `number` as the portal shows it on a day: answered after a while, changed later for one in seven."""
    published = datetime(2023, 1, 2, 9) + timedelta(days=number * 5, minutes=7 * number)
    cells: dict[str, Any] = {
        "date_de_publication": published.isoformat(),
        "ecrit_le": (published - timedelta(days=2)).date().isoformat(),
        "titre": f"Titre {number}",
        "description": f"Bonjour, {SAYS[number % 4]} à {PLACES[number % 9]}{PLACES[number // 9 - 1]}, que faire ?",
        "ressenti_usager": FELT[number % 4],
        "intitule_typologie_1": KINDS[number % 3],
        "canaux_typologie_1": ("Téléphone", "Accueil,E-mail")[number % 2],
        "id_structure_1": f"s{number % 4}",
        "intitule_structure_1": f"Structure {number % 4}",
        "code_insee_departement_usager": ("59", "2A", "")[number % 3],
        "experiences_similaires": number % 5,
        "statut_de_l_experience": "Expérience en attente de réponse",
        "etat_experience": "A traiter",
        "reactivite": FELT[(number + 1) % 4],
    }
    answered = published + timedelta(days=3 + 11 * (number % 6), hours=5)
    if number % 5 and answered.date() < seen:
        drafted = number % 4 == 1 and published > datetime(2023, 9, 1)
        cells |= {
            "date_de_premiere_reponse": answered.isoformat(),
            "statut_de_l_experience": "Expérience avec réponse",
            "etat_experience": "Traitées",
            "reponse_structure_1": f"Bonjour, voici la réponse {number}.",
            "taux_de_similarite_reponse_ia_structure_1": 80 + number % 20 if drafted else "",
            "evaluation_reponse_structure_1_par_auteur": ("utile", "pas utile", "")[number % 3],
            "evaluation_utile_reponse_structure_1_par_visiteurs": number % 4,
        }
    if number % 7 == 0 and seen > DAYS[0]:  # the second file corrects what the first one said
        cells |= {"ressenti_usager": "Positif", "experiences_similaires": 40, "canaux_typologie_1": "Courrier"}
        cells |= {
            "intitule_typologie_2": "Mairie",
            "tags_metier_typologie_1": "urgence",
            "titre": f"Autre titre {number}",
        }
        cells |= {"amelioration_de_service_a_considerer": "Oui", "action": "Un guichet de plus"}
    if number % 9 == 0 and seen > DAYS[1]:  # the third one adds a second institution, and changes the first
        cells |= {"intitule_typologie_1": "Mairie", "intitule_typologie_3": "CAF", "id_structure_2": "s9"}
        cells |= {"reponse_structure_2": "Nous répondons aussi."}
    return open_data.row(number + 1, **cells)


def file_of(seen: date) -> list[dict[str, Any]]:
    """The file of a day: what was published before it."""
    return [
        row(n, seen)
        for n in range(92)
        if datetime(2023, 1, 2, 9) + timedelta(days=n * 5) < datetime.combine(seen, time())
    ]


def given_topics(work: refresh.Work) -> None:
    """Irritants by rule: four in the reference, one review in six unassigned."""
    db = work.connection
    db.execute("DELETE FROM model_topics; DELETE FROM model_review_topics; DELETE FROM review_topics")
    for id_ in range(4):
        for level, own in (("irritant", id_), ("subject", 10 + id_)):
            db.execute(
                "INSERT INTO model_topics VALUES ($own, $level, $parent, $label, ['mot'], $id, 0.5, [1, 2], 'given', 'rule', [0, 1], [0.9, 0.8])",
                {
                    "own": own,
                    "level": level,
                    "parent": id_ if level == "subject" else None,
                    "label": f"Sujet {own}",
                    "id": id_,
                },
            )
    given = "CASE WHEN id % 6 = 5 THEN -1 ELSE (id % 4)::INTEGER END"
    subject = f"CASE WHEN {given} >= 0 AND id % 3 > 0 THEN 10 + {given} END"
    db.execute(f"INSERT INTO model_review_topics SELECT id, {given} FROM reviews")
    db.execute(f"INSERT INTO review_topics SELECT id, {given}, {subject}, 1 / (1 + id % 9) FROM reviews")
    edits.apply(db, [])


STEPS = tuple(
    refresh.Step(step.label, given_topics if step.run is refresh.topics else step.run, 1)
    for step in refresh.STEPS
    if step.run not in (refresh.returns, refresh.index)
)


def homes(folder: Path) -> list[Path]:
    """The home after each file and its analysis."""
    home, kept = folder / "home", []
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("VIGIE_OPERATIONS_URL", raising=False)
        patch.setenv("VIGIE_HOME", str(home))
        for seen in DAYS:
            file = open_data.write(folder / f"{seen}.csv", file_of(seen))
            ingest([file], home, seen_at=datetime(seen.year, seen.month, seen.day, 12))
            refresh.refresh(home, steps=STEPS)
            kept.append(folder / f"home-{seen}")
            shutil.copytree(home, kept[-1])
    return kept

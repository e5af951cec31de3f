"""The embedded drafter: what it assembles, and what it refuses to copy."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from generation import prompt
from generation.institution import Institution
from generation.models.base import Run
from generation.models.extractive import Extractive
from generation.results import Asked, Source

CARSAT = Institution("c1", "Carsat Normandie", "Carsat", "https://carsat.example.fr", "")
ASKED = Asked(
    "Ma demande de retraite progressive n'avance pas, je ne reçois aucune réponse à mes courriers.",
    "Retraite progressive sans réponse",
    "Négatif",
    "Carsat",
)
FICHE = Source(
    "fiche", "F1", "Retraite progressive", "https://sp.example.fr/F1", 1.0,
    "La retraite progressive se demande en ligne, six mois avant la date voulue.\n"
    "la liste des pièces\nElle permet de travailler à temps partiel.",
    ("https://sp.example.fr/F1",), near=0.5, heading="Démarche",
)  # fmt: skip
REPLY = Source(
    "reply", "7", "Réponse", "", 1.0,
    "Bonjour Paul,\nVous pouvez suivre votre demande de retraite dans votre espace personnel, rubrique Mes démarches. "
    "Votre dossier a été transmis à Mme Durand le 3 mars. Vous pouvez appeler le 39 60 pour une demande de retraite. "
    "Nous allons vous rembourser votre demande de retraite.\nCordialement",
    ("39 60",), structure="Carsat Normandie", same_structure=True, same_kind=True, near=0.4,
)  # fmt: skip


def written(asked: Asked = ASKED, sources: tuple[Source, ...] = (FICHE, REPLY), seed: int = 1) -> str:
    made = prompt.compose(
        asked, CARSAT, list(sources), count=len, budget=100_000, passage=4_000,
        weight=lambda _term: 1.0, knows=lambda word: word not in {"Paul", "Durand"},
    )  # fmt: skip
    return "".join(Extractive().stream(made, Run(seed)))


def test_a_reply_has_a_greeting_an_acknowledgement_a_closing_and_a_signature() -> None:
    reply = written()
    assert reply.startswith("Bonjour,\n\n")
    assert "difficultés" in reply.split("\n\n")[1]
    assert reply.endswith("Bien cordialement,\nCarsat Normandie")


def test_it_quotes_the_fiche_with_its_link_and_the_general_advice() -> None:
    reply = written()
    assert "« Retraite progressive » : La retraite progressive se demande en ligne, six mois avant" in reply
    assert "Lien : https://sp.example.fr/F1" in reply
    assert "Vous pouvez suivre votre demande de retraite dans votre espace personnel" in reply


@pytest.mark.parametrize(
    "case", ["Paul", "Durand", "3 mars", "a été transmis", "rembourser", "la liste des pièces", "Elle permet"]
)
def test_it_copies_no_name_date_past_case_promise_or_fragment(case: str) -> None:
    assert case not in written()


def test_another_institutions_phone_and_name_are_not_copied() -> None:
    other = replace(REPLY, structure="Carsat Sud-Est", same_structure=False)
    assert "39 60" in written()
    assert "39 60" not in written(sources=(other,))
    named = replace(other, text="Vous pouvez demander votre retraite auprès de la Carsat Sud-Est en ligne.")
    assert "Sud-Est" not in written(sources=(named,))


def test_a_reply_from_another_kind_of_institution_or_judged_useless_is_not_used() -> None:
    assert "espace personnel" not in written(sources=(replace(REPLY, same_structure=False, same_kind=False),))
    assert "espace personnel" not in written(sources=(replace(REPLY, verdict="pas utile"),))


def test_a_far_fiche_is_not_quoted() -> None:
    assert "F1" not in written(sources=(replace(FICHE, near=0.05),))


def test_a_fiche_on_the_subject_is_linked_though_no_sentence_of_it_answers() -> None:
    about = replace(FICHE, near=0.09, text="Un barème s'applique selon l'année de naissance des personnes concernées.")
    assert "« Retraite progressive » peut vous éclairer.\nLien : https://sp.example.fr/F1" in written(sources=(about,))
    elsewhere = replace(about, title="Taxe d'aménagement", heading="Exonérations")
    assert "Lien" not in written(sources=(elsewhere,))
    assert "Lien" not in written(sources=(elsewhere, about))  # not the nearest: it may well be beside the point


def test_praise_is_thanked_for_without_advice() -> None:
    praise = Asked("Très bon accueil, agents à l'écoute et efficaces.", "Bravo", "Positif", "Carsat")
    reply = written(praise)
    assert "Lien :" not in reply
    assert "dossier" not in reply
    assert len(reply) < 500


def test_without_any_source_it_still_says_where_to_turn() -> None:
    assert "Carsat Normandie (https://carsat.example.fr)" in written(sources=())


def test_the_same_seed_writes_the_same_reply_and_others_vary() -> None:
    assert written(seed=3) == written(seed=3)
    assert len({written(seed=seed) for seed in range(12)}) > 2


def test_it_streams_by_sentence_and_stops_when_asked() -> None:
    made = prompt.compose(
        ASKED, CARSAT, [FICHE, REPLY], count=len, budget=100_000, passage=4_000,
        weight=lambda _term: 1.0, knows=lambda _word: True,
    )  # fmt: skip
    run = Run(1, threading.Event())
    pieces = Extractive().stream(made, run)
    assert next(pieces) == "Bonjour,"
    run.stop.set()
    assert list(pieces) == []
    assert run.finish == "cancelled"


def test_it_writes_in_milliseconds() -> None:
    spent = []
    for seed in range(20):
        started = time.process_time()  # of this process: other work on the machine does not count
        written(seed=seed)
        spent.append(time.process_time() - started)
    assert min(spent) < 0.1

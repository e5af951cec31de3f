"""What a model is told once for a kind of institution."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from data import snapshots, warehouse
from data.warehouse import Warehouse
from generation import briefing
from generation.retrieval import Index
from tests import tiny

TAXES = tiny.TYPOLOGY[tiny.TAXES]
USEFUL = (
    "Bonjour,\nNous vous remercions pour votre avis et regrettons cette difficulté. Vous pouvez reprendre la "
    "déclaration depuis votre espace, rubrique Biens immobiliers : les erreurs signalées au printemps y sont "
    "corrigées, et un aide-mémoire accompagne chaque étape de la saisie.\nBien cordialement,\nSIP de Lille"
)


@pytest.fixture
def opened(tiny_home: Path) -> Warehouse:
    """The tiny home, with five replies judged useful by their authors."""
    said = {
        101: USEFUL,
        102: USEFUL.replace("Vous pouvez", "Appelez le 03 20 11 22 33 ou vous pouvez"),
        103: USEFUL.replace("votre avis", "votre avis, Madame Durand,"),
        104: USEFUL.replace("printemps", "début de l'année"),
        105: USEFUL.replace("printemps", "mois de mars"),
        106: USEFUL.replace("printemps", "mois de juin"),
    }
    file = snapshots.file_of(tiny_home, snapshots.current(tiny_home))
    with duckdb.connect(str(file)) as connection:
        for id_, body in said.items():
            connection.execute(
                "INSERT INTO reviews (id, published_at, published_on, title, body, sentiment, typology) VALUES ($id, "
                "'2025-05-01', '2025-05-01', 'Déclaration d''occupation', 'Déclaration refusée', 'Négatif', $typology)",
                {"id": id_, "typology": TAXES},
            )
            connection.execute(
                "INSERT INTO replies (review_id, rank, body, canned, structure_id, structure, author_verdict) "
                "VALUES ($id, 1, $body, false, 's', 'SIP de Lille', 'utile')",
                {"id": id_, "body": body},
            )
    return warehouse.open_current(tiny_home)


def test_it_holds_the_fiche_most_asked_about_and_replies_that_helped(opened: Warehouse) -> None:
    known = briefing.of(opened, Index(opened.artifacts), TAXES)
    assert known.kind == TAXES
    assert known.fiches[0].title == "Déclarer l'occupation d'un logement"
    assert [source.id for source in known.without(None).examples] == ["106", "105"]


def test_examples_give_no_phone_no_name_and_no_signature(opened: Warehouse) -> None:
    known = briefing.of(opened, Index(opened.artifacts), TAXES)
    for source in known.examples:
        assert source.text.endswith("saisie.")
        for left_out in ("03 20", "Durand", "cordialement", "SIP de Lille"):
            assert left_out not in source.text


def test_a_review_never_finds_its_own_reply_there(opened: Warehouse) -> None:
    known = briefing.of(opened, Index(opened.artifacts), TAXES)
    assert [source.id for source in known.without(106).examples] == ["105", "104"]


def test_an_unknown_kind_of_institution_has_none(opened: Warehouse) -> None:
    assert briefing.of(opened, Index(opened.artifacts), None) == briefing.Briefing("")
    nothing = briefing.of(opened, Index(opened.artifacts), "Ambassade")
    assert (nothing.fiches, nothing.examples) == ((), ())

"""The models page: what drafts, whether its worker lives, how to add a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.operations import reports, stored, workers
from data.operations.engine import open_store
from tests.app.conftest import Opened, figures, said
from tests.tiny import DRAFT


def test_without_a_worker_it_says_who_drafts_and_how_to_add_a_model(tiny_home: Path, open_page: Opened):
    app = open_page("modeles")
    assert "aucun rédacteur en marche" in said(app)
    assert "make model GGUF=" in app.code[0].value


def test_with_a_worker_it_says_since_when_and_how_fast(tiny_home: Path, open_page: Opened):
    store = open_store(f"sqlite:///{tiny_home / 'operations.sqlite'}")
    workers.beat(store, "poste-1", model="petit.gguf", notice="")
    stored.store(store, "k", 5, DRAFT, requested_by="agent.demo")
    app = open_page("modeles")
    assert "1 rédacteur en marche" in said(app)
    assert app.table[0].value["Modèle servi"].iloc[0] == "petit.gguf"
    assert figures(app)["Proposition"] == "0,40 s"
    assert app.table[1].value["Demandée par"].iloc[0] == "Camille, réponse aux usagers"


@pytest.mark.parametrize(
    ("model", "words"), [("/models/x.gguf", "fichier /models/x.gguf"), ("http://localhost:9", "serveur http")]
)
def test_the_model_asked_for_is_named(
    tiny_home: Path, open_page: Opened, monkeypatch: pytest.MonkeyPatch, model: str, words: str
):
    monkeypatch.setenv("VIGIE_MODEL", model)
    assert words in said(open_page("modeles")).replace("\\", "")


def test_it_says_which_prompt_and_index_serve_and_what_was_not_tested_yet(tiny_home: Path, open_page: Opened):
    words = said(open_page("modeles")).replace("\\", "")
    assert "version reply-3-" in words
    assert "de fiches officielles" in words
    assert "Aucune vérification n'a encore été faite." in words
    assert "Aucune mesure n'a encore été faite." in words


def test_self_tests_and_measures_of_each_model_are_shown(tiny_home: Path, open_page: Opened):
    store = open_store(f"sqlite:///{tiny_home / 'operations.sqlite'}")
    known = {"model": "petit.gguf", "model_sha256": "a" * 64, "prompt_version": "reply-3-x", "snapshot": ""}
    test = {"name": "N’invente ni lien, ni numéro, ni montant", "held": False, "seen": "inventé : 06", "seconds": 1.0}
    reports.keep(store, reports.SELF_TEST, **known, body={"tests": [test], "held": False})
    reports.keep(store, reports.MEASURES, **known, body={"cases": 40, "fiche_recall_at_5": 0.85, "total_p50_s": 61.0})
    app = open_page("modeles")
    tested, measured = app.table[0].value, app.table[1].value
    assert (tested["Tenue"].iloc[0], tested["Constat"].iloc[0]) == ("NON", r"inventé \: 06")
    assert measured["Bonne fiche parmi cinq"].iloc[0].startswith("85")
    assert measured["Bonne institution"].iloc[0] == "–"
    assert tested["Consigne"].iloc[0] == measured["Consigne"].iloc[0] == r"reply\-3\-x"


def test_versions_of_the_prompt_and_those_refused_are_told(
    tiny_home: Path, open_page: Opened, monkeypatch: pytest.MonkeyPatch
):
    (tiny_home / "prompts").mkdir()
    (tiny_home / "prompts" / "perdue.system.j2").write_text("Répondez.", "utf-8")
    words = said(open_page("modeles")).replace("\\", "")
    assert "Autre version : direct-1-" in words
    assert "La démarche d'abord" in words
    assert "Consigne perdue non utilisée : elle perd un document ou son numéro." in words
    monkeypatch.setenv("VIGIE_PROMPT", "absente")
    assert "aucune consigne ne s'appelle absente" in said(open_page("modeles"))

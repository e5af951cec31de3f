"""The models page: what drafts, whether its worker lives, how to add a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.operations import stored, workers
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

"""What the public reads of how replies are made: the model really in use, where it runs, what it is given."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from data.operations import desk, replies, rules, stored, workers
from data.settings import Settings
from pages.components import statement
from tests.tiny import DRAFT


def _said(store: Engine, home: Path, **settings: Any) -> str:
    return statement.as_text(statement.sections(Settings(home=home, **settings), store))


def test_without_a_language_model_it_says_so(operations: Engine, tmp_path: Path):
    assert "En ce moment : aucun modèle de langage" in _said(operations, tmp_path)


@pytest.mark.parametrize(
    ("model", "told", "out"),
    [
        ("llama.cpp:mistral-7b.gguf", "mistral-7b.gguf, exécuté sur la machine de Vigie", False),
        ("mistral @ 127.0.0.1:8080", "servi par un autre programme de la machine de Vigie", False),
        ("mistral @ localhost:8080", "servi par un autre programme de la machine de Vigie", False),
        ("albert-large @ albert.exemple.fr", "albert-large, servi par albert.exemple.fr, hors de la machine", True),
        ("autre @ 10.0.0.8:8000", "servi par 10.0.0.8:8000, hors de la machine", True),
    ],
)
def test_the_model_is_the_one_that_drafts_and_is_placed_where_it_runs(
    operations: Engine, tmp_path: Path, model: str, told: str, out: bool
):
    workers.beat(operations, "w1", model=model)
    said = _said(operations, tmp_path, model="extractive")
    assert told in said
    assert ("lui sont transmis : le texte de l'avis" in said) is out
    assert ("n'en sortent pour cela" in said) is not out


def test_a_model_chosen_that_does_not_serve_is_said_without_its_key(operations: Engine, tmp_path: Path):
    workers.beat(operations, "w1", model="extractive-1", notice="Le serveur ne répond pas.")
    said = _said(
        operations, tmp_path, model="https://agent:secret@albert.exemple.fr/v1", model_name="albert", model_key="clef"
    )
    assert "Le modèle choisi (albert du serveur albert.exemple.fr) ne répond pas en ce moment." in said
    assert "secret" not in said
    assert "clef" not in said


def test_replies_are_counted_by_the_model_that_proposed_them(operations: Engine, tmp_path: Path):
    made = stored.store(operations, "d", 1, DRAFT | {"model": "albert @ albert.fr"}, requested_by="camille")
    text = desk.begin(
        operations, desk.opened(operations, 1, "camille"), body="Bonjour.", started="draft", draft_id=made
    )
    replies.send(operations, text, "Bonjour.")
    replies.send(operations, desk.opened(operations, 2, "camille"), "De ma main.")
    assert "Sur 2 réponses envoyées depuis 90 jours" in _said(operations, tmp_path)
    assert "1 avec albert" in _said(operations, tmp_path)
    assert "1 sans proposition" in _said(operations, tmp_path)


def test_the_page_and_the_text_say_the_same_and_no_name_can_inject(operations: Engine, tmp_path: Path):
    workers.beat(operations, "w1", model="<script>x</script> @ m.fr")
    rules.choose(operations, rules.of(operations, "s1"), target_days=None, mention=False, by="maxime")
    found = statement.sections(Settings(home=tmp_path), operations)
    page, text = statement.as_html(found), statement.as_text(found)
    assert "<script" not in page
    assert "1 structure a choisi de ne pas la publier." in page
    assert "1 structure a choisi de ne pas la publier." in text
    assert rules.MENTION in text
    assert all(html.escape(section.title) in page and section.title.upper() in text for section in found)

"""The journal page: what was done, by whom, and whether the chain holds."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from data.operations import desk, drafts, journal, replies
from data.operations.engine import open_store, writing
from pages.components import identity, navigation
from tests.app.conftest import Opened, said


@pytest.fixture
def store(tiny_home: Path) -> Engine:
    store = open_store(f"sqlite:///{tiny_home / 'operations.sqlite'}")
    desk.opened(store, 5, "agent.demo")
    drafts.request(store, "k", 5, requested_by="agent.demo")
    desk.opened(store, 6, "agent2.demo")
    return store


def test_the_latest_actions_come_first_in_words(store: Engine, open_page: Opened):
    app = open_page("journal")
    assert "3 actions enregistrées ; la chaîne est intacte" in said(app)
    rows = app.table[0].value
    assert list(rows["Quoi"]) == ["Avis ouvert", "Proposition demandée", "Avis ouvert"]
    assert rows["Qui"].iloc[0] == "Alix, réponse aux usagers"


def test_filters_narrow_by_person_action_and_review(store: Engine, open_page: Opened):
    app = open_page("journal")
    app.selectbox(key="j_personne").set_value("agent.demo").run()
    assert len(app.table[0].value) == 2
    app.selectbox(key="j_action").set_value("draft.request").run()
    assert len(app.table[0].value) == 1
    app.text_input(key="j_avis").set_value("6").run()
    assert "Aucune action ne correspond" in said(app)
    app.text_input(key="j_avis").set_value("six").run()
    assert "que des chiffres" in said(app)


def test_every_action_that_is_recorded_has_words(store: Engine):
    page = ast.parse((navigation.ROOT / navigation.room("journal").script).read_text("utf-8"))
    [told] = [
        ast.literal_eval(node.value)
        for node in page.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ACTIONS"
    ]
    recorded = {
        call.args[3].value
        for module in Path(journal.__file__).parent.glob("*.py")
        for call in ast.walk(ast.parse(module.read_text("utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "record" and isinstance(call.args[3], ast.Constant)
    }
    assert {"reply.send", "draft.cancel", "withdrawal.erase"} <= recorded
    assert recorded <= set(told)


def test_drafting_processes_are_named_as_such():
    assert identity.name_of("machine-11964-9166a1") == "Rédacteur machine-11964-9166a1"
    assert identity.name_of("inconnu") == "inconnu"


def test_details_are_told_in_words(store: Engine, open_page: Opened):
    text = desk.opened(store, 7, "agent.demo")
    replies.send(store, text, "Bonjour, de ma main.")
    details = open_page("journal").table[0].value["Détails"].iloc[0]
    assert details.replace("\\", "") == "envoi : écrite sans proposition · caractères : 20 · autres propositions : 0"


def test_a_broken_chain_is_said_at_once(store: Engine, open_page: Opened):
    with writing(store) as connection, connection.begin():
        connection.execute(text("DROP TRIGGER journal_no_update"))
        connection.execute(text("UPDATE journal SET actor = 'autre' WHERE seq = 2"))
    assert "rompue à l'entrée 2" in said(open_page("journal"))


def test_an_empty_journal_says_so(tiny_home: Path, open_page: Opened):
    assert "Personne n'a encore rien fait" in said(open_page("journal"))


def test_agents_do_not_read_it(tiny_home: Path, open_page: Opened):
    assert "n'est pas ouverte" in said(open_page("journal", "agent.demo"))

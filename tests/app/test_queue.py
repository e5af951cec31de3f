"""The queue: what waits, in which order, and what leaves it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from analytics import delays
from data import warehouse
from data.filters import Filters
from data.operations import desk, escalations, replies
from data.operations.engine import open_store
from data.operations.tables import now
from tests.app.conftest import Opened, said

AGENT = "agent.demo"


@pytest.fixture
def store(tiny_home: Path) -> Engine:
    return open_store(f"sqlite:///{tiny_home / 'operations.sqlite'}")


def _offered(app) -> list[int]:
    return [int(button.key.removeprefix("answer_")) for button in app.button if button.label == "Répondre"]


def test_danger_first_then_urgency_times_waiting(tiny_home: Path, open_page: Opened):
    app = open_page("file-d-attente", AGENT)
    assert _offered(app) == [10, 4, 5, 6, 7, 11, 8]
    assert "7 avis attendent une réponse, dont 2 depuis plus de 15 jours ; le plus ancien depuis 76 jours" in said(app)


def test_the_count_is_the_one_of_the_delay_page(tiny_home: Path, open_page: Opened):
    here = delays.summary(warehouse.open_current(tiny_home), Filters())
    assert len(_offered(open_page("file-d-attente", AGENT))) == here.unanswered == 7
    assert here.canned == 1  # DITP's message is no answer: review 4 is in the list


def test_out_of_structure_reviews_are_shown_on_demand(tiny_home: Path, open_page: Opened):
    app = open_page("file-d-attente", AGENT)
    app.toggle(key="hors_structure").set_value(True).run()
    assert 9 in _offered(app)


def test_a_reply_sent_from_here_leaves_the_list_and_waits_for_publication(
    tiny_home: Path, store: Engine, open_page: Opened
):
    replies.send(store, desk.opened(store, 6, AGENT), "Bonjour, votre dossier est repris. Cordialement.")
    app = open_page("file-d-attente", AGENT)
    assert 6 not in _offered(app)
    assert "Envoyées, en attente de publication (1)" in said(app)
    assert "6 avis attendent" in said(app)


def test_a_review_handed_over_is_listed_apart(tiny_home: Path, store: Engine, open_page: Opened):
    escalations.escalate(store, "k", 10, raised_by=AGENT, reason="danger", recipient="Référent", deadline=now())
    app = open_page("file-d-attente", AGENT)
    assert 10 not in _offered(app)
    assert "Confiés à une personne (1)" in said(app)


def test_a_review_somebody_is_on_is_marked_and_next_skips_it(tiny_home: Path, store: Engine, open_page: Opened):
    desk.opened(store, 10, "agent2.demo")
    app = open_page("file-d-attente", AGENT)
    assert _offered(app)[0] == 10
    assert any("Alix" in str(badge.value) for badge in app.markdown)
    app.button(key="next").click().run()
    assert app.query_params["id"] == "4"


def test_filters_that_leave_nothing_say_what_to_widen(tiny_home: Path, open_page: Opened):
    app = open_page("file-d-attente", AGENT)
    app.pills(key="ressenti").set_value(["Positif"]).run()
    assert _offered(app) == [8]
    app.multiselect(key="institution").set_value(["France Travail"]).run()
    assert "Aucun avis n'attend" in said(app)
    assert "Élargissez" in said(app)

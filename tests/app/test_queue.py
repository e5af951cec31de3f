"""The queue: what waits, in which order, and what leaves it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from data.operations import assignments, desk, escalations, replies
from data.operations.engine import open_store
from data.operations.tables import now
from pages.components import navigation
from tests.app.conftest import Opened, figures, said

AGENT = "agent.demo"


@pytest.fixture
def store(tiny_home: Path) -> Engine:
    return open_store(f"sqlite:///{tiny_home / 'operations.sqlite'}")


def _offered(app) -> list[int]:
    return [int(button.key.removeprefix("answer_")) for button in app.button if button.label == "Répondre"]


def test_danger_first_then_urgency_times_waiting_times_risk(tiny_home: Path, open_page: Opened):
    app = open_page("file-d-attente", AGENT)
    assert _offered(app) == [10, 4, 5, 7, 6, 11, 8]
    assert "7 avis attendent une réponse (publiés du 2 juil. 2024 au 30 juin 2025), dont 2 au-delà" in said(app)
    assert "l'objectif (15 jours) ; 1 le dépasseront" in said(app)


@pytest.mark.parametrize(
    "chosen",
    [{}, {"periode": "Tout"}, {"periode": "4 semaines"}, {"ressenti": ["Négatif"]}, {"structure": ["SIP de Lille"]}],
)
def test_the_counts_are_those_of_the_delay_page(
    tiny_home: Path, store: Engine, open_page: Opened, chosen: dict[str, Any]
):
    app = open_page("file-d-attente", AGENT, chosen=chosen)
    whole = _offered(app)
    delays = open_page("delais", AGENT, chosen=chosen)
    assert figures(delays)["Sans réponse"] == str(len(whole))
    assert f"{len(whole)} avis" in said(app)
    if len(whole) > 2:  # one sent, one handed over: still unanswered for the portal, and counted apart here
        replies.send(store, desk.opened(store, whole[0], AGENT), "Bonjour.")
        escalations.escalate(store, "k", whole[1], raised_by=AGENT, reason="r", recipient="R", deadline=now())
        again = open_page("file-d-attente", AGENT, chosen=chosen)
        assert len(_offered(again)) == len(whole) - 2
        told = f"La page Délais en compte {len(whole)} sans réponse : {len(whole) - 2} ici, 1 envoyée en attente"
        assert told in said(again)
    desk_page = open_page("rediger", AGENT)
    assert f"{7 - (2 if len(whole) > 2 else 0)} avis attendent une réponse dans votre file d'attente" in said(desk_page)


def test_what_waits_outside_the_period_is_said(tiny_home: Path, open_page: Opened):
    app = open_page("file-d-attente", AGENT, chosen={"periode": "4 semaines"})
    assert "5 avis attendent une réponse (publiés du 3 juin 2025 au 30 juin 2025)" in said(app)
    assert "2 autres attendent hors de cette période." in said(app)


def test_the_desk_goes_on_in_the_queue_one_came_from(tiny_home: Path, open_page: Opened):
    app = open_page("file-d-attente", AGENT, chosen={"structure": ["SIP de Lille"]})
    app.switch_page(navigation.room("rediger").script).run()
    assert "2 avis attendent une réponse dans votre file d'attente" in said(app)
    app.query_params["id"] = "5"
    app.run()
    app.button(key="send").click().run()
    app.button(key="confirm_send").click().run()
    following = next(link for link in app.get("page_link") if link.proto.label == "Avis suivant")
    assert following.proto.query_string == "id=8"  # the other one of that structure, not the most pressing of all


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
    assert "La page Délais en compte 7 sans réponse : 6 ici, 1 envoyée en attente" in said(app)


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


# -- whose each review is --------------------------------------------------------------------------------------------


def _claimed(store: Engine) -> dict[int, str]:
    return {id_: found.person for id_, found in assignments.current(store).items()}


def test_a_review_is_taken_then_given_back(tiny_home: Path, store: Engine, open_page: Opened):
    app = open_page("file-d-attente", AGENT)
    app.button(key="take_5").click().run()
    assert _claimed(store) == {5: AGENT}
    assert 5 not in _offered(app)  # no longer to be taken
    app.segmented_control(key="vue").set_value("À moi").run()
    assert _offered(app) == [5]
    app.button(key="back_5").click().run()
    assert _claimed(store) == {}
    assert "Aucun avis n'est à vous" in said(app)


def test_answering_takes_the_review(tiny_home: Path, store: Engine, open_page: Opened):
    app = open_page("file-d-attente", AGENT)
    app.button(key="answer_5").click().run()
    assert _claimed(store) == {5: AGENT}
    assert app.query_params["id"] == "5"


def test_next_skips_what_is_somebody_elses(tiny_home: Path, store: Engine, open_page: Opened):
    assignments.claim(store, 10, "agent2.demo")
    app = open_page("file-d-attente", AGENT)
    app.button(key="next").click().run()
    assert app.query_params["id"] == "4"


def test_a_lead_gives_the_reviews_ticked_to_somebody(tiny_home: Path, store: Engine, open_page: Opened):
    assignments.claim(store, 5, AGENT)
    app = open_page("file-d-attente", "chef.demo", chosen={"vue": "Tous"})
    app.button(key="tout").click().run()
    app.checkbox(key="choisi_8").uncheck().run()
    app.selectbox(key="a_qui").set_value("agent2.demo").run()
    app.button(key="confier").click().run()
    assert set(_claimed(store)) == {4, 5, 6, 7, 10, 11}
    assert set(_claimed(store).values()) == {"agent2.demo"}


def test_agents_take_and_give_back_together_but_do_not_assign(tiny_home: Path, store: Engine, open_page: Opened):
    app = open_page("file-d-attente", AGENT)
    for review in (5, 6):
        app.checkbox(key=f"choisi_{review}").check().run()
    assert "confier" not in [button.key for button in app.button]
    app.button(key="prendre").click().run()
    assert _claimed(store) == {5: AGENT, 6: AGENT}


def test_words_are_looked_for_and_marked(tiny_home: Path, open_page: Opened):
    app = open_page("file-d-attente", AGENT)
    app.text_input(key="mots").set_value("logement").run()
    assert _offered(app) == [6]
    assert "<mark>logement</mark>" in said(app)

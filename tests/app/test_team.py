"""The lead's pages: the team, what came back, reviews handed to a person; and the page anyone may read."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from data.operations import (
    assignments,
    desk,
    escalations,
    feedback,
    replies,
    rereadings,
    returns,
    rules,
    stored,
    workers,
)
from data.operations.engine import open_store
from data.operations.tables import now
from data.warehouse import open_current
from pages.components import identity, navigation
from tests import tiny
from tests.app.conftest import Opened, linked, said
from tests.tiny import DRAFT

AGENT, OTHER, LEAD = "agent.demo", "agent2.demo", "chef.demo"


@pytest.fixture
def store(tiny_home: Path) -> Engine:
    return open_store(f"sqlite:///{tiny_home / 'operations.sqlite'}")


def _sent(store: Engine, review: int, person: str = AGENT, structure: str = tiny.TAXES) -> replies.SentReply:
    made = stored.store(store, f"d{review}", review, DRAFT, requested_by=person)
    text = desk.begin(store, desk.opened(store, review, person), body=DRAFT["reply"], started="draft", draft_id=made)
    return replies.send(store, text, DRAFT["reply"], structure_id=structure)


def _row(app: AppTest, table: int, name: str) -> dict[str, str]:
    frame = app.table[table].value
    return dict(frame[frame.iloc[:, 0].str.contains(name)].iloc[0])


# -- the team --------------------------------------------------------------------------------------------------------


def test_who_does_what_and_what_is_late(tiny_home: Path, store: Engine, open_page: Opened):
    _sent(store, 5)
    assignments.claim(store, 6, OTHER)
    app = open_page("equipe", LEAD)
    assert "6 avis attendent, toutes dates de publication confondues, dont 1 en retard ; 1 réponse envoyée" in said(app)
    camille, alix = _row(app, 0, "Camille"), _row(app, 0, "Alix")
    assert (camille["Envoyées"], camille["Telles quelles"]) == ("1", "1")
    assert (alix["À traiter"], alix["Dont en retard"]) == ("1", "0")
    housing = _row(app, 1, "Caf")
    assert (housing["En attente"], housing["À traiter"]) == ("2", "1")


def test_a_lead_of_some_structures_sees_no_name_and_no_figure_of_the_others(
    tiny_home: Path, store: Engine, open_page: Opened, monkeypatch: pytest.MonkeyPatch
):
    lead = identity.Person(LEAD, "Maxime", navigation.Role.LEAD, (tiny.TAXES,))
    others = [person for person in identity.DEVELOPMENT if person.id != LEAD]
    monkeypatch.setattr(identity, "DEVELOPMENT", (lead, *others))
    monkeypatch.setattr(rereadings, "sampled", lambda id_: True)
    _sent(store, 5)
    mine = _sent(store, 1)  # the portal says 'utile' of it
    theirs = _sent(store, 3, OTHER, tiny.JOBS)  # and 'pas utile' of this one
    assignments.claim(store, 8, AGENT)
    assignments.claim(store, 7, OTHER)
    assert theirs.draft_id is not None
    feedback.give(
        store, theirs.draft_id, OTHER, review_id=3, good=False, reasons=["invented"], comment="loin du compte"
    )
    escalations.escalate(store, "k", 6, raised_by=OTHER, reason="r", recipient="Référent", deadline=now())
    returns.collect(store, open_current(tiny_home))

    app = open_page("equipe", LEAD)
    assert list(app.table[0].value["Agent"]) == ["Camille, réponse aux usagers"]
    assert list(app.table[1].value["Structure"]) == ["SIP de Lille"]
    assert app.selectbox(key="de").options == ["Camille, réponse aux usagers"]
    assert app.selectbox(key="structure_reglee").options == ["SIP de Lille"]
    back = open_page("retours", LEAD)
    assert "0 réponse jugée pas utile attend une explication" in said(back)
    assert "loin du compte" not in said(back)
    assert "2 réponses attendent une relecture" in said(back)
    journal = open_page("journal", LEAD).table[-1].value if open_page("journal", LEAD).table else None
    assert journal is None or "Alix, réponse aux usagers" not in set(journal["Qui"])
    assert "Alix" not in said(open_page("file-d-attente", LEAD))
    assert "Aucun avis n'attend une personne" in said(open_page("avis-confies", LEAD))
    assert mine.structure_id == tiny.TAXES


def test_a_lead_moves_reviews_from_one_agent_to_another(tiny_home: Path, store: Engine, open_page: Opened):
    for review in (5, 6):
        assignments.claim(store, review, AGENT)
    app = open_page("equipe", LEAD)
    app.selectbox(key="de").set_value(AGENT).run()
    app.selectbox(key="vers").set_value(OTHER).run()
    app.button(key="reassign").click().run()
    assert {a.person for a in assignments.current(store).values()} == {OTHER}


def test_a_structure_gets_its_own_target_and_its_mention(tiny_home: Path, store: Engine, open_page: Opened):
    app = open_page("equipe", LEAD)
    app.selectbox(key="structure_reglee").set_value(tiny.JOBS).run()
    app.number_input[0].set_value(10)
    app.toggle[0].set_value(False)
    next(button for button in app.button if button.label == "Enregistrer").click().run()
    chosen = rules.of(store, tiny.JOBS)
    assert (chosen.target_days, chosen.mention, chosen.set_by) == (10, False, LEAD)
    assert "dont 3 en retard" in said(open_page("equipe", LEAD))  # 12 days is late there now
    assert "1 structure a choisi de ne pas la publier" in said(open_page("transparence", AGENT))


@pytest.mark.parametrize("slug", ["equipe", "retours"])
def test_agents_do_not_read_figures_of_each_other(tiny_home: Path, open_page: Opened, slug: str):
    assert "n'est pas ouverte" in said(open_page(slug, AGENT))


# -- what came back --------------------------------------------------------------------------------------------------


def test_a_useless_reply_is_explained_and_leaves_the_list(tiny_home: Path, store: Engine, open_page: Opened):
    _sent(store, 3, structure=tiny.JOBS)  # the portal says 'pas utile' of it
    app = open_page("retours", LEAD)
    assert "1 réponse jugée pas utile attend une explication" in said(app)
    next(box for box in app.selectbox if box.label == "Ce qui l'explique").set_value("vague")
    next(button for button in app.button if button.label == "Enregistrer").click().run()
    found = returns.of_review(store, 3)
    assert found is not None
    assert (found.cause, found.withheld, found.explained_by) == ("vague", True, LEAD)
    assert "Rien n'attend d'explication" in said(app)


def test_rereading_is_blind_until_the_verdict(
    tiny_home: Path, store: Engine, open_page: Opened, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rereadings, "sampled", lambda id_: True)
    sent = _sent(store, 5)
    app = open_page("retours", LEAD)
    assert DRAFT["reply"] in said(app)
    assert "Camille" not in said(app)
    assert "telle que proposée" not in said(app)
    app.button(key=f"reread_False_{sent.id}").click().run()
    assert rereadings.given(store) == []  # a bad verdict asks for a word
    app.text_input(key=f"reread_note_{sent.id}").set_value("trop court").run()
    app.button(key=f"reread_False_{sent.id}").click().run()
    [given] = rereadings.given(store)
    assert (given.good, given.note, given.read_by) == (False, "trop court", LEAD)
    assert "envoyée telle que proposée" in app.table[-1].value.to_string()


def test_what_agents_say_of_proposals_is_gathered(tiny_home: Path, store: Engine, open_page: Opened):
    sent = _sent(store, 5)
    assert sent.draft_id is not None
    feedback.give(
        store, sent.draft_id, AGENT, review_id=5, good=False, reasons=["invented", "too_long"], comment="<b>non</b>"
    )
    app = open_page("retours", LEAD)
    assert "« <b>non</b> » · pas bonne" in said(app)
    assert set(app.table[-1].value["Raison"]) == {"Invente", "Trop longue"}


def test_with_nothing_yet_the_page_says_what_will_come(tiny_home: Path, open_page: Opened):
    shown = said(open_page("retours", LEAD))
    assert "aucun jugement" in shown
    assert "Aucune réponse n'attend de relecture" in shown
    assert "c'est un clic" in shown


# -- handed to a person ----------------------------------------------------------------------------------------------


def test_reviews_handed_over_stand_with_their_deadline(tiny_home: Path, store: Engine, open_page: Opened):
    late, soon = now() - timedelta(hours=1), now() + timedelta(hours=4)
    escalations.escalate(store, "a", 10, raised_by=AGENT, reason="Détresse", recipient="Référent", deadline=soon)
    escalations.escalate(store, "b", 6, raised_by=OTHER, reason="Menace", recipient="Juridique", deadline=late)
    app = open_page("avis-confies", LEAD)
    assert "2 avis attendent une personne, dont 1 après son échéance" in said(app)
    assert "Échéance dépassée" in said(app)
    assert linked(app).count("Répondre sans IA") == 2
    app.selectbox(key="confies_a").set_value("Référent").run()
    assert linked(app).count("Répondre sans IA") == 1
    raised = escalations.of_review(store, 10)
    assert raised is not None
    app.text_area(key=f"escalation_outcome_{raised.id}").set_value("Appelée.")
    app.button(key=f"escalation_close_{raised.id}").click().run()
    assert [e.review_id for e in escalations.opened(store)] == [6]


def test_nobody_to_read_says_so(tiny_home: Path, open_page: Opened):
    assert "Personne n'a passé la main" in said(open_page("avis-confies", AGENT))


# -- what anyone may read --------------------------------------------------------------------------------------------


def test_anyone_reads_how_replies_are_made(tiny_home: Path, store: Engine, open_page: Opened):
    workers.beat(store, "w1", model="albert @ albert.exemple.fr")
    shown = said(open_page("transparence", "analyste.demo")).replace("\\", "")
    assert "albert, servi par albert.exemple.fr, hors de la machine de Vigie" in shown
    assert rules.MENTION in shown
    assert "Aucune structure n'a retiré cette mention" in shown

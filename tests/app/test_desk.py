"""The desk: a proposal with its sources, the reply in the agent's hands, sending, handing over."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
import streamlit
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from data import snapshots
from data.operations import desk, drafts, escalations, journal, replies, stored, workers
from data.operations.engine import open_store
from pages.components import evidence, identity, navigation, proposal
from tests.app.conftest import Opened, linked, said
from tests.tiny import DRAFT

AGENT, OTHER = "agent.demo", "agent2.demo"


@pytest.fixture
def store(tiny_home: Path) -> Engine:
    return open_store(f"sqlite:///{tiny_home / 'operations.sqlite'}")


@pytest.fixture
def at_desk(tiny_home: Path, open_page: Opened) -> Opened:
    def opened(review: int, person: str = AGENT) -> AppTest:
        return open_page("rediger", person, id=str(review))

    return opened


def _typed(app: AppTest) -> str:
    return str(app.text_area[0].value)


def _labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


# -- without a worker ----------------------------------------------------------------------------------------------


def test_without_a_worker_the_page_says_so_and_assembles_a_proposal(at_desk: Opened, store: Engine):
    app = at_desk(5)
    assert "Aucun rédacteur n'est en marche" in said(app)
    [made] = stored.of_review(store, 5)
    assert _typed(app) == made.reply
    assert "F1001" in made.reply  # the fiche's link, from the retrieved source alone
    assert any("Déclarer l'occupation" in expander.label for expander in app.expander)
    assert "Envoyer telle quelle" in _labels(app)


def test_opening_again_makes_no_second_proposal(at_desk: Opened, store: Engine):
    at_desk(5)
    at_desk(5)
    assert len(stored.of_review(store, 5)) == 1


def test_after_an_update_the_page_says_to_refresh_and_offers_nothing_to_send(at_desk: Opened, tiny_home: Path):
    at_desk(5)
    router = snapshots.artifacts_of(tiny_home, snapshots.current(tiny_home)) / "router" / "router.json"
    made = json.loads(router.read_text("utf-8"))
    del made["together"]  # as a version before wrote it
    router.write_text(json.dumps(made), "utf-8")
    streamlit.cache_resource.clear()
    streamlit.cache_data.clear()
    app = at_desk(5)
    assert not app.exception
    assert any("autre version de Vigie" in error.value for error in app.error)
    assert "Envoyer telle quelle" not in _labels(app)


def test_a_review_sent_to_nobody_says_which_institution_seems_concerned_or_that_none_does(at_desk: Opened):
    assert "Institution : aucune ne s'impose. Le texte" in said(at_desk(9))  # Hors structure
    assert "ne s'impose" not in "\n".join(str(told.value) for told in at_desk(5).info)  # written to its own
    told = evidence.routed({"abstained": False, "typology": "CAF", "confidence": 0.84, "reason": "Il la nomme."})
    assert told == "Institution : « CAF » semble concernée, à 84\u202f%. Il la nomme."


def test_personal_data_of_the_review_is_masked(at_desk: Opened):
    shown = said(at_desk(11))
    assert "06 12 34 56 78" not in shown
    assert "jeanne@exemple.fr" not in shown
    assert "[téléphone]" in shown


def test_another_proposal_is_asked_once_and_does_not_touch_a_text_already_changed(at_desk: Opened, store: Engine):
    app = at_desk(5)
    app.text_area[0].set_value("Mon texte.").run()
    app.button(key="regenerate").click().run()
    assert _typed(app) == "Mon texte."
    assert len(stored.of_review(store, 5)) == 2
    assert "Votre texte n'a pas été touché" in said(app)
    app.button(key="replace").click().run()
    assert _typed(app) == stored.of_review(store, 5)[0].reply


def test_the_second_click_of_a_double_click_asks_for_nothing_more(
    at_desk: Opened, store: Engine, monkeypatch: pytest.MonkeyPatch
):
    workers.beat(store, "w1", model="petit-modele")
    app = at_desk(5)
    claimed = drafts.claim(store, "w1")
    assert claimed is not None
    drafts.finish(store, claimed, DRAFT)
    app.run()
    for _ in range(2):
        app.button(key="regenerate").click().run()
    assert len(journal.entries(store, action="draft.request", review_id=5)) == 2  # the first visit's, and one more
    monkeypatch.setattr(proposal, "_DOUBLE_CLICK_S", 0.0)
    app.button(key="regenerate").click().run()
    assert len(journal.entries(store, action="draft.request", review_id=5)) == 3


def test_starting_from_a_blank_page_and_back(at_desk: Opened):
    app = at_desk(5)
    proposed = _typed(app)
    app.button(key="blank").click().run()
    assert _typed(app) == ""
    assert app.button(key="send").disabled
    app.button(key="take_draft").click().run()
    assert _typed(app) == proposed


# -- what is known of the review ---------------------------------------------------------------------------------------


def test_the_context_tells_institution_place_tags_irritant_signal_and_like_reviews(
    tiny_home: Path, open_page: Opened
) -> None:
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshots.current(tiny_home)))) as connection:
        connection.execute(
            "UPDATE reviews SET accessibility = 'Négatif', relation = 'Positif', department = '59', "
            "business_tags = ['<b>Loyer</b>', 'APL'] WHERE id = 6"
        )
        connection.execute("UPDATE review_typologies SET tags = 'Aides' WHERE review_id = 6")
        connection.execute("UPDATE review_typologies SET tags = 'APL' WHERE review_id = 5")
    app = open_page("rediger", AGENT, id="6")
    shown = said(app)
    for fact in ("Institution : Caisse d&#x27;allocations familiales (CAF)", "Structure : Caf du Nord", "Lieu : Nord"):
        assert fact in shown
    assert "Étiquettes métiers : &lt;b&gt;Loyer&lt;/b&gt;, APL, Aides" in shown
    assert "Accessibilité <span" in shown
    assert "▼ négatif" in shown
    assert "▲ positif" in shown
    assert "Simplicité" not in shown  # not set
    links = linked(app)
    assert "Irritant : Aide au logement en attente" in links
    assert "Signal : Aide au logement en attente" in shown  # agents have no page of signals
    assert "Signal : Aide au logement en attente" in linked(open_page("rediger", "chef.demo", id="6"))
    assert "Dossier réglé en une journée (répondu)" in links
    assert "Voir l'impact de l'IA" in links
    assert "Étiquettes" not in said(open_page("rediger", AGENT, id="5")).replace("Étiquettes métiers : APL", "")


# -- the text is never lost -------------------------------------------------------------------------------------------


def test_a_reload_finds_the_text_as_it_was_typed(at_desk: Opened):
    at_desk(5).text_area[0].set_value("À moitié écrit").run()
    assert _typed(at_desk(5)) == "À moitié écrit"


def test_words_another_tab_came_before_are_shown_until_one_chooses(at_desk: Opened, store: Engine):
    app = at_desk(5)
    text = desk.get(store, 5, AGENT)
    assert text is not None
    desk.save(store, text, "L'autre onglet")
    app.text_area[0].set_value("Cet onglet").run()
    assert "autre onglet" in said(app)
    assert _typed(app) == "L'autre onglet"
    app.button(key="take_mine").click().run()
    assert _typed(app) == "Cet onglet"


def test_two_agents_on_one_review_are_told_so(at_desk: Opened):
    at_desk(5, OTHER)
    assert "Alix, réponse aux usagers travaille aussi sur cet avis" in said(at_desk(5))


# -- sending -----------------------------------------------------------------------------------------------------------


def test_sending_shows_what_will_be_published_then_thanks_and_offers_the_next(at_desk: Opened, store: Engine):
    app = at_desk(7)
    proposed = _typed(app)
    app.text_area[0].set_value(proposed.replace("Bonjour,", "Bonjour Madame, Monsieur,")).run()
    app.button(key="send").click().run()
    assert "Bonjour Madame, Monsieur," in said(app)
    app.button(key="confirm_send").click().run()
    assert not app.exception
    sent = replies.of_review(store, 7)
    assert sent is not None
    assert (sent.decided, sent.sent_by, sent.structure_id) == ("reworked", AGENT, "ftLille001")
    assert sent.body.startswith("Bonjour Madame, Monsieur,")
    assert app.success[0].value.startswith("Merci.")
    assert "attente de publication" in said(app)
    assert "Avis suivant" in linked(app)
    assert app.metric[0].label == "Temps de rédaction"


def test_a_severe_point_asks_for_a_reason_before_sending(at_desk: Opened, store: Engine):
    app = at_desk(7)
    app.text_area[0].set_value(_typed(app) + " Appelez le 01 23 45 67 89.").run()
    assert "ne vient d’aucune source" in said(app)
    app.button(key="send").click().run()
    assert app.button(key="confirm_send").disabled
    reason = next(field for field in app.text_input if field.label == "Pourquoi le garder ?")
    reason.set_value("numéro vérifié").run()
    app.button(key="confirm_send").click().run()
    sent = replies.of_review(store, 7)
    assert sent is not None
    assert sent.overrides[0]["reason"] == "numéro vérifié"


def test_a_review_already_answered_is_not_answered_again(at_desk: Opened):
    app = at_desk(1)
    assert "déjà reçu une réponse" in said(app)
    assert not app.text_area


def test_without_a_review_the_most_pressing_one_is_offered(tiny_home: Path, open_page: Opened):
    app = open_page("rediger", AGENT)
    assert "7 avis attendent une réponse" in said(app)
    assert "Répondre à cet avis" in linked(app)


def test_an_unknown_review_is_said_to_be_unknown(tiny_home: Path, open_page: Opened):
    assert "n'existe pas" in said(open_page("rediger", AGENT, id="999"))
    assert "n'existe pas" in said(open_page("rediger", AGENT, id="abc"))


def test_words_typed_while_somebody_else_sent_are_shown_not_sent(at_desk: Opened, store: Engine):
    app = at_desk(5)
    replies.send(store, desk.opened(store, 5, OTHER), "Bonjour, réponse d'Alix.")
    app.text_area[0].set_value("Mes mots à moi.").run()
    app.run()
    assert "Envoyée par Alix" in said(app)
    assert "Mes mots à moi." in said(app)
    sent = replies.of_review(store, 5)
    assert sent is not None
    assert sent.sent_by == OTHER


def test_a_review_of_another_structure_is_not_answered(
    tiny_home: Path, open_page: Opened, monkeypatch: pytest.MonkeyPatch
):
    mine = identity.Person("agent.demo", "Camille", navigation.Role.AGENT, ("sipLille01",))
    monkeypatch.setattr(identity, "DEVELOPMENT", (mine,))
    assert "dont vous ne répondez pas" in said(open_page("rediger", AGENT, id="6"))
    assert "2 avis attendent" in said(open_page("rediger", AGENT))  # reviews 5 and 8 are of this structure


# -- handing over to a person ----------------------------------------------------------------------------------------


def test_a_review_that_speaks_of_dying_shows_whom_to_call_and_no_proposal(at_desk: Opened, store: Engine):
    app = at_desk(10)
    assert "3114" in said(app)
    assert stored.of_review(store, 10) == []
    assert drafts.latest_request(store, 10) is None
    assert _typed(app) == ""


def test_the_distress_button_hands_over_thanks_and_switches_the_ai_off(at_desk: Opened, store: Engine):
    app = at_desk(6)
    app.button(key="distress").click().run()
    app.button(key="distress_confirm").click().run()
    assert not app.exception
    assert "vous n'avez plus rien à faire" in "\n".join(message.value for message in app.success)
    raised = escalations.of_review(store, 6)
    assert raised is not None
    assert raised.recipient == "Encadrement de l'équipe"
    assert journal.entries(store, action="escalation.open")[0].review_id == 6
    assert "regenerate" not in [button.key for button in app.button]
    assert "désactivée" in said(at_desk(6, OTHER))


def test_whoever_deals_with_it_says_what_was_done(at_desk: Opened, store: Engine):
    app = at_desk(10)
    app.button(key="hand_over").click().run()
    app.button(key="distress_confirm").click().run()
    lead = at_desk(10, "chef.demo")
    raised = escalations.of_review(store, 10)
    assert raised is not None
    lead.text_area(key=f"escalation_outcome_{raised.id}").set_value("Personne rappelée.")
    lead.button(key=f"escalation_close_{raised.id}").click().run()
    closed = escalations.of_review(store, 10)
    assert closed is not None
    assert (closed.state, closed.closed_by, closed.outcome) == ("closed", "chef.demo", "Personne rappelée.")


# -- with a worker ----------------------------------------------------------------------------------------------------


def test_with_a_worker_the_text_comes_as_it_is_written_then_fills_the_editor(at_desk: Opened, store: Engine):
    workers.beat(store, "w1", model="petit-modele")
    app = at_desk(5)
    assert "En attente d'un rédacteur" in said(app)
    claimed = drafts.claim(store, "w1")
    assert claimed is not None
    drafts.progress(store, claimed, "Bonjour, nous")
    app.run()
    assert "Bonjour, nous" in said(app)
    drafts.finish(store, claimed, DRAFT)
    app.run()
    assert _typed(app) == DRAFT["reply"]


def test_a_worker_that_dies_leaves_nobody_waiting(at_desk: Opened, store: Engine):
    workers.beat(store, "w1", model="petit-modele")
    app = at_desk(5)
    assert drafts.claim(store, "w1") is not None
    workers.stop(store, "w1")
    app.run()
    assert "s'est arrêté en chemin" in said(app)
    assert _typed(app).startswith("Bonjour")


def test_a_failed_draft_says_why_and_is_replaced(at_desk: Opened, store: Engine):
    workers.beat(store, "w1", model="petit-modele")
    app = at_desk(5)
    claimed = drafts.claim(store, "w1")
    assert claimed is not None
    drafts.fail(store, claimed, "mémoire insuffisante")
    app.run()
    assert "mémoire insuffisante" in said(app)
    assert _typed(app).startswith("Bonjour")


def test_the_agent_may_stop_waiting_and_write_alone(at_desk: Opened, store: Engine):
    workers.beat(store, "w1", model="petit-modele")
    app = at_desk(5)
    stop = next(button for button in app.button if button.label == "Arrêter et écrire sans aide")
    stop.click().run()
    request = drafts.latest_request(store, 5)
    assert request is not None
    assert request.state == "cancelled"
    app.text_area[0].set_value("Bonjour, de ma main.").run()
    assert "Envoyer ma réponse" in _labels(app)


@pytest.mark.parametrize("person", ["manager.demo", "analyste.demo"])
def test_other_roles_do_not_enter(tiny_home: Path, open_page: Opened, person: str):
    assert "n'est pas ouverte" in said(open_page("rediger", person, id="5"))

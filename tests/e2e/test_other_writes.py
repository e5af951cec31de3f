"""A double click acts once, on the pages beside the desk that write: signals, subjects, views, actions, adoption, trials.

Edits of the reference are in `test_double_clicks.py` (they start an analysis), jobs in `test_jobs.py`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import Engine

from data.warehouse import open_current
from tests import loopback_smtp
from tests.e2e.conftest import Server, serve, settled, unfolded, visit
from tests.e2e.test_writes import done, times, twice

ANALYST, LEAD, MANAGER, ADMIN = "analyste.demo", "chef.demo", "manager.demo", "admin.demo"


@pytest.fixture(scope="module")
def signals(demo_home: Path) -> list[str]:
    """Signals whose owner can be written to."""
    opened = open_current(demo_home)
    found = opened.rows("SELECT id FROM signals WHERE owner_mailbox IS NOT NULL ORDER BY id")
    opened.close()
    return [id_ for (id_,) in found]


def unfold(page: Page, title: str) -> None:
    """Open an expander, if it is not."""
    box = page.locator("details", has=page.locator("summary", has_text=title))
    if not box.evaluate("box => box.open"):
        box.locator("summary").click()


def type_in(field: Locator, words: str) -> None:
    """Fill a field and leave it, so that the server has the words."""
    field.fill(words)
    field.press("Tab")


def test_a_subscription_is_taken_once_and_stopped_once(server: Server, store: Engine, page: Page) -> None:
    visit(page, server, "/signaux-faibles?vue=Abonnements", ANALYST)
    page.get_by_label("Adresse de messagerie").fill("sacha@exemple.fr")
    twice(page, page.get_by_role("button", name="S'abonner"))
    done(page, store, "signal.subscribe")
    twice(page, page.get_by_role("button", name="Se désabonner"))
    done(page, store, "signal.unsubscribe")


def test_a_subject_is_followed_changed_and_left_once(server: Server, store: Engine, page: Page) -> None:
    visit(page, server, "/sujets-suivis", ANALYST)
    page.get_by_label("Nom du sujet").fill("Attente")
    page.get_by_role("textbox", name="Mots, une expression par ligne").fill("attente")
    twice(page, page.get_by_role("button", name="Suivre ce sujet"))
    done(page, store, "watched.add")
    unfold(page, "Changer les mots")
    type_in(page.get_by_role("textbox", name="Une expression par ligne", exact=True), "longue attente")
    twice(page, page.get_by_role("button", name="Enregistrer les mots"))
    done(page, store, "watched.change")
    unfold(page, "Changer les mots")
    twice(page, page.get_by_role("button", name="Ne plus suivre"))
    done(page, store, "watched.archive")


def test_a_view_is_kept_once_and_forgotten_once(server: Server, store: Engine, page: Page) -> None:
    visit(page, server, "/tendances", MANAGER)
    page.get_by_role("button", name="Vues enregistrées").click()
    type_in(page.get_by_label("Nom de la vue"), "Le mois")
    twice(page, page.get_by_role("button", name="Enregistrer cette vue"))
    done(page, store, "view.save")
    forget = page.get_by_role("button", name="Supprimer")
    if not forget.is_visible():
        page.get_by_role("button", name="Vues enregistrées").click()
    twice(page, forget)
    done(page, store, "view.forget")


def test_an_action_is_planned_once_and_moved_once(server: Server, store: Engine, page: Page) -> None:
    visit(page, server, "/irritant?id=0", MANAGER)
    unfold(page, "Prévoir une action")
    page.get_by_label("Que fait-on ?").fill("Ouvrir un guichet")
    page.get_by_label("Qui s'en charge ?").fill("Le service")
    twice(page, page.get_by_role("button", name="Prévoir", exact=True))
    done(page, store, "action.add")
    twice(page, page.get_by_role("button", name="Engager"))
    done(page, store, "action.move")
    twice(page, page.get_by_role("button", name="Marquer réalisée"))
    done(page, store, "action.move", before=1)


def test_a_day_of_adoption_is_declared_once_and_taken_back_once(server: Server, store: Engine, page: Page) -> None:
    visit(page, server, "/impact-ia", ADMIN)
    unfold(page, "Déclarer le jour d'adoption")
    unfolded(page, "Structure").click()
    twice(page, page.get_by_role("button", name="Déclarer ce jour"))
    done(page, store, "adoption.declare")
    unfold(page, "Déclarer le jour d'adoption")
    twice(page, page.get_by_role("button", name="Retirer"))
    done(page, store, "adoption.take_back")


def test_a_trial_begins_once_and_ends_once(server: Server, store: Engine, page: Page) -> None:
    visit(page, server, "/mesures-redaction", LEAD)
    unfold(page, "Commencer un essai")
    twice(page, page.get_by_role("button", name="Commencer l'essai"))
    done(page, store, "trial.start")
    twice(page, page.get_by_role("button", name="Terminer l'essai"))
    done(page, store, "trial.end")


def test_a_signal_is_taken_up_once(server: Server, store: Engine, page: Page, signals: list[str]) -> None:
    visit(page, server, f"/signal?id={signals[0]}", ANALYST)
    twice(page, page.get_by_role("button", name="Prendre en compte"))
    done(page, store, "signal.triage")
    expect(page.get_by_text(re.compile("^Pris en compte par Sacha"))).to_be_visible()


def test_a_message_to_a_service_leaves_once(
    demo_home: Path, store: Engine, page: Page, signals: list[str], tmp_path: Path
) -> None:
    before = times(store, "signal.forward")
    with loopback_smtp.server() as received:
        running = serve(demo_home, tmp_path / "log", VIGIE_SMTP_URL=received.url)
        visit(page, next(running), f"/signal?id={signals[-1]}", ANALYST)
        expect(page.get_by_text(f"Identifiant : {signals[-1]}")).to_be_attached()  # the end of the page is there
        unfold(page, "Écrire « attention ici » au service")
        twice(page, page.get_by_role("button", name="Envoyer", exact=True))
        done(page, store, "signal.forward", before=before)
        running.close()  # type: ignore[attr-defined]
    assert len(received.messages) == 1
    settled(page)

"""One signal: observed against expected, who must be told, the very reviews."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from data import snapshots
from tests import loopback_smtp
from tests.app.conftest import Opened, asked, figures, linked, said


def test_its_figures_are_the_engine_s_own(tiny_home: Path, open_page: Opened) -> None:
    ((observed, expected, low, q),) = asked(tiny_home, "SELECT observed, expected, ratio_low, q FROM signals")
    shown = figures(open_page("signal", "analyste.demo", id="sig-1"))
    assert shown["Avis observés"] == str(observed)
    assert shown["Attendus"] == f"{expected:.2f}".replace(".", ",")
    assert shown["Au moins"] == f"× {low:.1f}".replace(".", ",")
    assert shown["Risque d'erreur"] == f"{100 * q:.1f}\u202f%".replace(".", ",")


def test_its_owner_can_be_written_to(tiny_home: Path, open_page: Opened) -> None:
    ((name, mailbox),) = asked(tiny_home, "SELECT owner_name, owner_mailbox FROM signals")
    told = said(open_page("signal", "analyste.demo", id="sig-1"))
    assert name in told
    assert mailbox in told


def test_its_reviews_are_shown_and_no_other(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("signal", "analyste.demo", id="sig-1")
    ((n,),) = asked(tiny_home, "SELECT len(review_ids) FROM signals")
    assert linked(app).count("Ouvrir l'avis") == n
    assert "Dossier réglé en une journée" in said(app)
    assert "Aide au logement suspendue" not in said(app)


@pytest.mark.parametrize("address", ["nothing", "' OR 1=1 --", ""])
def test_an_unknown_signal_is_said_to_be_unknown(tiny_home: Path, open_page: Opened, address: str) -> None:
    app = open_page("signal", "analyste.demo", id=address)
    assert "Ce signal n'est pas dans les données en service." in said(app)
    assert linked(app) == ["Tous les signaux"]


def test_before_the_first_analysis_no_signal_is_known(loaded_home: Path, open_page: Opened) -> None:
    assert "Ce signal n'est pas dans les données en service." in said(open_page("signal", "analyste.demo", id="sig-1"))


def test_the_message_is_drafted_for_the_owner_and_can_be_changed(tiny_home: Path, open_page: Opened) -> None:
    ((mailbox,),) = asked(tiny_home, "SELECT owner_mailbox FROM signals")
    app = open_page("signal", "analyste.demo", id="sig-1")
    assert app.text_input(key="message_to").value == mailbox
    assert app.text_input(key="message_subject").value.startswith("Attention ici : Aide au logement")
    assert "Les avis concernés : 6, 10, 12." in app.text_area(key="message_body").value


def test_an_address_that_is_none_can_not_be_written_to(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("signal", "analyste.demo", id="sig-1")
    app.text_input(key="message_to").set_value("personne").run()
    assert any("n'est pas valable" in warning.value for warning in app.warning)


def test_a_signal_is_taken_up_then_closed(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("signal", "analyste.demo", id="sig-1")
    app.button(key="triage_acknowledged").click().run()
    assert "Pris en compte par Sacha" in said(app)
    app.text_area(key="triage_closed_note").set_value("Réglé").run()
    app.button(key="triage_closed_save").click().run()
    assert "Clos par Sacha" in said(app)
    assert "Note : Réglé" in said(app)
    assert "Clos · Réglé" in said(app)  # who did what when


def test_a_false_alarm_has_a_reason(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("signal", "analyste.demo", id="sig-1")
    app.selectbox(key="triage_false_alarm_reason").set_value("Déjà connu du service").run()
    app.button(key="triage_false_alarm_save").click().run()
    assert "Fausse alerte par Sacha" in said(app)
    assert "Note : Déjà connu du service" in said(app)


def test_a_message_sent_by_the_server_forwards_the_signal(
    tiny_home: Path, open_page: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    with loopback_smtp.server() as received:
        monkeypatch.setenv("VIGIE_SMTP_URL", received.url)
        app = open_page("signal", "analyste.demo", id="sig-1")
        app.button(key="message_send").click().run()
    ((_, recipients, _),) = received.messages
    assert recipients == ["cafnord001@exemple.gouv.fr"]
    assert "Transmis par Sacha" in said(app)


def test_a_message_that_did_not_leave_changes_nothing(
    tiny_home: Path, open_page: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_SMTP_URL", "smtp://127.0.0.1:1")
    app = open_page("signal", "analyste.demo", id="sig-1")
    app.button(key="message_send").click().run()
    assert "Nouveau" in said(app)
    assert any("n'est pas parti" in toast.value for toast in app.toast)


def test_how_it_was_found_can_be_retraced(tiny_home: Path, open_page: Opened) -> None:
    told = said(open_page("signal", "analyste.demo", id="sig-1"))
    assert "12 tests" in told
    assert "q = 0,03" in told
    assert "Identifiant : sig-1" in told


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        ((4, 1, True), "au plus 1 avis attendu, 3 reçus : elle alerte aussi."),
        ((4, 5, False), "au plus 5 avis attendus, 3 reçus : elle n'alerte pas."),
        ((2, 0, None), "aucun avis attendu, 3 reçus : trop peu d'avis pour qu'elle se prononce"),
        ((1, None, None), "historique trop court pour elle"),
    ],
)
def test_a_second_method_says_whether_it_alarms_too(
    tiny_home: Path, open_page: Opened, reading: tuple[int, int | None, bool | None], told: str
) -> None:
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshots.current(tiny_home)))) as connection:
        connection.execute(
            "UPDATE signals SET weeks = 2, second_years = $years, second_bound = $bound, second_alarm = $alarm",
            dict(zip(("years", "bound", "alarm"), reading, strict=True)),
        )
    page = said(open_page("signal", "analyste.demo", id="sig-1"))
    assert "Seconde lecture, méthode de Farrington" in page
    assert told in page


def test_a_signal_told_before_there_was_a_second_method_says_nothing_of_it(tiny_home: Path, open_page: Opened) -> None:
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshots.current(tiny_home)))) as connection:
        for column in ("weeks", "second_years", "second_bound", "second_alarm"):
            connection.execute(f"ALTER TABLE signals DROP COLUMN {column}")
    page = said(open_page("signal", "analyste.demo", id="sig-1"))
    assert "Identifiant : sig-1" in page
    assert "Farrington" not in page

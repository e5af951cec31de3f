"""One signal: observed against expected, who must be told, the very reviews."""

from __future__ import annotations

from pathlib import Path

import pytest

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

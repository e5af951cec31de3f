"""Delays, supervision and a structure's own page: what they say, and what they say when there is nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from data import ingest
from data.demo import generate
from data.demo.generate import Order
from pages.components import french
from tests import tiny
from tests.app.conftest import Opened, asked, figures, linked, said


def test_median_counts_those_who_still_wait(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("delais", "chef.demo", chosen={"periode": "Tout"})
    assert "Délai médian toute la période : **20 jours**" in said(app)
    shown = figures(app)
    assert shown["Sans réponse"] == "7"
    assert shown["Délai médian"] == "Effectif insuffisant (n = 4)"  # a figure needs twenty replies
    assert "1 message d’attente (pas une réponse)" in said(app)
    assert "1 avis Hors structure" in said(app)


def test_days_worked_and_the_other_definition(tiny_home: Path, open_page: Opened) -> None:
    app = open_page(
        "delais", "chef.demo", chosen={"periode": "Tout", "jours": "Jours ouvrés", "depuis": "Depuis l'écriture"}
    )
    assert "**14 jours**" in said(app)  # 2 April to 22 April 2025, Easter Monday left out


@pytest.mark.parametrize("cut", ["Réseau", "Institution", "Structure", "Département", "Région", "Canal", "Irritant"])
def test_every_cut_is_offered(tiny_home: Path, open_page: Opened, cut: str) -> None:
    app = open_page("delais", "chef.demo", chosen={"periode": "Tout", "par": cut})
    assert "Qui répond vite, et sur quoi" in said(app)
    assert len(app.dataframe) > 0


def test_a_single_file_dates_no_structure_s_own_reply_and_says_so(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("delais", "chef.demo", chosen={"periode": "Tout", "par": "Structure"})
    assert "Le portail ne date que la première réponse à un avis, quelle que soit la structure." in said(app)


def test_a_lead_subscribes_to_what_will_be_late(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("supervision", "chef.demo")
    assert app.checkbox(key="wish_delays").value
    app.text_input(key="wish_address").set_value("chef@example.org")
    next(b for b in app.button if b.label == "S'abonner").click().run()
    assert not app.exception
    assert "Tous les signaux ; retards et dérives" in "\n".join(text.value for text in app.text)


def test_what_is_late_leads_to_the_queue_and_to_what_will_be(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("delais", "chef.demo", chosen={"periode": "Tout"})
    assert "7 avis attendent" in said(app)
    assert {"Ouvrir la file d'attente", "Voir ce qui sera en retard, et le stock à venir"} <= set(linked(app))


def test_supervision_counts_the_stock(tiny_home: Path, open_page: Opened) -> None:
    ((waiting,),) = asked(
        tiny_home,
        """SELECT count(*) FROM reviews AS r WHERE NOT out_of_structure AND NOT EXISTS
        (SELECT 1 FROM replies AS p WHERE p.review_id = r.id AND p.body IS NOT NULL AND NOT p.canned)""",
    )
    app = open_page("supervision", "chef.demo")
    assert f"**{french.number(waiting)} avis attendent**" in said(app)
    assert figures(app)["En attente"] == french.number(waiting)
    assert "Trop peu de semaines passées" in said(app)
    assert "il faut au moins neuf mois d'historique" in said(app)
    assert "Aucune structure ne répond nettement moins" in said(app)


def test_supervision_ignores_the_period_and_follows_the_institution(tiny_home: Path, open_page: Opened) -> None:
    short, long = (
        figures(open_page("supervision", "chef.demo", chosen={"periode": p}))["En attente"]
        for p in ("4 semaines", "Tout")
    )
    assert short == long == "7"
    taxes = open_page("supervision", "chef.demo", chosen={"reseau": ["DGFIP"]})
    assert figures(taxes)["En attente"] == "2"


def test_a_structure_has_its_own_page(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("structure", "agent.demo", id=tiny.HOUSING)
    assert app.title[0].value == "Délais de Caf du Nord"
    assert figures(app)["En attente"] == "2"
    assert "Équipée depuis le 30 juin 2025 (lu dans le fichier du portail)" in said(app)


def test_an_unknown_structure_is_said(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("structure", "agent.demo", id="nobody")
    assert app.title[0].value == "Structure inconnue"
    assert "Aucun avis ne nomme cette structure." in said(app)


def test_without_a_refresh_the_pages_open(loaded_home: Path, open_page: Opened) -> None:
    assert "Délai médian" in said(open_page("delais", "chef.demo", chosen={"periode": "Tout"}))
    assert "avis attendent" in said(open_page("supervision", "chef.demo"))
    assert open_page("structure", "chef.demo", id=tiny.TAXES).title[0].value == "Délais de SIP de Lille"


@pytest.fixture(scope="module")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    generate.write(Order(reviews=2500, seed=3, planted=False), folder / "files", processes=1)
    files = folder / "files"
    ingest.ingest([files / "experiences.csv"], folder / "home", structures_file=files / "structures.csv")
    return folder / "home"


@pytest.mark.parametrize("cut", ["Réseau", "Canal", "Structure"])
def test_groups_are_drawn_side_by_side(
    demo_home: Path, monkeypatch: pytest.MonkeyPatch, open_page: Opened, cut: str
) -> None:
    monkeypatch.setenv("VIGIE_HOME", str(demo_home))
    app = open_page("delais", "chef.demo", chosen={"periode": "Tout", "par": cut})
    assert "test du log-rank" in said(app)


def test_what_will_be_late_comes_with_how_often_it_was_right(
    demo_home: Path, monkeypatch: pytest.MonkeyPatch, open_page: Opened
) -> None:
    monkeypatch.setenv("VIGIE_HOME", str(demo_home))
    app = open_page("supervision", "chef.demo")
    text = said(app)
    assert "Sur les 12 dernières semaines" in text
    assert "l'erreur à quatre semaines était de" in text
    assert len(app.dataframe) >= 2

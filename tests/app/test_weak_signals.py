"""The week's signals: a sentence that says who, where and how sure; an empty week that says so."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from data import snapshots
from data.operations import triage
from data.operations.engine import open_store
from tests.app.conftest import Opened, asked, linked, said


def test_the_week_is_told_in_one_sentence(tiny_home: Path, open_page: Opened) -> None:
    told = said(open_page("signaux-faibles", "analyste.demo"))
    assert "Cette semaine, 1 signal ; le plus sûr : Aide au logement en attente" in told


def test_each_signal_says_where_how_many_and_whom_to_tell(tiny_home: Path, open_page: Opened) -> None:
    ((observed, expected, owner),) = asked(tiny_home, "SELECT observed, expected, owner_name FROM signals")
    app = open_page("signaux-faibles", "analyste.demo")
    sentence = next(text.value for text in app.text if "là où" in text.value)
    assert sentence.startswith(f"{observed} avis sur les 2 semaines jusqu'au 30 juin 2025")
    assert f"on en attendait {expected:.2f}".replace(".", ",") in sentence
    assert f"À prévenir : {owner}." in sentence
    assert "p-value" not in said(app)
    assert "Ouvrir le signal" in linked(app)


@pytest.mark.parametrize(("strength", "n"), [("Tous", 1), ("Faibles", 1), ("Forts", 0)])
def test_the_strength_narrows_the_list(tiny_home: Path, open_page: Opened, strength: str, n: int) -> None:
    app = open_page("signaux-faibles", "analyste.demo", chosen={"force": strength})
    assert linked(app).count("Ouvrir le signal") == n


def test_a_week_without_signal_says_so(tiny_home: Path, open_page: Opened) -> None:
    snapshot = snapshots.current(tiny_home)
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshot))) as connection:
        connection.execute("DELETE FROM signals")
    app = open_page("signaux-faibles", "analyste.demo")
    assert "Cette semaine, aucun signal" in said(app)
    assert not app.dataframe


def test_a_filter_keeps_the_signals_it_holds_reviews_of(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("signaux-faibles", "analyste.demo", chosen={"institution": ["France Travail"]})
    assert "Aucun signal sur cette sélection." in said(app)


def test_before_the_first_analysis_the_page_says_how_to_start_it(loaded_home: Path, open_page: Opened) -> None:
    app = open_page("signaux-faibles", "analyste.demo")
    assert "Les signaux ne sont pas encore calculés." in said(app)


def test_what_is_watched_is_not_said_to_be_a_signal(tiny_home: Path, open_page: Opened) -> None:
    snapshot = snapshots.current(tiny_home)
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshot))) as connection:
        connection.execute("INSERT INTO watch_list SELECT * REPLACE ('w-1' AS id, 'Robot vocal' AS label) FROM signals")
        connection.execute("INSERT INTO rising_words VALUES ('panne', 4, 0.5, 3.2, [6, 10])")
    app = open_page("signaux-faibles", "analyste.demo", chosen={"vue": "À surveiller"})
    told = said(app)
    assert "Ce ne sont pas des signaux" in told
    tables = " ".join(str(frame.value) for frame in (*app.dataframe, *app.table))
    assert "Robot vocal" in tables
    assert "panne" in tables


def test_nothing_to_watch_says_so(tiny_home: Path, open_page: Opened) -> None:
    told = said(open_page("signaux-faibles", "analyste.demo", chosen={"vue": "À surveiller"}))
    assert "Rien à surveiller cette semaine." in told
    assert "Aucun mot ne monte nettement." in told


@pytest.mark.parametrize(("sensitivity", "n"), [("Basse", 0), ("Normale", 1), ("Haute", 1)])
def test_the_sensitivity_decides_what_is_shown(tiny_home: Path, open_page: Opened, sensitivity: str, n: int) -> None:
    app = open_page("signaux-faibles", "analyste.demo", chosen={"sensibilite": sensitivity})  # its q is 3 %
    assert linked(app).count("Ouvrir le signal") == n


def test_the_history_is_filtered_by_what_became_of_signals(tiny_home: Path, open_page: Opened) -> None:
    store = open_store(f"sqlite:///{(tiny_home / 'operations.sqlite').resolve()}")
    triage.decide(store, "k", "sig-1", "false_alarm", decided_by="sacha", note="saison", detector="surge")
    app = open_page("signaux-faibles", "analyste.demo", chosen={"vue": "Historique"})
    assert "Fausse alerte" in str(app.dataframe[0].value)
    app = open_page("signaux-faibles", "analyste.demo", chosen={"vue": "Historique", "suivi": ["Clos"]})
    assert "Aucun signal sur cette sélection." in said(app)


def test_a_person_subscribes_and_stops(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("signaux-faibles", "analyste.demo", chosen={"vue": "Abonnements"})
    assert "Vous n'avez pas encore d'abonnement." in said(app)
    app.text_input(key="wish_address").set_value("sacha@example.org")
    next(b for b in app.button if b.label == "S'abonner").click().run()
    assert "Tous les signaux · le lundi · sacha@example.org" in said(app)
    next(b for b in app.button if b.label == "Se désabonner").click().run()
    assert "Vous n'avez pas encore d'abonnement." in said(app)

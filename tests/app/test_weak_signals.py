"""The week's signals: a sentence that says who, where and how sure; an empty week that says so."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from data import snapshots
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

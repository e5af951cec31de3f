"""Trends: by irritant, without the season, in sentences, and as saved views."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

from analytics import trends
from data import settings, snapshots, warehouse
from data.filters import Filters
from data.operations import watched
from data.operations.engine import open_store
from pages.components import reports, trend_report
from tests.app.conftest import Opened, said


def test_irritants_are_a_dimension(tiny_home: Path) -> None:
    found = trends.by(warehouse.open_current(tiny_home), Filters(), "irritant").set_index("key")
    assert found["n"].to_dict() == {"1": 4, "0": 2}
    assert found.loc["1", "label"] == "Aide au logement en attente"


def test_a_change_is_told_by_who_explains_it(tiny_home: Path) -> None:
    asked = Filters(start=date(2025, 5, 1), end=date(2025, 6, 30))
    told = trends.told(warehouse.open_current(tiny_home), asked, "volume")
    assert {cause.dimension for cause in told} <= {"typology", "irritant"}
    assert all(cause.contribution * cause.total > 0 for cause in told)


@pytest.fixture
def seasonal(tiny_home: Path) -> Path:
    """Three years of weekly reviews, twice as many in September as the rest of the year."""
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshots.current(tiny_home)))) as connection:
        connection.execute(
            "INSERT INTO reviews (id, published_at, published_on, sentiment) "
            "SELECT 9000 + row_number() OVER (), d, d::DATE, 'Négatif' FROM ("
            "SELECT d, unnest(range(CASE WHEN month(d) = 9 THEN 20 ELSE 10 END)) "
            "FROM range(TIMESTAMP '2022-01-03', TIMESTAMP '2025-06-30', INTERVAL 1 WEEK) AS t(d))"
        )
    return tiny_home


def test_the_season_is_taken_out_on_demand(seasonal: Path) -> None:
    opened = warehouse.open_current(seasonal)
    asked = Filters(start=date(2023, 7, 3), end=date(2024, 7, 1))
    raw = trends.series(opened, asked, "week")["value_volume"]
    flat = trends.deseasonalised(opened, asked, "volume", "week")
    assert flat is not None
    assert np.std(flat[2:-2]) < 0.5 * np.std(raw[2:-2])


def test_too_short_a_history_has_no_season(tiny_home: Path) -> None:
    assert trends.deseasonalised(warehouse.open_current(tiny_home), Filters(), "volume", "week") is None
    assert trends.deseasonalised(warehouse.open_current(tiny_home), Filters(), "volume", "day") is None


def test_a_view_is_saved_and_forgotten(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("tendances", "manager.demo", mesure="Part de négatifs")
    app.text_input(key="view_name_tendances").set_value("Volumes du mois").run()
    app.button(key="view_save_tendances").click().run()
    store = open_store(settings.load(tiny_home).operations)
    (view,) = watched.views(store, "manager.demo", "tendances")
    assert (view.name, view.parameters["mesure"]) == ("Volumes du mois", ["Part de négatifs"])
    assert watched.views(store, "analyste.demo", "tendances") == []
    app.button(key=f"forget_{view.id}").click().run()
    assert watched.views(store, "manager.demo", "tendances") == []


def test_the_page_says_when_there_is_no_season_to_take_out(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("tendances", "manager.demo", chosen={"saison": True})
    assert "Il faut deux ans entiers" in said(app)


def test_the_season_is_taken_out_of_each_value_of_a_dimension_too(seasonal: Path, open_page: Opened) -> None:
    chosen = {"saison": True, "periode": "12 mois", "par": "Ressenti"}
    told = said(open_page("tendances", "manager.demo", chosen=chosen))
    assert "elle reste dans : " in told  # Neutre and Positif are a few reviews
    assert "Négatif" not in told.split("elle reste dans : ")[1].split(".")[0]


def test_the_same_period_a_year_before_is_told(seasonal: Path, open_page: Opened) -> None:
    chosen = {"periode": "3 mois"}
    for slug in ("tendances", "vue-d-ensemble"):
        assert "un an avant :" in said(open_page(slug, "manager.demo", chosen=chosen)).lower()


def test_a_view_of_the_first_page_is_saved(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("vue-d-ensemble", "manager.demo")
    app.text_input(key="view_name_vue-d-ensemble").set_value("Mes impôts").run()
    app.button(key="view_save_vue-d-ensemble").click().run()
    (view,) = watched.views(open_store(settings.load(tiny_home).operations), "manager.demo", "vue-d-ensemble")
    assert view.name == "Mes impôts"


def test_the_page_leaves_as_a_report(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("tendances", "manager.demo", mesure="Taux de réponse")
    (report,) = [button for button in app.get("download_button") if button.label == "Rapport imprimable"]
    assert report.proto.id


def test_the_report_says_the_figure_its_causes_and_its_periods(
    tiny_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[list[reports.Section]] = []
    monkeypatch.setattr(reports, "button", lambda title, subtitle, sections, *, name: made.append(list(sections)))
    opened = warehouse.open_current(tiny_home)
    asked = Filters(start=date(2025, 5, 1), end=date(2025, 6, 30))
    causes = trends.told(opened, asked, "volume")
    trend_report.button(
        "volume",
        "du 1er mai au 30 juin",
        said="Volume : **8**.",
        causes=causes,
        series=trends.series(opened, asked, "month"),
        institutions=trends.by(opened, asked, "typology"),
    )
    by_title = {section.title: section for section in made[0]}
    assert by_title["Le chiffre"].sentences[0] == "Volume : 8."
    assert len(by_title["Ce qui a changé"].sentences) == len(causes) > 0
    periods = by_title["Volume, période par période"].table
    assert periods is not None
    assert list(periods.columns) == ["Période", "Avis"]
    assert periods["Avis"].sum() == trends.figures(opened, asked).n
    assert by_title["Par institution"].table is not None

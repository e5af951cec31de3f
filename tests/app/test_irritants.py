"""The list of irritants: figures that SQL confirms, filters that narrow, empty states that say what to do."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from data import snapshots
from pages.components import tables
from tests.app.conftest import Opened, asked, figures, linked, said


def test_the_headline_names_the_most_frequent(tiny_home: Path, open_page: Opened) -> None:
    ((label, n),) = asked(
        tiny_home,
        "SELECT label, count(*) FROM review_topics AS t JOIN topics AS i ON i.id = t.irritant "
        "WHERE i.level = 'irritant' GROUP BY label ORDER BY count(*) DESC LIMIT 1",
    )
    told = said(open_page("irritants"))
    assert f"**{label}**, {n} avis sur 12" in told


def test_the_table_holds_what_sql_counts(tiny_home: Path, open_page: Opened) -> None:
    counted = asked(
        tiny_home,
        "SELECT i.label, count(*), 100 * avg((r.sentiment = 'Négatif')::INTEGER), sum(r.endorsements) "
        "FROM reviews AS r JOIN review_topics AS t ON t.review_id = r.id "
        "JOIN topics AS i ON i.id = t.irritant AND i.level = 'irritant' GROUP BY i.label ORDER BY count(*) DESC",
    )
    table = open_page("irritants").dataframe[0].value
    assert [(row.label, row.n, row.share_negative, row.endorsements) for row in table.itertuples()] == counted


def test_what_is_taken_away_holds_figures_not_sentences(
    tiny_home: Path, open_page: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: dict[str, pd.DataFrame] = {}
    monkeypatch.setattr(tables, "csv_button", lambda frame, name, *_: taken.setdefault(name, frame))
    open_page("irritants")
    frame = taken["tous-les-irritants"]
    assert set(frame.columns) > {"Tendance par mois (%)", "Tendance, au moins (%)", "Tendance, au plus (%)"}
    words = {"Irritant", "Mots caractéristiques"}
    assert all(pd.api.types.is_numeric_dtype(frame[name]) for name in set(frame.columns) - words)
    assert all(float(value) == round(float(value), 2) for value in frame["Négatifs (%)"])


def test_a_share_of_too_few_reviews_is_not_given(tiny_home: Path, open_page: Opened) -> None:
    assert figures(open_page("irritants"))["Rattachés"] == "Effectif insuffisant (n = 12)"


def test_a_filter_narrows_the_list(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("irritants")
    app.multiselect(key="institution").set_value(["Service des impôts des particuliers (SIP)"]).run()
    assert list(app.dataframe[0].value["label"]) == ["Déclaration d'occupation qui échoue"]
    assert list(app.dataframe[0].value["n"]) == [2]


def test_a_selection_without_reviews_says_what_to_widen(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("irritants", chosen={"ressenti": ["Neutre"]})
    assert "Aucun irritant sur cette sélection. Élargissez la période ou retirez un filtre." in said(app)
    assert not app.metric


def test_reviews_no_irritant_explains_are_counted_not_hidden(tiny_home: Path, open_page: Opened) -> None:
    ((n,),) = asked(tiny_home, "SELECT count(*) FROM review_topics WHERE irritant = -1")
    assert f"{n} avis de la sélection ne se rattachent à aucun irritant" in said(open_page("irritants"))


def test_reviews_no_irritant_explains_are_listed(tiny_home: Path, open_page: Opened) -> None:
    titles = asked(
        tiny_home,
        "SELECT r.title FROM reviews AS r JOIN review_topics AS t ON t.review_id = r.id WHERE t.irritant = -1",
    )
    told = said(open_page("irritants"))
    for (title,) in titles:
        assert title.replace("'", "&#x27;") in told


def test_a_subject_that_is_praised_is_no_irritant(tiny_home: Path, open_page: Opened) -> None:
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshots.current(tiny_home)))) as connection:
        connection.execute(
            "UPDATE reviews SET sentiment = 'Positif' FROM review_topics AS t WHERE t.review_id = id AND t.irritant = 1"
        )
    app = open_page("irritants")
    told = said(app)
    assert "Le plus fréquent" in told
    assert "**Aide au logement en attente**" not in told
    assert "4 avis portent sur des sujets plus souvent salués que critiqués" in told
    assert "Aide au logement en attente" not in list(app.dataframe[0].value["label"])


def test_a_refused_model_is_said_on_screen(tiny_home: Path, open_page: Opened) -> None:
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshots.current(tiny_home)))) as connection:
        connection.execute("INSERT INTO meta VALUES ('topics_refused', 'damaged')")
    told = said(open_page("irritants"))
    assert "son fichier est abîmé" in told
    assert "Le dernier bon modèle sert" in told
    assert "(tiny-1)" in told


def test_the_points_of_each_criterion_add_up_to_the_score(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("irritants", poids_volume="5", poids_tags="0")
    (points,) = [t.value for t in app.dataframe if "part_volume" in t.value]
    parts = [c for c in points if c.startswith("part_")]
    assert "part_tags" not in parts
    assert points[parts].sum(axis=1).tolist() == pytest.approx(points["score"].tolist())


def test_a_chosen_irritant_opens(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("irritants")
    app.selectbox(key="irritant_a_ouvrir").select(1).run()
    app.button(key="ouvrir_irritant").click().run()
    assert app.title[0].value == "Aide au logement en attente"
    assert app.query_params["id"] == "1"


def test_before_the_first_analysis_the_page_says_how_to_start_it(loaded_home: Path, open_page: Opened) -> None:
    assert not snapshots.current(loaded_home).refreshed
    app = open_page("irritants")
    assert "Les irritants ne sont pas encore calculés." in said(app)
    assert linked(app) == ["Aller aux données"]

"""The list of irritants: figures that SQL confirms, filters that narrow, empty states that say what to do."""

from __future__ import annotations

from pathlib import Path

from data import snapshots
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


def test_a_share_of_too_few_reviews_is_not_given(tiny_home: Path, open_page: Opened) -> None:
    assert figures(open_page("irritants"))["Avis rattachés"] == "Effectif insuffisant (n = 12)"


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

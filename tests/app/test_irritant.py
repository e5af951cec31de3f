"""One irritant: its figures, its places, its reviews; and what the page says of an address that leads nowhere."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from data import snapshots
from tests.app.conftest import Opened, asked, figures, linked, said


def test_the_figures_are_those_of_its_reviews(tiny_home: Path, open_page: Opened) -> None:
    ((n, share, days),) = asked(
        tiny_home,
        "SELECT count(*), 100 * count(*) / 12, "
        "median(date_diff('minute', r.published_at, r.first_reply_at)) / 60 / 24 "
        "FROM reviews AS r JOIN review_topics AS t ON t.review_id = r.id WHERE t.irritant = 1",
    )
    shown = figures(open_page("irritant", id="1"))
    assert shown["Avis"] == str(n)
    assert shown["Part des avis"] == f"{share:.1f}\u202f%".replace(".", ",")
    assert shown["Délai médian"] == f"{days:.1f}\u202fj".replace(".", ",")
    assert shown["Négatifs"] == "Effectif insuffisant (n = 4)"


def test_its_reviews_are_all_listed_with_links(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("irritant", id="1")
    titles = [title for (title,) in asked(tiny_home, "SELECT title FROM reviews WHERE id IN (2, 6, 10, 12)")]
    told = said(app)
    for title in titles:
        assert title.replace("'", "&#x27;") in told
    assert linked(app).count("Ouvrir l'avis") >= len(titles)
    assert linked(app)[0] == "Tous les irritants"


def test_a_filter_narrows_figures_and_reviews_alike(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("irritant", id="1", chosen={"ressenti": ["Positif"]})
    assert figures(app)["Avis"] == "1"
    assert "Dossier réglé en une journée" in said(app)
    assert "Aide au logement suspendue" not in said(app)


@pytest.mark.parametrize("address", ["999", "-1", "abc", ""])
def test_an_unknown_irritant_is_said_to_be_unknown(tiny_home: Path, open_page: Opened, address: str) -> None:
    app = open_page("irritant", id=address)
    assert "Cet irritant n'existe pas dans les données en service." in said(app)
    assert linked(app) == ["Tous les irritants"]


def test_a_selection_without_its_reviews_says_what_to_widen(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("irritant", id="1", chosen={"ressenti": ["Neutre"]})
    assert "Aucun avis sur cette sélection. Élargissez la période ou retirez un filtre." in said(app)


def test_a_label_written_like_markdown_stays_text(tiny_home: Path, open_page: Opened) -> None:
    snapshot = snapshots.current(tiny_home)
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshot))) as connection:
        connection.execute("UPDATE topics SET label = '![x](http://a.fr/b.png) *gras*' WHERE id = 1")
    app = open_page("irritant", id="1")
    assert app.title[0].value == r"\!\[x\]\(http\://a.fr/b.png\) \*gras\*"

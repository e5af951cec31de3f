"""Finding reviews by their words: the same answers with the index and without it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import reviews, words
from data import snapshots, warehouse
from data.filters import Filters
from data.warehouse import Warehouse


@pytest.fixture(params=["index", "texts"])
def searched(request: pytest.FixtureRequest, tiny_home: Path) -> Warehouse:
    if request.param == "index":
        with duckdb.connect(str(snapshots.file_of(tiny_home, snapshots.current(tiny_home)))) as connection:
            words.build(connection)
    opened = warehouse.open_current(tiny_home)
    assert opened.has("review_words") == (request.param == "index")
    return opened


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("impôts", [1, 5]),
        ("IMPOTS", [1, 5]),
        ("impôts amende", [5]),
        ("l'aide au logement", [2, 6, 12]),
        ("quittanc", [6]),
        ("uittances", []),
        ('"site des impôts"', [1, 5]),
        ('"impôts des site"', []),
        ("zeppelin", []),
        ("***", []),
    ],
)
def test_words_are_found_by_their_beginning_whatever_their_accents(
    searched: Warehouse, typed: str, ids: list[int]
) -> None:
    found = reviews.page(searched, Filters(), words=typed, order="oldest", limit=20)
    assert [review.id for review in found] == ids
    assert reviews.count(searched, Filters(), words=typed) == len(ids)


def test_a_phrase_is_found_as_people_write_it(tiny_home: Path) -> None:
    said = "Le CŒUR du problème : ma carte\n« grise », re\u0301ponse de l'été"
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshots.current(tiny_home)))) as connection:
        connection.execute("UPDATE reviews SET body = $said WHERE id = 3", {"said": said})
        words.build(connection)
    opened = warehouse.open_current(tiny_home)
    for typed in ("le cœur du probleme", "coeur du problème", "carte grise", "reponse de l'ete", "ma carte gris"):
        assert [r.id for r in reviews.page(opened, Filters(), words=f'"{typed}"')] == [3], typed
    for typed in ("arte grise", "grise carte", "du coeur", "œur du"):
        assert reviews.count(opened, Filters(), words=f'"{typed}"') == 0, typed


def test_nothing_typed_is_every_review(searched: Warehouse) -> None:
    assert reviews.count(searched, Filters(), words="  ") == 12


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_question_and_never_sql(typed: str) -> None:
    folded = words.tokens(typed)
    assert len(folded) <= words.MOST_WORDS
    assert all(token.isalnum() and token.isascii() for token in folded)


@pytest.mark.parametrize("typed", ["œuvre", "l’été", "' OR 1=1 --", '"', "«»", "a" * 500])
def test_odd_words_are_answered(searched: Warehouse, typed: str) -> None:
    assert reviews.count(searched, Filters(), words=typed) >= 0

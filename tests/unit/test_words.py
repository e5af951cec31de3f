"""Finding reviews by their words: the same answers with the index and without it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analytics import reviews, words
from data import snapshots, warehouse
from data.filters import Filters
from data.warehouse import Warehouse, sql

LONG = "anticonstitutionnellement" * 2  # 50 letters
PARTS = [
    "carte", "cartes", "Carté", "grise", "gris", "de", "la", "l'été", "l’aide", "rendez-vous", "n'ai", "a", "à", "ŒUVRE",
    "cœur", "re\u0301ponse", "2 024", "…", "!!", "\n", "-", "«", '"', LONG, LONG + "s", "Æ", "é", "ß", "İl", "日本", "\u200b", "_", "%",
]  # fmt: skip
WRITTEN = st.lists(st.sampled_from(PARTS) | st.text(max_size=6), max_size=12).map(" ".join)
TYPED = st.lists(
    st.sampled_from([*PARTS, '"carte grise"', '"de la', '"', "« la carte »", "car", "ca"]), max_size=6
).map(" ".join)


@pytest.fixture(params=["index", "texts"])
def searched(request: pytest.FixtureRequest, tiny_home: Path) -> Warehouse:
    if request.param == "index":
        with duckdb.connect(str(snapshots.file_of(tiny_home, snapshots.current(tiny_home)))) as connection:
            words.build(connection)
    opened = warehouse.open_current(tiny_home)
    assert words.indexed(opened) == (request.param == "index")
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


def _holds(text: str, typed: str) -> bool:
    """What search promises, read word by word."""
    written = [word[:40] for word in re.findall("[a-z0-9]+", words.fold(text))]
    begun = all(any(word.startswith(token) for word in written) for token in words.tokens(typed))
    return bool(words.tokens(typed)) and begun and all(_follow(written, phrase) for phrase in words.phrases(typed))


def _follow(written: Sequence[str], phrase: Sequence[str]) -> bool:
    *exact, last = phrase
    runs = (written[i : i + len(phrase)] for i in range(len(written) - len(exact)))
    return any(run[:-1] == exact and run[-1].startswith(last) for run in runs)


def _home(home: Path, texts: Sequence[str], *, index: bool) -> Warehouse:
    """A snapshot whose reviews say these texts."""
    with snapshots.building(home) as work:
        with duckdb.connect(str(work.file)) as connection:
            for name in ("schema", "schema_derived"):
                connection.execute(sql(snapshots.__file__, name))
            rows = [[7 * i, text[:3], text[3:]] for i, text in enumerate(texts)]
            if rows:
                connection.executemany(
                    "INSERT INTO reviews BY NAME SELECT $1 AS id, $2 AS title, $3 AS body,"
                    " TIMESTAMP '2025-01-01' AS published_at, DATE '2025-01-01' AS published_on",
                    rows,
                )
            if index:
                words.build(connection)
        work.publish(demo=False, last_publication="2025-01-01", reviews=len(texts), refreshed=index)
    return warehouse.open_current(home)


@pytest.mark.parametrize("index", [True, False])
def test_the_answer_is_that_of_reading_every_text(index: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    @settings(max_examples=25, deadline=None)
    @given(st.lists(WRITTEN, max_size=8), st.lists(TYPED, min_size=1, max_size=12))
    @example(["la carte et la carte grise", "carte la grise", "la carte grise", "ma carte gris"], ['"la carte gris"'])
    @example(["a b a b c", "a b c", "b c a"], ['"a b c"', '"a b a b"', "c", '"b c" a'])
    @example([f"un {LONG} deux", f"un {LONG}s deux"], [LONG, f"{LONG}zzz", f'"un {LONG} deux"', f'"{LONG} d"'])
    def asked(texts: list[str], questions: list[str]) -> None:
        opened = _home(tmp_path_factory.mktemp("home"), texts, index=index)
        for typed in questions:
            expected = [7 * i for i, t in enumerate(texts) if not typed.strip() or _holds(f"{t[:3]} {t[3:]}", typed)]
            found = reviews.page(opened, Filters(), words=typed, order="oldest", limit=20)
            assert [review.id for review in found] == expected, typed
            assert reviews.count(opened, Filters(), words=typed) == len(expected), typed
        either = [7 * i for i, t in enumerate(texts) if any(_holds(f"{t[:3]} {t[3:]}", typed) for typed in questions)]
        assert reviews.count(opened, Filters(), words=questions) == len(either)
        opened.close()

    asked()


def test_no_text_is_read_when_there_is_an_index(searched: Warehouse) -> None:
    condition, _ = words.condition(searched, '"site des impôts" amende')
    assert ("body" in condition) != words.indexed(searched)


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

"""Filters: the same question everywhere, asked with bound values."""

from datetime import date

import duckdb
import pytest

from data.filters import Filters, narrowed


@pytest.fixture
def db():
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE reviews AS SELECT * FROM (VALUES"
        " (1, DATE '2024-01-01', 'CNAF', '75', ['Accueil', 'Téléphone']),"
        " (2, DATE '2024-01-31', 'DGFIP', '2A', ['E-mail']),"
        " (3, DATE '2024-02-01', 'CNAF', NULL, NULL)) t(id, published_on, network, department, channels)"
    )
    yield connection
    connection.close()


def ids(db, filters):
    query, params = narrowed("SELECT id FROM reviews r WHERE /*filters*/ TRUE ORDER BY id", filters)
    return [row[0] for row in db.execute(query, params).fetchall()]


def test_empty_filters_keep_every_review(db):
    assert ids(db, Filters()) == [1, 2, 3]


def test_both_ends_of_a_period_are_included(db):
    assert ids(db, Filters(start=date(2024, 1, 1), end=date(2024, 1, 31))) == [1, 2]


def test_filters_narrow_together_and_channels_match_any(db):
    assert ids(db, Filters(networks=("CNAF", "DGFIP"), channels=("E-mail", "Accueil"))) == [1, 2]
    assert ids(db, Filters(networks=("CNAF",), departments=("2A",))) == []


def test_what_a_person_types_never_becomes_sql(db):
    assert ids(db, Filters(networks=("x') OR TRUE --",))) == []


def test_a_query_without_a_place_for_the_filters_is_refused():
    with pytest.raises(ValueError, match="filters"):
        narrowed("SELECT 1", Filters())


def test_the_previous_period_has_the_same_length_and_the_year_before_the_same_weekdays():
    month = Filters(start=date(2024, 2, 1), end=date(2024, 2, 29), networks=("CNAF",))
    previous, year = month.previous(), month.year_before()
    assert (previous.start, previous.end, previous.days) == (date(2024, 1, 3), date(2024, 1, 31), month.days)
    assert previous.networks == ("CNAF",)
    assert year.start.weekday() == month.start.weekday()
    assert Filters(start=date(2024, 1, 1)).previous() is None

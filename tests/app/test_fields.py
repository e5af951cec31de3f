"""The page of fields: one field at a time, its values, and the reviews that have one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from analytics import delays, fields
from analytics.fields import Wanted
from data import measures, metadata, snapshots
from data.metadata import BY_NAME, FIELDS
from data.warehouse import open_current
from generation import distress
from tests.app.conftest import Opened, said


@pytest.fixture
def analysed(tiny_home: Path) -> Path:
    """The tiny home with the metadata of its reviews."""
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshots.current(tiny_home)))) as connection:
        measures.refresh(connection, distress.cue)
        metadata.write(connection, date(2025, 6, 30), delays.measured(), [])
    return tiny_home


def test_the_page_counts_the_fields_and_tells_where_they_come_from(analysed: Path, open_page: Opened) -> None:
    assert f"Chaque avis porte {len(FIELDS)} informations" in said(open_page("champs"))


def test_choosing_a_value_keeps_the_reviews_that_have_it(analysed: Path, open_page: Opened) -> None:
    app = open_page("champs")
    assert "12 avis." in said(app)
    app.multiselect(key="values_sentiment").select("Positif").run()
    with duckdb.connect(str(snapshots.file_of(analysed, snapshots.current(analysed))), read_only=True) as connection:
        positive = connection.execute("SELECT count(*) FROM reviews WHERE sentiment = 'Positif'").fetchall()[0][0]
    assert f"{positive} avis." in said(app)


def test_without_analysis_only_the_fields_of_the_portal_are_offered(loaded_home: Path, open_page: Opened) -> None:
    app = open_page("champs")
    assert "après la prochaine actualisation" in said(app)


def test_every_field_answers_its_three_questions(analysed: Path) -> None:
    warehouse = open_current(analysed)
    for field in FIELDS:
        full, total = fields.filled(warehouse, field)
        assert total == 12
        assert fields.count(warehouse, field, Wanted()) == full, field.name
        assert len(fields.reviews(warehouse, field, Wanted(), 100, 0)) == full
        if field.kind in {"category", "flag", "list"}:
            found = fields.values(warehouse, field)
            if len(found):
                value = found["value"][0]
                assert fields.count(warehouse, field, Wanted(values=(value,))) == found["n"][0], field.name
        elif field.kind != "date" and (spread := fields.spread(warehouse, field)) is not None:
            everyone = Wanted(low=spread.low, high=spread.high)
            assert fields.count(warehouse, field, everyone) == full, field.name
    warehouse.close()


def test_a_review_tells_all_its_fields_but_its_pseudonym(analysed: Path, open_page: Opened) -> None:
    warehouse = open_current(analysed)
    told = fields.of_review(warehouse, 6)
    warehouse.close()
    assert BY_NAME["pseudonym"].label not in set(told["label"])
    assert len(told) == len(FIELDS) - 1
    assert open_page("avis", id="6").expander

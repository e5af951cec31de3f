"""Reviews that wait: who is in the list, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from analytics import delays, waiting
from data.filters import Filters
from data.warehouse import Warehouse, open_current
from tests import tiny


@pytest.fixture
def warehouse(tiny_home: Path) -> Warehouse:
    return open_current(tiny_home)


def _ids(items: list[waiting.Waiting]) -> list[int]:
    return [item.review.id for item in items]


def test_urgency_times_age_most_pressing_first(warehouse: Warehouse):
    found = waiting.page(warehouse, Filters())
    assert _ids(found) == [4, 5, 6, 7, 10, 11, 8]
    by_id = {item.review.id: item for item in found}
    assert (by_id[4].days, by_id[6].days, by_id[11].days) == (76, 6, 1)
    assert by_id[6].urgency == pytest.approx(3 * 1.6)  # negative, six people lived the same
    assert by_id[8].urgency == 1  # positive


def test_some_go_first_and_some_are_left_out(warehouse: Warehouse):
    assert _ids(waiting.page(warehouse, Filters(), first=[10], skip=[4, 5])) == [10, 6, 7, 11, 8]
    assert _ids(waiting.page(warehouse, Filters(), limit=2, offset=1)) == [5, 6]


def test_out_of_structure_only_on_demand(warehouse: Warehouse):
    assert 9 in _ids(waiting.page(warehouse, Filters(), outside=True))
    assert waiting.figures(warehouse, Filters(), target_days=15, outside=True).waiting == 8


@pytest.mark.parametrize("filters", [Filters(), Filters(sentiments=("Négatif",)), Filters(structures=(tiny.TAXES,))])
def test_counts_agree_with_the_list_and_with_the_delays(warehouse: Warehouse, filters: Filters):
    counted = waiting.figures(warehouse, filters, target_days=15)
    assert counted.waiting == len(waiting.page(warehouse, filters, limit=100))
    assert counted.waiting == delays.summary(warehouse, filters).unanswered
    assert counted.late == int(delays.late(warehouse, filters, target=15)["late"].sum())


def test_nothing_waits_where_nothing_is(warehouse: Warehouse):
    none = waiting.figures(warehouse, Filters(structures=("",)), target_days=15)
    assert (none.waiting, none.late, none.oldest_days) == (0, 0, None)


def test_recent_texts_for_cues(warehouse: Warehouse):
    assert sorted(id_ for id_, _ in waiting.texts(warehouse, days=15)) == [6, 7, 8, 9, 10, 11]

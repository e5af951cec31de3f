"""Reviews that wait: who is in the list, and in which order."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from analytics import delay_groups, delays, pace, waiting
from analytics.waiting import Wanted
from data import snapshots
from data.filters import Filters
from data.warehouse import Warehouse, open_current
from tests import tiny


@pytest.fixture
def warehouse(tiny_home: Path) -> Warehouse:
    return open_current(tiny_home)


def _ids(items: list[waiting.Waiting]) -> list[int]:
    return [item.review.id for item in items]


def test_urgency_times_age_times_risk_most_pressing_first(warehouse: Warehouse):
    found = waiting.page(warehouse, Wanted())
    assert _ids(found) == [4, 5, 7, 6, 10, 11, 8]
    by_id = {item.review.id: item for item in found}
    assert (by_id[4].days, by_id[6].days, by_id[11].days) == (76, 6, 1)
    assert by_id[6].urgency == pytest.approx(3 * 1.6)  # negative, six people lived the same
    assert by_id[8].urgency == 1  # positive
    assert (by_id[4].risk, by_id[6].risk) == (2, 1)  # past the target; more than a week before it
    assert 1 < by_id[7].risk < 2  # 12 days out of 15


def test_some_go_first_and_some_are_left_out(warehouse: Warehouse):
    assert _ids(waiting.page(warehouse, Wanted(first=[10], skip=[4, 5]))) == [10, 7, 6, 11, 8]
    assert _ids(waiting.page(warehouse, Wanted(), limit=2, offset=1)) == [5, 7]


def test_out_of_structure_only_on_demand(warehouse: Warehouse):
    assert 9 in _ids(waiting.page(warehouse, Wanted(outside=True)))
    assert waiting.figures(warehouse, Wanted(outside=True)).waiting == 8


@pytest.mark.parametrize("filters", [Filters(), Filters(sentiments=("Négatif",)), Filters(structures=(tiny.TAXES,))])
def test_counts_agree_with_the_list_and_with_the_delays(warehouse: Warehouse, filters: Filters):
    counted = waiting.figures(warehouse, Wanted(filters))
    assert counted.waiting == len(waiting.page(warehouse, Wanted(filters), limit=100))
    assert counted.waiting == delays.summary(warehouse, filters).unanswered
    assert counted.late == int(delay_groups.late(warehouse, filters, target=15)["late"].sum())


def test_nothing_waits_where_nothing_is(warehouse: Warehouse):
    none = waiting.figures(warehouse, Wanted(Filters(structures=("",))))
    assert (none.waiting, none.late, none.oldest_days) == (0, 0, None)


def test_recent_texts_are_looked_into_for_cues(warehouse: Warehouse):
    read: list[str] = []

    def cue(text: str) -> str | None:
        read.append(text)
        return "mourir" if "mourir" in text else None

    assert waiting.cued(warehouse, cue, days=15) == {10}
    assert len(read) == 6


def test_a_text_that_refresh_read_is_not_read_again_until_it_changes(tiny_home: Path):
    from data import measures
    from generation import distress

    file = snapshots.file_of(tiny_home, snapshots.current(tiny_home))
    with duckdb.connect(str(file)) as db:
        measures.refresh(db, distress.cue)
    opened = open_current(tiny_home)
    assert waiting.cued(opened, pytest.fail, days=15) == {10}
    opened.close()
    with duckdb.connect(str(file)) as db:
        db.execute("UPDATE reviews SET body = 'Tout va bien', title = 'Merci', fingerprint = 1 WHERE id = 10")
    opened = open_current(tiny_home)
    assert waiting.cued(opened, distress.cue, days=15) == frozenset()
    opened.close()


def test_words_and_a_choice_of_reviews_narrow_the_list(warehouse: Warehouse):
    assert _ids(waiting.page(warehouse, Wanted(words="AIDE logement"))) == [6]
    assert _ids(waiting.page(warehouse, Wanted(words='"aide au logement"'))) == [6]
    assert waiting.figures(warehouse, Wanted(words='"logement aide"')).waiting == 0
    assert _ids(waiting.page(warehouse, Wanted(only=[5, 9, 1]))) == [5]
    assert waiting.figures(warehouse, Wanted(only=[])).waiting == 0


def test_a_structure_with_its_own_target_is_late_sooner(warehouse: Warehouse):
    asked = Wanted(Filters(structures=(tiny.JOBS,)), targets={tiny.JOBS: 10})
    assert waiting.figures(warehouse, asked).late == 1
    assert waiting.figures(warehouse, Wanted(Filters(structures=(tiny.JOBS,)))).late == 0
    assert waiting.page(warehouse, asked)[0].target == 10


def test_counts_by_structure_add_up(warehouse: Warehouse):
    found = waiting.by_structure(warehouse, Wanted())
    assert sum(figures.waiting for *_, figures in found) == waiting.figures(warehouse, Wanted()).waiting
    assert sum(figures.late for *_, figures in found) == waiting.figures(warehouse, Wanted()).late
    assert waiting.structures_of(warehouse, [5, 6, 99]) == {5: tiny.TAXES, 6: tiny.HOUSING}


def test_the_pace_of_a_structure_before_and_since_ai(warehouse: Warehouse):
    taxes = pace.of_structure(warehouse, tiny.TAXES)
    assert taxes.adopted_on is not None
    assert taxes.after is not None
    assert (taxes.before.answered + taxes.after.answered, taxes.before.useful + taxes.after.useful) == (1, 1)
    jobs = pace.of_structure(warehouse, tiny.JOBS)
    assert (jobs.after, jobs.before.answered, jobs.before.useful_share) == (None, 1, 0)

"""What the detectors see: counts by place, only of what was published, near copies once."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import numpy as np
import pytest
from scipy.stats import nbinom

from analytics.signals import cells, surge
from analytics.signals.cells import WINDOWS, Reading
from analytics.signals.words import Words
from tests import weekly_world as world


@pytest.fixture(scope="module")
def reviews() -> cells.Reviews:
    return cells.read(Reading(world.build()), world.LAST)


def test_only_what_was_published_is_read() -> None:
    connection = world.build()
    late = world.add(connection, 5, structure="sip1", irritant=0, end=world.LAST + timedelta(days=9))
    seen = cells.read(Reading(connection), world.LAST)
    assert not np.isin(late, seen.id).any()
    assert seen.age.min() >= 0


def test_going_back_gives_what_was_read_that_day(reviews: cells.Reviews) -> None:
    past = world.LAST - timedelta(weeks=10)
    again = reviews.seen_on(past)
    direct = cells.read(Reading(world.build()), past)
    np.testing.assert_array_equal(again.id, direct.id)
    np.testing.assert_array_equal(again.age, direct.age)
    with pytest.raises(ValueError, match="earlier day"):
        again.seen_on(world.LAST)


def test_counts_are_those_of_a_hand_written_query() -> None:
    connection = world.build()
    reviews = cells.read(Reading(connection), world.LAST)
    counts = reviews.counts(["structure"], [(0, 4)])["structure"][0]
    by_hand = connection.execute(
        "SELECT count(*) FROM reviews JOIN review_topics ON review_id = id WHERE structure_id = 'caf1' AND review_topics.irritant = 1"
        " AND published_on > $last - 28",
        {"last": world.LAST},
    ).fetchall()[0][0]
    caf1 = list(reviews.names["structure"]).index("caf1")
    assert counts[caf1, 1] == by_hand > 0


def test_reviews_without_a_place_are_in_no_cell_of_that_level(reviews: cells.Reviews) -> None:
    counts = reviews.counts(["nation", "department"], [(0, 52)])
    assert 0 < counts["department"].sum() < 0.6 * counts["nation"].sum()


def test_each_span_of_weeks_is_counted_apart_and_the_unassigned_come_last() -> None:
    connection = world.build()
    connection.execute("UPDATE review_topics SET irritant = -1 WHERE irritant = 2")
    reviews = cells.read(Reading(connection), world.LAST)
    lately, before = reviews.counts(["nation"], [(0, 4), (4, 30)])["nation"]
    assert lately.sum() == (reviews.age < 4).sum()
    assert before.sum() == ((reviews.age >= 4) & (reviews.age < 30)).sum()
    assert before[0, -1] == ((reviews.irritant < 0) & (reviews.age >= 4) & (reviews.age < 30)).sum() > 0
    weeks = reviews.by_week(4)
    np.testing.assert_array_equal(weeks[:26].sum(axis=0), before[0])
    assert len(weeks) == reviews.weeks - 4


def test_what_is_left_out_is_not_counted(reviews: cells.Reviews) -> None:
    """Dropped copies, a past day and moved dates are counted by the same queries."""
    kept = reviews.kept(reviews.id % 2 == 0)
    counts = kept.counts(["typology"], [(0, 20)])["typology"][0]
    sip = list(reviews.names["typology"]).index("SIP")
    inside = (kept.age < 20) & (kept.place["typology"] == sip)
    assert counts[sip].sum() == inside.sum() > 0


def test_a_place_is_under_the_one_that_most_of_its_reviews_name() -> None:
    connection = world.build()
    connection.execute("UPDATE reviews SET typology = 'Autre' WHERE structure_id = 'sip1' AND id % 3 = 0")
    reviews = cells.read(Reading(connection), world.LAST)
    parents = dict(zip(reviews.names["structure"], reviews.parents(["structure"])["structure"], strict=True))
    assert {name: reviews.names["typology"][at] for name, at in parents.items()} == {
        "sip1": "SIP", "sip2": "SIP", "caf1": "CAF", "caf2": "CAF",
    }  # fmt: skip


def test_the_hors_structures_tray_is_not_a_structure() -> None:
    connection = world.build()
    connection.execute("UPDATE reviews SET out_of_structure = TRUE WHERE structure_id = 'caf2'")
    seen = cells.read(Reading(connection), world.LAST)
    assert "caf2" not in seen.names["structure"]
    assert "CAF" in seen.names["typology"]


def test_near_copies_count_once_and_only_the_past_is_looked_at() -> None:
    text = "ma demande de carte grise est bloquée depuis trois mois et personne ne répond jamais au téléphone"
    texts = [text, "tout autre chose sans le moindre rapport avec cela", text + " merci", text]
    days = np.array(["2025-06-01", "2025-06-02", "2025-06-03", "2025-08-01"], dtype="datetime64[D]")
    connection, ids = _texts(texts, days)
    assert Words.read(Reading(connection), ids).copies(days).tolist() == [ids[2]]  # two months later, it is news again
    assert Words.read(Reading(connection), ids[:2]).copies(days[:2]).tolist() == []


def test_texts_of_a_few_words_or_none_are_handled() -> None:
    days = np.array(["2025-06-01"] * 3, dtype="datetime64[D]")
    connection, ids = _texts(["", "bien", "nul"], days)
    words = Words.read(Reading(connection), ids)
    assert words.copies(days).tolist() == []
    assert words.counts.sum(axis=1).ravel().tolist()[0] == [0.0, 1.0, 1.0]


def test_what_one_author_writes_again_counts_once() -> None:
    connection = world.build()
    own = world.add(connection, 4, structure="sip1", irritant=1)
    others = world.add(connection, 3, structure="sip1", irritant=1)
    connection.execute("UPDATE reviews SET pseudonym = 'Odile22' WHERE list_contains($ids, id)", {"ids": own})
    connection.execute("UPDATE reviews SET pseudonym = 'Odile' || id WHERE list_contains($ids, id)", {"ids": others})
    again = cells.bursts(cells.read(Reading(connection), world.LAST))
    assert len(again) == 3
    assert set(again.tolist()) < set(own)


def test_a_first_name_that_many_share_is_not_one_author() -> None:
    connection = world.build()
    connection.execute("UPDATE reviews SET pseudonym = 'Marie'")
    assert cells.bursts(cells.read(Reading(connection), world.LAST)).size == 0


def test_a_review_on_several_channels_says_nothing_of_one() -> None:
    connection = world.build()
    connection.execute("UPDATE reviews SET channels = ['Téléphone', 'Accueil']")
    assert cells.read(Reading(connection), world.LAST).names["channel"].size == 0
    connection.execute("UPDATE reviews SET channels = ['Téléphone']")
    assert cells.read(Reading(connection), world.LAST).names["channel"].tolist() == ["Téléphone"]


def test_the_tail_is_that_of_the_negative_binomial() -> None:
    mean, shape = 0.7, 2.5
    observed = np.arange(0, 9)
    expected = nbinom.sf(observed - 1, shape, shape / (shape + mean))
    np.testing.assert_allclose(surge.tail(observed, np.full(9, mean), np.full(9, shape)), expected, rtol=1e-9)


def test_expected_counts_follow_the_known_rates() -> None:
    """Without events, what is expected of a busy cell is near what it receives (8 in four weeks), never far under."""
    expected = []
    for seed in range(4):
        reviews = cells.read(Reading(world.build(seed)), world.LAST)
        found = next(c for c in surge.judged(reviews) if c.level == "structure")
        month = found.expected[WINDOWS.index(4)]
        caf1 = list(reviews.names["structure"]).index("caf1")
        assert month[caf1, 0] < 1
        expected.append(month[caf1, 1])
    assert 5 < np.mean(expected) < 13  # 8, and rather too much than too little
    assert min(expected) > 5


def test_a_campaign_raises_what_is_expected() -> None:
    quiet, busy = world.build(), world.build()
    for irritant in (0, 2):
        world.add(busy, 30, structure="caf1", irritant=irritant)
    before, after = (
        next(c for c in surge.judged(cells.read(Reading(w), world.LAST)) if c.level == "structure").expected[0]
        for w in (quiet, busy)
    )
    assert after[0, 1] > 5 * before[0, 1]


def test_too_short_a_history_judges_nothing() -> None:
    connection = world.build()
    connection.execute("DELETE FROM reviews WHERE published_on < $day", {"day": world.LAST - timedelta(weeks=8)})
    assert surge.judged(cells.read(Reading(connection), world.LAST)) == []


def test_p_values_are_not_too_small_without_events() -> None:
    """Discrete p-values are conservative: at most a share t of them is under t, allowing for chance."""
    small = tests = 0
    for seed in range(6):
        reviews = cells.read(Reading(world.build(seed)), world.LAST)
        for found in surge.judged(reviews):
            _, _, p, _, _ = found.tested(1)
            small += int((p <= 0.05).sum())
            tests += p.size
    assert small / tests <= 0.06


def test_no_review_at_all_is_not_an_error() -> None:
    connection = world.build()
    connection.execute("DELETE FROM reviews")
    assert surge.judged(cells.read(Reading(connection), date(2025, 1, 1))) == []


def _texts(texts: list[str], days: np.ndarray) -> tuple[duckdb.DuckDBPyConnection, np.ndarray]:
    """Reviews with these texts, and their ids, in order of publication."""
    connection = world.build()
    ids = []
    for content, day in zip(texts, days, strict=True):
        ids += world.add(connection, 1, structure="sip1", irritant=0, end=day.item(), text=content or " ")
    connection.execute("UPDATE reviews SET title = NULL")
    return connection, np.array(ids)

"""Signals as they were told: what a past day was told is asked again, whatever later analyses found."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import duckdb

from analytics import past
from analytics.signals import engine, store
from data import history
from data.warehouse import sql
from tests import weekly_world as world

WEEK = timedelta(weeks=1)


def told(connection: duckdb.DuckDBPyConnection, day: date) -> dict[str, tuple[Any, ...]]:
    """Signals as known on a day: what each said, with its curve."""
    cursor = connection.cursor()
    cursor.execute(sql(past.__file__, "known_signals").format(base="memory.main", moment=history.moment_after(day)))
    query = (
        "SELECT id, as_of, observed, q, review_ids, (SELECT sum(observed) FROM signal_weeks w WHERE w.signal_id = s.id)"
        " FROM signals AS s"
    )
    return {id_: rest for id_, *rest in cursor.execute(query).fetchall()}


def seen(connection: duckdb.DuckDBPyConnection, day: date) -> None:
    """A file was loaded that day."""
    connection.execute(
        "INSERT INTO ingests (id, seen_at) VALUES ($id, $seen)",
        {"id": str(day), "seen": datetime.combine(day, datetime.min.time())},
    )


def analysed(connection: duckdb.DuckDBPyConnection, last: date) -> None:
    """An analysis as a refresh makes it."""
    earlier = store.kept(connection)
    store.put_aside(connection)
    connection.execute(
        "DELETE FROM signals; DELETE FROM signal_weeks; DELETE FROM watch_list; DELETE FROM rising_words"
    )
    store.write(connection, last, earlier)
    store.remember(connection)


def test_the_days_before_the_first_analysis_are_those_it_judged() -> None:
    connection = world.build()
    world.add(connection, 12, structure="sip1", irritant=1, end=world.LAST - WEEK, days=19)
    analysed(connection, world.LAST)
    raised = 0
    for weeks in range(6):
        day = world.LAST - weeks * WEEK
        judged = engine.detect(connection, day, max(engine.SENSITIVITIES.values())).signals
        asked = [row for row in told(connection, day).values() if row[0] == day]
        assert sorted(row[1] for row in asked) == sorted(signal.observed for signal in judged)
        raised += len(judged)
    assert raised > 1
    assert told(connection, world.LAST - 60 * WEEK) == {}


def test_what_was_told_on_a_day_stays_whatever_a_later_analysis_says() -> None:
    connection = world.build()
    first, second = world.LAST - WEEK, world.LAST
    world.add(connection, 8, structure="sip1", irritant=1, end=first, days=12)
    seen(connection, first)
    analysed(connection, first)
    then = told(connection, first)
    assert then
    world.add(connection, 9, structure="sip1", irritant=1, end=second, days=6)
    seen(connection, second)
    analysed(connection, second)
    assert told(connection, first) == then
    assert told(connection, second) != then
    analysed(connection, second)  # the same file judged again: nothing moves
    assert told(connection, first) == then


def test_what_an_earlier_version_did_not_tell_is_no_new_figure() -> None:
    connection = world.build()
    world.add(connection, 8, structure="sip1", irritant=1, end=world.LAST, days=12)
    seen(connection, world.LAST - WEEK)
    analysed(connection, world.LAST)
    then = connection.execute("SELECT id, told_at FROM signals ORDER BY id").fetchall()
    for table in ("signals", "watch_list", "signal_versions"):
        for column in ("weeks", "second_years", "second_bound", "second_alarm"):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    seen(connection, world.LAST)
    analysed(connection, world.LAST)
    assert then
    assert connection.execute("SELECT id, told_at FROM signals ORDER BY id").fetchall() == then
    query = "SELECT bool_and(second_years IS NOT NULL) FROM signals WHERE as_of = $day AND detector <> 'novelty'"
    assert connection.execute(query, {"day": world.LAST}).fetchall() == [(True,)]


def test_a_signal_told_again_the_same_keeps_the_day_it_was_told() -> None:
    connection = world.build()
    world.add(connection, 8, structure="sip1", irritant=1, end=world.LAST - 20 * WEEK)
    analysed(connection, world.LAST - WEEK)
    query = "SELECT id, told_at FROM signals WHERE as_of < $day ORDER BY id"
    before = connection.execute(query, {"day": world.LAST - 10 * WEEK}).fetchall()
    seen(connection, world.LAST)
    analysed(connection, world.LAST)
    assert before
    assert connection.execute(query, {"day": world.LAST - 10 * WEEK}).fetchall() == before

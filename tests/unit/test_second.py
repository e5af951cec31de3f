"""The second reading of a signal: what Farrington's method alone says of its weeks, where history allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import duckdb
import numpy as np
import pytest

from analytics.signals import farrington, second, wording
from analytics.signals.cells import Reading
from analytics.signals.engine import detect
from analytics.signals.record import Second, Signal
from tests import weekly_world as world

FOUR_YEARS = 4 * 52 + 12


def found(weeks: int = FOUR_YEARS) -> tuple[duckdb.DuckDBPyConnection, Signal]:
    """Years of reviews that end by six on one subject in one structure, and their signal."""
    connection = world.build(weeks=weeks)
    world.add(connection, 6, structure="sip1", irritant=1)
    (signal,) = detect(connection, world.LAST).signals
    return connection, signal


def read(connection: duckdb.DuckDBPyConnection, signal: Signal) -> Second:
    (again,) = second.reread(Reading(connection), [signal])
    assert replace(again, second=None) == replace(signal, second=None)
    assert again.second is not None
    return again.second


def test_a_rise_that_no_year_knew_alarms_farrington_too() -> None:
    _, signal = found()
    assert signal.second is not None
    assert (signal.second.years, signal.second.alarm) == (4, True)
    assert signal.second.bound is not None
    assert signal.second.bound < signal.observed


def test_what_the_same_weeks_of_every_year_knew_is_no_alarm() -> None:
    connection, signal = found()
    for year in (1, 2, 3, 4):
        for week in range(-2, 3):
            day = world.LAST - timedelta(weeks=52 * year + week)
            world.add(connection, 5, structure="sip1", irritant=1, end=day)
    told = read(connection, signal)
    assert told.alarm is False
    assert "elle n'alerte pas" in wording.second(replace(signal, second=told))


def test_only_its_own_cell_and_the_past_are_looked_at() -> None:
    connection, signal = found()
    before = signal.second
    for week in range(60):
        day = world.LAST - timedelta(weeks=week)
        world.add(connection, 3, structure="sip2", irritant=1, end=day)
        world.add(connection, 3, structure="sip1", irritant=0, end=day)
    world.add(connection, 30, structure="sip1", irritant=1, end=world.LAST + timedelta(days=9))
    assert read(connection, signal) == before


def test_too_short_a_history_says_so_and_nothing_else() -> None:
    _, signal = found(weeks=world.WEEKS)
    assert signal.second == Second(1)
    assert "historique trop court" in wording.second(signal)


def test_a_place_is_as_old_as_its_first_review() -> None:
    connection, signal = found()
    opened = world.LAST - timedelta(weeks=130)
    connection.execute("DELETE FROM reviews WHERE structure_id = 'sip1' AND published_on < $day", {"day": opened})
    assert read(connection, signal).years == 2


def test_too_few_reviews_are_left_to_the_engine() -> None:
    connection, signal = found()
    told = read(connection, replace(signal, observed=4, weeks=4))
    assert told.bound is not None
    assert told.alarm is None
    assert "trop peu d'avis" in wording.second(replace(signal, second=told))


def test_what_no_irritant_tells_has_no_second_reading() -> None:
    connection, signal = found()
    (again,) = second.reread(Reading(connection), [replace(signal, detector="novelty", second=None)])
    assert again.second is None
    assert wording.second(again) == ""


@pytest.mark.parametrize("judged", [1, 2, 4, 8])
def test_weeks_judged_together_rarely_alarm_when_nothing_happens(judged: int) -> None:
    counts = np.random.default_rng(judged).poisson(1.5, (5 * 52 + 20, 1000)).astype(float)
    settings = farrington.Settings(judged=judged)
    bound = farrington.thresholds(counts, len(counts) - 1, settings)
    assert 0 < (counts[-judged:].sum(axis=0) > bound).mean() < 3 * settings.alpha


def test_the_weeks_of_the_year_that_are_judged_are_one_season() -> None:
    groups = farrington._groups(400, farrington.Settings(judged=4))
    assert set(groups[400 - 52 - 6 : 400 - 52 + 4]) == {0}
    assert groups[400 - 52 - 7] == 9
    assert groups[400 - 52 + 4] == 1
    assert (groups[140:375] >= 0).all()

"""Weak signals from end to end: found where planted, silent otherwise, stateless, and as the contract says."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from analytics.signals import engine, store
from analytics.signals.engine import detect
from analytics.signals.owners import Tree
from analytics.signals.record import Owner, Scope, from_frame, identity
from tests import weekly_world as world

KEYS = [
    "id",
    "detector",
    "topic",
    "label",
    "strength",
    "scope",
    "first_week",
    "last_week",
    "observed",
    "expected",
    "ratio",
    "ratio_low",
    "p",
    "q",
    "severity",
    "terms",
    "review_ids",
    "owner",
    "subject",
    "region",
    "zone",
    "weeks",
    "farrington",
]


def test_a_quiet_week_gives_an_empty_list() -> None:
    found = detect(world.build(), world.LAST)
    assert found.signals == ()
    assert found.tests > 0


def test_a_planted_surge_is_found_in_its_place_with_its_reviews() -> None:
    connection = world.build()
    planted = world.add(connection, 6, structure="sip1", irritant=1)
    (signal,) = detect(connection, world.LAST).signals
    assert signal.scope == Scope(structure="sip1")
    assert signal.topic == 1
    assert signal.label == "Aide au logement"
    assert set(planted) <= set(signal.review_ids)
    assert signal.owner == Owner("sip1", "SIP1", "sip1@example.org")
    assert signal.ratio_low >= 1.5
    assert signal.q <= 0.05
    assert signal.first_week.weekday() == signal.last_week.weekday() == 0


def test_the_json_is_the_contract() -> None:
    connection = world.build()
    world.add(connection, 6, structure="sip1", irritant=1)
    (signal,) = detect(connection, world.LAST).signals
    said = json.loads(json.dumps(signal.as_json()))
    assert list(said) == KEYS
    assert list(said["scope"]) == ["network", "typology", "structure", "department", "channel"]
    assert list(said["owner"]) == ["structure_id", "name", "mailbox"]
    assert said["id"] == identity("surge", 1, signal.scope, signal.first_week)


def test_what_comes_later_changes_nothing() -> None:
    then = world.LAST - timedelta(weeks=3)
    connection = world.build()
    world.add(connection, 6, structure="sip1", irritant=1, end=then)
    before = detect(connection, then)
    world.add(connection, 20, structure="caf1", irritant=0, end=world.LAST)
    connection.execute("UPDATE reviews SET typology = 'Autre' WHERE published_on > $then", {"then": then})
    assert detect(connection, then) == before


def test_a_replayed_day_is_the_day_itself() -> None:
    then = world.LAST - timedelta(weeks=2)
    connection = world.build()
    world.add(connection, 6, structure="sip1", irritant=1, end=then)
    known = engine.background(connection, world.LAST, weeks=8)
    assert engine.reread(known, engine.on(known, then)) == detect(connection, then)


def test_one_text_copied_many_times_is_not_a_signal() -> None:
    connection = world.build()
    same = "bonjour je dénonce la suppression du guichet de ma commune signez tous cette pétition dès maintenant"
    world.add(connection, 12, structure="sip1", irritant=1, text=same)
    assert detect(connection, world.LAST).signals == ()


def test_all_in_one_day_and_one_structure_is_not_enough() -> None:
    connection = world.build()
    world.add(connection, 6, structure="sip1", irritant=1, days=1, end=world.LAST)
    connection.execute(
        "DELETE FROM reviews WHERE structure_id = 'sip1' AND published_on BETWEEN $start AND $end"
        " AND id IN (SELECT review_id FROM review_topics WHERE irritant = 1) AND published_on < $last",
        {"start": world.LAST - timedelta(weeks=5), "end": world.LAST, "last": world.LAST},
    )
    assert all(s.scope.structure != "sip1" for s in detect(connection, world.LAST).signals)


def test_the_owner_is_the_largest_excess_that_can_be_reached() -> None:
    tree = Tree(
        parent={"sip2": "root", "a": "b", "b": "a"},
        name={"sip2": "SIP2", "root": "ROOT"},
        mailbox={"sip2": "sip2@example.org", "root": "root@example.org"},
        active=frozenset({"root", "a", "b"}),
    )
    assert tree.owner(["sip2"]) == Owner("root", "ROOT", "root@example.org")  # inactive: its parent is told
    assert tree.owner(["a"]) is None  # a loop in the referential, nobody with a mailbox
    assert tree.owner([]) is None


def test_a_signal_keeps_its_id_from_week_to_week() -> None:
    connection = world.build()
    world.add(connection, 8, structure="sip1", irritant=1, end=world.LAST - timedelta(weeks=1), days=12)
    signals = store.write(connection, world.LAST)
    (signal,) = [s for s in signals if s.topic == 1]
    assert signal.as_of > signal.first_week
    stored = from_frame(connection.execute("SELECT * FROM signals").df())
    assert signal in stored
    weeks = connection.execute(
        "SELECT count(*), sum(observed) FROM signal_weeks WHERE signal_id = $id", {"id": signal.id}
    ).fetchall()[0]
    assert weeks[0] == engine.CURVE_WEEKS
    assert weeks[1] >= 7


def test_signals_of_the_past_are_carried_while_their_reviews_exist() -> None:
    connection = world.build()
    old = world.LAST - timedelta(weeks=30)
    world.add(connection, 8, structure="sip1", irritant=1, end=old)
    first = store.write(connection, world.LAST)
    assert any(s.as_of < old + timedelta(weeks=9) for s in first)
    connection.execute("DELETE FROM signals; DELETE FROM signal_weeks")
    assert {s.id for s in store.write(connection, world.LAST, earlier=first)} == {s.id for s in first}
    connection.execute(
        "DELETE FROM signals; DELETE FROM signal_weeks; DELETE FROM reviews WHERE id = $id",
        {"id": first[0].review_ids[0]},
    )
    assert first[0].id not in {s.id for s in store.write(connection, world.LAST, earlier=first)}


@pytest.mark.parametrize("as_of", [date(1990, 1, 1), date(2024, 1, 1), date(2100, 1, 1)])
def test_any_day_may_be_asked(as_of: date) -> None:
    assert detect(world.build(), as_of).signals == ()


def test_all_reviews_of_one_day_or_one_place_do_not_break_it() -> None:
    one_day = world.build()
    one_day.execute("UPDATE reviews SET published_on = DATE '2025-06-01'")
    assert detect(one_day, world.LAST).signals == ()
    nowhere = world.build()
    nowhere.execute("UPDATE reviews SET network = NULL, typology = NULL, structure_id = NULL, department = NULL")
    assert detect(nowhere, world.LAST).signals == ()


def test_without_irritants_there_is_no_signal() -> None:
    connection = world.build()
    connection.execute("DELETE FROM topics; UPDATE review_topics SET irritant = -1, subject = NULL")
    assert detect(connection, world.LAST).signals == ()


def test_a_week_without_reviews_is_a_quiet_week() -> None:
    connection = world.build()
    connection.execute("DELETE FROM reviews WHERE published_on > $day", {"day": world.LAST - timedelta(weeks=1)})
    assert detect(connection, world.LAST).signals == ()
    connection.execute("DELETE FROM reviews WHERE published_on > $day", {"day": world.LAST - timedelta(weeks=9)})
    assert detect(connection, world.LAST).signals == ()


def test_one_institution_alone_is_judged_like_the_others() -> None:
    connection = world.build()
    connection.execute("DELETE FROM reviews WHERE structure_id <> 'sip1'")
    connection.execute("DELETE FROM review_topics WHERE review_id NOT IN (SELECT id FROM reviews)")
    assert detect(connection, world.LAST).signals == ()
    planted = world.add(connection, 8, structure="sip1", irritant=1)
    (signal,) = detect(connection, world.LAST).signals
    assert set(planted) <= set(signal.review_ids)


def test_a_place_nobody_knows_and_dates_to_come_are_harmless() -> None:
    connection = world.build()
    world.add(connection, 9, structure="sip1", irritant=1, end=world.LAST + timedelta(days=400), department="ZZ")
    connection.execute("UPDATE reviews SET department = 'ZZ', region = '??', channels = [NULL] WHERE id % 3 = 0")
    assert detect(connection, world.LAST).signals == ()


def test_a_stricter_rate_shows_a_part_of_what_a_looser_one_shows() -> None:
    connection = world.build()
    world.add(connection, 6, structure="sip1", irritant=1)
    world.add(connection, 4, structure="caf2", irritant=0, days=9)
    loose = {s.id for s in detect(connection, world.LAST, q=0.10).signals}
    for q in (0.01, 0.05):
        found = detect(connection, world.LAST, q=q)
        assert {s.id for s in found.signals} <= loose
        assert all(s.q <= q for s in found.signals)

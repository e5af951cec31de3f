"""Who is told of which signals: once, within what they asked for, and marked only when the message has left."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from analytics import digest
from analytics.signals.record import Scope, Signal
from data import settings, warehouse
from data.operations import subscriptions, triage
from data.operations.engine import open_store
from data.operations.errors import Refused
from data.operations.subscriptions import Subscription
from data.operations.tables import now
from tests import loopback_smtp, tiny

SIGNAL = Signal(
    id="s", as_of=date(2025, 6, 30), detector="surge", topic=3, subject=None, label="Aide", strength="weak",
    scope=Scope(structure="caf1"), first_week=date(2025, 6, 16), last_week=date(2025, 6, 23), observed=5, expected=0.2,
    ratio=25, ratio_low=9, p=1e-6, q=0.01, severity=0.8, terms=("mot",), review_ids=(1, 2, 3, 4, 5), owner=None, tests=9,
)  # fmt: skip
KINDS = {"caf1": ("Famille", "CAF")}


def _wish(**asked: object) -> Subscription:
    plain = Subscription("w", "sacha", "sacha@example.org", None, None, None, False, now())
    return replace(plain, **asked)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, True),
        ({"institution": "CAF"}, True),
        ({"institution": "Famille"}, True),
        ({"institution": "caf1"}, True),
        ({"institution": "Impôts"}, False),
        ({"irritant": 3}, True),
        ({"irritant": 4}, False),
        ({"department": "59"}, False),
    ],
)
def test_a_subscription_meets_what_it_asked_for(asked: dict[str, object], told: bool) -> None:
    assert digest.meets(_wish(**asked), SIGNAL, KINDS) is told


def test_a_zone_meets_each_of_its_departements() -> None:
    signal = replace(SIGNAL, scope=Scope(zone=("59", "62")))
    assert digest.meets(_wish(department="62"), signal, KINDS)
    assert not digest.meets(_wish(department="80"), signal, KINDS)


def test_an_address_that_is_none_is_refused(operations: Engine) -> None:
    with pytest.raises(Refused):
        subscriptions.subscribe(operations, "k", person="sacha", address="sacha")


def test_a_subscription_comes_and_goes(operations: Engine) -> None:
    made = subscriptions.subscribe(operations, "k", person="sacha", address="sacha@example.org", irritant=1)
    assert subscriptions.subscribe(operations, "k", person="sacha", address="sacha@example.org", irritant=1) == made
    (wish,) = subscriptions.of(operations, "sacha")
    subscriptions.mark_sent(operations, "m", wish, ["a", "b", "a"])
    assert subscriptions.sent(operations, made) == {"a", "b"}
    with pytest.raises(Refused):
        subscriptions.unsubscribe(operations, "u1", made, person="maxime")
    subscriptions.unsubscribe(operations, "u2", made, person="sacha")
    assert subscriptions.of(operations) == []


def test_the_digest_is_sent_once(tiny_home: Path) -> None:
    opened = warehouse.open_current(tiny_home)
    store = open_store(f"sqlite:///{tiny_home / 'operations.sqlite'}")
    subscriptions.subscribe(store, "k", person="sacha", address="sacha@example.org")
    with loopback_smtp.server() as received:
        options = {"sender": "vigie@example.org", "server": received.url, "outbox": tiny_home / "outbox"}
        (first,) = digest.run(opened, store, **options)
        assert [s.id for s in first.signals] == ["sig-1"]
        assert digest.run(opened, store, **options) == []
    ((_, recipients, text),) = received.messages
    assert recipients == ["sacha@example.org"]
    assert tiny.IRRITANTS[1][1].split()[0] in text


def test_without_a_server_the_digest_is_a_file(tiny_home: Path) -> None:
    store = open_store(f"sqlite:///{tiny_home / 'operations.sqlite'}")
    subscriptions.subscribe(store, "k", person="sacha", address="sacha@example.org")
    opened = warehouse.open_current(tiny_home)
    (made,) = digest.run(opened, store, sender="vigie@example.org", server="", outbox=tiny_home / "outbox")
    assert made.path is not None
    assert made.path.read_bytes().startswith(b"From: vigie@example.org")


def test_a_message_that_fails_is_tried_again(tiny_home: Path) -> None:
    opened = warehouse.open_current(tiny_home)
    store = open_store(f"sqlite:///{tiny_home / 'operations.sqlite'}")
    subscriptions.subscribe(store, "k", person="sacha", address="sacha@example.org")
    options = {"sender": "vigie@example.org", "outbox": tiny_home / "outbox"}
    with loopback_smtp.server(refused=("sacha@example.org",)) as received:
        (failed,) = digest.run(opened, store, server=received.url, **options)
    assert failed.error
    with loopback_smtp.server() as received:
        (sent,) = digest.run(opened, store, server=received.url, **options)
    assert not sent.error


def test_false_alarms_are_not_told_and_instant_messages_are_for_the_very_sure(tiny_home: Path) -> None:
    opened = warehouse.open_current(tiny_home)
    store = open_store(f"sqlite:///{tiny_home / 'operations.sqlite'}")
    subscriptions.subscribe(store, "k", person="sacha", address="sacha@example.org", instant=True)
    options = {"sender": "vigie@example.org", "server": "", "outbox": tiny_home / "outbox"}
    assert digest.run(opened, store, instant_only=True, **options) == []  # q = 0.03 waits for Monday
    triage.decide(store, "t", "sig-1", "false_alarm", decided_by="sacha", note="saison")
    assert digest.run(opened, store, **options) == []


def test_the_daily_job_tells_the_very_sure_at_once_and_once(tiny_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(settings.load(tiny_home).operations)
    subscriptions.subscribe(store, "k", person="sacha", address="sacha@example.org", instant=True)
    subscriptions.subscribe(store, "l", person="maxime", address="maxime@example.org")
    assert digest.at_once(tiny_home) == 0  # nothing is that sure
    monkeypatch.setattr(digest, "SURE_Q", 0.05)
    assert digest.at_once(tiny_home) == 1
    assert digest.at_once(tiny_home) == 0
    (left,) = (tiny_home / digest.OUTBOX).glob("*.eml")
    assert b"sacha@example.org" in left.read_bytes()

"""Who is told of delays: those who asked, of their own institutions, once."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from analytics import delay_alerts, digest
from analytics.delay_alerts import Alert
from data import warehouse
from data.filters import Filters
from data.operations import subscriptions
from data.operations.engine import open_store
from data.operations.subscriptions import Subscription
from data.operations.tables import now

KINDS = {"caf1": ("Famille", "CAF")}


@pytest.mark.parametrize(
    ("institution", "department", "meant"),
    [
        (None, None, Filters()),
        ("caf1", None, Filters(structures=("caf1",))),
        ("Famille", None, Filters(networks=("Famille",))),
        ("CAF", "59", Filters(typologies=("CAF",), departments=("59",))),
    ],
)
def test_a_subscription_is_about_the_reviews_of_its_institution(
    institution: str | None, department: str | None, meant: Filters
) -> None:
    wish = Subscription("w", "chef", "chef@example.org", institution, department, None, False, now(), delays=True)
    assert delay_alerts.asked(wish, KINDS) == meant


def test_delays_are_told_to_those_who_asked_and_once(tiny_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = warehouse.open_current(tiny_home)
    store = open_store(f"sqlite:///{tiny_home / 'operations.sqlite'}")
    lead = subscriptions.subscribe(store, "k", person="chef", address="chef@example.org", irritant=99, delays=True)
    subscriptions.subscribe(store, "l", person="sacha", address="sacha@example.org", irritant=99)
    monkeypatch.setattr(delay_alerts, "of", lambda *_: [Alert("late:2025-W26", "3 avis passeront l'objectif")])
    options = {"sender": "vigie@example.org", "server": "", "outbox": tiny_home / "outbox"}
    assert digest.run(opened, store, instant_only=True, **options) == []
    (made,) = digest.run(opened, store, **options)
    assert made.subscription.id == lead
    assert made.path is not None
    assert "3 avis passeront" in message_from_bytes(made.path.read_bytes(), policy=default).get_content()
    assert digest.run(opened, store, **options) == []

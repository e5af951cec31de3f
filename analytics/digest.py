"""The messages of subscriptions: who is told of which signals, and when.

The rule it protects: a subscriber hears of a signal once; very sure ones at once when they asked for it, the others with
the week's digest; nothing is marked as told before the message has left (or lies in the outbox as a file).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from analytics import delay_alerts
from analytics.delay_alerts import Alert
from analytics.signals import record, wording
from analytics.signals.record import Signal
from data import mail, settings
from data.operations import subscriptions, triage
from data.operations.engine import open_store
from data.operations.subscriptions import Subscription
from data.warehouse import Warehouse, open_current

SURE_Q = 0.001  # under which a signal is told at once
_WEEKS = 1
OUTBOX = "outbox"


@dataclass(frozen=True)
class Outcome:
    """One subscription's message."""

    subscription: Subscription
    signals: tuple[Signal, ...]
    path: Path | None  # the file, when no server is set
    error: str = ""
    alerts: tuple[Alert, ...] = ()  # of delays


def meets(subscription: Subscription, signal: Signal, structures: dict[str, tuple[str | None, str | None]]) -> bool:
    """Whether a signal falls within a subscription. `structures` gives the network and typology of each structure id.

    A signal of a structure meets a subscription to its typology or network; a national one meets those that ask for no
    place.
    """
    scope = signal.scope
    network, typology = structures.get(scope.structure or "", (None, None))
    institutions = {scope.structure, scope.typology, scope.network, network, typology} - {None}
    places = {scope.department, *scope.zone} - {None}
    return (
        (subscription.institution is None or subscription.institution in institutions)
        and (subscription.department is None or subscription.department in places)
        and (subscription.irritant is None or subscription.irritant == signal.topic)
    )


def run(
    warehouse: Warehouse,
    engine: Engine,
    *,
    sender: str,
    server: str,
    outbox: Path,
    instant_only: bool = False,
) -> list[Outcome]:
    """Send each subscription what is new for it: by `server`, or as .eml files in `outbox` when that is empty.

    Signals set aside as false alarms are not told. A message that fails is reported and tried again next time.
    """
    today = date.fromisoformat(warehouse.snapshot.last_publication[:10])
    signals = [s for s in record.published(warehouse, weeks=_WEEKS + 1) if s.as_of > today - timedelta(weeks=_WEEKS)]
    dismissed = {i for i, d in triage.decisions(engine).items() if d.state == "false_alarm"}
    lessons = triage.lessons(engine)
    current = [s for s in signals if s.id not in dismissed and s.q <= rate(lessons, s.detector)]
    names = wording.Names.read(warehouse)
    kinds = _structures(warehouse)
    post = _sender(sender, server, outbox)
    out = []
    for wish in subscriptions.of(engine):
        already = subscriptions.sent(engine, wish.id)
        due = [s for s in current if s.id not in already and meets(wish, s, kinds)]
        if instant_only:
            due = [s for s in due if wish.instant and s.q <= SURE_Q]
        alerts = []
        if wish.delays and not instant_only:
            told = delay_alerts.of(warehouse, delay_alerts.asked(wish, kinds))
            alerts = [alert for alert in told if alert.id not in already]
        if due or alerts:
            title, body = wording.digest(names, due, today, instant=instant_only, delays=[a.text for a in alerts])
            out.append(_deliver(engine, wish, due, alerts, partial(post, wish, title, body, today)))
    return out


def at_once(home: Path) -> int:
    """Tell the very sure signals of the snapshot in service to those who asked for them at once, as the daily job ends;
    returns how many messages left. One that fails is logged, and tried again by the next job.
    """
    config = settings.load(home)
    engine = open_store(config.operations)
    try:
        outcomes = run(
            open_current(home), engine, sender=config.mail_from, server=config.smtp_url, outbox=home / OUTBOX,
            instant_only=True,
        )  # fmt: skip
    finally:
        engine.dispose()
    for outcome in outcomes:
        if outcome.error:
            logging.getLogger(__name__).warning("message to %s: %s", outcome.subscription.address, outcome.error)
    return sum(not outcome.error for outcome in outcomes)


def rate(lessons: dict[str, triage.Lesson], detector: str, usual: float = 0.05) -> float:
    """False-discovery rate a detector works at, after what triage taught."""
    return lessons[detector].q if detector in lessons else usual


_Send = Callable[[Subscription, str, str, date], Path | None]


def _sender(sender: str, server: str, outbox: Path) -> _Send:
    def send(wish: Subscription, title: str, body: str, day: date) -> Path | None:
        message = mail.compose(sender, wish.address, title, body)
        if server:
            mail.send(server, message)
            return None
        outbox.mkdir(parents=True, exist_ok=True)
        path = outbox / f"{day.isoformat()}-{wish.id}.eml"
        path.write_bytes(mail.as_file(message))
        return path

    return send


def _deliver(
    engine: Engine, wish: Subscription, due: Sequence[Signal], alerts: Sequence[Alert], post: Callable[[], Path | None]
) -> Outcome:
    try:
        path = post()
    except mail.NotSent as error:
        return Outcome(wish, tuple(due), None, str(error), tuple(alerts))
    ids = sorted([signal.id for signal in due] + [alert.id for alert in alerts])
    subscriptions.mark_sent(engine, f"digest:{wish.id}:{'-'.join(ids)}"[:200], wish, ids)
    return Outcome(wish, tuple(due), path, "", tuple(alerts))


def _structures(warehouse: Warehouse) -> dict[str, tuple[str | None, str | None]]:
    rows = warehouse.rows("SELECT id, network, typology FROM structures")
    return {str(i): (network, typology) for i, network, typology in rows}

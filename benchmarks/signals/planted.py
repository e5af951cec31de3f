"""Planted events of the demo: which are found, how early, in the right place, and what else is raised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from analytics.signals import engine
from analytics.signals.record import Signal
from benchmarks.signals.worlds import World

SHARED = 2  # of an event's reviews that a signal must hold to have found it
PRECISE = 0.25  # and the least share of the signal's reviews that must be the event's
LATE = 4  # weeks after an event's end for which a signal on it is no false alarm


@dataclass(frozen=True)
class Outcome:
    """What became of one event."""

    event: dict[str, Any]
    found: date | None  # first day on which a signal tells it
    signal: Signal | None
    received: int  # of its reviews published by then

    @property
    def weeks(self) -> float:
        """Weeks from its first review to the day it was found."""
        start = date.fromisoformat(self.event["start"])
        return np.inf if self.found is None else ((self.found - start).days + 1) / 7


@dataclass(frozen=True)
class Replay:
    """All the weekly runs over a world."""

    outcomes: list[Outcome]
    alarms: list[tuple[date, Signal, str]]  # new signals only: 'real', 'decoy' or 'false'
    weeks: int


def replay(world: World, q: float = engine.DEFAULT_Q) -> Replay:
    """Run every judged week and match signals with events."""
    days = world.days()
    known = engine.background(world.connection, world.last, weeks=len(days))
    events = world.truth["events"]
    members = [frozenset(e["review_ids"]) for e in events]
    found: dict[int, tuple[date, Signal]] = {}
    raised: list[frozenset[int]] = []
    alarms = []
    for day in days:
        for signal in engine.on(known, day, q).signals:
            own = frozenset(signal.review_ids)
            told = [i for i, m in enumerate(members) if len(own & m) >= SHARED and len(own & m) >= PRECISE * len(own)]
            for i in told:
                found.setdefault(i, (day, signal))
            if not any(2 * len(own & before) >= min(len(own), len(before)) for before in raised):
                real = any(events[i]["kind"] != "decoy" for i in told)
                alarms.append((day, signal, "real" if real else "decoy" if told else "false"))
            raised.append(own)
    published = dict(
        world.connection.execute(
            "SELECT id, published_on FROM reviews WHERE list_contains($ids, id)",
            {"ids": [i for m in members for i in m]},
        ).fetchall()
    )
    outcomes = []
    for i, event in enumerate(events):
        first = found.get(i)
        received = sum(published[r] <= first[0] for r in members[i]) if first else 0
        outcomes.append(Outcome(event, first[0] if first else None, first[1] if first else None, received))
    return Replay(outcomes, alarms, len(days))


def placed(outcome: Outcome) -> bool:
    """Whether the signal's scope agrees with one of the event's cells: never beside it, and as narrow where it is confined
    to a structure.
    """
    signal = outcome.signal
    if signal is None:
        return False
    scope = signal.scope
    for cell in outcome.event["cells"]:
        pairs = [(getattr(scope, k), cell[k]) for k in ("network", "typology", "structure", "department")]
        if all(mine is None or theirs is None or mine == theirs for mine, theirs in pairs):
            if scope.zone and cell["department"] and cell["department"] not in scope.zone:
                continue
            return True
    return False


def within(outcomes: Sequence[Outcome], weeks: int) -> float:
    """Share found within so many weeks of their first review."""
    return float(np.mean([o.weeks <= weeks for o in outcomes])) if outcomes else float("nan")


def after(day: date, weeks: int) -> date:
    """So many weeks later."""
    return day + timedelta(weeks=weeks)

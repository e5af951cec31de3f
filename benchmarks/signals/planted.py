"""Planted events of the demo: which are found, how early, in the right place, and what else is raised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from analytics.signals import engine
from analytics.signals.record import Signal
from benchmarks.signals.tables import share, show
from benchmarks.signals.worlds import HOLDOUT, LEARNT, TUNING, World, build

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


def owned(world: World, outcome: Outcome) -> bool:
    """Whether whoever is told received some of the event's reviews, or stands above a structure that did."""
    if outcome.signal is None or outcome.signal.owner is None:
        return False
    query = "SELECT DISTINCT structure_id FROM reviews WHERE list_contains($ids, id) AND structure_id IS NOT NULL"
    at = {str(i) for (i,) in world.connection.execute(query, {"ids": outcome.event["review_ids"]}).fetchall()}
    parents = dict(world.connection.execute("SELECT id, parent_id FROM structures").fetchall())
    seen: set[str] = set()
    while at and not at <= seen:
        seen |= at
        at = {str(parents[i]) for i in at if parents.get(i)}
    return outcome.signal.owner.structure_id in seen


def main(seeds: Sequence[int] | None, cache: Path | None) -> int:
    """Replay each world and print what was found."""
    reported = tuple(seeds or HOLDOUT)
    print(
        f"seeds {reported}; tuned on {TUNING}, where detectors were chosen; topics learnt on the first {LEARNT} weeks"
    )
    rows, every, real = [], [], []
    for seed in reported:
        world = build(seed, cache=cache)
        replayed = replay(world)
        own = [o for o in replayed.outcomes if o.event["kind"] != "decoy"]
        rows += [
            _row(f"seed {seed} ({world.hash}), {kind}", world, replayed, outcomes) for kind, outcomes in _kinds(own)
        ]
        every.append(replayed)
        real += own
    show("Planted events of the demo", HEAD, rows)
    weeks = sum(r.weeks for r in every)
    alarms = [kind for r in every for *_, kind in r.alarms]
    decoys = [o for r in every for o in r.outcomes if o.event["kind"] == "decoy"]
    show(
        "All seeds",
        ("measure", "value"),
        [
            ("found within 1 week", share([o.weeks <= 1 for o in real])),
            ("found within 2 weeks", share([o.weeks <= 2 for o in real])),
            ("found within 4 weeks", share([o.weeks <= 4 for o in real])),
            ("of 5 reviews or fewer, within 4 weeks", share([o.weeks <= 4 for o in real if _size(o) <= 5])),
            ("of 6 reviews or more, within 4 weeks", share([o.weeks <= 4 for o in real if _size(o) > 5])),
            ("right place, of those found", share([placed(o) for o in real if o.signal])),
            ("decoys raised", f"{sum(o.signal is not None for o in decoys)} of {len(decoys)}"),
            ("alarms on decoys a week", f"{alarms.count('decoy') / weeks:.3f}"),
            ("false alarms a week", f"{alarms.count('false') / weeks:.3f}"),
            ("real, among new signals", f"{alarms.count('real')} of {len(alarms)}"),
        ],
    )
    return 0


HEAD = ("world", "events", "1 week", "2 weeks", "4 weeks", "median reviews received", "right place", "right owner")


def _kinds(outcomes: list[Outcome]) -> list[tuple[str, list[Outcome]]]:
    kinds = sorted({o.event["kind"] for o in outcomes})
    return [(kind, [o for o in outcomes if o.event["kind"] == kind]) for kind in kinds]


def _size(outcome: Outcome) -> int:
    return len(outcome.event["review_ids"])


def _row(name: str, world: World, replayed: Replay, outcomes: list[Outcome]) -> tuple[object, ...]:
    found = [o for o in outcomes if o.signal]
    return (
        name,
        len(outcomes),
        *(f"{within(outcomes, weeks):.2f}" for weeks in (1, 2, 4)),
        f"{np.median([o.received for o in found]):.0f}" if found else "–",
        f"{sum(map(placed, found))} of {len(found)}",
        f"{sum(owned(world, o) for o in found)} of {len(found)}",
    )

"""Planted events: what really happened in the demo, and decoys that only look like it.

Owns when, where, on what and how many. The rule it protects: an event is a handful of extra reviews in a known place and
time, decided before any review is written, so a detector can be judged on it; decoys have innocent explanations (a
campaign, a season, a copied text, a new institution). None lies in the first 52 weeks or the last 6.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from data.demo.lexicon import Lexicon
from data.demo.world import World, generator

DECLARATION = "occupation-declaration"
DECLARATION_DAY = date(2023, 6, 12)
QUIET_FIRST, QUIET_LAST = 52, 6  # weeks without events at both ends
REAL = ("surge", "place", "novelty")
DECOYS = ("campaign", "season", "copied", "newcomer")
_DAYS = {"surge": 18, "place": 14, "novelty": 20, "campaign": 9, "season": 20, "copied": 6, "newcomer": 55}
_WIDE = ("novelty", "season")  # kinds that touch every institution of their subject
_EVERYWHERE = 12  # structures from which a typology covers the country
_SMALL = (3, 4, 5, 4, 5)
_FAIR = {"surge": (12, 20), "place": (6, 12), "novelty": (6, 14)}


@dataclass(frozen=True)
class Sketch:
    """An event before its place and date are known."""

    kind: str  # one of REAL or DECOYS
    size: int  # reviews it brings
    extra: int = 0  # reviews it also brings outside its dates (other years of a season, a newcomer's next weeks)
    declaration: bool = False


@dataclass(frozen=True)
class Planned:
    """One review that an event brings."""

    event: int  # rank of the event, -1 outside its dates
    day: date
    irritant: int  # -1: whatever people write about that institution
    typology: int
    structure: int  # -1: any of that typology
    place: int  # number of the user's département, -1: unknown as for other reviews
    copy: bool = False  # text copied from the first of the event


@dataclass(frozen=True)
class Event:
    """One planted event or decoy, with the cells it touches (None where it is not confined)."""

    id: str
    kind: str  # 'surge' | 'place' | 'novelty' | 'decoy'
    decoy: str  # which of DECOYS, '' for a real event
    irritant: int
    start: date
    end: date
    cells: tuple[dict[str, str | None], ...]


def sketches(lexicon: Lexicon, reviews: int, weeks: int, seed: int, planted: bool) -> tuple[Sketch, ...]:
    """How many events of each kind fit `reviews` and `weeks`, and their sizes."""
    if not planted or weeks < QUIET_FIRST + QUIET_LAST + 16:
        return ()
    each = min(5, reviews // 1000)
    decoys = 2 if reviews >= 20_000 else min(1, reviews // 4000)
    rng = generator(seed, 2)
    novel = len(lexicon.irritants) - lexicon.ordinary
    found = []
    for kind in REAL:
        count = min(each, novel) if kind == "novelty" else each
        for rank in range(count):
            small = rank % 5 in (1, 3)
            low, high = _FAIR[kind]
            size = int(rng.choice(_SMALL)) if small else int(rng.integers(low, high + 1))
            found.append(Sketch(kind, size))
    if each and any(i.id == DECLARATION for i in lexicon.irritants):
        found[0] = Sketch("surge", 20, declaration=True)
    scale = max(1.0, reviews / 20_000) ** 0.5
    for _ in range(decoys):
        found.append(Sketch("campaign", int(rng.integers(30, 46) * scale)))
        season = int(rng.integers(14, 22) * scale)
        found.append(Sketch("season", season, extra=season * (weeks // 52 - 1)))
        found.append(Sketch("copied", int(rng.integers(6, 13))))
        found.append(Sketch("newcomer", int(rng.integers(14, 24) * scale), extra=int(30 * scale)))
    return tuple(found)


def plan(world: World, planted: tuple[Sketch, ...]) -> tuple[tuple[Event, ...], tuple[Planned, ...]]:
    """Give each sketch its subject, place and dates, kinds in mixed order; and the reviews they bring, by day."""
    planner = _Planner(world)
    first, last = QUIET_FIRST + 1, world.weeks - QUIET_LAST - 9
    count = max(len(planted), 1)
    slots = np.linspace(first, last, count) + planner.rng.uniform(-1.5, 1.5, count)
    weeks = planner.rng.permutation(np.clip(np.rint(slots).astype(int), first, last))
    in_window = world.start + timedelta(weeks=QUIET_FIRST) <= DECLARATION_DAY < world.end - timedelta(weeks=12)
    starts = []
    for k, sketch in enumerate(planted):
        start = world.start + timedelta(days=7 * int(weeks[k]) + int(planner.rng.integers(0, 5)))
        starts.append(DECLARATION_DAY if sketch.declaration and in_window else start)
    events: list[Event] = []
    reviews: list[Planned] = []
    for rank, k in enumerate(sorted(range(len(planted)), key=lambda k: (starts[k], k))):
        event, brought = planner.happen(rank, planted[k], starts[k])
        events.append(event)
        reviews += brought
    reviews.sort(key=lambda p: (p.day, p.event))
    return tuple(events), tuple(reviews)


@dataclass(frozen=True)
class _Place:
    """Where an event happens: numbers of a typology, a structure and a département; -1 where it is not confined."""

    typology: int
    structure: int = -1
    department: int = -1


class _Planner:
    """Turns sketches into events, one after the other, without using a subject or a newcomer twice."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rng = generator(world.seed, 3)
        self.taken: set[int] = set()
        self.newcomers = list(world.newcomers)

    def happen(self, rank: int, sketch: Sketch, start: date) -> tuple[Event, list[Planned]]:
        """The event of one sketch and the reviews it brings, some of them outside its dates for decoys."""
        world, rng, kind = self.world, self.rng, sketch.kind
        irritant = self._subject(sketch)
        days = _DAYS[kind]
        place = self._place(kind, irritant)
        offsets = _spread_days(rng, sketch.size, days)
        wide = kind in _WIDE
        own = world.irritant_typologies[irritant][0] if wide else np.array([place.typology])
        brought = [
            Planned(
                event=rank,
                day=start + timedelta(days=int(offset)),
                irritant=irritant,
                typology=int(rng.choice(own)),
                structure=place.structure,
                place=place.department,
                copy=kind == "copied" and n > 0,
            )
            for n, offset in enumerate(offsets)
        ]
        event = Event(
            id=f"E{rank + 1:02d}",
            kind=kind if kind in REAL else "decoy",
            decoy=kind if kind in DECOYS else "",
            irritant=irritant,
            start=start,
            end=brought[-1].day,
            cells=tuple(self._cell(int(t), place, wide) for t in own),
        )
        if kind == "season":
            brought += self._other_years(sketch, brought[0], days)
        if kind == "newcomer":
            left = max((world.end - event.end).days, 1)
            brought += [
                replace(brought[0], event=-1, day=event.end + timedelta(days=int(offset)))
                for offset in np.sort(rng.integers(1, left + 1, sketch.extra))
            ]
        return event, brought

    def _cell(self, typology: int, place: _Place, wide: bool) -> dict[str, str | None]:
        world = self.world
        name = world.typologies[typology]
        return {
            "network": None if wide else world.network_of[name].network,
            "typology": name,
            "structure": world.structures[place.structure].id if place.structure >= 0 else None,
            "department": world.places[place.department].code if place.department >= 0 else None,
        }

    def _subject(self, sketch: Sketch) -> int:
        """Subject of an event: rare ones for surges and places, held-out ones for novelties, none for volumes."""
        world, taken = self.world, self.taken
        if sketch.kind in ("campaign", "newcomer"):
            return -1
        if sketch.declaration:
            pool = [k for k, i in enumerate(world.irritants) if i.id == DECLARATION]
        elif sketch.kind == "novelty":
            pool = [k for k in range(world.ordinary, len(world.irritants)) if k not in taken]
        else:
            ranked = np.argsort(world.irritant_mix.mean(axis=0), kind="stable").tolist()
            rarer = ranked[: max(1, (2 * len(ranked)) // 3)]
            pool = [k for k in rarer if k not in taken and world.irritants[k].id != DECLARATION] or ranked
            if sketch.kind == "place":
                pool = [k for k in pool if self._local(k)] or pool
        found = int(self.rng.choice(np.array(pool)))
        taken.add(found)
        return found

    def _local(self, irritant: int) -> list[int]:
        """Typologies of a subject that have structures all over the country."""
        own = self.world.irritant_typologies[irritant][0]
        return [int(t) for t in own if len(self.world.choices[t].structures) >= _EVERYWHERE]

    def _place(self, kind: str, irritant: int) -> _Place:
        world, rng = self.world, self.rng
        if kind == "newcomer" and self.newcomers:
            structure = int(self.newcomers.pop())
            return _Place(world.typologies.index(world.structures[structure].typology), structure)
        if irritant < 0:
            wide = [t for t, c in enumerate(world.choices) if len(c.structures) >= _EVERYWHERE]
            typology = int(rng.choice(np.array(wide or range(len(world.choices)))))
            return _Place(typology, self._structure(typology))
        which, cumulated = world.irritant_typologies[irritant]
        if kind == "place":
            typology = int(rng.choice(np.array(self._local(irritant) or which)))
            structure = self._structure(typology)
            located = not world.structures[structure].national and rng.random() < 0.6
            return _Place(
                typology, structure, world.places.index(world.structures[structure].department) if located else -1
            )
        typology = int(which[min(int(np.searchsorted(cumulated, rng.random())), len(which) - 1)])
        return _Place(typology, self._structure(typology) if kind == "copied" else -1)

    def _structure(self, typology: int) -> int:
        chosen = self.world.choices[typology]
        at = min(int(np.searchsorted(chosen.cumulated, self.rng.random())), len(chosen.structures) - 1)
        return int(chosen.structures[at])

    def _other_years(self, sketch: Sketch, first: Planned, days: int) -> list[Planned]:
        """The same peak in the other years of the window: what makes a season innocent."""
        start, end = self.world.start, self.world.end - timedelta(days=days)
        years = [k for k in range(-20, 21) if k and start <= first.day + timedelta(weeks=52 * k) <= end]
        own = self.world.irritant_typologies[first.irritant][0]
        found = []
        for n in range(sketch.extra):
            shift = timedelta(weeks=52 * years[n % len(years)], days=int(self.rng.integers(0, days)))
            found.append(replace(first, event=-1, day=first.day + shift, typology=int(self.rng.choice(own))))
        return found


def _spread_days(rng: np.random.Generator, size: int, days: int) -> list[int]:
    """Days of the reviews after the start: bunched early, but the first on day 0 and never all on one day."""
    offsets = np.minimum((rng.beta(1.2, 2.0, size) * days).astype(int), days - 1)
    offsets[0] = 0
    if size > 2:
        offsets[1], offsets[2] = max(int(offsets[1]), 2), max(int(offsets[2]), days // 3)
    return sorted(offsets.tolist())

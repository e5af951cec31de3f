"""Planted events: what really happened in the demo, and decoys that only look like it.

Owns when, where, on what and how many. The rule it protects: an event is a handful of extra reviews in a known place and
time, decided before any review is written, so a detector can be judged on it; decoys have innocent explanations (a
campaign, a season, a copied text, a new institution). None lies in the first 52 weeks or the last 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from data.demo.lexicon import Lexicon
from data.demo.world import World, generator

DECLARATION = "occupation-declaration"
DECLARATION_DAY = date(2023, 6, 12)
QUIET_FIRST, QUIET_LAST = 52, 6  # weeks without events at both ends
REAL = ("surge", "place", "novelty")
DECOYS = ("campaign", "season", "copied", "newcomer")
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
    """Give each sketch its subject, place and dates, in mixed order of kinds; the reviews it brings, by day."""
    rng = generator(world.seed, 3)
    first, last = QUIET_FIRST + 1, world.weeks - QUIET_LAST - 9
    slots = np.linspace(first, last, max(len(planted), 1)) + rng.uniform(-1.5, 1.5, max(len(planted), 1))
    weeks = np.clip(np.rint(slots).astype(int), first, last)
    weeks = rng.permutation(weeks)
    taken: set[int] = set()
    events: list[Event] = []
    reviews: list[Planned] = []
    newcomers = list(world.newcomers)
    order = np.argsort(weeks, kind="stable")
    for rank, k in enumerate(order):
        sketch = planted[k]
        start = world.start + timedelta(days=7 * int(weeks[k]) + int(rng.integers(0, 5)))
        in_window = world.start + timedelta(weeks=QUIET_FIRST) <= DECLARATION_DAY < world.end - timedelta(weeks=12)
        if sketch.declaration and in_window:
            start = DECLARATION_DAY
        event, brought = _place(world, rng, rank, sketch, start, taken, newcomers)
        events.append(event)
        reviews += brought
    reviews.sort(key=lambda p: (p.day, p.event))
    return tuple(events), tuple(reviews)


def _place(
    world: World,
    rng: np.random.Generator,
    rank: int,
    sketch: Sketch,
    start: date,
    taken: set[int],
    newcomers: list[int],
) -> tuple[Event, list[Planned]]:
    kind = sketch.kind
    irritant = _subject(world, rng, sketch, taken)
    days = {"surge": 18, "place": 14, "novelty": 20, "campaign": 9, "season": 20, "copied": 6, "newcomer": 55}[kind]
    end = start + timedelta(days=days - 1)
    typology, structure, place = _where(world, rng, kind, irritant, newcomers)
    offsets = _spread_days(rng, sketch.size, days)
    same = kind in ("place", "campaign", "copied", "newcomer")
    which = world.irritant_typologies[irritant][0] if irritant >= 0 else np.array([typology])
    brought = []
    for n, offset in enumerate(offsets):
        t = typology if same or kind == "surge" else int(rng.choice(which))
        located = place if place >= 0 else -1
        brought.append(
            Planned(rank, start + timedelta(days=int(offset)), irritant, t, structure, located, kind == "copied" and n > 0)
        )
    if kind == "season":
        brought += _other_years(world, rng, sketch, irritant, typology, start, days)
    if kind == "newcomer":
        left = (world.end - end).days
        for offset in np.sort(rng.integers(1, max(left, 2), sketch.extra)):
            brought.append(Planned(-1, end + timedelta(days=int(min(offset, left))), -1, typology, structure, -1))
    confined = world.structures[structure] if structure >= 0 else None
    narrow = kind != "novelty" and kind != "season"
    cell: dict[str, str | None] = {
        "network": world.network_of[world.typologies[typology]].network if narrow else None,
        "typology": world.typologies[typology] if narrow else None,
        "structure": confined.id if confined else None,
        "department": world.places[place].code if place >= 0 else None,
    }
    event = Event(
        id=f"E{rank + 1:02d}",
        kind=kind if kind in REAL else "decoy",
        decoy=kind if kind in DECOYS else "",
        irritant=irritant,
        start=start,
        end=end,
        cells=(cell,),
    )
    return event, brought


def _subject(world: World, rng: np.random.Generator, sketch: Sketch, taken: set[int]) -> int:
    """Subject of an event: rare ones for surges and places, held-out ones for novelties, none for volumes."""
    if sketch.kind in ("campaign", "newcomer"):
        return -1
    if sketch.declaration:
        found = next(k for k, i in enumerate(world.irritants) if i.id == DECLARATION)
        taken.add(found)
        return found
    if sketch.kind == "novelty":
        pool = [k for k in range(world.ordinary, len(world.irritants)) if k not in taken]
    else:
        share = world.irritant_mix.mean(axis=0)
        ranked = np.argsort(share, kind="stable")
        rarer = ranked[: max(1, (2 * len(ranked)) // 3)]
        pool = [int(k) for k in rarer if k not in taken] or [int(k) for k in ranked]
        if sketch.kind == "place":
            local = [k for k in pool if _local(world, k)]
            pool = local or pool
    found = int(rng.choice(np.array(pool)))
    taken.add(found)
    return found


def _local(world: World, irritant: int) -> list[int]:
    """Typologies of a subject that have structures all over the country."""
    return [int(t) for t in world.irritant_typologies[irritant][0] if len(world.choices[t].structures) >= 12]


def _where(
    world: World, rng: np.random.Generator, kind: str, irritant: int, newcomers: list[int]
) -> tuple[int, int, int]:
    """Typology, structure and département numbers of an event; -1 where it is not confined."""
    if kind == "newcomer" and newcomers:
        structure = newcomers.pop()
        return world.typologies.index(world.structures[structure].typology), structure, -1
    if kind in ("campaign", "newcomer"):
        wide = [t for t, c in enumerate(world.choices) if len(c.structures) >= 12] or list(range(len(world.choices)))
        typology = int(rng.choice(np.array(wide)))
        return typology, _structure(world, rng, typology), -1
    which, cumulated = world.irritant_typologies[irritant]
    if kind == "place":
        local = _local(world, irritant) or [int(which[0])]
        typology = int(rng.choice(np.array(local)))
        structure = _structure(world, rng, typology)
        inside = not world.structures[structure].national
        place = world.places.index(world.structures[structure].department)
        return typology, structure, place if inside and rng.random() < 0.6 else -1
    typology = int(which[int(np.searchsorted(cumulated, rng.random()))])
    return typology, _structure(world, rng, typology) if kind == "copied" else -1, -1


def _structure(world: World, rng: np.random.Generator, typology: int) -> int:
    chosen = world.choices[typology]
    return int(chosen.structures[min(int(np.searchsorted(chosen.cumulated, rng.random())), len(chosen.structures) - 1)])


def _spread_days(rng: np.random.Generator, size: int, days: int) -> np.ndarray:
    """Days of the reviews after the start: bunched early, but the first on day 0 and never all on one day."""
    offsets = np.minimum((rng.beta(1.2, 2.0, size) * days).astype(int), days - 1)
    offsets[0] = 0
    if size > 2:
        offsets[1], offsets[2] = max(int(offsets[1]), 2), max(int(offsets[2]), days // 3)
    return np.sort(offsets)


def _other_years(
    world: World, rng: np.random.Generator, sketch: Sketch, irritant: int, typology: int, start: date, days: int
) -> list[Planned]:
    """The same peak in the other years of the window: what makes a season innocent."""
    years = [k for k in range(-20, 21) if k and world.start <= start + timedelta(weeks=52 * k) <= world.end - timedelta(days=days)]
    if not years:
        return []
    found = []
    for n in range(sketch.extra):
        shift = timedelta(weeks=52 * years[n % len(years)], days=int(rng.integers(0, days)))
        found.append(Planned(-1, start + shift, irritant, typology, -1, -1))
    return found

"""Histories with events and decoys of our own making: reviews taken out of one place and time and put into another.

The rule it protects: the same history, cells and topics for every method, and nothing of an event is left where it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from analytics.signals import likeness
from analytics.signals.engine import Background
from analytics.signals.words import Words
from benchmarks.signals.worlds import Stock

SIZES = (3, 4, 5, 8, 12, 20)
EACH = {5: 6}  # events of a size in one history; two of every other
FOLLOWED = 4  # weeks after the first review at which everyone is asked
_FIRST, _LAST = 60, 6  # weeks of the history without events, at both ends
_SPAN = 14  # days over which an event's reviews come
_CAMPAIGN, _SEASON, _NEWCOMER = (40, 9), (15, 20), (48, 110)  # reviews of a decoy, and their days
_LOCATED = 0.23  # share of reviews whose author says where they live
_LEVELS = ("network", "typology", "structure", "region", "department", "channel")


@dataclass(frozen=True)
class Event:
    """What was put in: `ids` come from `start` on."""

    size: int  # 0: a decoy
    kind: str  # where the reviews come from ('real', 'held'), or the decoy's name
    start: date
    ids: frozenset[int]
    structure: int = -1  # position; -1: spread over the country


@dataclass(frozen=True)
class History:
    """A background as the engine reads it, and what was put in it."""

    known: Background
    events: tuple[Event, ...]
    decoys: tuple[Event, ...]

    def days(self) -> list[date]:
        """The Sundays on which an event may be found, or a decoy told."""
        first = min(e.start for e in (*self.events, *self.decoys))
        last = self.known.reviews.as_of
        weeks = (last - first).days // 7
        return [last - timedelta(weeks=w) for w in range(weeks + 1)][::-1]


class _Maker:
    """Moves reviews of one stock about."""

    def __init__(self, stock: Stock, known: Background, random: np.random.Generator) -> None:
        self.stock, self.random, self.known = stock, random, known
        self.base = known.reviews
        self.row = {int(i): n for n, i in enumerate(self.base.id.tolist())}
        apart = {i for ids in stock.held.values() for i in ids}
        self.kept = (self.base.id >= 20_000) & ~np.isin(self.base.id, list(apart))
        self.day = self.base.day.copy()
        self.place = {level: codes.copy() for level, codes in self.base.place.items()}
        self.names = dict(self.base.names)
        self.free = set(stock.real)
        self.ordinary = np.flatnonzero(self.kept & (self.base.place["structure"] >= 0))
        self.taken: set[int] = set()
        structures = self.base.place["structure"][self.ordinary]
        self.busy = np.flatnonzero(np.bincount(structures) >= 20)

    def event(self, size: int, kind: str, confined: bool, start: date) -> Event:
        """`size` concordant reviews over two weeks."""
        rows = np.array([self.row[i] for i in (self._real(size) if kind == "real" else self._held(size))])
        structure = -1
        if confined:
            structure = int(self.random.choice(self.busy))
            self._move_into(rows, structure)
        elif kind == "real":  # their institutions are not those of this country: one kind of institution is drawn
            like = int(self.random.choice(self.ordinary))
            same = self.ordinary[self.base.place["typology"][self.ordinary] == self.base.place["typology"][like]]
            self._put(rows, self.random.choice(same, size))
        days = np.sort(self.random.integers(0, _SPAN, size))
        days[0] = 0
        return self._dated(rows, Event(size, kind, start, frozenset(self.base.id[rows].tolist()), structure), days)

    def campaign(self, start: date) -> Event:
        """Many reviews, about everything, of one institution."""
        many, span = _CAMPAIGN
        rows = self._draw(many)
        self._move_into(rows, int(self.random.choice(self.busy)))
        return self._decoy("campaign", rows, start, self.random.integers(0, span, many))

    def season(self, start: date) -> Event:
        """One subject's peak in the same weeks of every year."""
        each, span = _SEASON
        topics = np.bincount(self.base.irritant[self.ordinary].clip(0), minlength=len(self.base.irritants))
        own = np.flatnonzero(self.kept & (self.base.irritant == int(self.random.choice(np.flatnonzero(topics >= 90)))))
        rows = self.random.permutation(np.setdiff1d(own, list(self.taken)))[: 3 * each]
        first = self.base.day[self.ordinary].min()
        years = [y for y in (-2, -1, 0, 1) if start + timedelta(weeks=52 * y) >= first.astype(object)]
        shift = np.array([364 * years[n % len(years)] for n in range(len(rows))])
        return self._decoy("season", rows, start, self.random.integers(0, span, len(rows)) + shift)

    def copied(self, start: date, number: int) -> Event:
        """One text that many people sent to one institution."""
        rows = np.array([self.row[i] for i in self.stock.copied[number % len(self.stock.copied)]])
        self._move_into(rows, int(self.random.choice(self.busy)))
        return self._decoy("copied", rows, start, self.random.integers(0, 6, len(rows)))

    def newcomer(self, start: date) -> Event:
        """An institution nobody had heard of, with reviews about everything from then on."""
        many, span = _NEWCOMER
        rows = self._draw(many)
        self._move_into(rows, int(self.random.choice(self.busy)))
        self.names["structure"] = np.append(self.names["structure"], f"newcomer-{len(self.names['structure'])}")
        self.place["structure"][rows] = len(self.names["structure"]) - 1
        return self._decoy("newcomer", rows, start, self.random.integers(0, span, many))

    def background(self) -> Background:
        """All that was put, in order of publication; near copies are looked for again."""
        rows = np.flatnonzero(self.kept)
        rows = rows[np.lexsort((self.base.id[rows], self.day[rows]))]
        rows = rows[self.day[rows] <= np.datetime64(self.base.as_of)]
        age = (np.datetime64(self.base.as_of) - self.day).astype("timedelta64[D]").astype(np.int64) // 7
        moved = replace(self.base, day=self.day, age=age, place=self.place, names=self.names).kept(rows)
        known = self.known
        copies = _in_order(known.words, moved.id).copies(moved.day)
        return replace(known, reviews=moved, copies=copies, draw=known.draw[rows])

    def _real(self, size: int) -> np.ndarray:
        """Ids of the real reviews that say most nearly the same as one of them."""
        pool = np.array(sorted(self.free))
        near = likeness.cosines(
            self.known.words.counts[self.known.words.rows(pool)], int(self.random.integers(len(pool)))
        )
        chosen = pool[np.argsort(-near, kind="stable")[:size]]
        self.free -= set(chosen.tolist())
        return chosen

    def _held(self, size: int) -> np.ndarray:
        """Ids of reviews on one of the irritants held, of those not used yet."""
        left = {name: [i for i in ids if not self.kept[self.row[i]]] for name, ids in self.stock.held.items()}
        unused = [name for name, ids in left.items() if len(ids) == len(self.stock.held[name])] or list(left)
        return self.random.choice(left[str(self.random.choice(unused))], size, replace=False)

    def _draw(self, many: int) -> np.ndarray:
        return self.random.choice(np.setdiff1d(self.ordinary, list(self.taken)), many, replace=False)

    def _put(self, rows: np.ndarray, like: np.ndarray) -> None:
        for level in _LEVELS:
            self.place[level][rows] = self.base.place[level][like]

    def _move_into(self, rows: np.ndarray, structure: int) -> None:
        """Into a structure, most authors not saying where they live."""
        there = self.ordinary[self.base.place["structure"][self.ordinary] == structure]
        self._put(rows, self.random.choice(there, len(rows)))
        hidden = rows[self.random.random(len(rows)) >= _LOCATED]
        for level in ("region", "department"):
            self.place[level][hidden] = -1

    def _decoy(self, kind: str, rows: np.ndarray, start: date, days: np.ndarray) -> Event:
        return self._dated(rows, Event(0, kind, start, frozenset(self.base.id[rows].tolist())), days)

    def _dated(self, rows: np.ndarray, event: Event, days: np.ndarray) -> Event:
        self.day[rows] = np.datetime64(event.start) + days
        self.kept[rows] = True
        self.taken |= set(rows.tolist())
        return event


def made(stock: Stock, known: Background, number: int) -> History:
    """History `number` of a stock: events of every size in mixed order, and one decoy of each kind."""
    random = np.random.default_rng([3, stock.seed, number])
    maker = _Maker(stock, known, random)
    wanted = [
        (size, ("real", "held")[(n + n // 2 + number) % 2], n % 2 == 0)
        for size in SIZES
        for n in range(EACH.get(size, 2))
    ]
    decoys = ("campaign", "season", "copied", "newcomer")
    weeks = maker.known.reviews.weeks
    slots = np.linspace(weeks - _FIRST, _LAST, len(wanted) + len(decoys)) + random.uniform(
        -1, 1, len(wanted) + len(decoys)
    )
    starts = [stock.last - timedelta(days=int(7 * w)) for w in random.permutation(slots)]
    events = [maker.event(*plan, start) for plan, start in zip(wanted, starts, strict=False)]
    rest = dict(zip(decoys, starts[len(wanted) :], strict=True))
    false = (
        maker.campaign(rest["campaign"]), maker.season(rest["season"]),
        maker.copied(rest["copied"], number), maker.newcomer(rest["newcomer"]),
    )  # fmt: skip
    return History(maker.background(), tuple(events), false)


def _in_order(words: Words, ids: np.ndarray) -> Words:
    """The same words, the texts in the order of `ids`."""
    rows = words.rows(ids)
    sizes = np.diff(words.offsets)[rows]
    starts = words.offsets[rows]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    at = np.repeat(starts - offsets[:-1], sizes) + np.arange(offsets[-1])
    return Words(ids, offsets, words.tokens[at], words.counts[rows])

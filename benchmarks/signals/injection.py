"""E3: a few concordant reviews put into a quiet history, and who ranks them in the week's first alerts.

Background: the demo without events, on a seed not used for tuning. Donors: the reviews of one irritant, taken out of the
whole history, n of them put back over two weeks, into one structure or thinly over the country. All methods rank the same
cells (irritant x nation, network, typology, structure, département) and keep one cell an irritant; gates are off.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np

from analytics.signals import engine, surge
from analytics.signals.cells import Reviews
from benchmarks.signals import baselines
from benchmarks.signals.tables import interval, show, verdict
from benchmarks.signals.worlds import HOLDOUT, World, build

SIZES = (3, 4, 5, 8, 12, 20)
BUDGETS = (2, 5, 10)
ENGINE = "engine"
TARGET = 0.20  # points of POD above the best other, at n = 5 and 5 alerts a week
_LEVELS = ("nation", "network", "typology", "structure", "department")
_SPAN = 14  # days over which the reviews come
_AFTER = (1, 2, 4)  # weeks after the first of them at which everyone is asked
_HISTORY = 34  # weeks that the other methods read
_SEED = 3


@dataclass(frozen=True)
class Injected:
    """A history with an event in it, as seen some weeks after its start."""

    reviews: Reviews
    irritant: int  # position
    ids: np.ndarray
    confined: bool  # to one structure
    size: int
    weeks: int  # since the start
    trial: int


@dataclass(frozen=True)
class Answer:
    """Where a method ranked an event: 0 = first; `placed` says that its cell is as narrow as the event and holds it."""

    rank: float
    placed: bool


def trials(world: World, each: int) -> Iterator[Injected]:
    """The same events for all methods."""
    random = np.random.default_rng([_SEED, world.seed])
    known = engine.background(world.connection, world.last, weeks=1)
    reviews = known.reviews.kept(~np.isin(known.reviews.id, known.copies))
    sizes = np.bincount(reviews.irritant[reviews.irritant >= 0], minlength=len(reviews.irritants))
    pool = np.flatnonzero((sizes >= max(SIZES)) & (sizes <= np.quantile(sizes[sizes > 0], 0.75)))
    busy = np.flatnonzero(np.bincount(reviews.place["structure"][reviews.place["structure"] >= 0]) >= 20)
    trial = 0
    for size in SIZES:
        for number in range(each):
            irritant, structure = int(random.choice(pool)), int(random.choice(busy))
            start = world.last - timedelta(days=int(random.integers(6 * 7, 52 * 7)))
            own = np.flatnonzero(reviews.irritant == irritant)
            donors = random.choice(own, size, replace=False)
            day = np.sort(random.integers(0, _SPAN, size))
            day[0] = 0
            confined = number % 2 == 0
            history = _put_back(reviews, own, donors, np.datetime64(start) + day, structure if confined else -1)
            for weeks in _AFTER:
                seen = history.seen_on(start + timedelta(days=7 * weeks - 1))
                yield Injected(seen, irritant, reviews.id[donors], confined, size, weeks, trial)
            trial += 1


def _put_back(reviews: Reviews, own: np.ndarray, donors: np.ndarray, days: np.ndarray, structure: int) -> Reviews:
    """Without the irritant's reviews but the donors, moved to `days` and, when asked, into a structure."""
    day = reviews.day.copy()
    day[donors] = days
    place = {level: codes.copy() for level, codes in reviews.place.items()}
    if structure >= 0:
        example = np.flatnonzero(reviews.place["structure"] == structure)[0]
        for level in ("network", "typology", "structure"):
            place[level][donors] = reviews.place[level][example]
    kept = np.ones(len(day), dtype=bool)
    kept[own] = False
    kept[donors] = True
    order = np.argsort(day, kind="stable")
    moved = replace(reviews, day=day, place=place).kept(order)
    age = (np.datetime64(reviews.as_of) - moved.day).astype("timedelta64[D]").astype(np.int64) // 7
    return replace(moved, age=age).kept(kept[order])


def answers(trial: Injected, methods: dict[str, baselines.Score]) -> dict[str, Answer]:
    """What each method says of one event on one day."""
    reviews = trial.reviews
    scores: dict[str, list[np.ndarray]] = {name: [] for name in (ENGINE, *methods)}
    holds, narrow = [], []
    cells = {c.level: c for c in surge.judged(reviews) if not c.fine}
    mine = np.isin(reviews.id, trial.ids)
    for level in _LEVELS:
        counts = _weekly(reviews, level)
        places = counts.shape[1]
        for name, score in methods.items():
            scores[name].append(score(counts.reshape(len(counts), -1)).reshape(places, -1))
        found = cells[level]
        p, _ = surge.combined(found.observed, found.expected, found.shape)
        scores[ENGINE].append(-np.log(p))
        inside = reviews.place[level][mine]
        held = np.bincount(inside[inside >= 0], minlength=places)
        holds.append(held >= min(2, mine.sum()))
        narrow.append((held >= 2) & (level == ("structure" if trial.confined else "nation")))
    held, right = np.concatenate(holds), np.concatenate(narrow)
    return {name: _ranked(np.concatenate(parts), trial.irritant, held, right) for name, parts in scores.items()}


def _ranked(score: np.ndarray, irritant: int, held: np.ndarray, right: np.ndarray) -> Answer:
    """Each irritant by its best cell; the event's counts when that cell holds two of its reviews."""
    best = score.max(axis=0)
    cell = int(score[:, irritant].argmax())
    if not held[cell] or best[irritant] <= 0:
        return Answer(np.inf, False)
    others = np.delete(best, irritant)
    return Answer(float((others > best[irritant]).sum() + 0.5 * (others == best[irritant]).sum()), bool(right[cell]))


def _weekly(reviews: Reviews, level: str) -> np.ndarray:
    """Counts (weeks, places, irritants) of the last weeks, oldest first."""
    weeks = [reviews.counts(level, reviews.age == age)[:, :-1] for age in range(_HISTORY)][::-1]
    return np.array(weeks)


def main(each: int, cache: Path | None) -> int:
    """Print the tables; 1 when the target is missed."""
    began = time.perf_counter()
    world = build(HOLDOUT[0], planted=False, cache=cache)
    methods = baselines.every(_SEED)
    names = (ENGINE, *methods)
    ranks: dict[str, dict[int, list[Answer]]] = {name: {} for name in names}
    first: dict[str, dict[int, float]] = {name: {} for name in names}
    size: dict[int, int] = {}
    for trial in trials(world, each):
        size[trial.trial] = trial.size
        for name, answer in answers(trial, methods).items():
            ranks[name].setdefault(trial.trial, []).append(answer)
            if answer.rank < 5:
                first[name].setdefault(trial.trial, trial.weeks)
    found = {
        (name, budget): {t: any(a.rank < budget for a in got) for t, got in ranks[name].items()}
        for name in names
        for budget in BUDGETS
    }
    rows = []
    for name in names:
        for budget in BUDGETS:
            by_size = [np.mean([f for t, f in found[name, budget].items() if size[t] == n]) for n in SIZES]
            rows.append((name, budget, *(f"{v:.2f}" for v in by_size)))
    show(
        f"E3 POD by reviews injected: {each} events of each size, seed {world.seed} without events ({world.hash})",
        ("method", "alerts a week", *(f"n={n}" for n in SIZES)),
        rows,
    )
    at_five = [t for t, n in size.items() if n == 5]
    best = max((name for name in methods), key=lambda name: np.mean([found[name, 5][t] for t in at_five]))
    gain = np.array([float(found[ENGINE, 5][t]) - float(found[best, 5][t]) for t in at_five])
    low, high = interval(gain)
    hits = [t for t in ranks[ENGINE] if found[ENGINE, 5][t]]
    place = np.mean([next(a for a in ranks[ENGINE][t] if a.rank < 5).placed for t in hits]) if hits else 0.0
    show(
        "E3 target, at n = 5 and 5 alerts a week",
        ("measure", "value", "target", ""),
        [
            (f"POD above the best other ({best})", f"{gain.mean():+.2f} [{low:+.2f}, {high:+.2f}]", f">= {TARGET:+.2f}",
             verdict(gain.mean() >= TARGET)),
            ("engine, mean weeks to be found", f"{np.mean(list(first[ENGINE].values())):.1f}", "–", ""),
            ("engine, right place among found", f"{place:.2f}", "–", ""),
        ],
    )  # fmt: skip
    print(f"{time.perf_counter() - began:.0f} s", flush=True)
    return 0 if gain.mean() >= TARGET else 1

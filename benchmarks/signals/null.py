"""E2: nothing happens. Publication dates are permuted within institution and season; every alert is then chance."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np

from analytics.signals import engine
from analytics.signals.engine import Background
from benchmarks.signals.kept import kept
from benchmarks.signals.tables import interval, show, verdict
from benchmarks.signals.worlds import FRESH, build

WEEKS = 52
Q = engine.DEFAULT_Q


def permuted(known: Background, random: np.random.Generator) -> Background:
    """The same reviews with their dates exchanged within typology x quarter of the year; copies are left out first."""
    reviews = known.reviews.kept(~np.isin(known.reviews.id, known.copies))
    quarter = (reviews.day.astype("datetime64[M]").astype(int) % 12) // 3
    group = reviews.place["typology"].astype(np.int64) * 4 + quarter
    order = np.argsort(group, kind="stable")
    shuffled = np.lexsort((random.random(len(group)), group))
    day = reviews.day.copy()
    day[order] = reviews.day[shuffled]
    by_day = np.argsort(day, kind="stable")
    age = (np.datetime64(reviews.as_of) - day).astype("timedelta64[D]").astype(np.int64) // 7
    moved = replace(reviews, day=day, age=age).kept(by_day)
    return replace(known, reviews=moved, copies=np.zeros(0, dtype=np.int64))


def _corpus(known: Background, number: int, days: list[date]) -> list[list[tuple[str, str]]]:
    """Detector and level of each alert of each week of one corpus."""
    null = permuted(known, np.random.default_rng([2, number]))
    return [[(s.detector, s.scope.cell()[0]) for s in engine.on(null, day, Q).signals] for day in days]


def main(corpora: int, cache: Path | None, seed: int = FRESH) -> int:
    """Print the shares; 1 when a target is missed."""
    began = time.perf_counter()
    world = build(seed, planted=False, cache=cache)
    known = engine.background(world.connection, world.last, weeks=157)  # every text: the dates will move
    days = world.days()[-WEEKS:]
    every = [kept(cache, f"null-{world.seed}-{n}", partial(_corpus, known, n, days)) for n in range(corpora)]
    weeks = [week for corpus in every for week in corpus]
    runs = len(weeks)
    alerting = sum(bool(week) for week in weeks)
    national = sum(at == "nation" and name != "novelty" for week in weeks for name, at in week)
    by_detector = {name: sum(d == name for week in weeks for d, _ in week) for name in ("surge", "place", "novelty")}
    error = float(np.sqrt(Q * (1 - Q) / runs))
    share = alerting / runs
    low, high = interval(
        [float(np.mean([bool(week) for week in corpus])) for corpus in every]
    )  # by corpus: weeks overlap
    show(
        f"E2 null: {corpora} corpora x {WEEKS} weeks, seed {seed} without events ({world.hash}), q = {Q}",
        ("measure", "value", "target", ""),
        [
            ("weekly runs with any alert", f"{share:.3f} [{low:.3f}, {high:.3f}]", f"<= {Q} + 2 s.e. = {Q + 2 * error:.3f}",
             verdict(share <= Q + 2 * error)),
            ("false national alerts a week", f"{national / runs:.3f}", "<= 1", verdict(national / runs <= 1)),
            *((f"alerts by {name}", str(n), "", "") for name, n in by_detector.items()),
        ],
    )  # fmt: skip
    print(f"{time.perf_counter() - began:.0f} s", flush=True)
    return 0 if share <= Q + 2 * error and national <= runs else 1

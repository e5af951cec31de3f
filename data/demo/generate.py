"""The four files of the demo, written in order and in constant memory, by one process or two.

The rule it protects: same seed, same bytes, whatever the machine. Weeks are cut into chunks by the plan alone; chunks may
be computed anywhere and are put together in order.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.demo import FIRST_ID, events, fiches, lexicon, reviews, structures
from data.demo import rows as layout
from data.demo import world as worlds
from data.demo.events import Event, Planned
from data.demo.lexicon import Lexicon
from data.demo.reviews import Chunk, Job
from data.demo.world import World

ROWS_A_CHUNK = 2500  # weeks are grouped until a chunk holds about this many reviews
PARALLEL_FROM = 6000  # fewer reviews are written before another process has started


@dataclass(frozen=True)
class Order:
    """What was asked of the generator."""

    reviews: int
    seed: int
    weeks: int = 156
    effect: float = 1.0
    planted: bool = True


@dataclass(frozen=True)
class Demo:
    """The demo before its reviews are written."""

    lexicon: Lexicon
    world: World
    events: tuple[Event, ...]
    planned: tuple[Planned, ...]
    links: dict[str, tuple[str, str]]  # fiche slug: title, address


def prepare(order: Order) -> Demo:
    """Draw the country and its events; the same for the same order in any process."""
    words = lexicon.load()
    sketches = events.sketches(words, order.reviews, order.weeks, order.seed, order.planted)
    brought = sum(s.size + s.extra for s in sketches)
    world = worlds.build(
        words, reviews=order.reviews, seed=order.seed, weeks=order.weeks, effect=order.effect, planned=brought
    )
    happened, planned = events.plan(world, sketches)
    ids = fiches.identifiers(words.fiches)
    links = {f.slug: (f.title, fiches.address(ids[f.slug])) for f in words.fiches}
    return Demo(words, world, happened, planned, links)


def chunks(demo: Demo) -> list[Job]:
    """The jobs of the file, in order."""
    start = demo.world.start
    by_week: dict[int, list[Planned]] = {}
    for p in demo.planned:
        by_week.setdefault((p.day - start).days // 7, []).append(p)
    cut: list[Job] = []
    first, next_id, rows, brought = 0, FIRST_ID, 0, list[Planned]()
    for week in range(demo.world.weeks):
        brought += by_week.get(week, [])
        rows += int(demo.world.weekly[week]) + len(by_week.get(week, []))
        if rows >= ROWS_A_CHUNK or week == demo.world.weeks - 1:
            cut.append(Job(range(first, week + 1), next_id, tuple(brought)))
            first, next_id, rows, brought = week + 1, next_id + rows, 0, []
    return cut


_here: list[Demo] = []  # the demo of a worker process, prepared once


def _prepare_worker(order: Order) -> None:
    if not _here:
        _here[:] = [prepare(order)]


def _work(job: Job) -> Chunk:
    demo = _here[0]
    return reviews.chunk(demo.world, demo.lexicon, demo.links, job)


def _computed(order: Order, demo: Demo, processes: int) -> Iterator[Chunk]:
    jobs = chunks(demo)
    if processes < 2:
        for job in jobs:
            yield reviews.chunk(demo.world, demo.lexicon, demo.links, job)
        return
    forks = "fork" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if forks else "spawn")
    if forks:
        _here[:] = [demo]  # workers inherit it
    with ProcessPoolExecutor(processes, context, _prepare_worker, (order,)) as pool:
        waiting: list[Future[Chunk]] = []
        for job in jobs:
            waiting.append(pool.submit(_work, job))
            if len(waiting) > 2 * processes:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()
    _here.clear()


def write(order: Order, out: Path, processes: int | None = None) -> None:
    """Write experiences.csv, structures.csv, fiches.zip and truth.json in `out`, created if absent."""
    out.mkdir(parents=True, exist_ok=True)
    if processes is None:
        processes = min(2, os.cpu_count() or 1) if order.reviews >= PARALLEL_FROM else 1
    demo = prepare(order)
    structures.write(out / "structures.csv", demo.world.structures)
    fiches.write(out / "fiches.zip", demo.lexicon.fiches)
    found: dict[int, list[int]] = {}
    days, replies, gained, verdicts = 0.0, 0, 0, 0
    pieces = out / ".truth.part"
    with (out / "experiences.csv").open("wb") as rows, pieces.open("wb") as truth:
        rows.write(layout.header().encode("utf-8"))
        separator = b""
        for chunk in _computed(order, demo, processes):
            rows.write(chunk.rows)
            if chunk.truth:
                truth.write(separator + chunk.truth)
                separator = b",\n"
            for event, ids in chunk.events.items():
                found.setdefault(event, []).extend(ids)
            days, replies = days + chunk.delay_change[0], replies + chunk.delay_change[1]
            gained, verdicts = gained + chunk.useful_change[0], verdicts + chunk.useful_change[1]
    effect = {
        "att_delay_days": round(days / replies, 4) if replies else 0.0,
        "att_useful_points": round(100 * gained / verdicts, 4) if verdicts else 0.0,
        "replies": replies,
        "verdicts": verdicts,
    }
    _write_truth(out / "truth.json", _head(order, demo, found, effect), pieces)
    pieces.unlink()


def _head(order: Order, demo: Demo, found: dict[int, list[int]], effect: dict[str, float]) -> dict[str, Any]:
    """The truth but for its long part, one entry a review."""
    world = demo.world
    ids = fiches.identifiers(demo.lexicon.fiches)
    return {
        "seed": order.seed,
        "events": [
            {
                "id": e.id,
                "kind": e.kind,
                **({"decoy": e.decoy} if e.decoy else {}),
                "irritant": world.irritants[e.irritant].id if e.irritant >= 0 else None,
                "start": e.start.isoformat(),
                "end": e.end.isoformat(),
                "cells": list(e.cells),
                "review_ids": found.get(rank, []),
            }
            for rank, e in enumerate(demo.events)
        ],
        "irritants": {
            i.id: {"label": i.label, "typologies": list(i.typologies), "fiches": [ids[f] for f in i.fiches]}
            for i in world.irritants
        },
        "adoption": {
            s.id: str(day) for s, day in zip(world.structures, world.adoption, strict=True) if str(day) != "NaT"
        },
        "effect": effect,
    }


def _write_truth(path: Path, head: dict[str, Any], pieces: Path) -> None:
    """Write truth.json; the entries of reviews are copied from `pieces` without being held in memory."""
    text = json.dumps(head, ensure_ascii=False, indent=1)
    with path.open("wb") as out, pieces.open("rb") as entries:
        out.write(text[: text.rindex("\n}")].encode("utf-8") + b',\n "reviews": {\n')
        shutil.copyfileobj(entries, out)
        out.write(b"\n }\n}\n")

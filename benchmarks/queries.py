"""Every query of every page, timed at a million reviews: `python -m benchmarks.queries [--home DIR] [--times 50] [--passes 5]`.

Opens each room as its people do (the whole page runs, caches emptied between passes, so that nothing is answered from
memory) and times every query it sends to the warehouse, each on its own cursor. The home is a refreshed one whose reviews
and what derives from them are repeated `--times` over under other ids: 50 × 20,000. Target: the 95th percentile of each
query under 150 ms. What a process reads once for all (the delays' table) is told apart. `cpu` is
the processor's time, all threads together: on a machine busy with other work it says what the wall clock cannot. Exit status 1 when a page misses.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import duckdb

from data import snapshots
from data.warehouse import Warehouse

TARGET_MS = 150.0
OWNED = {"reviews": "id", "replies": "review_id", "review_typologies": "review_id", "review_topics": "review_id",
         "review_metadata": "review_id"}  # fmt: skip
STEP = 1_000_000  # between the ids of two repetitions


@dataclass
class Timed:
    """The times of one query of one page."""

    text: str
    ms: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)  # ms of processor, all threads together
    passes: set[int] = field(default_factory=set)

    def at(self, share: float, *, cpu: bool = False) -> float:
        """The time under which `share` of the runs lie."""
        ordered = sorted(self.cpu if cpu else self.ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def enlarged(home: Path, target: Path, times: int) -> Path:
    """A home like `home`, its reviews repeated; one snapshot, its artifacts linked."""
    base = snapshots.current(home)
    with snapshots.building(target, copy_of=None) as work:
        shutil.copyfile(snapshots.file_of(home, base), work.file)
        with duckdb.connect(str(work.file)) as db:
            db.execute("SET memory_limit = '3GB'")
            for table, key in OWNED.items():
                db.execute(
                    f"INSERT INTO {table} SELECT t.* REPLACE ({key} + lap * {STEP} AS {key})"
                    f" FROM (SELECT * FROM {table}) t, range(1, {times}) AS laps(lap)"
                )
            db.execute(
                f"UPDATE topics SET size = size * {times}; UPDATE cells SET n = n * {times}, negative = negative * {times}"
            )
            reviews = db.execute("SELECT count(*) FROM reviews").fetchall()[0][0]
            db.execute("CHECKPOINT")
        shutil.copytree(snapshots.artifacts_of(home, base), work.artifacts, dirs_exist_ok=True)
        work.publish(demo=base.demo, last_publication=base.last_publication, reviews=reviews, refreshed=True)
    return target


@contextmanager
def watched(found: dict[str, Timed], turn: list[int]) -> Iterator[None]:
    """Time every query that goes through a warehouse."""
    lock = threading.Lock()
    kept = {"frame": Warehouse.frame, "rows": Warehouse.rows}

    def timed(name: str):  # type: ignore[no-untyped-def]
        def run(self, query, *args, **options):  # type: ignore[no-untyped-def]
            started, spent = time.perf_counter(), time.process_time()
            result = kept[name](self, query, *args, **options)
            took, worked = (time.perf_counter() - started) * 1000, (time.process_time() - spent) * 1000
            with lock:
                one = found.setdefault(query, Timed(query))
                one.ms.append(took)
                one.cpu.append(worked)
                one.passes.add(turn[0])
            return result

        return run

    for name in kept:
        setattr(Warehouse, name, timed(name))
    try:
        yield
    finally:
        for name, method in kept.items():
            setattr(Warehouse, name, method)


def opened(slug: str, ids: Mapping[str, str], watch: Callable[[], AbstractContextManager[None]]) -> str:
    """Open a room the way its people do, on the object of `ids` when it is about one; what went wrong, '' when nothing.

    `watch` is entered for the room alone: the first run of a session opens its person's home page.
    """
    import streamlit as st
    from streamlit.testing.v1 import AppTest

    from pages.components import identity, navigation

    room = navigation.room(slug)
    app = AppTest.from_file(str(navigation.ROOT / "app.py"), default_timeout=600)
    app.session_state["profil"] = next(p.id for p in identity.DEVELOPMENT if p.role in room.roles)
    app.run()
    if slug in ids:
        app.query_params["id"] = ids[slug]
    st.cache_data.clear()
    with watch():
        app.switch_page(room.script).run()
    return app.exception[0].message if app.exception else ""


def objects(file: Path) -> dict[str, str]:
    """What the rooms about one thing are opened on: the largest irritant, the first signal, the newest waiting review."""
    asked = {
        "irritant": "SELECT id FROM topics WHERE level = 'irritant' ORDER BY size DESC LIMIT 1",
        "signal": "SELECT id FROM signals ORDER BY id LIMIT 1",
        "avis": "SELECT id FROM reviews WHERE first_reply_at IS NULL ORDER BY published_at DESC, id LIMIT 1",
    }
    with duckdb.connect(str(file), read_only=True) as db:
        found = {slug: db.execute(query).fetchall() for slug, query in asked.items()}
    ids = {slug: str(rows[0][0]) for slug, rows in found.items() if rows}
    return ids | {"rediger": ids["avis"]} if "avis" in ids else ids


def loopback() -> None:
    """Let the development identity in: the browser of this benchmark is this process."""
    from streamlit.runtime.context import ContextProxy

    ContextProxy.ip_address = property(lambda _: "127.0.0.1")  # type: ignore[method-assign,assignment]
    ContextProxy.headers = property(lambda _: {})  # type: ignore[method-assign,assignment]


def name_of(text: str) -> str:
    """A query in a few words: its first comment, else its first line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = [line[2:].strip() for line in lines if line.startswith("--")]
    return (said[-1] if said else lines[0])[:70]


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="a refreshed home; without it a demo of 20,000 reviews is made")
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--work", type=Path)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory(dir=options.work) as name:
        if options.home is None:
            from benchmarks.pages import demo_home

            options.home = demo_home(Path(name) / "small", 20_000)
        home = enlarged(options.home, Path(name) / "home", options.times)
        os.environ |= {"VIGIE_HOME": str(home), "VIGIE_AUTO_DEMO": "false"}
        return measured(home, options.passes)


def measured(home: Path, passes: int) -> int:
    """Print the figures; returns the exit status."""
    from pages.components import navigation

    loopback()
    snapshot = snapshots.current(home)
    file = snapshots.file_of(home, snapshot)
    ids = objects(file)
    print(f"{snapshot.reviews:,} reviews; {os.cpu_count()} cores; {passes} passes, caches emptied before each")
    print(f"{'page':22}{'queries':>8}{'p50 ms':>8}{'p95 ms':>8}{'cpu p95':>9}{'over':>6}  slowest query")
    missed: list[str] = []
    once: dict[str, list[float]] = defaultdict(list)
    for room in navigation.ROOMS:
        found: dict[str, Timed] = {}
        turn, failed = [0], ""
        for turn[0] in range(passes + 1):  # the first warms the file's pages, as any earlier visit does
            failed = failed or opened(room.slug, ids, partial(watched, found, turn))
        for text, one in list(found.items()):
            if one.passes == {0}:
                once[name_of(text)].extend(one.ms)
                del found[text]
        kept = [replace(one, ms=one.ms[1:] or one.ms, cpu=one.cpu[1:] or one.cpu) for one in found.values()]
        if failed:
            print(f"{room.slug:22} not measured: {failed[:80]}")
            missed.append(room.slug)
            continue
        if not kept:
            print(f"{room.slug:22}{0:>8}")
            continue
        slowest = max(kept, key=lambda one: one.at(0.95))
        over = [one for one in kept if one.at(0.95) > TARGET_MS]
        print(
            f"{room.slug:22}{len(kept):>8}{sorted(one.at(0.5) for one in kept)[len(kept) // 2]:>8.0f}"
            f"{slowest.at(0.95):>8.0f}{max(one.at(0.95, cpu=True) for one in kept):>9.0f}{len(over):>6}  {name_of(slowest.text)}",
            flush=True,
        )
        missed += [
            f"{room.slug}: {name_of(one.text)} ({one.at(0.95):.0f} ms, cpu {one.at(0.95, cpu=True):.0f})"
            for one in over
        ]
    if once:
        print("read once a process:")
        for text, times in once.items():
            print(f"    {max(times):>8.0f} ms  {text}")
    print("over 150 ms:\n    " + "\n    ".join(missed) if missed else "every query under 150 ms")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Every query of every page, timed at a million reviews: `python -m benchmarks.queries [--home DIR] [--big DIR]`.

The home is a refreshed one whose reviews, and what derives from them, are repeated `--times` over under other ids
(50 × 20,000), kept in the order of publication, as in a daily file. Each room is opened as its people open it, over the last
twelve months and over everything (« Tout »), caches emptied before each pass, so that nothing is answered from memory; every
query it sends to the warehouse is timed, each on its own cursor. Then, caches left as the visit leaves them, the filter of
institutions is changed again and again, always to another value, and the whole run of the page is timed.

Targets: the 95th percentile of each query under 150 ms; of a change of filter on the pages of delays and of the AI's impact,
under 300 ms (the others' are told). `cpu` is the processor's time, all
threads together: on a machine busy with other work it says what the wall clock cannot. What a process reads once a
snapshot (the choices of the filters, the delays' table) is told apart. Exit status 1 when a page misses.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import duckdb

from analytics import words
from data import carry, snapshots
from data.warehouse import Warehouse

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

TARGET_MS = 150.0
CHANGE_MS = 300.0
CHANGE_ROOMS = ("delais", "supervision", "structure", "impact-ia", "mesures-redaction")
PERIODS = ("12 mois", "Tout")
SEARCHED = "carte identité"
CHANGES = 40  # of a filter, at most
OWNED = dict.fromkeys(
    ("replies", "review_typologies", "review_topics", "model_review_topics", "review_measures", "review_metadata"),
    "review_id",
) | {"reviews": "id"}  # table -> id of its review
INDEX = ("review_places", "vocabulary", "review_words", "word_sample")
BLOCK = 1_000  # reviews in a row before they come again under other ids: their order stays that of publication
STEP = 1_000_000  # between the ids of two repetitions


@dataclass
class Timed:
    """The times of one query of one page."""

    text: str
    ms: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)  # ms of processor, all threads together

    def at(self, share: float, *, cpu: bool = False) -> float:
        """The least time that `share` of the runs do not exceed (nearest rank)."""
        ordered = sorted(self.cpu if cpu else self.ms)
        return ordered[math.ceil(share * len(ordered)) - 1]


def enlarged(home: Path, target: Path, times: int) -> Path:
    """A home like `home`, its reviews repeated; one snapshot, its artifacts copied."""
    base = snapshots.current(home)
    with snapshots.building(target) as work:
        with duckdb.connect(str(work.file)) as db:
            db.execute("SET memory_limit = '6GB'")
            carry.attach(db, snapshots.file_of(home, base))
            made = db.execute(
                "SELECT table_name, sql FROM duckdb_tables() WHERE database_name = 'previous' ORDER BY table_oid"
            )
            for table, definition in made.fetchall():
                db.execute(definition.replace("previous.", "", 1))
                db.execute(f"INSERT INTO {table} BY NAME {_repeated(table, times)}")
            carry.brought_up(db)
            words.build(db)
            db.execute(
                f"UPDATE topics SET size = size * {times}; UPDATE cells SET n = n * {times}, negative = negative * {times};"
                f"UPDATE completeness SET reviews = reviews * {times}, filled = filled * {times}"
            )
            reviews = db.execute("SELECT count(*) FROM reviews").fetchall()[0][0]
            db.execute("CHECKPOINT")
        shutil.copytree(snapshots.artifacts_of(home, base), work.artifacts, dirs_exist_ok=True)
        work.publish(demo=base.demo, last_publication=base.last_publication, reviews=reviews, refreshed=True)
    return target


def _repeated(table: str, times: int) -> str:
    """SQL of the rows of a table of `previous`, those of reviews repeated."""
    if table in INDEX:  # written again
        return f"FROM previous.{table} LIMIT 0"
    key = OWNED.get(table)
    if key is None:
        return f"FROM previous.{table}"
    changed = f"{key} + lap * {STEP} AS {key}"
    if table == "reviews":  # at other minutes, so that delays do not come in equal batches
        changed += ", first_reply_at + to_seconds(hash(id, lap) % 86400 * (lap > 0)::INTEGER) AS first_reply_at"
    return (
        f"SELECT t.* REPLACE ({changed}) FROM previous.{table} AS t, range({times}) AS laps(lap)"
        f" ORDER BY {key} // {BLOCK}, lap, {key}"
    )


@contextmanager
def watched(found: dict[str, Timed]) -> Iterator[None]:
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
            return result

        return run

    for name in kept:
        setattr(Warehouse, name, timed(name))
    try:
        yield
    finally:
        for name, method in kept.items():
            setattr(Warehouse, name, method)


def opened(
    slug: str, about: Mapping[str, str], period: str, watch: Callable[[], AbstractContextManager[None]]
) -> AppTest:
    """Open a room the way its people do, over a period, with the parameters `about` of its address; caches are empty.

    `watch` is entered for the room alone.
    """
    import streamlit as st
    from streamlit.testing.v1 import AppTest

    from pages.components import identity, navigation

    room = navigation.room(slug)
    app = AppTest.from_file(str(navigation.ROOT / "app.py"), default_timeout=600)
    app.session_state["profil"] = next(p.id for p in identity.DEVELOPMENT if p.role in room.roles)
    with patch.dict(
        navigation.HOME, dict.fromkeys(navigation.HOME, "avis")
    ):  # the room a session starts in, quick to open
        app.run()
    for name, value in {"periode": period, **about}.items():
        app.query_params[name] = value
    st.cache_data.clear()
    with watch():
        app.switch_page(room.script).run()
    return app


def changed(app: AppTest, watch: Callable[[], AbstractContextManager[None]]) -> list[float]:
    """Milliseconds of the page's whole run after each change of the filter of institutions; none without that filter."""
    found = [one for one in app.multiselect if one.key == "institution"]
    if not found or app.exception:
        return []
    taken = []
    for value in found[0].options[:CHANGES]:
        app.multiselect(key="institution").set_value([value])
        started = time.perf_counter()
        with watch():
            app.run()
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def objects(file: Path) -> dict[str, dict[str, str]]:
    """What rooms are opened on: the largest irritant, the first signal, the newest waiting review, the largest structure,
    a search of two common words.
    """
    asked = {
        "irritant": "SELECT id FROM topics WHERE level = 'irritant' ORDER BY size DESC LIMIT 1",
        "signal": "SELECT id FROM signals ORDER BY id LIMIT 1",
        "avis": "SELECT id FROM reviews WHERE first_reply_at IS NULL ORDER BY published_at DESC, id LIMIT 1",
        "structure": "SELECT structure_id FROM reviews GROUP BY 1 ORDER BY structure_id IS NULL, count(*) DESC LIMIT 1",
    }
    with duckdb.connect(str(file), read_only=True) as db:
        found = {slug: db.execute(query).fetchall() for slug, query in asked.items()}
    ids = {slug: {"id": str(rows[0][0])} for slug, rows in found.items() if rows}
    return ids | {"recherche": {"mots": SEARCHED}} | ({"rediger": ids["avis"]} if "avis" in ids else {})


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
    parser.add_argument(
        "--big", type=Path, help="where the large home is kept, and taken from when it is there already"
    )
    parser.add_argument("--rooms", nargs="+", metavar="SLUG", help="only these")
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--passes", type=int, default=10)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as name:
        home = options.big or Path(name) / "home"
        if not (home / "snapshots" / "current.json").exists():
            if options.home is None:
                from benchmarks.pages import demo_home

                options.home = demo_home(Path(name) / "small", 20_000)
            enlarged(options.home, home, options.times)
        os.environ |= {"VIGIE_HOME": str(home), "VIGIE_AUTO_DEMO": "false"}
        return measured(home, options.passes, options.rooms)


def measured(home: Path, passes: int, rooms: Sequence[str] | None = None) -> int:
    """Print the figures; returns the exit status."""
    from pages.components import navigation

    loopback()
    snapshot = snapshots.current(home)
    ids = objects(snapshots.file_of(home, snapshot))
    print(f"{snapshot.reviews:,} reviews; {os.cpu_count()} cores; {passes} passes, caches emptied before each")
    print(
        f"{'page':22}{'queries':>8}{'slowest p95':>12}{'cpu':>6}{'over':>6}{'change p50':>12}{'p95':>6}  slowest query"
    )
    missed: list[str] = []
    once: dict[str, float] = {}
    for room in navigation.ROOMS:
        if rooms and room.slug not in rooms:
            continue
        found: dict[str, Timed] = {}
        failed = ""
        changes: list[float] = []
        for lap in range(passes + 1):  # the first warms the file's pages, as any earlier visit does
            for period in PERIODS:
                app = opened(room.slug, ids.get(room.slug, {}), period, partial(watched, found))
                failed = failed or (app.exception[0].message if app.exception else "")
            if lap == 0:
                first = dict(found)
                found.clear()
            elif len(changes) < CHANGES:
                changes += changed(app, partial(watched, found))
        if failed:
            print(f"{room.slug:22} not measured: {failed[:80]}")
            missed.append(room.slug)
            continue
        once |= {name_of(text): max(one.ms) for text, one in first.items() if text not in found}
        missed += _told(room.slug, found, changes)
    if once:
        print("read once a process:")
        for name, ms in once.items():
            print(f"    {ms:>8.0f} ms  {name}")
    print("missed:\n    " + "\n    ".join(missed) if missed else "held: every query and every change of filter")
    return 1 if missed else 0


def _told(slug: str, found: Mapping[str, Timed], changes: list[float]) -> list[str]:
    """Print the line of a page; what it misses."""
    over = [one for one in found.values() if one.at(0.95) > TARGET_MS]
    missed = [f"{slug}: {name_of(o.text)} ({o.at(0.95):.0f} ms, cpu {o.at(0.95, cpu=True):.0f})" for o in over]
    line = f"{slug:22}{len(found):>8}"
    slowest = max(found.values(), key=lambda one: one.at(0.95), default=None)
    if slowest is None:
        print(line)
        return missed
    line += f"{slowest.at(0.95):>12.0f}{slowest.at(0.95, cpu=True):>6.0f}{len(over):>6}"
    if changes:
        whole = Timed("", changes)
        line += f"{whole.at(0.5):>12.0f}{whole.at(0.95):>6.0f}"
        if slug in CHANGE_ROOMS and whole.at(0.95) > CHANGE_MS:
            missed.append(f"{slug}: a change of filter ({whole.at(0.95):.0f} ms)")
    else:
        line += f"{'':18}"
    print(f"{line}  {name_of(slowest.text)}", flush=True)
    return missed


if __name__ == "__main__":
    sys.exit(main())

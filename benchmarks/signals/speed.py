"""How long a weekly run takes on a long history, and two years of them; with the memory it needs.

Reviews are those of the demo; their topics are drawn (what assigning costs is the topics' own measure).
"""

from __future__ import annotations

import contextlib
import io
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb

from analytics.signals import engine
from benchmarks.signals.tables import show, verdict
from data import ingest, snapshots
from data.demo import generate
from data.warehouse import sql

BLOCK = 13  # weeks replayed on one background
REPLAYED = 104
RUN_S, RUN_GIB, REPLAY_S = 20.0, 4.0, 900.0
_IRRITANTS, _EACH = 72, 8
_SEED = 7


def main(reviews: int, weeks: int, cache: Path | None) -> int:
    """Print the times; 1 when a target is missed. With fewer `weeks` than REPLAYED, the replay's target is in proportion."""
    home = _home(reviews, cache)
    once = _measured(home, "once", 1)
    replay = _measured(home, "replay", weeks)
    limit = REPLAY_S * weeks / REPLAYED
    show(
        f"Run time: {reviews} reviews over 156 weeks (demo, seed {_SEED})",
        ("measure", "value", "target", ""),
        [
            ("a weekly run", f"{once[0]:.1f} s", f"{RUN_S:.0f} s", verdict(once[0] <= RUN_S)),
            ("its memory", f"{once[1]:.2f} GiB", f"{RUN_GIB:.0f} GiB", verdict(once[1] <= RUN_GIB)),
            (f"{weeks} weekly runs", f"{replay[0]:.0f} s", f"{limit:.0f} s", verdict(replay[0] <= limit)),
            ("their memory", f"{replay[1]:.2f} GiB", "–", ""),
        ],
    )
    return 0 if once[0] <= RUN_S and once[1] <= RUN_GIB and replay[0] <= limit else 1


def child(home: Path, what: str, weeks: int) -> None:
    """One measure in a process of its own: prints seconds and GiB."""
    connection = duckdb.connect(str(snapshots.file_of(home, snapshots.current(home))), read_only=True)
    connection.execute("SET memory_limit = '1GB'; SET threads = 2")
    last: date = connection.execute("SELECT max(published_on) FROM reviews").fetchall()[0][0]
    began = time.perf_counter()
    if what == "once":
        engine.detect(connection, last)
    else:
        for block in range(0, weeks, BLOCK):
            end = last - timedelta(weeks=block)
            known = engine.background(connection, end, weeks=BLOCK)
            for week in range(min(BLOCK, weeks - block)):
                engine.on(known, end - timedelta(weeks=week))
    seconds = time.perf_counter() - began
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)


def _measured(home: Path, what: str, weeks: int) -> tuple[float, float]:
    code = f"from pathlib import Path; from benchmarks.signals import speed; speed.child(Path({str(home)!r}), {what!r}, {weeks})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    seconds, memory = map(float, done.stdout.split()[-2:])
    return seconds, memory


def _home(reviews: int, cache: Path | None) -> Path:
    """The demo ingested, with drawn topics."""
    home = (cache or Path(tempfile.mkdtemp(prefix="vigie-bench-"))) / f"speed-{reviews}"
    if (home / "done").exists():
        return home
    files = home / "files"
    if not (files / "experiences.csv").exists():
        generate.write(generate.Order(reviews, _SEED), files)
    with contextlib.redirect_stdout(io.StringIO()):
        ingest.ingest([files / "experiences.csv"], home, structures_file=files / "structures.csv")
    with duckdb.connect(str(snapshots.file_of(home, snapshots.current(home)))) as connection:
        connection.execute(sql(snapshots.__file__, "schema_derived"))
        connection.execute(
            f"""
            INSERT INTO topics (id, level, parent_id, label, terms, size, model)
            SELECT i, 'irritant', NULL, 'Irritant ' || i, [], 0, 'drawn' FROM range({_IRRITANTS}) t(i)
            UNION ALL
            SELECT 100000 + i, 'subject', i // {_EACH}, 'Sujet ' || i, [], 0, 'drawn' FROM range({_IRRITANTS * _EACH}) t(i)
            """
        )
        connection.execute(  # a few irritants to each typology, one review in seven in none
            f"""
            INSERT INTO review_topics
            SELECT id, irritant, CASE WHEN irritant >= 0 THEN 100000 + irritant * {_EACH} + hash(id + 2) % {_EACH} END, 0.5
            FROM (SELECT id, CASE WHEN hash(id) % 7 = 0 THEN -1
                ELSE (hash(typology) + hash(id + 1) % 6) % {_IRRITANTS} END AS irritant FROM reviews)
            """
        )
    (home / "done").touch()
    return home

"""Ingest beside a bare DuckDB load of the same file, then the next day's file. `python -m benchmarks.ingest`.

The bare load is `CREATE TABLE AS SELECT * FROM read_csv(all_varchar)` into a DuckDB file: what the engine alone takes to read
and store the text. Ingest then loads the same file (hash, encoding, repairs, types, refusals, checks, publication), in a
process of its own whose memory is the system's own count. The next day's file has 1 % of its reviews changed. Targets: 4 times
the bare load, 4 GiB, 1.5 times the first load. Exit status 1 when one is missed.

    python -m benchmarks.ingest [--data DIR] [--reviews N] [--times 10] [--no-next-day] [--work DIR]

`--data`: a folder written by `python -m data demo`; without it a demo of `--reviews` is made. `--times 10` loads the reviews
ten times over under other ids, for volumes that the generator would take hours to write.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).resolve().parents[1]
TARGETS = {"bare": 4.0, "memory": 4.0, "next": 1.5}
_READ = "read_csv($file, all_varchar = true, delim = ';', quote = '\"', escape = '\"', header = true, max_line_size = 16000000)"
_BARE = """
import sys, duckdb
file, target = sys.argv[1:]
db = duckdb.connect(target)
db.execute("SET memory_limit = '3GB'")
db.execute(
    "CREATE TABLE raw AS SELECT * FROM read_csv($file, all_varchar = true, delim = ';', quote = '\\"', escape = '\\"',"
    " header = true, max_line_size = 16000000)",
    {"file": file},
)
db.close()
"""


@dataclass(frozen=True)
class Ran:
    """One process: its wall time, its peak memory, what it printed."""

    seconds: float
    gib: float
    told: str


def ran(command: list[str]) -> Ran:
    """Run a command and measure it. Raises RuntimeError when it fails."""
    with tempfile.TemporaryFile() as out:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        told = out.read().decode()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed ({process.returncode})")
    return Ran(seconds, usage.ru_maxrss / (1 << 20), told)


def bare(file: Path, folder: Path) -> Ran:
    """The engine alone."""
    target = folder / "bare.duckdb"
    try:
        return ran([sys.executable, "-c", _BARE, str(file), str(target)])
    finally:
        target.unlink(missing_ok=True)


def ingest(file: Path, demo: Path, home: Path) -> tuple[Ran, dict[str, Any]]:
    """The product's command, with the referential and the fiches."""
    found = ran(
        [
            sys.executable, "-m", "data", "ingest", str(file), "--structures", str(demo / "structures.csv"),
            "--fiches", str(demo / "fiches.zip"), "--home", str(home), "--json",
        ]
    )  # fmt: skip
    return found, json.loads(found.told)


def rewritten(file: Path, target: Path, columns: str, times: int = 1, spill: Path | None = None) -> Path:
    """The rows of `file`, `times` over, with a `REPLACE (columns)`, written as the portal writes (BOM apart)."""
    with duckdb.connect() as db:
        db.execute("SET memory_limit = '2GB'; SET preserve_insertion_order = false")
        db.execute(f"SET temp_directory = '{spill or target.parent}'")
        source = _READ.replace("$file", f"'{file}'")
        db.execute(
            f"COPY (SELECT * REPLACE ({columns}) FROM {source} CROSS JOIN range({times}) AS t(lap))"
            f" TO '{target}' (DELIMITER ';', HEADER, FORCE_QUOTE *)"
            if times > 1
            else f"COPY (SELECT * REPLACE ({columns}) FROM {source}) TO '{target}' (DELIMITER ';', HEADER, FORCE_QUOTE *)"
        )
    return target


def repeated(file: Path, target: Path, times: int) -> Path:
    """The same reviews `times` over, each time under other ids."""
    with duckdb.connect() as db:
        query = f"SELECT count(*) FROM {_READ}"
        rows = db.execute(query, {"file": str(file)}).fetchall()[0][0]
    return rewritten(file, target, f'("ID expérience"::BIGINT + lap * {rows})::VARCHAR AS "ID expérience"', times)


def next_day(file: Path, target: Path) -> Path:
    """The file of the day after: one review in a hundred changed, in its title."""
    changed = "CASE WHEN \"ID expérience\"::BIGINT % 100 = 7 THEN Titre || ' (suite)' ELSE Titre END AS Titre"
    return rewritten(file, target, changed)


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder written by `python -m data demo`")
    parser.add_argument("--reviews", type=int, default=50_000, help="size of the demo made without --data")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--no-next-day", action="store_true")
    parser.add_argument("--no-bare", action="store_true", help="only the product's own load, for very large files")
    parser.add_argument("--work", type=Path, help="where big files go, removed at the end (default: the system's)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.work) as name:
        folder = Path(name)
        demo = options.data or folder / "demo"
        if options.data is None:
            ran(
                [
                    sys.executable,
                    "-m",
                    "data",
                    "demo",
                    "--reviews",
                    str(options.reviews),
                    "--seed",
                    "7",
                    "--out",
                    str(demo),
                ]
            )
        file = demo / "experiences.csv"
        if options.times > 1:
            file = repeated(file, folder / "repeated.csv", options.times)
        return measured(file, demo, folder, again=not options.no_next_day, beside=not options.no_bare)


def measured(file: Path, demo: Path, folder: Path, *, again: bool, beside: bool = True) -> int:
    """Print the figures of one file; returns the exit status."""
    home = folder / "home"
    with file.open("rb") as stream:  # both start from a file the system holds in memory, as far as it can
        while stream.read(1 << 24):
            pass
    before = bare(file, folder) if beside else Ran(math.nan, math.nan, "")
    first, report = ingest(file, demo, home)
    after = bare(file, folder) if beside else before
    alone = (before.seconds + after.seconds) / 2  # not a number without it: nothing is compared then
    print(f"{report['read']:,} reviews, {file.stat().st_size / 1e9:.2f} GB; {os.cpu_count()} cores, {platform.machine()},"
          f" Python {platform.python_version()}, DuckDB {duckdb.__version__}")  # fmt: skip
    assert report["read"] == report["loaded"] + report["rejected"]
    print(f"{'':28}{'seconds':>9}{'x bare':>8}{'GiB':>7}{'target':>9}")
    print(f"{'bare load, before':28}{before.seconds:>9.1f}{'':8}{before.gib:>7.2f}")
    print(f"{'bare load, after':28}{after.seconds:>9.1f}{'':8}{after.gib:>7.2f}")
    row("ingest", first, alone, f"{TARGETS['bare']:g} x")
    for step, seconds in report["steps"].items():
        print(f"    {step:24}{seconds:>9.1f}{seconds / alone:>8.2f}")
    missed = [
        name
        for name, bad in (
            ("bare", first.seconds > TARGETS["bare"] * alone),
            ("memory", first.gib >= TARGETS["memory"]),
        )
        if bad
    ]
    if again:
        tomorrow = next_day(file, folder / "tomorrow.csv")
        second, told = ingest(tomorrow, demo, home)
        row("next day, 1 % changed", second, alone, f"{TARGETS['next']:g} x 1st")
        print(f"    {second.seconds / first.seconds:.2f} times the first load; {told['updated']:,} changed,"
              f" {told['unchanged']:,} unchanged, {told['withdrawn']:,} withdrawn")  # fmt: skip
        for step, seconds in told["steps"].items():
            print(f"    {step:24}{seconds:>9.1f}{seconds / alone:>8.2f}")
        if second.seconds > TARGETS["next"] * first.seconds:
            missed.append("next")
    print("targets missed: " + ", ".join(missed) if missed else "every target reached")
    return 1 if missed else 0


def row(name: str, found: Ran, alone: float, target: str) -> None:
    """One line of the table."""
    print(f"{name:28}{found.seconds:>9.1f}{found.seconds / alone:>8.2f}{found.gib:>7.2f}{target:>9}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

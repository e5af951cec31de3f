"""A process that loads files and is killed at random moments, for the test of publishing.

`python -m tests.crashes HOME FILE FILE TIMES SEED`: forks a child that ingests one of the two files in turn, kills it at a
random moment of a load's usual length, then looks at the home from a fresh child: the snapshot in service must be whole
and hold one of the two files. Prints one JSON object. The parent never opens DuckDB, whose threads a fork would lose.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from data import snapshots
from data.ingest import ingest
from data.warehouse import open_current


def forked(work: Callable[[], int], after: float | None = None) -> int | None:
    """Run `work` in a child; its exit status, or None when it was killed `after` seconds first."""
    pid = os.fork()
    if pid == 0:
        status = 99
        try:
            status = work()
        finally:
            os._exit(status)
    if after is None:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    until = time.monotonic() + after
    while time.monotonic() < until:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return 0
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def load(home: Path, file: Path) -> int:
    """Ingest a file."""
    ingest([file], home)
    return 0


def served(home: Path) -> int:
    """How many reviews the snapshot in service holds, every table readable; 98 when a row is not where it should be."""
    warehouse = open_current(home)
    rows = warehouse.rows("SELECT count(*) FROM reviews")[0][0]
    whole = warehouse.rows("SELECT count(*) FROM reviews r JOIN replies p ON p.review_id = r.id")[0][0]
    for (table,) in warehouse.rows("SELECT table_name FROM duckdb_tables()"):
        warehouse.rows(f"SELECT * FROM {table}")
    return rows if rows == whole == warehouse.snapshot.reviews else 98


def main() -> None:
    """Kill and look, `TIMES` times."""
    home, files, times = Path(sys.argv[1]), [Path(p) for p in sys.argv[2:4]], int(sys.argv[4])
    chance = random.Random(int(sys.argv[5]))
    started = time.monotonic()
    assert forked(lambda: load(home, files[0])) == 0
    usual = time.monotonic() - started
    seen: list[int | None] = []
    killed = moved = 0
    for turn in range(times):
        before = snapshots.current(home).id
        started, after = time.monotonic(), chance.uniform(0, usual)
        if forked(lambda turn=turn: load(home, files[(turn + 1) % 2]), after) is None:  # type: ignore[misc]
            killed += 1
        else:  # loads are quicker now than when the first was timed
            usual = time.monotonic() - started
        moved += snapshots.current(home).id != before
        seen.append(forked(lambda: served(home)))
    assert forked(lambda: load(home, files[0])) == 0  # the home still works, and sweeps what the dead left
    left = sum(path.name.startswith(".building-") for path in snapshots.folder(home).iterdir())
    print(json.dumps({"killed": killed, "moved": moved, "seen": seen, "left": left}))


if __name__ == "__main__":
    main()

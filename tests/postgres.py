"""A PostgreSQL server of our own, from Debian's package, on a Unix socket alone: for tests and benchmarks."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_INSTALLED = Path("/usr/lib/postgresql")


def programs() -> Path | None:
    """Folder of initdb and pg_ctl, None when PostgreSQL is not installed."""
    found = shutil.which("initdb") or next(map(str, sorted(_INSTALLED.glob("*/bin/initdb"), reverse=True)), None)
    return None if found is None else Path(found).resolve().parent


@contextmanager
def server(*, durable: bool = False) -> Iterator[str]:
    """Address of its `postgres` database, stopped at the end. `durable`: it waits for the disk, as in production."""
    folder, where = Path(tempfile.mkdtemp(prefix="vigie-pg-")), programs()
    if where is None:
        raise RuntimeError("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    run = _as_postgres(folder)
    try:
        run([str(where / "initdb"), "-D", str(folder / "data"), "-U", "vigie", "-A", "trust", "--no-sync"])
        settings = f"-k {folder} -c listen_addresses='' -c fsync={'on' if durable else 'off'} -c max_connections=100"
        start = ["-D", str(folder / "data"), "-o", settings, "-l", str(folder / "log"), "-w", "start"]
        run([str(where / "pg_ctl"), *start])
        try:
            yield f"postgresql+psycopg://vigie@/postgres?host={folder}"
        finally:
            run([str(where / "pg_ctl"), "-D", str(folder / "data"), "-m", "immediate", "-w", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_postgres(folder: Path) -> Callable[[list[str]], None]:
    """How to run PostgreSQL's programs: it refuses root, so root takes the `postgres` account for them."""
    prefix: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        prefix = ["runuser", "-u", "postgres", "--"]

    def run(command: list[str]) -> None:
        done = subprocess.run([*prefix, *command], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stderr or done.stdout}")

    return run

"""What tests share: a tiny home with data, and operations stores on both databases.

`tiny_home` is a fresh folder per test with the published snapshot that `tests/tiny.py` describes (12 reviews), and
VIGIE_HOME pointing at it. `operations` is a fresh store, run once on SQLite and once on PostgreSQL;
`operations_url` is its address, for tests that open it several times. `postgres_url` is the server itself.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from data.operations.engine import open_store
from tests import tiny

_POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) if Path("/usr/lib/postgresql").exists() else []
_databases = itertools.count(1)


@pytest.fixture(scope="session")
def _tiny_snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("tiny")
    tiny.build(home)
    return home


@pytest.fixture
def tiny_home(_tiny_snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own holding the 12 reviews of `tests/tiny.py`; VIGIE_HOME points at it, operations are empty."""
    home = tmp_path / "home"
    shutil.copytree(_tiny_snapshot, home)
    monkeypatch.setenv("VIGIE_HOME", str(home))
    monkeypatch.delenv("VIGIE_OPERATIONS_URL", raising=False)
    monkeypatch.delenv("VIGIE_MODEL", raising=False)
    return home


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of our own, on a Unix socket alone, stopped at the end; skipped when not installed."""
    found = shutil.which("initdb") or (str(_POSTGRES[-1]) if _POSTGRES else None)
    if found is None:
        why = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
    programs = Path(found).resolve().parent
    folder = Path(tempfile.mkdtemp(prefix="vigie-pg-"))
    run = _as_postgres(folder)
    try:
        run([str(programs / "initdb"), "-D", str(folder / "data"), "-U", "vigie", "-A", "trust", "--no-sync"])
        settings = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=60"
        start = ["-D", str(folder / "data"), "-o", settings, "-l", str(folder / "log"), "-w", "start"]
        run([str(programs / "pg_ctl"), *start])
        try:
            yield f"postgresql+psycopg://vigie@/postgres?host={folder}"
        finally:
            run([str(programs / "pg_ctl"), "-D", str(folder / "data"), "-m", "immediate", "-w", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def operations_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of an empty operations store, on each of the two databases."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'operations.sqlite'}"
        return
    server = request.getfixturevalue("postgres_url")
    name = f"vigie{next(_databases)}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def operations(operations_url: str) -> Iterator[Engine]:
    """An open, migrated, empty operations store, on each of the two databases."""
    engine = open_store(operations_url)
    yield engine
    engine.dispose()


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

"""What tests share: a tiny home with data, and operations stores on both databases.

`tiny_home` is a fresh folder per test with the published snapshot that `tests/tiny.py` describes (12 reviews), and
VIGIE_HOME pointing at it. `operations` is a fresh store, run once on SQLite and once on PostgreSQL;
`operations_url` is its address, for tests that open it several times. `postgres_url` is the server itself.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from data.operations.engine import open_store
from tests import postgres, tiny

_databases = itertools.count(1)

# The same examples every day, on a machine of any speed: a red test is a defect, never the weather.
hypothesis.settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page run by AppTest takes the place of `__main__`, which processes spawned later would run: put it back."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


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
    """A PostgreSQL server of our own, stopped at the end; skipped when not installed."""
    if postgres.programs() is None:
        if os.environ.get("POSTGRES_REQUIRED"):  # .ci/run: promises on both databases are never skipped there
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def operations_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of an empty operations store, on each of the two databases."""
    yield from _empty(request, tmp_path / "operations.sqlite")


@pytest.fixture(params=["sqlite", "postgresql"])
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a second empty store, on each of the two databases, whichever the first is on."""
    yield from _empty(request, tmp_path / "other" / "operations.sqlite")


def _empty(request: pytest.FixtureRequest, file: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{file}"
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

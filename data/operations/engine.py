"""Opening the operations store: the engine, its settings per database, its migrations at first open.

The rules it protects: several processes may start at once on an empty store and exactly one migrates it; SQLite
writers take their lock at the start of the transaction, so none fails half-way for having read first.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from data.errors import VigieError

HEAD = "0010"  # latest migration; a test holds it to the versions folder
_BUSY_MS = 15_000
_MIGRATION_LOCK = 0x7619E  # PostgreSQL advisory lock
_SETTLE_S = 15.0
_turns: WeakKeyDictionary[Engine, threading.Lock] = WeakKeyDictionary()


def open_store(url: str) -> Engine:
    """The engine on `url`, its schema at the latest version. Raises VigieError when it can't be reached or is newer.

    Meant to be opened once a process and shared: an engine is a pool of connections, safe between threads.
    """
    address = _driver(make_url(url))
    try:
        engine = _sqlite(address) if address.get_backend_name() == "sqlite" else _server(address)
        _migrate(engine)
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise VigieError(f"base d'opérations hors d'atteinte ({address.render_as_string()}) : {reason}") from error
    return engine


def reading(engine: Engine) -> Connection:
    """A connection to read with; a context manager, nothing is committed."""
    return engine.connect()


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection whose transaction holds SQLite's write lock from its first statement.

    Threads of a process take turns before SQLite sees them: its own waiting is a sleep and a retry, which at 25 writers
    starves some for seconds (measured); other processes still wait by its busy timeout.
    """
    with _turns.get(engine, nullcontext()), engine.connect() as connection:
        yield connection.execution_options(vigie_write=True)


def version(engine: Engine) -> str | None:
    """Migration the store is at, None for an empty store."""
    with reading(engine) as connection:
        return _version(connection)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg") if url.drivername in {"postgresql", "postgres"} else url


def _server(url: URL) -> Engine:
    return create_engine(url, pool_pre_ping=True, pool_size=20, max_overflow=20, pool_use_lifo=True)


def _sqlite(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, pool_size=10, max_overflow=40)
    _turns[engine] = threading.Lock()

    @event.listens_for(engine, "connect")
    def settings(connection: Any, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # transactions begin where we say, see `begin`
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        _wal(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")  # an acknowledged write survives a power cut too

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("vigie_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL; two processes that do it at the same instant get "locked" whatever the busy timeout."""
    deadline = time.monotonic() + _SETTLE_S
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def migrate_to(connection: Connection, revision: str) -> None:
    """Inside a writing transaction: bring the schema to `revision` ('head': the latest). Raises VigieError when unknown."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise VigieError(
            f"base d'opérations faite par une autre version de Vigie ({error}) : mettez Vigie à jour"
        ) from error


def _migrate(engine: Engine) -> None:
    with reading(engine) as connection:
        if _version(connection) == HEAD:
            return
    with writing(engine) as connection, connection.begin():
        migrate_to(connection, "head")

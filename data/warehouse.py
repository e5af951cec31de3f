"""Reading the warehouse: one DuckDB instance a process, one cursor a query, a time budget a query.

The rules it protects: sessions never share a cursor (a shared connection mixes up their rows); nothing a reader
runs can touch files or settings; a query that goes over its budget is interrupted instead of freezing a page.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from data import snapshots
from data.errors import QueryTimeout
from data.snapshots import Snapshot

BUDGET_S = 10.0
PAST_BUDGET_S = 60.0  # as known on a past day: each query rebuilds it
_HELD = "SELECT current_database(), list(column_name) FROM duckdb_columns() WHERE table_name = 'reviews'"
_TOPICS = "SELECT 1 FROM duckdb_tables() WHERE table_name = 'review_topics'"
_VIEW = re.compile(r"(?=CREATE OR REPLACE TEMP VIEW (\w+))")
_PARAMETER = re.compile(r"\$([A-Za-z_]\w*)")


@cache
def sql(owner: str, name: str) -> str:
    """Text of `sql/<name>.sql` beside the module file `owner` (pass `__file__`)."""
    return (Path(owner).parent / "sql" / f"{name}.sql").read_text("utf-8")


def with_replied(table: str) -> str:
    """SQL of a temp view `reviews`: those of `table` with what their `replies` amount to, worked out as it is read."""
    return (
        f"CREATE OR REPLACE TEMP VIEW reviews AS SELECT r.*, a.* EXCLUDE (review_id) FROM {table} AS r"
        f" LEFT JOIN ({sql(__file__, 'replied')}) AS a ON a.review_id = r.id;"
    )


def irritant_of(review: str, topics: str | None) -> str:
    """SQL of the irritant of a review, for a snapshot that does not keep it beside it; `topics` is its `review_topics`."""
    return f"(SELECT t.irritant FROM {topics} AS t WHERE t.review_id = {review}.id)" if topics else "NULL::INTEGER"


class Warehouse:
    """A snapshot opened read-only. Safe to share between threads: each query has its own cursor."""

    def __init__(self, home: Path, snapshot: Snapshot) -> None:
        self.home = Path(home)
        self.snapshot = snapshot
        self.artifacts = snapshots.artifacts_of(home, snapshot)
        self._before = ""  # SQL of temp views named like tables: a cursor starts with those that its query needs
        self.known_on: date | None = None  # the past day this look at the snapshot is as known on
        self._root = duckdb.connect(str(snapshots.file_of(home, snapshot)), read_only=True)
        self._root.execute("SET enable_external_access=false; SET lock_configuration=true")
        base, held = self._root.execute(_HELD).fetchall()[0]
        reviews = f'"{base}".main.reviews'
        if held and "irritant" not in held:  # a snapshot of an earlier version
            topics = f'"{base}".main.review_topics' if self._root.execute(_TOPICS).fetchall() else None
            reviews = f"(SELECT r.*, {irritant_of('r', topics)} AS irritant FROM {reviews} AS r)"
            self._before = f"CREATE OR REPLACE TEMP VIEW reviews AS FROM {reviews};"
        if held and "replied" not in held:  # of a still earlier one
            self._before = with_replied(reviews)

    def through(self, before: str, snapshot: Snapshot, known_on: date) -> Warehouse:
        """Another look at the same file, as known on a past day: each cursor starts with the temp views of `before`, after
        what this one's start with. Closing it closes this one.
        """
        other = copy(self)
        other._before, other.snapshot, other.known_on = f"{self._before}\n{before}", snapshot, known_on
        return other

    @contextmanager
    def cursor(self, budget_s: float = BUDGET_S, query: str = "") -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor of its own for `query`, interrupted after `budget_s` seconds. Raises QueryTimeout."""
        budget_s = budget_s if self.known_on is None else max(budget_s, PAST_BUDGET_S)
        cursor = self._root.cursor()
        late = threading.Event()

        def stop() -> None:
            late.set()
            cursor.interrupt()

        timer = threading.Timer(budget_s, stop)
        timer.daemon = True
        timer.start()
        try:
            if self._before:
                cursor.execute(_needed(self._before, query))
            yield cursor
        except duckdb.InterruptException:
            if late.is_set():
                raise QueryTimeout(
                    f"La requête a dépassé {budget_s:.0f} s : réduisez la période ou ajoutez un filtre."
                ) from None
            raise
        finally:
            timer.cancel()
            cursor.close()

    def frame(self, query: str, params: Mapping[str, Any] | None = None, *, budget_s: float = BUDGET_S) -> pd.DataFrame:
        """Rows of `query` as a frame; `params` are bound to its `$name` parameters."""
        with self.cursor(budget_s, query) as cursor:
            return cursor.execute(query, _used(query, params)).df()

    def rows(
        self, query: str, params: Mapping[str, Any] | None = None, *, budget_s: float = BUDGET_S
    ) -> list[tuple[Any, ...]]:
        """Rows of `query` as tuples."""
        with self.cursor(budget_s, query) as cursor:
            return cursor.execute(query, _used(query, params)).fetchall()

    def has(self, table: str) -> bool:
        """Whether the snapshot holds `table` (derived tables exist only after a refresh)."""
        found = self.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = $table", {"table": table})
        return bool(found)

    def close(self) -> None:
        """Release the file."""
        self._root.close()


def open_current(home: Path) -> Warehouse:
    """The snapshot in service, opened read-only. Raises NoSnapshot when there is none."""
    return Warehouse(home, snapshots.current(home))


def _used(query: str, params: Mapping[str, Any] | None) -> dict[str, Any]:
    """Only the parameters the query names: DuckDB refuses the others."""
    names = set(_PARAMETER.findall(query))
    return {key: value for key, value in (params or {}).items() if key in names}


@lru_cache(maxsize=2048)
def _needed(before: str, query: str) -> str:
    """The views of `before` that `query` reads, those they read included; a view reads none that comes after it."""
    _, *parts = _VIEW.split(before)
    views = list(zip(parts[::2], parts[1::2], strict=True))
    kept: list[str] = []
    asked = query
    for name, view in reversed(views):
        if re.search(rf"(?<!\.)\b{name}\b", asked):
            kept.append(view)
            asked += view
    return "".join(reversed(kept))

"""The referential of structures: the tree of services that answer, their network, and the mailbox a signal goes to.

Owns the loading of the portal's structures file. The rule it protects: a row is lost only when it has no code, and a
repeated code keeps its last row; both are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from data import sources, staging
from data.columns import STRUCTURES, STRUCTURES_REQUIRED, area_code
from data.institutions import Institutions
from data.warehouse import sql


@dataclass(frozen=True)
class Loaded:
    """Outcome of one structures file."""

    read: int
    loaded: int
    refused: int
    sha256: str


def load(db: duckdb.DuckDBPyConnection, path: Path, scratch: Path) -> Loaded:
    """Fill `structures` from `path`; staging tables must not exist yet. Raises BadFile."""
    source = sources.open_source(path, scratch, STRUCTURES, STRUCTURES_REQUIRED)
    staging.create(db, tuple(STRUCTURES.values()))
    staging.load(db, source, 0, scratch)
    pairs = db.execute("SELECT DISTINCT typology, network FROM scratch.raw ORDER BY ALL").fetchall()
    counted = db.execute("SELECT typology, network FROM scratch.raw").fetchall()
    institutions = Institutions(tuple(counted))
    names = {label for pair in pairs for label in pair if label}
    mapped(db, "names", {label: institutions.name(label) for label in names})
    codes = db.execute("SELECT department FROM scratch.raw UNION SELECT region FROM scratch.raw").fetchall()
    mapped(
        db, "areas", {code: area_code(code) for (code,) in codes if code and code.lower().startswith(("dep", "reg"))}
    )
    read = _count(db, "scratch.raw") + _count(db, "scratch.refused")
    db.execute(sql(__file__, "structures"))
    loaded = _count(db, "structures")
    db.execute("DROP TABLE scratch.raw; DROP TABLE scratch.refused; DROP TABLE scratch.names; DROP TABLE scratch.areas")
    return Loaded(read, loaded, read - loaded, source.sha256)


def mapped(db: duckdb.DuckDBPyConnection, table: str, values: dict[str, str | None]) -> None:
    """Create `scratch.<table>(key, value)`: how the few distinct values of a column are rewritten."""
    db.execute(f"CREATE OR REPLACE TABLE scratch.{table} (key VARCHAR, value VARCHAR)")
    staging.insert(db, f"scratch.{table}", list(values.items()))


def _count(db: duckdb.DuckDBPyConnection, table: str) -> int:
    row = db.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0

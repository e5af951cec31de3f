"""What a new snapshot keeps of the one before: references not given again, derived tables, the log of ingests.

The rule it protects: pages keep their irritants and signals until the next refresh, and nothing that speaks of a
review the portal withdrew survives it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from data.history import TYPOLOGY
from data.warehouse import sql

_PUBLISHED = "review_id IN (SELECT id FROM reviews)"
_RISES = ("signals", "watch_list", "signal_versions", "rising_words")  # gone when all their reviews are
_WITH_REVIEWS = dict.fromkeys(
    ("review_topics", "model_review_topics", "review_measures", "review_metadata"), _PUBLISHED
)
LISTS = {"topics": "exemplars", "model_topics": "exemplars"} | dict.fromkeys(_RISES, "review_ids")


def attach(db: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Open the previous warehouse, read-only, as `previous`."""
    db.execute(f"ATTACH '{str(file).replace(chr(39), chr(39) * 2)}' AS previous (READ_ONLY)")


def references(db: duckdb.DuckDBPyConnection, *, structures: bool, fiches: bool) -> None:
    """Copy the referential and the fiches of the previous snapshot, those asked for, and the log of its ingests."""
    tables = ["ingests", "problems"]
    tables += ["structures"] if structures else []
    tables += ["fiches", "fiche_sections", "fiche_links"] if fiches else []
    for table in tables:
        _copy(db, table, "TRUE")


def derived(db: duckdb.DuckDBPyConnection) -> None:
    """Copy what refresh computed, for the reviews that are still published."""
    held = {name for (name,) in db.execute(_TABLES, {"base": "previous"}).fetchall()}
    before = {name for (name,) in db.execute(_TABLES, {"base": "warehouse"}).fetchall()}
    if "topics" not in held:
        return
    db.execute(sql(__file__, "schema_derived"))
    for table in {name for (name,) in db.execute(_TABLES, {"base": "warehouse"}).fetchall()} - before:
        if table in held:
            _copy(db, table, _WITH_REVIEWS.get(table, "TRUE"))
    for table, column in LISTS.items():
        db.execute(sql(__file__, "carried_lists").format(table=table, column=column))
    for table in _RISES:
        db.execute(f"DELETE FROM {table} WHERE len(review_ids) = 0")
    set_irritants(db)


def brought_up(db: duckdb.DuckDBPyConnection) -> None:
    """Give the warehouse of an earlier version what each review now keeps of its replies and its irritant, and the table
    that keeps the former values of its typologies.
    """
    base = db.execute("SELECT current_database()").fetchall()[0][0]
    held = {name for (name,) in db.execute(_COLUMNS, {"base": base, "table": "reviews"}).fetchall()}
    if "replied" not in held:
        for column in ("replied BOOLEAN", "only_canned BOOLEAN", "verdicts INTEGER", "useful_verdicts INTEGER"):
            db.execute(f"ALTER TABLE reviews ADD COLUMN {column}")
        set_replied(db)
    if "irritant" not in held:
        db.execute("ALTER TABLE reviews ADD COLUMN irritant INTEGER")
        if db.execute(_TABLES + " AND table_name = 'review_topics'", {"base": base}).fetchall():
            set_irritants(db)
    kept = ", ".join(TYPOLOGY)
    db.execute(
        "CREATE TABLE IF NOT EXISTS typology_versions AS SELECT review_id, rank, NULL::TIMESTAMP AS until, "
        f"NULL::VARCHAR[] AS changed, {kept} FROM review_typologies LIMIT 0"
    )


def set_replied(db: duckdb.DuckDBPyConnection) -> None:
    """Write beside each review what its replies amount to."""
    db.execute(sql(__file__, "set_replied").replace("{replied}", sql(__file__, "replied")))


def set_irritants(db: duckdb.DuckDBPyConnection) -> None:
    """Write beside each review its irritant."""
    db.execute(sql(__file__, "set_irritant"))


def artifacts(source: Path, target: Path) -> None:
    """Copy the models and indexes that belong to the previous snapshot."""
    if source.exists():
        shutil.copytree(source, target, dirs_exist_ok=True)


_TABLES = "SELECT table_name FROM duckdb_tables() WHERE database_name = $base"
_COLUMNS = "SELECT column_name FROM duckdb_columns() WHERE database_name = $base AND table_name = $table"


def _copy(db: duckdb.DuckDBPyConnection, table: str, condition: str) -> None:
    """Copy the columns both snapshots know: a snapshot of an earlier version may lack some."""
    old, new = (
        [name for (name,) in db.execute(_COLUMNS, {"base": base, "table": table}).fetchall()]
        for base in ("previous", "warehouse")
    )
    names = ", ".join(name for name in new if name in old)
    if names:
        db.execute(f"INSERT INTO {table} BY NAME SELECT {names} FROM previous.{table} WHERE {condition}")

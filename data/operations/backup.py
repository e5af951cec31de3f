"""Backup and restore of the operations store: one file, the same for both databases.

A backup is a gzip of JSON lines: a header (format, schema version), every row of every table, then a footer (rows and
SHA-256 of all that precedes it). It is read in one transaction, so people go on working while it is made; a restore is one
transaction too, so that it happens whole or not at all. The rules it protects: a file cut, changed, or whose journal
does not verify is refused; a store that holds something is replaced only when told to, and is saved beside first.
Restoring on the other database is how a store moves from SQLite to PostgreSQL.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, DateTime, Engine, MetaData, Table, insert, select, text

from data.errors import VigieError
from data.operations import journal
from data.operations.engine import migrate_to, reading, version, writing

FORMAT = "vigie-operations-1"
_AT_ONCE = 500  # rows a statement
_VERSIONS = "alembic_version"


def backup(engine: Engine, out: Path) -> dict[str, Any]:
    """Write the whole store to `out` (replaced only once complete); returns {"out", "rows", "version", "bytes"}."""
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    out.parent.mkdir(parents=True, exist_ok=True)
    digest, rows = hashlib.sha256(), 0
    try:
        with gzip.open(draft, "wb", compresslevel=6) as stream, engine.connect() as connection:
            connection.execution_options(**_still(engine))
            with connection.begin():
                for line in _lines(connection, version(engine)):
                    digest.update(line)
                    stream.write(line)
                    rows += 1
            footer = {"rows": rows - 1, "sha256": digest.hexdigest()}
            stream.write(json.dumps(footer).encode() + b"\n")
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(draft, out)
    finally:
        draft.unlink(missing_ok=True)
    return {"out": str(out), "rows": rows - 1, "version": version(engine), "bytes": out.stat().st_size}


def restore(engine: Engine, source: Path, *, replace: bool = False) -> dict[str, Any]:
    """Bring the store to what `source` holds, then to the current schema; returns {"rows", "version", "saved"}.

    `saved` is where the store it replaces was written first (`replace`), None for an empty one. Raises VigieError for a
    file that is not a whole backup, for a store that holds something without `replace`, for a broken journal.
    """
    header, rows = _checked(source)
    saved = None
    if journal.count(engine) or _any_row(engine):
        if not replace:
            raise VigieError(
                "la base d'opérations n'est pas vide : ajoutez --replace pour mettre la sauvegarde à sa place"
            )
        saved = source.with_name(f"operations-before-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.backup")
        backup(engine, saved)
    with writing(engine) as connection, connection.begin():
        _empty(connection)
        migrate_to(connection, header["version"])
        _fill(connection, source)
        migrate_to(connection, "head")
        found = journal.verify(engine, connection)
        if not found.ok:
            raise VigieError(f"le journal de cette sauvegarde est rompu ({found.reason}) : rien n'a été restauré")
    return {"rows": rows, "version": version(engine), "saved": None if saved is None else str(saved)}


def _still(engine: Engine) -> dict[str, Any]:
    """What makes every statement of a transaction see one moment; SQLite's read transaction does by itself."""
    return {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}


def _tables(connection: Connection) -> list[Table]:
    """The tables as they are in the database, referenced ones first."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != _VERSIONS]


def _lines(connection: Connection, at: str | None) -> Iterator[bytes]:
    yield _line({"format": FORMAT, "version": at})
    for table in _tables(connection):
        rows = connection.execution_options(yield_per=_AT_ONCE).execute(select(table).order_by(*table.primary_key))
        for row in rows:
            yield _line({"table": table.name, "row": {name: _plain(value) for name, value in row._mapping.items()}})


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _plain(value: Any) -> Any:
    return value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def _read(source: Path) -> Iterator[bytes]:
    with gzip.open(source, "rb") as stream:
        yield from stream


def _checked(source: Path) -> tuple[dict[str, Any], int]:
    """Header and rows of a backup that is whole. Raises VigieError otherwise."""
    digest, count, header, last = hashlib.sha256(), 0, None, b""
    try:
        for line in _read(source):
            if last:
                digest.update(last)
                count += 1
                header = json.loads(last) if header is None else header
            last = line
        footer = json.loads(last)
    except FileNotFoundError:
        raise VigieError(f"{source} : ce fichier n'existe pas") from None
    except (OSError, EOFError, ValueError):
        raise VigieError(f"{source} n'est pas une sauvegarde de Vigie, ou a été coupé") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT or not isinstance(footer, dict):
        raise VigieError(f"{source} n'est pas une sauvegarde de Vigie")
    if (footer.get("rows"), footer.get("sha256")) != (count - 1, digest.hexdigest()):
        raise VigieError(f"{source} a été coupé ou modifié après coup")
    return header, count - 1


def _any_row(engine: Engine) -> bool:
    with reading(engine) as connection:
        tables = [table for table in _tables(connection) if table.name != "journal_head"]
        return any(connection.execute(select(text("1")).select_from(table).limit(1)).first() for table in tables)


def _empty(connection: Connection) -> None:
    """Remove every table, guards of the journal included: migrations make them again."""
    found = MetaData()
    found.reflect(connection)
    for table in reversed(found.sorted_tables):
        table.drop(connection)
    if connection.dialect.name == "postgresql":
        connection.execute(text("DROP FUNCTION IF EXISTS journal_append_only() CASCADE"))


def _fill(connection: Connection, source: Path) -> None:
    tables = {table.name: table for table in _tables(connection)}
    connection.execute(tables["journal_head"].delete())  # the one the migration put there
    block: list[dict[str, Any]] = []
    name = ""

    def flush() -> None:
        if block:
            connection.execute(insert(tables[name]), block)
            block.clear()

    for line in _read(source):
        record = json.loads(line)
        if "table" not in record:
            continue
        if record["table"] != name or len(block) == _AT_ONCE:
            flush()
            name = record["table"]
        block.append(_typed(tables[name], record["row"]))
    flush()


def _typed(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as its table wants it: moments are text in the file, booleans are numbers in SQLite."""
    typed = dict(row)
    for column in table.columns:
        value = typed.get(column.name)
        if value is not None and isinstance(column.type, DateTime):
            typed[column.name] = datetime.fromisoformat(value)
    return typed

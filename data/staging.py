"""From opened files to one table of text: `scratch.raw`, and the records no table can hold in `scratch.refused`.

The rule it protects: every record of a file ends in exactly one of the two, whatever the state of the file.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from data import salvage
from data.columns import LONG_TEXTS, REVIEWS
from data.sources import Source
from data.warehouse import sql

_BATCH = 20_000  # records written at once
_LINE_MAX = 16_000_000  # bytes of the longest record
log = logging.getLogger(__name__)


def create(db: duckdb.DuckDBPyConnection, names: tuple[str, ...] = tuple(REVIEWS.values())) -> None:
    """Create the empty staging tables in the attached database `scratch`."""
    columns = ", ".join(f"{name} VARCHAR" for name in names)
    db.execute(sql(__file__, "raw").format(columns=columns))


def load_all(db: duckdb.DuckDBPyConnection, opened: Sequence[Source], scratch: Path) -> None:
    """Create the staging tables and append every source; stored as it comes: it is read a few times, then thrown away."""
    create(db)
    db.execute("SET force_compression = 'uncompressed'")
    for rank, source in enumerate(opened):
        load(db, source, rank, scratch)
    db.execute("SET force_compression = 'auto'")


def load(db: duckdb.DuckDBPyConnection, source: Source, rank: int, scratch: Path) -> None:
    """Append the records of `source` to `scratch.raw`, and its broken ones to `scratch.refused`."""
    if source.kind == "jsonl":
        _load_jsonl(db, source, rank)
    elif source.kind == "parquet":
        columns = [f'"{label.replace(chr(34), chr(34) * 2)}"' for label in source.labels]
        _insert(db, source, rank, "read_parquet($path)", [_as_text(column) for column in columns])
    else:
        _load_csv(db, source, rank, scratch)


def insert(db: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, in the order of the table's columns, in one statement."""
    if rows:
        columns = {f"c{i}": list(values) for i, values in enumerate(zip(*rows, strict=True))}
        db.execute(f"INSERT INTO {table} SELECT {', '.join(f'unnest(${name})' for name in columns)}", columns)


def _load_csv(db: duckdb.DuckDBPyConnection, source: Source, rank: int, scratch: Path) -> None:
    cells = [f"c{i}" for i in range(source.width)]
    try:
        _insert(db, source, rank, _reader(source.delimiter, cells), cells)
        if not _swallowed(db, source, rank):
            return
        db.execute("DELETE FROM scratch.raw WHERE file = $rank", {"rank": rank})
    except duckdb.InvalidInputException:
        log.debug("the strict reader stopped on %s", source.path)
    log.info("%s has broken records: reading it one record at a time", source.path)
    kept = _salvage(db, source, rank, scratch)
    _insert(db, source, rank, "read_parquet($path)", cells, line="line", path=kept)
    kept.unlink()


def _swallowed(db: duckdb.DuckDBPyConnection, source: Source, rank: int) -> bool:
    """Whether a text holds what looks like a whole record: two missing quotes may have paired up around it."""
    d = re.escape(source.delimiter)
    start = rf'\n(?:[^{d}\n]*{d}){{{_key_of(source)}}}"?[0-9]{{1,18}}"?{d}'
    suspect = " OR ".join(
        f"(contains({c}, chr(10)) AND length({c}) - length(replace({c}, $delimiter, '')) >= $width - 1"
        f" AND regexp_matches({c}, $start))"
        for c in source.header.known
        if c in LONG_TEXTS
    )
    if not suspect:
        return False
    query = f"SELECT 1 FROM scratch.raw WHERE file = $rank AND ({suspect}) LIMIT 1"
    params = {"rank": rank, "start": start, "delimiter": source.delimiter, "width": source.width}
    return bool(db.execute(query, params).fetchall())


def _reader(delimiter: str, columns: list[str]) -> str:
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in columns)
    return (
        f"read_csv($path, auto_detect = false, all_varchar = true, header = true, delim = '{delimiter}',"
        f" quote = '\"', escape = '\"', nullstr = '', strict_mode = true, max_line_size = {_LINE_MAX},"
        f" columns = {{{types}}})"
    )


def _insert(
    db: duckdb.DuckDBPyConnection,
    source: Source,
    rank: int,
    reader: str,
    cells: list[str],
    *,
    line: str = "NULL",
    path: Path | None = None,
) -> None:
    """Insert the columns of a reader under our names; the unknown ones go to `extra` as one JSON object."""
    chosen = [f"{cells[position]} AS {name}" for name, position in source.header.known.items()]
    unknown = [f"'{_quoted(label)}': {cells[position]}" for label, position in source.header.unknown.items()]
    extra = (
        f"nullif(json_merge_patch('{{}}', to_json({{{', '.join(unknown)}}}))::VARCHAR, '{{}}')" if unknown else "NULL"
    )
    db.execute(
        f"INSERT INTO scratch.raw BY NAME SELECT {rank} AS file, {line} AS line, {', '.join(chosen)}, {extra} AS extra"
        f" FROM {reader}",
        {"path": str(path or source.readable)} if "$path" in reader else {},
    )


def _salvage(db: duckdb.DuckDBPyConnection, source: Source, rank: int, scratch: Path) -> Path:
    """Cut a damaged CSV: its sound records in a parquet file with their line numbers, the others refused."""
    path = scratch / f"kept-{rank}.parquet"
    schema = pa.schema([("line", pa.int64()), *((f"c{i}", pa.string()) for i in range(source.width))])
    refused: list[tuple[object, ...]] = []
    kept: list[tuple[object, ...]] = []
    with source.readable.open(encoding="utf-8-sig", newline="") as stream, pq.ParquetWriter(path, schema) as out:
        header = stream.readline()
        while header.count('"') % 2 and (more := stream.readline()):
            header += more
        first = len(re.findall(r"\r\n|\n|\r", header)) + 1
        for record in salvage.stream(stream, source.delimiter, source.width, _key_of(source), first):
            if record.reason is not None:
                refused.append((None, rank, record.line, record.reason, record.raw[:2000]))
                continue
            kept.append((record.line, *(cell or None for cell in record.cells)))
            if len(kept) == _BATCH:
                out.write_table(_table(kept, schema))
                kept.clear()
        out.write_table(_table(kept, schema))
    insert(db, "scratch.refused", refused)
    return path


def _table(rows: list[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    return pa.table(
        [pa.array(list(column), type=field.type) for column, field in zip(columns, schema, strict=True)], schema
    )


def _key_of(source: Source) -> int:
    return source.header.known["id"]


def _load_jsonl(db: duckdb.DuckDBPyConnection, source: Source, rank: int) -> None:
    db.execute(
        "CREATE OR REPLACE TABLE scratch.lines AS SELECT line FROM read_csv($path, auto_detect = false, header = false,"
        f" delim = '\x01', quote = '', escape = '', max_line_size = {_LINE_MAX}, columns = {{'line': 'VARCHAR'}})",
        {"path": str(source.readable)},
    )
    sound = "CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE false END"
    db.execute(
        "INSERT INTO scratch.refused SELECT NULL, $rank, rowid + 1, 'not a JSON object', line[:2000] FROM scratch.lines"
        f" WHERE NOT {sound} AND trim(line) <> ''",
        {"rank": rank},
    )
    db.execute(f"DELETE FROM scratch.lines WHERE NOT {sound}")
    paths = ", ".join(f"'{_quoted(_json_path(label))}'" for label in source.labels)
    cells = [f"v[{i + 1}]" for i in range(len(source.labels))]
    reader = f"(SELECT rowid + 1 AS line, json_extract_string(line, [{paths}]) AS v FROM scratch.lines)"
    _insert(db, source, rank, reader, cells, line="line")
    db.execute("DROP TABLE scratch.lines")


def _as_text(column: str) -> str:
    """A parquet column as the CSV export would write it; lists become JSON arrays."""
    return f"CASE WHEN typeof({column}) LIKE '%[]' THEN to_json({column})::VARCHAR ELSE {column}::VARCHAR END"


def _json_path(label: str) -> str:
    return '$."' + label.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _quoted(text: str) -> str:
    return text.replace("'", "''")

"""One field of the reviews at a time: how often it is filled, its values, the reviews that have one.

The rule it protects: every listed field can be asked the same three questions, and a value chosen on screen reaches the
database only as a bound parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from data.metadata import FIELDS, Field
from data.warehouse import Warehouse

MOST = 25


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a field: some values, or a range (both ends included), or any value."""

    values: tuple[str, ...] = ()
    low: float | date | None = None
    high: float | date | None = None


@dataclass(frozen=True)
class Spread:
    """How the values of a number, or of the length of a text, are spread."""

    n: int
    low: float
    tenth: float
    median: float
    ninetieth: float
    high: float


def known(warehouse: Warehouse) -> tuple[Field, ...]:
    """The fields that this snapshot holds: derived ones only after a refresh."""
    derived = warehouse.has("review_metadata") and bool(warehouse.rows("SELECT 1 FROM review_metadata LIMIT 1"))
    return tuple(field for field in FIELDS if derived or field.table != "metadata")


def filled(warehouse: Warehouse, field: Field) -> tuple[int, int]:
    """(reviews that fill it, reviews)."""
    query = f"SELECT count(*) FILTER ({field.filled}), count(*) FROM {field.source}"
    full, total = warehouse.rows(query)[0]
    return int(full), int(total)


def over_time(warehouse: Warehouse, field: Field) -> pd.DataFrame:
    """By month of publication: `month`, `reviews`, `share` (0..1) that fill the field; empty before the first refresh."""
    if not warehouse.has("completeness"):
        return pd.DataFrame()
    if warehouse.known_on is not None:
        return warehouse.frame(
            "SELECT date_trunc('month', r.published_on)::DATE AS month, count(*) AS reviews,"
            f" count(*) FILTER ({field.filled}) / count(*) AS share FROM {field.source} GROUP BY month ORDER BY month"
        )
    return warehouse.frame(
        "SELECT month, reviews, filled / reviews AS share FROM completeness WHERE field = $name ORDER BY month",
        {"name": field.name},
    )


def values(warehouse: Warehouse, field: Field, most: int = MOST) -> pd.DataFrame:
    """Commonest values of a category, a flag or a list: `value` (text), `n`."""
    value = f"unnest({field.sql})" if field.kind == "list" else field.sql
    return warehouse.frame(
        f"SELECT value::VARCHAR AS value, count(*) AS n FROM (SELECT {value} AS value FROM {field.source})"
        " WHERE value IS NOT NULL GROUP BY 1 ORDER BY n DESC, value LIMIT $most",
        {"most": most},
    )


def spread(warehouse: Warehouse, field: Field) -> Spread | None:
    """How a number is spread (the length, for a text); None when nobody fills it."""
    value = f"length({field.sql})" if field.kind == "text" else field.sql
    row = warehouse.rows(
        f"SELECT count(v), min(v), approx_quantile(v, 0.1), approx_quantile(v, 0.5), approx_quantile(v, 0.9), max(v)"
        f" FROM (SELECT ({value})::DOUBLE AS v FROM {field.source})"
    )[0]
    return Spread(int(row[0]), *(float(x) for x in row[1:])) if row[0] else None


def count(warehouse: Warehouse, field: Field, wanted: Wanted) -> int:
    """How many reviews have what is wanted."""
    condition, params = _condition(field, wanted)
    return int(warehouse.rows(f"SELECT count(*) FROM {field.source} WHERE {condition}", params)[0][0])


def reviews(warehouse: Warehouse, field: Field, wanted: Wanted, limit: int, offset: int) -> list[int]:
    """Ids of a page of the reviews that have what is wanted, newest first."""
    condition, params = _condition(field, wanted)
    query = (
        f"SELECT r.id FROM {field.source} WHERE {condition} ORDER BY r.published_at DESC, r.id DESC"
        " LIMIT $limit OFFSET $offset"
    )
    return [id_ for (id_,) in warehouse.rows(query, {**params, "limit": limit, "offset": offset})]


def of_review(warehouse: Warehouse, review_id: int) -> pd.DataFrame:
    """Every field of a review that may be shown: `group`, `label`, `value` (as text, '' when not filled)."""
    rows = []
    groups: dict[str, list[Field]] = {}
    for field in known(warehouse):
        if not field.personal:
            groups.setdefault(field.source, []).append(field)
    said: dict[str, Any] = {}
    for source, fields in groups.items():
        columns = ", ".join(f"({field.sql})::VARCHAR" for field in fields)
        found = warehouse.rows(f"SELECT {columns} FROM {source} WHERE r.id = $id", {"id": review_id})
        said |= {field.name: value for field, value in zip(fields, found[0], strict=True)} if found else {}
    for field in known(warehouse):
        if field.name in said:
            rows.append((field.group, field.label, said[field.name] or ""))
    return pd.DataFrame(rows, columns=["group", "label", "value"])


def _condition(field: Field, wanted: Wanted) -> tuple[str, dict[str, Any]]:
    if wanted.values:
        if field.kind == "list":
            return f"list_has_any({field.sql}, $values)", {"values": list(wanted.values)}
        return f"list_contains($values, ({field.sql})::VARCHAR)", {"values": list(wanted.values)}
    if wanted.low is None and wanted.high is None:
        return field.filled, {}
    value = {"text": f"length({field.sql})", "date": f"({field.sql})::DATE"}.get(field.kind, field.sql)
    return f"{value} BETWEEN $low AND $high", {"low": wanted.low, "high": wanted.high}

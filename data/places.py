"""Départements and régions: their codes, names, neighbours and places on the tile map.

Owns `reference/departments.csv` and `reference/neighbours.csv`. The rule it protects: a place is known by its INSEE
code, kept as text; a review that only names its département gets the code of that name.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import duckdb

from data import staging
from data.columns import area_code, fold
from data.warehouse import sql

_REFERENCE = Path(__file__).parent / "reference"


@cache
def departments() -> tuple[dict[str, str], ...]:
    """Rows of the reference: code, name, region_code, region, tile_x, tile_y."""
    with (_REFERENCE / "departments.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))


def neighbours() -> tuple[tuple[str, str], ...]:
    """Pairs of départements that touch, both ways."""
    with (_REFERENCE / "neighbours.csv").open(encoding="utf-8", newline="") as stream:
        pairs = [(row["code"], row["neighbour"]) for row in csv.DictReader(stream)]
    return tuple(sorted({*pairs, *((b, a) for a, b in pairs)}))


def resolve(
    code: str | None, name: str | None, region: str | None, region_name: str | None
) -> tuple[str | None, str | None]:
    """Codes of the département and of the région that a review states, from its codes or else from its names."""
    codes, regions, region_of = _lookups()
    department = area_code(code) if code else codes.get(fold(name)) if name else None
    area = area_code(region) if region else regions.get(fold(region_name)) if region_name else None
    return department, area or (region_of.get(department) if department else None)


@cache
def _lookups() -> tuple[dict[str, str], dict[str, str], dict[str, str | None]]:
    """Département code by name, région code by name, région code by département code."""
    rows = departments()
    return (
        {fold(row["name"]): row["code"] for row in rows},
        {fold(row["region"]): row["region_code"] for row in rows if row["region_code"]},
        {row["code"]: row["region_code"] or None for row in rows},
    )


def load(db: duckdb.DuckDBPyConnection) -> None:
    """Fill the reference tables, and `scratch.places`: the codes of each combination the reviews state."""
    staging.insert(
        db,
        "departments",
        [
            (r["code"], r["name"], r["region_code"] or None, r["region"] or None, int(r["tile_x"]), int(r["tile_y"]))
            for r in departments()
        ],
    )
    staging.insert(db, "department_neighbours", neighbours())
    db.execute("CREATE TABLE scratch.places (key VARCHAR, department VARCHAR, region VARCHAR)")
    seen = db.execute(sql(__file__, "places")).fetchall()
    staging.insert(
        db, "scratch.places", [("|".join(part or "" for part in stated), *resolve(*stated)) for stated in seen]
    )

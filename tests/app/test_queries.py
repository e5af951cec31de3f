"""What the pages ask of the warehouse: the columns each query names and no other, each on a cursor of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from data.warehouse import Warehouse
from pages.components import identity, navigation
from tests.app.conftest import Opened

WIDE = {"reviews", "replies", "review_typologies", "review_topics", "review_metadata", "review_words"}
ABOUT = {"irritant": "1", "signal": "sig-1", "avis": "5", "rediger": "5", "structure": "cafNord001"}
_COMMENT = re.compile(r"--[^\n]*")


def scans(plan: Any) -> Iterator[tuple[str, list[str]]]:
    """Tables a plan reads, and the columns it takes from each."""
    for node in plan if isinstance(plan, list) else [plan]:
        told = node.get("extra_info", {})
        if "Table" in told:
            columns = told.get("Projections", [])
            yield told["Table"].rsplit(".", 1)[-1], [columns] if isinstance(columns, str) else columns
        yield from scans(node.get("children", []))


@pytest.mark.parametrize("slug", [room.slug for room in navigation.ROOMS])
def test_a_page_reads_only_the_columns_that_its_queries_name(
    tiny_home: Path, open_page: Opened, monkeypatch: pytest.MonkeyPatch, slug: str
) -> None:
    asked: list[tuple[str, list[str]]] = []
    cursors: list[int] = []
    own = Warehouse.cursor

    class Watched:
        """A cursor that tells what each query reads before running it."""

        def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
            self.cursor, self.queries = cursor, 0

        def execute(self, query: str, params: Any = None) -> Any:
            self.queries += 1
            plan = self.cursor.execute(f"EXPLAIN (FORMAT JSON) {query}", params).fetchall()[0][1]
            for table, columns in scans(json.loads(plan)):
                if table in WIDE:
                    named = set(re.findall(r"\w+", _COMMENT.sub("", query)))
                    asked.append((query, [f"{table}.{name}" for name in columns if name and name not in named]))
                    assert "pseudonym" not in columns
            return self.cursor.execute(query, params)

    @contextmanager
    def watched(self: Warehouse, budget_s: float = 10.0, query: str = "") -> Iterator[Watched]:
        with own(self, budget_s, query) as cursor:
            one = Watched(cursor)
            yield one
            cursors.append(one.queries)

    monkeypatch.setattr(Warehouse, "cursor", watched)
    role = next(role for role in navigation.Role if role in navigation.room(slug).roles)
    person = next(person.id for person in identity.DEVELOPMENT if person.role == role)
    parameters = {"id": ABOUT[slug]} if slug in ABOUT else {}
    open_page(slug, person, **parameters)
    assert set(cursors) <= {1}, "several queries on one cursor"
    assert [(query, extra) for query, extra in asked if extra] == []

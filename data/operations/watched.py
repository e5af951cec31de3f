"""Subjects an analyst keeps an eye on, declared by words, and the views people save.

The rules they protect: a watched subject is what its words say, over the whole history, whatever the topic model
becomes; a saved view holds the parameters of an address and nothing of the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, Engine, delete, insert, select, update

from data.operations import tables
from data.operations.engine import reading
from data.operations.errors import Conflict, Refused
from data.operations.journal import Fact, record
from data.operations.tables import now

MOST_EXPRESSIONS = 20


@dataclass(frozen=True)
class Watched:
    """A watched subject: a review belongs when it holds all the words of one of the expressions."""

    id: str
    label: str
    expressions: tuple[str, ...]
    created_by: str
    created_at: datetime
    version: int


@dataclass(frozen=True)
class View:
    """A page as somebody left it."""

    id: str
    person: str
    page: str  # slug
    name: str
    parameters: dict[str, list[str]]
    created_at: datetime


def watch(engine: Engine, key: str, label: str, expressions: Sequence[str], *, created_by: str) -> str:
    """Declare a watched subject; returns its id. The same one twice is one. Raises Refused without a name or words."""
    kept = _expressions(expressions)
    if not label.strip():
        raise Refused("Donnez un nom au sujet.")
    for known in subjects(engine):
        if (known.label, list(known.expressions)) == (label.strip(), kept):
            return known.id
    id_ = uuid4().hex

    def work(connection: Connection) -> Fact:
        values = {"label": label.strip(), "expressions": kept, "created_by": created_by, "created_at": now()}
        connection.execute(insert(tables.watched_subjects).values(id=id_, version=1, **values))
        return Fact("watched", id_, None, {"label": label.strip(), "expressions": kept})

    return record(engine, key, created_by, "watched.add", work)


def change(engine: Engine, key: str, seen: Watched, expressions: Sequence[str], *, changed_by: str) -> None:
    """Other words for a watched subject. Raises Conflict when somebody changed it meanwhile."""
    kept = _expressions(expressions)
    if kept == list(seen.expressions):
        return
    _update(engine, key, seen, {"expressions": kept}, (changed_by, "watched.change"))


def archive(engine: Engine, key: str, seen: Watched, *, archived_by: str) -> None:
    """Stop watching a subject. Raises Conflict when somebody changed it meanwhile."""
    _update(engine, key, seen, {"archived_at": now()}, (archived_by, "watched.archive"))


def subjects(engine: Engine) -> list[Watched]:
    """Subjects watched today, oldest first."""
    table = tables.watched_subjects
    query = select(table).where(table.c.archived_at.is_(None)).order_by(table.c.created_at, table.c.id)
    with reading(engine) as connection:
        return [
            Watched(row.id, row.label, tuple(row.expressions), row.created_by, row.created_at, row.version)
            for row in connection.execute(query)
        ]


def save_view(
    engine: Engine, key: str, page: str, name: str, parameters: Mapping[str, Sequence[str]], *, person: str
) -> str:
    """Keep a page as it is, under a name; returns its id. The same one twice is one. Raises Refused without a name."""
    if not name.strip():
        raise Refused("Donnez un nom à la vue.")
    id_ = uuid4().hex
    kept = {k: [str(v) for v in values] for k, values in parameters.items()}
    for known in views(engine, person, page):
        if (known.name, known.parameters) == (name.strip(), kept):
            return known.id

    def work(connection: Connection) -> Fact:
        values = {"person": person, "page": page, "name": name.strip(), "parameters": kept, "created_at": now()}
        connection.execute(insert(tables.saved_views).values(id=id_, **values))
        return Fact("view", id_, None, {"page": page, "name": name.strip()})

    return record(engine, key, person, "view.save", work)


def forget_view(engine: Engine, key: str, view: View) -> None:
    """Remove a saved view."""

    def work(connection: Connection) -> Fact:
        connection.execute(delete(tables.saved_views).where(tables.saved_views.c.id == view.id))
        return Fact("view", view.id, None, {"page": view.page, "name": view.name})

    record(engine, key, view.person, "view.forget", work)


def views(engine: Engine, person: str, page: str) -> list[View]:
    """Views that a person saved of a page, oldest first."""
    table = tables.saved_views
    query = select(table).where(table.c.person == person, table.c.page == page).order_by(table.c.created_at)
    with reading(engine) as connection:
        return [View(**row._mapping) for row in connection.execute(query)]


def _update(engine: Engine, key: str, seen: Watched, values: Mapping[str, object], by: tuple[str, str]) -> None:
    def work(connection: Connection) -> Fact:
        table = tables.watched_subjects
        changed = connection.execute(
            update(table)
            .where(table.c.id == seen.id, table.c.version == seen.version)
            .values(version=seen.version + 1, **values)
        ).rowcount
        if changed != 1:
            raise Conflict("Quelqu'un a changé ce sujet : rechargez la page.")
        told = {k: v for k, v in values.items() if k == "expressions"}
        return Fact("watched", seen.id, None, {"label": seen.label, **told})

    record(engine, key, *by, work)


def _expressions(given: Sequence[str]) -> list[str]:
    kept = list(dict.fromkeys(" ".join(words.split()) for words in given if words.strip()))
    if not kept:
        raise Refused("Donnez au moins un mot à suivre.")
    return kept[:MOST_EXPRESSIONS]

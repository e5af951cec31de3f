"""What people changed in the reference of irritants: labels, merges, hidden ones, splits, each with who and why.

Edits are applied to every snapshot by `analytics.topics.edits`, after the model has spoken. The rules it protects: an
edit lasts through every refit until a person undoes it; every edit says why; an edit that could not be applied (a
merge into itself, in a circle, a split of nothing) is refused at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from data.operations import tables
from data.operations.engine import reading
from data.operations.errors import Conflict, Refused
from data.operations.journal import Fact, record
from data.operations.tables import now

Kind = Literal["label", "merge", "hide", "split"]
FIRST_SPLIT = 1_000_000  # ids of irritants that people made, apart from the model's
LONGEST_LABEL = 120


@dataclass(frozen=True)
class Edit:
    """One edit of the reference."""

    id: str
    kind: Kind
    irritant: int
    label: str  # the new title, of a label or of a split's new irritant
    target: int | None  # merge: the irritant it joins; split: the new irritant
    subjects: tuple[int, ...]  # split: the fine subjects taken out
    reason: str
    made_by: str
    made_at: datetime
    undone_by: str | None = None
    undone_at: datetime | None = None


def relabel(engine: Engine, key: str, irritant: int, label: str, *, made_by: str, reason: str) -> str:
    """Give an irritant another title; returns the edit's id. Raises Refused for an empty or too long one."""
    return _make(engine, key, "label", irritant, made_by=made_by, reason=reason, label=_checked(label))


def hide(engine: Engine, key: str, irritant: int, *, made_by: str, reason: str) -> str:
    """Keep an irritant out of lists and rankings; its reviews stay its own."""
    return _make(engine, key, "hide", irritant, made_by=made_by, reason=reason)


def merge(engine: Engine, key: str, irritant: int, into: int, *, made_by: str, reason: str) -> str:
    """Move the reviews of an irritant into another. Raises Refused when they would go round in a circle."""
    joins = {edit.irritant: edit.target for edit in in_force(engine) if edit.kind == "merge"}
    at: int | None = into
    while at is not None:
        if at == irritant:
            raise Refused("Ces deux irritants se contiendraient l'un l'autre : choisissez-en un autre.")
        at = joins.get(at)
    return _make(engine, key, "merge", irritant, made_by=made_by, reason=reason, target=into)


def split(
    engine: Engine, key: str, irritant: int, subjects: Sequence[int], label: str, *, made_by: str, reason: str
) -> str:
    """Make an irritant of its own from some fine subjects of another; the edit's `target` is its id."""
    if not subjects:
        raise Refused("Choisissez au moins un sujet à détacher.")
    taken = {subject for edit in in_force(engine) if edit.kind == "split" for subject in edit.subjects}
    if taken.intersection(subjects):
        raise Refused("Un de ces sujets est déjà détaché : annulez d'abord cette modification.")
    return _make(
        engine, key, "split", irritant, made_by=made_by, reason=reason, label=_checked(label), subjects=tuple(subjects)
    )


def undo(engine: Engine, key: str, edit_id: str, *, undone_by: str) -> None:
    """Put an edit out of force. Raises Conflict when it was already undone."""

    def work(connection: Connection) -> Fact:
        table = tables.topic_edits
        row = connection.execute(select(table).where(table.c.id == edit_id)).one_or_none()
        if row is None:
            raise Refused("Cette modification n'existe pas.")
        changed = connection.execute(
            update(table)
            .where(table.c.id == edit_id, table.c.undone_at.is_(None))
            .values(undone_by=undone_by, undone_at=now())
        ).rowcount
        if changed != 1:
            raise Conflict("Cette modification est déjà annulée : rechargez la page.")
        return Fact("irritant", edit_id, None, {"kind": row.kind, "irritant": row.irritant})

    record(engine, key, undone_by, "irritant.undo", work)


def in_force(engine: Engine) -> list[Edit]:
    """Edits not undone, oldest first: the order in which they apply."""
    return [edit for edit in history(engine) if edit.undone_at is None]


def history(engine: Engine, irritant: int | None = None) -> list[Edit]:
    """Every edit ever made, oldest first; of one irritant when given (also those that joined or left it)."""
    table = tables.topic_edits
    query = select(table).order_by(table.c.made_at, table.c.id)
    if irritant is not None:
        query = query.where((table.c.irritant == irritant) | (table.c.target == irritant))
    with reading(engine) as connection:
        return [_edit(row) for row in connection.execute(query)]


def _make(
    engine: Engine,
    key: str,
    kind: Kind,
    irritant: int,
    *,
    made_by: str,
    reason: str,
    label: str = "",
    target: int | None = None,
    subjects: tuple[int, ...] = (),
) -> str:
    if not reason.strip():
        raise Refused("Dites pourquoi : la raison est gardée au journal.")
    last = next((edit for edit in reversed(in_force(engine)) if edit.irritant == irritant), None)
    if last is not None and (last.kind, last.label, last.target, last.made_by) == (kind, label, target, made_by):
        return last.id  # a double click: the edit is already in force
    id_ = uuid4().hex

    def work(connection: Connection) -> Fact:
        table = tables.topic_edits
        given = target
        if kind == "split":
            last = connection.scalar(select(func.max(table.c.target)).where(table.c.kind == "split"))
            given = FIRST_SPLIT if last is None else int(last) + 1
        told = {"irritant": irritant, "label": label, "target": given, "subjects": list(subjects)}
        values = {**told, "id": id_, "kind": kind, "reason": reason.strip(), "made_by": made_by, "made_at": now()}
        connection.execute(insert(table).values(**values))
        return Fact("irritant", id_, None, {**told, "reason": reason.strip()})

    return record(engine, key, made_by, f"irritant.{kind}", work)


def _checked(label: str) -> str:
    words = " ".join(label.split())
    if not words:
        raise Refused("Donnez un titre.")
    if len(words) > LONGEST_LABEL:
        raise Refused(f"Ce titre dépasse {LONGEST_LABEL} caractères : raccourcissez-le.")
    return words


def _edit(row: Row[Any]) -> Edit:
    values = dict(row._mapping)
    return Edit(**{**values, "subjects": tuple(int(s) for s in values["subjects"])})

"""People's edits of the reference, applied to a snapshot after the model has spoken.

Starts from the tables of the model (`model_topics`, `model_review_topics`) and writes those that everyone reads
(`topics`, `review_topics.irritant`, `cells`, `topic_notes`). The rules it protects: applying the same edits twice
changes nothing; an edit about a topic that is no longer there is left aside and counted, never lost: it applies again
once its topic is back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pandas as pd

from data import carry
from data.operations.curation import FIRST_SPLIT, Edit
from data.warehouse import sql


@dataclass
class Reference:
    """The reference while edits apply to it."""

    irritants: dict[int, str]  # id -> title
    parents: dict[int, int]  # subject -> irritant, now
    named_by: dict[int, str]
    hidden: set[int] = field(default_factory=set)
    merged: dict[int, int] = field(default_factory=dict)  # irritant -> the one it joined
    made: dict[int, int] = field(default_factory=dict)  # irritant that people made -> the one it came from
    left_aside: list[Edit] = field(default_factory=list)

    def root(self, irritant: int) -> int:
        """Where the reviews of an irritant are now."""
        while irritant in self.merged:
            irritant = self.merged[irritant]
        return irritant


def kept_ids(edits: Sequence[Edit]) -> frozenset[int]:
    """Ids of irritants and subjects that a refit must find again."""
    ids: set[int] = set()
    for edit in edits:
        ids |= {edit.irritant, *edit.subjects}
        if edit.kind == "merge" and edit.target is not None:
            ids.add(edit.target)
    return frozenset(ids)


def beyond(edits: Sequence[Edit], first: tuple[int, int]) -> tuple[int, int]:
    """First ids of irritants and subjects that no edit names, from `first` on: a model that starts afresh, on other data
    or after one that was refused, must not give an edited id to another subject.
    """
    ids = kept_ids(edits)
    irritants = [i for i in ids if i < first[1]]
    subjects = [i for i in ids if first[1] <= i < FIRST_SPLIT]
    return max([first[0] - 1, *irritants]) + 1, max([first[1] - 1, *subjects]) + 1


def edited(
    irritants: dict[int, str], parents: dict[int, int], named_by: dict[int, str], edits: Sequence[Edit]
) -> Reference:
    """The reference once the edits have applied, in order: titles, parents of subjects, what is hidden or merged."""
    state = Reference(dict(irritants), dict(parents), dict(named_by))
    for edit in edits:
        if not _apply(state, edit):
            state.left_aside.append(edit)
    return state


def _apply(state: Reference, edit: Edit) -> bool:
    if edit.irritant not in state.irritants:
        return False
    if edit.kind == "label":
        state.irritants[edit.irritant], state.named_by[edit.irritant] = edit.label, "person"
    elif edit.kind == "hide":
        state.hidden.add(edit.irritant)
    elif edit.kind == "merge":
        if edit.target not in state.irritants or state.root(edit.target) == edit.irritant:
            return False
        state.merged[edit.irritant] = edit.target
    elif edit.kind == "split":
        moved = [subject for subject in edit.subjects if subject in state.parents]
        if not moved or edit.target is None:
            return False
        state.irritants[edit.target], state.named_by[edit.target] = edit.label, "person"
        state.made[edit.target] = edit.irritant
        state.parents.update(dict.fromkeys(moved, edit.target))
    return True


def apply(connection: duckdb.DuckDBPyConnection, edits: Sequence[Edit]) -> list[Edit]:
    """Write the reference that people made of the model's; returns the edits left aside (their topic is not there)."""
    frame = connection.execute("SELECT * FROM model_topics ORDER BY id").df()
    level = frame.set_index("id")["level"]
    label = {int(i): str(x) for i, x in zip(frame["id"], frame["label"], strict=True)}
    irritants = {i: label[i] for i in label if level[i] == "irritant"}
    subjects = frame[frame["level"] == "subject"]
    parents = {int(i): int(p) for i, p in zip(subjects["id"], subjects["parent_id"], strict=True)}
    state = edited(
        irritants, parents, {int(i): str(b) for i, b in zip(frame["id"], frame["named_by"], strict=True)}, edits
    )
    _topics(connection, frame, state)
    _reviews(connection, state)
    carry.set_irritants(connection)
    connection.execute(sql(__file__, "sizes"))
    connection.execute("DELETE FROM cells")
    connection.execute(sql(__file__, "cells"))
    return state.left_aside


def _topics(connection: duckdb.DuckDBPyConnection, frame: pd.DataFrame, state: Reference) -> None:
    rows, notes = [], []
    by_id: dict[int, dict[Any, Any]] = {int(row["id"]): row for row in frame.to_dict("records")}
    for id_, row in by_id.items():
        level, parent = str(row["level"]), None
        if level == "subject":
            parent = state.root(state.parents[id_])
        elif id_ in state.merged:
            level = "merged"
        elif id_ in state.hidden:
            level = "hidden"
        label = state.irritants.get(id_, row["label"])
        rows.append({**row, "level": level, "parent_id": parent, "label": label, "size": 0})
        notes.append(_note(id_, row, state))
    for id_, source in state.made.items():
        own = [s for s, parent in state.parents.items() if parent == id_]
        base = by_id.get(source, by_id[own[0]])
        terms = list(dict.fromkeys(term for s in own for term in by_id[s]["terms"]))[:10]
        level = "merged" if id_ in state.merged else "hidden" if id_ in state.hidden else "irritant"
        made: dict[Any, Any] = {
            "id": id_,
            "level": level,
            "parent_id": None,
            "label": state.irritants[id_],
            "terms": terms,
            "size": 0,
        }
        rows.append({**base, **made, "exemplars": []})
        notes.append(_note(id_, base, state))
    connection.execute("DELETE FROM topics")
    connection.execute("DELETE FROM topic_notes")
    if not rows:
        return
    columns = ["id", "level", "parent_id", "label", "terms", "size", "x", "y", "exemplars", "model"]
    topics = pd.DataFrame(rows)[columns].astype({"parent_id": "Int64"})
    for table, content in (("topics", topics), ("topic_notes", pd.DataFrame(notes).astype({"merged_into": "Int64"}))):
        connection.register("new_rows", content)
        connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM new_rows")
        connection.unregister("new_rows")


def _note(id_: int, row: dict[Any, Any], state: Reference) -> dict[str, object]:
    return {
        "id": id_,
        "named_by": state.named_by.get(id_, "rule"),
        "merged_into": state.root(id_) if id_ in state.merged else None,
        "neighbours": row["neighbours"],
        "nearness": row["nearness"],
    }


def _reviews(connection: duckdb.DuckDBPyConnection, state: Reference) -> None:
    """Move reviews: by their subject where it has one, else by the irritant the model gave."""
    moves = [(s, state.root(p)) for s, p in state.parents.items()]
    moves += [(i, state.root(i)) for i in state.irritants]
    connection.register("moves", pd.DataFrame(moves, columns=["topic", "irritant"], dtype="int64"))
    connection.execute(sql(__file__, "moved"))
    connection.unregister("moves")

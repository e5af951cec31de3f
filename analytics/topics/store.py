"""Topics in a snapshot: when to fit and when only to assign, and the tables both leave.

Owns the tables `topics`, `review_topics` and `cells` and the folder `topics/` of the artifacts. The rules it
protects: the model changes only when there is a reason to (the reference is stable from day to day), and every review
has a row, unassigned ones included.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from analytics.topics import model
from analytics.topics.model import UNASSIGNED, Assignment, Topic, TopicModel
from data.warehouse import sql

FOLDER = "topics"
_GROWN = 2.0  # refit once there are this many times more reviews than the model was fitted on


@dataclass(frozen=True)
class Outcome:
    """What a refresh says of topics."""

    model: TopicModel
    fitted: bool
    assigned: int
    rejected: int


def refresh(
    connection: duckdb.DuckDBPyConnection,
    artifacts: Path,
    *,
    kind: str,
    last_publication: str,
    fallback: Path | None = None,
    refit: bool = False,
) -> Outcome:
    """Assign every review of the snapshot being written, with a new model when there is a reason to fit one.

    The model in service is that of `artifacts`, else of the `fallback` folder. A damaged one raises BadModel unless
    `refit` asks for a new one, which then starts its ids afresh.
    """
    frame = connection.execute(sql(__file__, "texts")).df()
    texts = frame["text"].astype(str).tolist()
    folder = artifacts / FOLDER
    serving = _serving(folder, forgiving=refit)
    if serving is None and fallback is not None:
        serving = _serving(fallback / FOLDER, forgiving=refit)
        if serving is not None:
            serving.save(folder)
    fitted = refit or serving is None or outgrown(serving, kind, len(texts))
    if fitted:
        from analytics.topics import fit  # BERTopic is only paid for when a model is fitted

        previous = serving if serving is not None and serving.kind == kind else None
        serving = fit.fit(texts, frame["id"].tolist(), kind=kind, last_publication=last_publication, previous=previous)
        serving.save(folder)
    assert serving is not None
    assignment = serving.assign(texts)
    write(connection, serving, frame["id"].to_numpy(), assignment)
    assigned = int(np.count_nonzero(assignment.irritant != UNASSIGNED))
    return Outcome(serving, fitted, assigned, len(texts) - assigned)


def outgrown(serving: TopicModel, kind: str, reviews: int) -> bool:
    """Whether the model no longer suits: other data, or far fewer reviews than now could be learnt from."""
    from_now = min(reviews, 100_000)
    return serving.kind != kind or from_now >= _GROWN * serving.fitted_on


def write(connection: duckdb.DuckDBPyConnection, serving: TopicModel, ids: np.ndarray, assignment: Assignment) -> None:
    """Fill `topics`, `review_topics` and `cells` (created empty beforehand)."""
    held = set(ids.tolist())
    rows = [_row(t, serving.version, held) for t in (*serving.irritants, *serving.subjects)]
    if rows:
        connection.register("new_topics", pd.DataFrame(rows))
        connection.execute("INSERT INTO topics BY NAME SELECT * FROM new_topics")
        connection.unregister("new_topics")
    reviews = pd.DataFrame(
        {
            "review_id": ids,
            "irritant": assignment.irritant,
            "subject": pd.array(np.where(assignment.subject >= 0, assignment.subject, 0), dtype="Int64"),
            "score": assignment.score,
        }
    )
    reviews.loc[assignment.subject < 0, "subject"] = pd.NA
    connection.register("new_review_topics", reviews)
    connection.execute("INSERT INTO review_topics BY NAME SELECT * FROM new_review_topics")
    connection.unregister("new_review_topics")
    connection.execute(sql(__file__, "sizes"))
    connection.execute(sql(__file__, "cells"))


def _serving(folder: Path, forgiving: bool) -> TopicModel | None:
    try:
        return model.load(folder)
    except model.BadModel:
        if forgiving:
            return None
        raise


def _row(topic: Topic, version: str, held: set[int]) -> dict[str, object]:
    return {
        "id": topic.id,
        "level": "irritant" if topic.parent is None else "subject",
        "parent_id": topic.parent,
        "label": topic.label,
        "terms": list(topic.terms),
        "size": 0,
        "x": topic.x if topic.parent is None else None,
        "y": topic.y if topic.parent is None else None,
        "exemplars": [i for i in topic.exemplars if i in held],
        "model": version,
    }

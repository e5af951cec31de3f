"""Topics in a snapshot: when to fit and when only to assign, and the tables both leave.

Owns the tables `topics`, `review_topics`, `cells` and those of the model's own word, and the folder `topics/` of the
artifacts. The rules it protects: the model changes only when there is a reason to (the reference is stable from day to
day); every review has a row, unassigned ones included; a damaged model is refused by name and the last good one serves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from analytics.topics import changes, edits, model, names
from analytics.topics.changes import Change
from analytics.topics.embeddings import Local
from analytics.topics.model import UNASSIGNED, Assignment, BadModel, Topic, TopicModel
from data.operations.curation import Edit
from data.warehouse import sql

FOLDER = "topics"
REFUSED = "topics_refused"  # key of `meta`: 'damaged' | 'version', why the latest model did not serve
_GROWN = 2.0  # refit once there are this many times more reviews than the model was fitted on
_NEIGHBOURS = 5


@dataclass(frozen=True)
class Outcome:
    """What a refresh says of topics."""

    model: TopicModel
    fitted: bool
    assigned: int
    rejected: int
    changes: tuple[Change, ...]  # what a refit did to the reference
    notices: tuple[BadModel, ...]  # models that were refused, and why


def refresh(
    connection: duckdb.DuckDBPyConnection,
    artifacts: Path,
    *,
    kind: str,
    last_publication: str,
    fallbacks: Sequence[Path] = (),
    refit: bool = False,
    made: Sequence[Edit] = (),
    titler: names.Titler | None = None,
    local: Local | None = None,
) -> Outcome:
    """Assign every review of the snapshot being written, with a new model when there is a reason to fit one.

    The model in service is that of `artifacts`, else the first good one of the `fallbacks`: artifacts of earlier
    snapshots, newest first. Raises BadModel when models were found and none is good, unless `refit` asks for a new one or
    they are all of another version: the new one then starts its ids afresh, beyond those that people edited. A model
    fitted on other weights than `local` is fitted again. `made` are people's edits, applied after the model.
    """
    frame = connection.execute(sql(__file__, "texts")).df()
    texts = frame["text"].astype(str).tolist()
    folder = artifacts / FOLDER
    serving, notices = _serving([folder, *(f / FOLDER for f in fallbacks)], forgiving=refit)
    _note(connection, notices)
    if serving is not None:
        serving.save(folder)
    fitted = refit or serving is None or outgrown(serving, kind, len(texts)) or serving.local != local
    before: tuple[TopicModel, Assignment] | None = None
    if fitted:
        from analytics.topics import fit  # BERTopic is only paid for when a model is fitted

        previous = serving if serving is not None and serving.kind == kind else None
        before = None if previous is None else (previous, previous.assign(texts))
        serving = fit.fit(
            texts,
            frame["id"].tolist(),
            kind=kind,
            last_publication=last_publication,
            previous=previous,
            kept=edits.kept_ids(made),
            titler=titler,
            local=local,
            first_ids=edits.beyond(made, fit.FIRST_IDS),
        )
        serving.save(folder)
    assert serving is not None
    assignment = serving.assign(texts)
    found = [] if before is None else changes.between(before[0], serving, before[1].irritant, assignment.irritant)
    _log(connection, serving.version, found)
    write(connection, serving, frame["id"].to_numpy(), assignment, made)
    assigned = int(np.count_nonzero(assignment.irritant != UNASSIGNED))
    return Outcome(serving, fitted, assigned, len(texts) - assigned, tuple(found), tuple(notices))


def outgrown(serving: TopicModel, kind: str, reviews: int) -> bool:
    """Whether the model no longer suits: other data, or far fewer reviews than now could be learnt from."""
    from_now = min(reviews, 100_000)
    return serving.kind != kind or from_now >= _GROWN * serving.fitted_on


def write(
    connection: duckdb.DuckDBPyConnection,
    serving: TopicModel,
    ids: np.ndarray,
    assignment: Assignment,
    made: Sequence[Edit] = (),
) -> None:
    """Fill the tables of topics (created empty beforehand): the model's word, then what people made of it."""
    held = set(ids.tolist())
    near = _near(serving)
    rows = [_row(t, serving.version, held, near.get(t.id)) for t in (*serving.irritants, *serving.subjects)]
    if rows:
        connection.register("new_topics", pd.DataFrame(rows).astype({"parent_id": "Int64"}))
        connection.execute("INSERT INTO model_topics BY NAME SELECT * FROM new_topics")
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
    connection.execute("INSERT INTO model_review_topics SELECT review_id, irritant FROM new_review_topics")
    connection.unregister("new_review_topics")
    edits.apply(connection, made)


def _note(connection: duckdb.DuckDBPyConnection, refused: Sequence[BadModel]) -> None:
    """Leave word in the snapshot that the latest model was refused, for the screen to say; or erase it."""
    connection.execute("DELETE FROM meta WHERE key = $key", {"key": REFUSED})
    if refused:
        why = "version" if refused[0].other_version else "damaged"
        connection.execute("INSERT INTO meta VALUES ($key, $why)", {"key": REFUSED, "why": why})


def _serving(folders: Sequence[Path], forgiving: bool) -> tuple[TopicModel | None, list[BadModel]]:
    """The first good model, and what was said of the bad ones before it."""
    refused: list[BadModel] = []
    for folder in folders:
        try:
            found = model.load(folder)
        except BadModel as error:
            refused.append(error)
            continue
        if found is not None:
            return found, refused
    if not forgiving:
        for bad in refused:
            if not bad.other_version:
                raise bad
    return None, refused


def _near(serving: TopicModel) -> dict[int, tuple[list[int], list[float]]]:
    """Nearest irritants of each, with the cosine of their centres."""
    ids = [t.id for t in serving.irritants]
    cosines = serving.centres @ serving.centres.T
    np.fill_diagonal(cosines, -1.0)
    order = np.argsort(-cosines, axis=1, kind="stable")[:, : min(_NEIGHBOURS, max(0, len(ids) - 1))]
    return {
        ids[i]: ([ids[int(j)] for j in best], [round(float(cosines[i, j]), 4) for j in best])
        for i, best in enumerate(order)
    }


def _log(connection: duckdb.DuckDBPyConnection, version: str, found: Sequence[Change]) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    for change in found:
        other = (None, None) if change.other is None else (change.other.id, change.other.label)
        row = [version, now, change.kind, change.id, change.label, *other, change.n]
        connection.execute("INSERT INTO topic_changes VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def _row(topic: Topic, version: str, held: set[int], near: tuple[list[int], list[float]] | None) -> dict[str, object]:
    neighbours, nearness = near or ([], [])
    return {
        "id": topic.id,
        "level": "irritant" if topic.parent is None else "subject",
        "parent_id": topic.parent,
        "label": topic.label,
        "terms": list(topic.terms),
        "x": topic.x if topic.parent is None else None,
        "y": topic.y if topic.parent is None else None,
        "exemplars": [i for i in topic.exemplars if i in held],
        "model": version,
        "named_by": topic.named_by,
        "neighbours": neighbours,
        "nearness": nearness,
    }

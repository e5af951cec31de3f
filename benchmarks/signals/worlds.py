"""Demo worlds to judge detectors on: reviews, truth, and topics learnt before the first judged week.

The rule it protects: nothing of the judged weeks teaches the topic model, and seeds used to tune are never those that
figures are reported on.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from analytics.topics import fit, model, store
from analytics.topics.model import TopicModel
from data import ingest, snapshots
from data.demo import generate
from data.warehouse import sql

TUNING = (7,)  # seeds looked at while detectors were chosen
HOLDOUT = (8, 9, 10)  # seeds that figures are reported on
REVIEWS = 20_000
WEEKS = 156
LEARNT = 52  # weeks that the topic model may read


@dataclass(frozen=True)
class World:
    """One demo country, ready to be replayed."""

    seed: int
    connection: duckdb.DuckDBPyConnection
    truth: dict[str, Any]
    model: TopicModel
    first: date  # first judged day
    last: date
    hash: str  # of the reviews' file

    def days(self) -> list[date]:
        """The judged days, a week apart, oldest first."""
        out = [self.last]
        while out[-1] - timedelta(weeks=1) >= self.first:
            out.append(out[-1] - timedelta(weeks=1))
        return out[::-1]


def build(seed: int, reviews: int = REVIEWS, planted: bool = True, cache: Path | None = None) -> World:
    """A demo of that seed, ingested, its topics fitted on the first year and assigned to every review.

    Not `planted`: the same world without the reviews of its events and decoys. With a `cache` folder, what was built once
    is opened again.
    """
    home = (cache or Path(tempfile.mkdtemp(prefix="vigie-bench-"))) / f"world-{seed}-{reviews}"
    files = home / "files"
    if not (home / "done").exists():
        generate.write(generate.Order(reviews, seed), files)
        with contextlib.redirect_stdout(io.StringIO()):
            ingest.ingest(
                [files / "experiences.csv"],
                home,
                structures_file=files / "structures.csv",
                fiches_path=files / "fiches.zip",
            )
        _topics(home)
        (home / "done").touch()
    truth = json.loads((files / "truth.json").read_text("utf-8"))
    file = snapshots.file_of(home, snapshots.current(home))
    if not planted:
        file = _quiet(home, file, [i for event in truth["events"] for i in event["review_ids"]])
    connection = duckdb.connect(str(file), read_only=True)
    span = connection.execute("SELECT min(published_on), max(published_on) FROM reviews").fetchall()[0]
    known = model.load(home / "model")
    assert known is not None
    return World(
        seed=seed,
        connection=connection,
        truth=truth if planted else truth | {"events": []},
        model=known,
        first=span[0] + timedelta(weeks=LEARNT + 1),
        last=span[1],
        hash=hashlib.sha256((files / "experiences.csv").read_bytes()).hexdigest()[:12],
    )


def _quiet(home: Path, file: Path, events: list[int]) -> Path:
    """A copy of the warehouse without these reviews."""
    copy = home / "quiet.duckdb"
    if not copy.exists():
        draft = home / "quiet.draft"
        shutil.copy(file, draft)
        with duckdb.connect(str(draft)) as connection:
            connection.execute("DELETE FROM review_topics WHERE list_contains($ids, review_id)", {"ids": events})
            connection.execute("DELETE FROM reviews WHERE list_contains($ids, id)", {"ids": events})
        draft.rename(copy)
    return copy


def _topics(home: Path) -> None:
    """Fit on the first year, assign everything."""
    snapshot = snapshots.current(home)
    with duckdb.connect(str(snapshots.file_of(home, snapshot))) as connection:
        connection.execute(sql(snapshots.__file__, "schema_derived"))
        frame = connection.execute(sql(store.__file__, "texts")).df()
        limit = f"(SELECT min(published_on) + INTERVAL {LEARNT} WEEK FROM reviews)"
        early = connection.execute(f"SELECT id FROM reviews WHERE published_on < {limit}").df()["id"]
        past = frame[frame["id"].isin(early)]
        known = fit.fit(past["text"].tolist(), past["id"].tolist(), kind="demo", last_publication="")
        known.save(home / "model")
        store.write(connection, known, frame["id"].to_numpy(), known.assign(frame["text"].tolist()))

"""Demo worlds to judge detectors on: reviews, truth, and topics learnt before the first judged week.

The rule it protects: nothing of the judged weeks teaches the topic model, and seeds used to tune are never those that
figures are reported on.
"""

from __future__ import annotations

import contextlib
import csv
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
import numpy as np

from analytics.topics import fit, model, store
from analytics.topics.model import TopicModel
from data import ingest, snapshots
from data.demo import generate
from data.warehouse import sql

TUNING = (7,)  # seeds looked at while detectors were chosen
HOLDOUT = (8, 9)  # seeds that planted events are reported on
FRESH = 10  # seed that E2 and E3 are reported on: nobody read it while anything was still being chosen
REVIEWS = 20_000
WEEKS = 156
LEARNT = 52  # weeks that the topic model may read
SAMPLE = Path(__file__).resolve().parents[3] / "shared" / "data" / "experiences-2019-2023.csv"  # real reviews
HELD = 12  # irritants of the demo that a stock's topic model never saw
COPIED, COPIES = 16, 10  # texts of a stock that many people sent, and how many times
_COPY_IDS = 10_000  # real reviews are numbered from 1, copies from here


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


@dataclass(frozen=True)
class Stock:
    """A demo country without events, and reviews to make events of that are in no week of it until someone puts them."""

    seed: int
    connection: duckdb.DuckDBPyConnection
    truth: dict[str, Any]
    held: dict[str, list[int]]  # true irritant, out of the whole history and of the topic model -> its reviews
    real: list[int]  # ids of the real sample
    copied: list[list[int]]  # ids of reviews that are one text
    last: date
    hash: str


def stock(seed: int, cache: Path | None = None) -> Stock:
    """The world of that seed without its events, with the real sample and copies beside it, and a topic model that saw
    neither them nor the irritants held. Raises FileNotFoundError without the real sample.
    """
    build(seed, planted=False, cache=cache).connection.close()
    home = (cache or Path(tempfile.gettempdir())) / f"world-{seed}-{REVIEWS}"
    truth = json.loads((home / "files" / "truth.json").read_text("utf-8"))
    events = {i for event in truth["events"] for i in event["review_ids"]}
    held = _held(truth, events, seed)
    file = home / "stock.duckdb"
    if not file.exists():
        draft = home / "stock.draft"
        shutil.copy(home / "quiet.duckdb", draft)
        with duckdb.connect(str(draft)) as connection:
            _add_donors(connection, seed)
        with duckdb.connect(str(draft)) as connection:
            apart = {i for ids in held.values() for i in ids} | set(range(1, 2 * _COPY_IDS))
            _assigned(connection, home / "stock-model", apart)
        draft.rename(file)
    connection = duckdb.connect(str(file), read_only=True)
    added = [i for (i,) in connection.execute("SELECT id FROM reviews WHERE id < 20000 ORDER BY id").fetchall()]
    return Stock(
        seed=seed,
        connection=connection,
        truth=truth,
        held=held,
        real=[i for i in added if i < _COPY_IDS],
        copied=[[_COPY_IDS + g * COPIES + n for n in range(COPIES)] for g in range(COPIED)],
        last=connection.execute("SELECT max(published_on) FROM reviews").fetchall()[0][0],
        hash=hashlib.sha256((home / "files" / "experiences.csv").read_bytes() + SAMPLE.read_bytes()).hexdigest()[:12],
    )


def _held(truth: dict[str, Any], events: set[int], seed: int) -> dict[str, list[int]]:
    """Some ordinary irritants and their reviews."""
    own: dict[str, list[int]] = {}
    for key, said in truth["reviews"].items():
        if said["irritant"] and int(key) not in events:
            own.setdefault(said["irritant"], []).append(int(key))
    fit_for = sorted(
        name for name, ids in own.items() if 60 <= len(ids) <= np.quantile([*map(len, own.values())], 0.75)
    )
    chosen = np.random.default_rng([9, seed]).choice(fit_for, min(HELD, len(fit_for)), replace=False)
    return {str(name): own[str(name)] for name in chosen}


def _add_donors(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    """The real sample and the copied texts, all on the last day: whoever uses them gives them their own."""
    with SAMPLE.open(encoding="utf-8-sig", newline="") as stream:
        rows = [r for r in csv.DictReader(stream, delimiter=";") if r["Ressenti usager"] != "Positif"]
    texts = connection.execute("SELECT title, body FROM reviews WHERE len(body) > 150 ORDER BY hash(id + $s) LIMIT $n",
                               {"s": seed, "n": COPIED}).fetchall()  # fmt: skip
    new = [(i, r["Titre"], r["Description"], r["Ressenti usager"]) for i, r in enumerate(rows, start=1)]
    new += [(_COPY_IDS + g * COPIES + n, t, b, "Négatif") for g, (t, b) in enumerate(texts) for n in range(COPIES)]
    connection.execute("CREATE TEMP TABLE last AS SELECT max(published_on) AS day FROM reviews")
    connection.executemany(
        "INSERT INTO reviews (id, title, body, sentiment, published_at, published_on) SELECT ?, ?, ?, ?, day, day FROM last",
        new,
    )


def _topics(home: Path) -> None:
    """Fit on the first year, assign everything."""
    with duckdb.connect(str(snapshots.file_of(home, snapshots.current(home)))) as connection:
        _assigned(connection, home / "model", set())


def _assigned(connection: duckdb.DuckDBPyConnection, folder: Path, apart: set[int]) -> None:
    """Fit on the first year, reviews set `apart` left out, and assign every review."""
    connection.execute(sql(snapshots.__file__, "schema_derived"))
    frame = connection.execute(sql(store.__file__, "texts")).df()
    limit = f"(SELECT min(published_on) + INTERVAL {LEARNT} WEEK FROM reviews)"
    early = connection.execute(f"SELECT id FROM reviews WHERE published_on < {limit}").df()["id"]
    past = frame[frame["id"].isin(set(early.tolist()) - apart)]
    known = fit.fit(past["text"].tolist(), past["id"].tolist(), kind="demo", last_publication="")
    known.save(folder)
    store.write(connection, known, frame["id"].to_numpy(), known.assign(frame["text"].tolist()))

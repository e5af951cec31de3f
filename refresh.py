"""The daily job: everything derived from the reviews, computed beside the snapshot in service, then published.

Composes `analytics` and `generation`, which do not know each other, as `app.py` does for the pages. The rule it
protects: readers keep the previous snapshot until every step has succeeded; a failure leaves nothing behind.
"""

from __future__ import annotations

import os

# Before numpy loads: on matrices this small threads wait for one another, and their sums differ with their number.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
from tqdm import tqdm

from data import carry, cli, settings, snapshots
from data.errors import VigieError
from data.operations import curation
from data.operations.curation import Edit
from data.operations.engine import open_store
from data.snapshots import Building, Snapshot
from data.warehouse import Warehouse, sql

_ROUTED_WEEKS = 8  # reviews waiting for longer were routed by people
_ROUTED_MOST = 3_000

_LOG = logging.getLogger(__name__)


@dataclass
class Work:
    """What the steps share: the snapshot being written, and what they have found so far."""

    home: Path
    base: Snapshot
    connection: duckdb.DuckDBPyConnection
    artifacts: Path
    refit: bool
    found: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)  # by step
    tell: Callable[[float], None] = lambda _share: None  # share of the step under way that is done

    @property
    def today(self) -> date:
        """Last publication date of the data."""
        return date.fromisoformat(self.base.last_publication[:10])


@dataclass(frozen=True)
class Step:
    """One part of the job: what the screen says, what it does, its usual share of the time."""

    label: str
    run: Callable[[Work], None]
    weight: float


def returns(work: Work) -> None:
    """What the portal says of the replies sent from here; timings of persons that are to be forgotten."""
    from data.operations import returns, timings
    from data.operations.engine import open_store

    config = settings.load(work.home)
    store, opened = open_store(config.operations), Warehouse(work.home, work.base)
    try:
        returns.collect(store, opened)
        timings.forget(store, config.personal_days)
        withheld = [[review_id] for review_id in returns.withheld(store)]
    finally:
        opened.close()
        store.dispose()
    if withheld:
        work.connection.executemany("INSERT INTO withheld_replies VALUES (?)", withheld)


def index(work: Work) -> None:
    """The retrieval index that drafts are grounded on."""
    from generation.index import build_index

    build_index(work.connection, work.artifacts)


def router(work: Work) -> None:
    """The institution router, learnt from declared typologies."""
    from generation.routing import train

    train(work.connection, work.artifacts)


def topics(work: Work) -> None:
    """Irritants and subjects: fitted when there is a reason to, assigned to every review."""
    from analytics.topics import embeddings, store

    folder = settings.load(work.home).embeddings
    outcome = store.refresh(
        work.connection,
        work.artifacts,
        kind="demo" if work.base.demo else "real",
        last_publication=work.base.last_publication,
        fallbacks=_earlier_artifacts(work),
        refit=work.refit,
        made=_edits(work.home),
        titler=_titler(work.home),
        local=embeddings.opened(folder) if folder else None,
    )
    for notice in outcome.notices:
        _LOG.warning("%s: refused, an earlier model serves", notice)
    work.found |= {
        "model": outcome.model.version,
        "fitted": outcome.fitted,
        "topics": len(outcome.model.irritants),
        "assigned": outcome.assigned,
        "rejected": outcome.rejected,
        "changes": [{"kind": c.kind, "id": c.id, "label": c.label, "n": c.n} for c in outcome.changes],
        "notices": [str(notice) for notice in outcome.notices],
    }


def reviewed(work: Work) -> None:
    """People's edits alone, on the topics that are there: seconds instead of minutes."""
    from analytics.topics import edits

    left = edits.apply(work.connection, _edits(work.home))
    work.connection.execute(
        "UPDATE review_metadata AS m SET irritant = t.irritant FROM review_topics AS t "
        "WHERE t.review_id = m.review_id AND t.irritant <> m.irritant"
    )
    counts = work.connection.execute(
        "SELECT count(*) FILTER (irritant >= 0), count(*) FILTER (irritant < 0) FROM review_topics"
    )
    assigned, rejected = counts.fetchall()[0]
    topics_ = work.connection.execute("SELECT count(*) FROM topics WHERE level = 'irritant'").fetchall()[0][0]
    work.found |= {"topics": topics_, "assigned": assigned, "rejected": rejected, "left_aside": len(left)}


def words(work: Work) -> None:
    """The index of words that search reads."""
    from analytics import words as index_of_words

    index_of_words.build(work.connection)


def signals(work: Work) -> None:
    """Weak signals of the last weeks."""
    from analytics.signals import store

    work.found["signals"] = len(store.write(work.connection, work.today, work.found.pop("earlier_signals")))
    store.remember(work.connection)


def impact(work: Work) -> None:
    """What changed since AI, by an honest method."""
    from analytics.impact import estimate
    from data.operations import adoptions
    from data.operations.engine import open_store

    store = open_store(settings.load(work.home).operations)
    try:
        declared = {d.structure_id: d.adopted_on for d in adoptions.declared(store)}
    finally:
        store.dispose()
    estimate(work.connection, declared)


def fields(work: Work) -> None:
    """The metadata of each review: what its text tells, then all that derives from it and from the other steps."""
    from analytics import delays
    from data import measures, metadata
    from generation import distress

    work.found["measured"] = measures.refresh(work.connection, distress.cue, work.tell)
    metadata.write(work.connection, work.today, delays.measured(), list(_routed(work)))


def _routed(work: Work) -> Iterator[tuple[int, str | None, float]]:
    """Where the recent reviews that still wait would be sent: (review, typology or None, confidence)."""
    from generation.routing import Router

    router = Router(work.artifacts)
    query = (
        "SELECT id, concat_ws(chr(10), title, body), typology, department FROM reviews WHERE first_reply_at IS NULL"
        " AND published_on > $since ORDER BY published_at DESC, id LIMIT $most"
    )
    since = work.today - timedelta(weeks=_ROUTED_WEEKS)
    for id_, text, declared, department in work.connection.execute(
        query, {"since": since, "most": _ROUTED_MOST}
    ).fetchall():
        route = router.route(text, declared=declared, department=department)
        yield id_, declared if declared in route.neighbours else route.typology, route.confidence


STEPS = (
    Step("Retours du portail", returns, 1),
    Step("Index des réponses et des fiches", index, 4),
    Step("Orientation vers la bonne institution", router, 3),
    Step("Irritants", topics, 10),
    Step("Index de recherche", words, 2),
    Step("Signaux faibles", signals, 3),
    Step("Impact de l'IA", impact, 2),
    Step("Informations de chaque avis", fields, 6),
)


ONLY_EDITS = (Step("Modifications des irritants", reviewed, 1),)


def refresh(home: Path, *, refit: bool = False, steps: Sequence[Step] = STEPS) -> Mapping[str, Any]:
    """Recompute what derives from the current snapshot and publish the result; the keys of the command's JSON.

    With `steps=ONLY_EDITS`, people's edits of the irritants are applied and everything else stays as it is. Raises
    NoSnapshot when nothing was ingested and VigieError when a step can't be done; the current snapshot then stays in
    service.
    """
    started = time.perf_counter()
    base = snapshots.current(home)
    only_edits = steps is ONLY_EDITS
    if only_edits and not base.refreshed:
        raise VigieError("les irritants n'ont jamais été calculés sur ces données : lancez d'abord python -m refresh")
    with snapshots.building(home, copy_of=base) as building:
        work = _opened(home, base, building, refit, only_edits)
        try:
            _run(work, steps)
            duration = round(time.perf_counter() - started, 3)
            if not only_edits:
                _record(work, duration)
            work.connection.execute("CHECKPOINT")
        finally:
            work.connection.close()
        if snapshots.current(home).id != base.id:  # it would bring back what the newer data withdrew
            raise VigieError("d'autres données ont été mises en service entre-temps : relancez l'actualisation")
        snapshot = building.publish(
            demo=base.demo,
            last_publication=base.last_publication,
            reviews=base.reviews,
            refreshed=True,
            parent=base.id,
            line=base.line,
        )
    found = {key: work.found.get(key, 0) for key in ("topics", "assigned", "rejected", "signals")}
    more = {key: work.found[key] for key in ("changes", "notices", "left_aside") if work.found.get(key)}
    return {
        "snapshot": snapshot.id,
        **found,
        "duration_s": round(time.perf_counter() - started, 3),
        "model": work.found.get("model"),
        "fitted": work.found.get("fitted", False),
        "steps": work.seconds,
        **more,
    }


def _opened(home: Path, base: Snapshot, building: Building, refit: bool, only_edits: bool) -> Work:
    """The copy, with its derived tables emptied; earlier signals and the log of refreshes are kept aside."""
    from analytics.signals import store

    connection = duckdb.connect(str(building.file))
    carry.brought_up(connection)
    earlier = store.kept(connection)
    if only_edits:
        return Work(home, base, connection, building.artifacts, refit)
    store.put_aside(connection)
    past = {}
    for log in ("refreshes", "topic_changes"):
        if connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = $log", {"log": log}).fetchall():
            past[log] = connection.execute(f"SELECT * FROM {log}").fetchall()
    connection.execute(sql(snapshots.__file__, "schema_derived"))
    for log, rows in past.items():
        if rows:
            connection.executemany(f"INSERT INTO {log} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    work = Work(home, base, connection, building.artifacts, refit)
    work.found["earlier_signals"] = earlier
    return work


def _earlier_artifacts(work: Work) -> list[Path]:
    """Artifacts of the snapshots still there, that this one was ingested from first: it may have carried none, or a
    damaged one.
    """
    parent = snapshots.moment_of(work.base.parent) if work.base.parent else None
    kept = sorted(snapshots.kept(work.home), key=lambda s: snapshots.moment_of(s.id) != parent)
    return [snapshots.artifacts_of(work.home, s) for s in kept if s.demo == work.base.demo]


def _edits(home: Path) -> list[Edit]:
    """What people changed in the reference of irritants."""
    url = settings.load(home).operations
    engine = open_store(url)
    try:
        return curation.in_force(engine)
    finally:
        engine.dispose()


def _titler(home: Path) -> Callable[[Sequence[str], Sequence[str]], str | None] | None:
    """Titles by the local model, when the settings name one; None otherwise."""
    config = settings.load(home)
    if config.model in ("", "extractive"):
        return None
    from generation.titles import titler

    return titler(config)


def _run(work: Work, steps: Sequence[Step]) -> None:
    """Run the steps in order, saying where we are: on a terminal, and in the file that `VIGIE_PROGRESS` names."""
    total = sum(step.weight for step in steps)
    done = 0.0
    with tqdm(total=total, disable=None, file=sys.stderr, bar_format="{desc}: {percentage:3.0f}% {bar}") as bar:
        for step in steps:
            bar.set_description(step.label)
            _tell(step.label, done / total)
            began = time.perf_counter()
            work.tell = partial(_tell_within, step, done, total)
            step.run(work)
            work.seconds[step.label] = round(time.perf_counter() - began, 2)
            done += step.weight
            bar.update(step.weight)
    _tell("Publication", 1.0)


def _tell_within(step: Step, done: float, total: float, share: float) -> None:
    _tell(step.label, (done + step.weight * share) / total)


def _tell(label: str, done: float) -> None:
    name = os.environ.get("VIGIE_PROGRESS")
    if not name:
        return
    path = Path(name)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps({"step": label, "done": round(done, 3)}, ensure_ascii=False), "utf-8")
    os.replace(draft, path)


def _record(work: Work, duration: float) -> None:
    found = work.found
    row = [datetime.now(UTC).replace(tzinfo=None), duration, found.get("model")]
    row += [found.get(key, 0) for key in ("topics", "assigned", "rejected", "signals")]
    work.connection.execute("INSERT INTO refreshes VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def daily(home: Path, *, refit: bool, edits: bool) -> Mapping[str, Any]:
    """The job as cron runs it: a refresh, then the messages of those who asked to be told at once (`told`)."""
    from analytics import digest

    if edits:
        return refresh(home, steps=ONLY_EDITS)
    return {**refresh(home, refit=refit), "told": digest.at_once(home)}


def main(argv: Sequence[str] | None = None) -> int:
    """`python -m refresh`."""
    parser = argparse.ArgumentParser(
        prog="python -m refresh", description="recompute topics, signals, impact and indexes", parents=[cli.options()]
    )
    parser.add_argument("--refit", action="store_true", help="fit a new topic model even when the one in service suits")
    parser.add_argument("--edits", action="store_true", help="only apply people's edits of the irritants")
    parser.set_defaults(run=lambda args: daily(settings.load(args.home).home, refit=args.refit, edits=args.edits))
    return cli.main(parser, argv)


if __name__ == "__main__":
    sys.exit(main())

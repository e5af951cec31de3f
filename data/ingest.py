"""Loading the open data: files in, a published snapshot and an honest report out.

The rules it protects: read = loaded + rejected, and loaded = inserted + updated + unchanged, always; a refused row is
kept with its line and its reason; nothing is repaired without being counted; until the last instant the previous
snapshot is the one served, and a failure leaves nothing behind.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb

from data import (
    carry,
    checks,
    cli,
    days,
    fiches,
    history,
    institutions,
    places,
    settings,
    snapshots,
    sources,
    staging,
    structures,
    withdrawals,
)  # fmt: skip
from data.columns import REVIEWS, SLOTS
from data.errors import BadFile, NoSnapshot
from data.snapshots import Snapshot
from data.warehouse import sql

DEMO_FROM = 900_000_001  # ids from here on are reserved for synthetic reviews
MEMORY = "3GB"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Report:
    """What an ingest did; the keys of the command's JSON."""

    snapshot: str
    read: int
    loaded: int
    inserted: int
    updated: int
    unchanged: int
    rejected: int
    duration_s: float
    problems: tuple[checks.Problem, ...]
    withdrawn: int  # reviews of the previous snapshot that the files no longer hold
    structures: int
    fiches: int
    steps: Mapping[str, float] = field(default_factory=dict)  # seconds by step


def ingest(
    files: Sequence[Path],
    home: Path,
    *,
    structures_file: Path | None = None,
    fiches_path: Path | None = None,
    seen_at: datetime | None = None,
) -> Report:
    """Load `files` as one dataset that replaces the previous one, and publish it. Raises BadFile.

    Structures and fiches that are not given are those of the previous snapshot of the same kind (demo or real).
    `seen_at`: French time the files are taken to be seen, for days loaded afterwards; now when not given.
    """
    clock = _Clock()
    previous = _current(home)
    with snapshots.building(home) as work:
        scratch = work.file.with_suffix(".scratch")
        scratch.mkdir()
        opened = [sources.open_source(Path(file), scratch) for file in files]
        clock.lap("open")
        with _connection(work.file, scratch) as db:
            db.execute(sql(__file__, "schema"))
            given = structures.load(db, structures_file, scratch) if structures_file else None
            given_fiches = fiches.load(db, fiches_path) if fiches_path else None
            clock.lap("references")
            staging.load_all(db, opened, scratch)
            clock.lap("read")
            cleaned = _clean(db, opened)
            db.execute(sql(__file__, "refuse"))
            demo = _is_demo(db)
            if previous is not None and previous.demo != demo:
                previous = None
            if previous is not None:
                carry.attach(db, snapshots.file_of(home, previous))
                carry.references(db, structures=given is None, fiches=given_fiches is None)
            past = previous is not None and history.remembers(db)
            seen = history.moment(seen_at, db, past)
            history.attach_seen(db, past)
            clock.lap("refuse")
            _dimensions(db)
            _fill(db, seen)
            clock.lap("load")
            counts = _counts(db, previous)
            if past:
                history.keep_versions(db, seen)
            clock.lap("history")
            problems = checks.run(db, opened, cleaned) + checks.of_references(given, given_fiches)
            clock.lap("check")
            ingest_id = _record(db, opened, counts, seen, clock.total)
            last = _conclude(db, ingest_id, problems, demo)
            if previous is not None:
                history.keep_withdrawals(db, ingest_id, seen, counts["withdrawn"], past)
                carry.derived(db)
                if not counts["withdrawn"]:
                    carry.artifacts(snapshots.artifacts_of(home, previous), work.artifacts)
                withdrawals.note(home, _withdrawn(db), previous.reviews, db)
            clock.lap("carry")
            db.execute("CHECKPOINT warehouse; USE memory; DETACH warehouse")
        snapshot = work.publish(
            demo=demo,
            last_publication=last,
            reviews=counts["loaded"],
            refreshed=False,
            parent=previous.id if previous else None,
        )
    clock.lap("publish")
    withdrawals.erase_after_ingest(home)
    clock.lap("erase")
    return Report(
        snapshot.id, duration_s=clock.total, problems=tuple(problems), steps=clock.laps,
        structures=counts.pop("structures"), fiches=counts.pop("fiches"), **counts,
    )  # fmt: skip


def _connection(file: Path, scratch: Path) -> duckdb.DuckDBPyConnection:
    """The new warehouse with `scratch` attached, its memory bounded, spilling beside it."""
    db = duckdb.connect()
    db.execute("SET memory_limit = $memory", {"memory": MEMORY})
    db.execute("SET temp_directory = $folder", {"folder": str(scratch / "spill")})
    db.execute("SET TimeZone = 'Europe/Paris'")
    for name, path in (("scratch", scratch / "scratch.duckdb"), ("warehouse", file)):
        db.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS {name}")
    db.execute("USE warehouse")
    db.execute(sql(__file__, "macros"))
    db.execute(institutions.canned_macro())
    return db


def _current(home: Path) -> Snapshot | None:
    try:
        return snapshots.current(home)
    except NoSnapshot:
        return None


def _clean(db: duckdb.DuckDBPyConnection, opened: Sequence[sources.Source]) -> checks.Cleaned:
    """View `scratch.clean`: the raw text trimmed and repaired. Repairs the files don't need cost nothing."""
    artefacts = any(source.artefacts for source in opened)
    entities = any(source.entities for source in opened)
    cleaned = checks.Cleaned(artefacts=artefacts, entities=entities)
    columns = ", ".join(f"{cleaned.sql(name)} AS {name}" for name in REVIEWS.values())
    db.execute(
        f"CREATE OR REPLACE TEMP VIEW clean AS SELECT rowid AS row, file, line, {columns}, extra FROM scratch.raw"
    )
    return cleaned


def _is_demo(db: duckdb.DuckDBPyConnection) -> bool:
    """Whether every kept review is synthetic. Raises BadFile when no record can be loaded."""
    query = (
        "SELECT count(*), coalesce(bool_and(identifier(id) >= $limit), false) FROM clean"
        " WHERE row NOT IN (SELECT row FROM scratch.refused WHERE row IS NOT NULL)"
    )
    kept, demo = db.execute(query, {"limit": DEMO_FROM}).fetchall()[0]
    if not kept:
        refused = db.execute("SELECT reason, count(*) FROM scratch.refused GROUP BY 1 ORDER BY 2 DESC, 1").fetchall()
        why = "; ".join(f"{reason} ({count})" for reason, count in refused[:3]) or "aucune ligne sous l'en-tête"
        raise BadFile(f"aucun avis ne peut être chargé : {why}")
    return bool(demo)


def _dimensions(db: duckdb.DuckDBPyConnection) -> None:
    """Rewrite the few distinct values of the repeated columns once each, instead of row by row."""
    pairs = db.execute("SELECT typology, network FROM structures").fetchall()
    named = institutions.Institutions(tuple(pairs))
    labels = db.execute(
        "SELECT DISTINCT label FROM ("
        + " UNION ALL ".join(f"SELECT typology_{n} AS label FROM clean" for n in SLOTS)
        + ")"
        " WHERE label IS NOT NULL"
    ).fetchall()
    db.execute("CREATE TABLE scratch.typologies (label VARCHAR, typology VARCHAR, network VARCHAR)")
    staging.insert(db, "scratch.typologies", [(label, named.name(label), named.network(label)) for (label,) in labels])
    staging.insert(db, "typology_aliases", list(institutions.renamed().items()))
    places.load(db)
    db.execute(sql(__file__, "channels"))


def _fill(db: duckdb.DuckDBPyConnection, seen: datetime) -> None:
    said = ", ".join(f"coalesce(c.{name}, '')" for name in (*REVIEWS.values(), "extra"))
    db.execute(sql(__file__, "reviews").replace("{said}", said), {"tray": institutions.TRAY, "seen": seen})
    for n in SLOTS:
        db.execute(sql(__file__, "review_typologies").replace("{n}", str(n)))
        db.execute(sql(__file__, "replies").replace("{n}", str(n)), {"seen": seen})
    days.load(db)
    carry.set_replied(db)  # apart: joined in the query of the reviews, their texts would go through a hash table


def _counts(db: duckdb.DuckDBPyConnection, previous: Snapshot | None) -> dict[str, int]:
    """The figures of the report, from the tables themselves."""
    figures = {name: int(figure) for name, figure in db.execute(sql(__file__, "figures")).fetchall()}
    updated = unchanged = withdrawn = 0
    if previous is not None:
        updated, unchanged, withdrawn = db.execute(sql(__file__, "compare")).fetchall()[0]
    return figures | {
        "inserted": figures["loaded"] - updated - unchanged,
        "updated": updated,
        "unchanged": unchanged,
        "withdrawn": withdrawn,
    }


def _withdrawn(db: duckdb.DuckDBPyConnection) -> list[int]:
    """Reviews of the previous snapshot that the files no longer hold."""
    query = "SELECT id FROM previous.reviews ANTI JOIN reviews USING (id) ORDER BY id"
    return [id_ for (id_,) in db.execute(query).fetchall()]


def _record(
    db: duckdb.DuckDBPyConnection,
    opened: Sequence[sources.Source],
    counts: Mapping[str, int],
    seen: datetime,
    duration_s: float,
) -> str:
    """Write what the warehouse must remember of this ingest; returns its id."""
    ingest_id = uuid4().hex
    files = [source.path.name for source in opened]
    names = ("read", "loaded", "inserted", "updated", "unchanged", "rejected", "withdrawn")
    told = {key: counts[key] for key in names}
    db.execute(
        sql(__file__, "ingests"),
        {
            "id": ingest_id,
            "ran_at": datetime.now(UTC).replace(tzinfo=None),
            "files": files,
            "sha256": [source.sha256 for source in opened],
            "duration_s": duration_s,
            "seen_at": seen,
            **told,
        },
    )
    db.execute(sql(__file__, "refused"), {"ingest": ingest_id, "files": files})
    return ingest_id


def _conclude(db: duckdb.DuckDBPyConnection, ingest_id: str, problems: Sequence[checks.Problem], demo: bool) -> str:
    """Write the problems and the facts every reader needs; returns the last publication date."""
    staging.insert(db, "problems", [(ingest_id, p.column, p.kind, p.count, list(p.examples)) for p in problems])
    last = str(db.execute("SELECT max(published_on) FROM reviews").fetchall()[0][0])
    meta = {"demo": "true" if demo else "false", "last_publication": last, "ingest": ingest_id}
    staging.insert(db, "meta", list(meta.items()))
    return last


class _Clock:
    """Seconds spent by step."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self.laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(now - self._last, 3)
        self._last = now
        log.debug("%s: %.2f s", name, self.laps[name])

    @property
    def total(self) -> float:
        return round(time.perf_counter() - self._start, 3)


def add_parser(commands: Any) -> None:
    """Declare `ingest` among the subcommands of `python -m data`."""
    parser = commands.add_parser("ingest", parents=[cli.options()], help="load the open data and publish a snapshot")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="reviews: csv, csv.gz, parquet or jsonl")
    parser.add_argument("--structures", type=Path, metavar="FILE", help="referential of structures (csv)")
    parser.add_argument("--fiches", type=Path, metavar="FILE|ZIP|DIR", help="fiches of service-public.fr (DILA XML)")
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> Mapping[str, Any]:
    """`python -m data ingest`."""
    home = settings.load(args.home).home
    return asdict(ingest(args.files, home, structures_file=args.structures, fiches_path=args.fiches))


def show(result: Mapping[str, Any]) -> str:
    """The report, for people."""
    lines = [
        f"{result['read']} lignes lues = {result['loaded']} chargées + {result['rejected']} refusées"
        f" ({result['inserted']} nouvelles, {result['updated']} modifiées, {result['unchanged']} inchangées,"
        f" {result['withdrawn']} retirées) en {result['duration_s']:.1f} s",
        *(f"  {p['column']} : {p['kind']}, {p['count']} ({', '.join(p['examples'])})" for p in result["problems"]),
        f"en service : {result['snapshot']}",
    ]
    return "\n".join(lines)

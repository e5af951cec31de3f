"""Reviews that the portal took back: erased everywhere, only their count is kept.

A review missing from today's file is out of the new snapshot and its history by construction; this module erases it from
the snapshots kept before and from operations. The ids wait in one small file from just before the new snapshot is
published until the erasing is done, so that a crash in between is made good by the next ingest. The rule it protects: a
file that lacks far too many reviews is probably cut short, so nothing is erased for it until an administrator says so.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from data import carry, cli, settings, snapshots
from data.errors import VigieError
from data.operations import withdrawn
from data.operations.engine import open_store
from data.snapshots import Snapshot
from data.warehouse import sql

UNUSUAL = 0.1  # share of the reviews beyond which a file is taken for incomplete…
AT_LEAST = 100  # …when it is also more than this many
_WITHOUT_TEXTS = ("topics", "router")  # artifacts that hold no text of a review or of a reply
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pending:
    """Reviews still to be erased. `held`: so many that an administrator must say so first."""

    reviews: frozenset[int]
    held: bool


@dataclass(frozen=True)
class Erased:
    """What an erasing did."""

    reviews: int
    snapshots: int  # kept snapshots written again without them
    rows: int  # rows of operations about them
    drafts: int  # drafts of other reviews that had borrowed from them


def pending(home: Path) -> Pending | None:
    """What waits to be erased, None when nothing does."""
    try:
        told = json.loads(_file(home).read_text("utf-8"))
        return Pending(frozenset(told["reviews"]), bool(told["held"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise VigieError(
            f"{_file(home)} est endommagé : retirez-le, puis chargez de nouveau le fichier du jour"
        ) from None


def note(home: Path, gone: Collection[int], published: int, db: duckdb.DuckDBPyConnection) -> None:
    """Before publishing: remember what the new snapshot, open in `db`, withdraws out of `published` reviews."""
    earlier = pending(home)
    waiting = set(earlier.reviews) if earlier else set()
    if waiting:  # some may be back
        query = "SELECT id FROM reviews WHERE list_contains($ids::BIGINT[], id)"
        waiting -= {id_ for (id_,) in db.execute(query, {"ids": sorted(waiting)}).fetchall()}
    waiting |= set(gone)
    now = db.execute("SELECT count(*) FROM reviews").fetchall()[0][0]
    held = _unusual(len(gone), published) or (earlier is not None and earlier.held and _unusual(len(waiting), now))
    _write(home, Pending(frozenset(waiting), held))


def erase(home: Path, *, confirmed: bool = False) -> Erased:
    """Erase what waits, unless it is held and not confirmed. Raises VigieError when operations are out of reach."""
    waiting = pending(home)
    if waiting is None or (waiting.held and not confirmed):
        return Erased(0, 0, 0, 0)
    ids = sorted(waiting.reviews)
    again = sum(_without(home, snapshot, ids) for snapshot in snapshots.kept(home))
    _forget_uploads(home)
    done = withdrawn.Erased(0, 0)
    config = settings.load(home)
    if config.operations_url or (Path(home) / "operations.sqlite").exists():
        engine = open_store(config.operations)
        try:
            done = withdrawn.erase(engine, f"withdrawal:{snapshots.current(home).id}", ids)
        finally:
            engine.dispose()
    _file(home).unlink(missing_ok=True)
    return Erased(len(ids), again, done.rows, done.drafts)


def erase_after_ingest(home: Path) -> None:
    """Erase what an ingest withdrew; what can't be done now stays pending and is said in the log."""
    try:
        done = erase(home)
    except VigieError as error:
        log.warning("withdrawn reviews are still to be erased (python -m data withdrawals): %s", error)
        return
    waiting = pending(home)
    if waiting is not None:
        log.warning(
            "the file lacks %d reviews of the one before: nothing is erased until python -m data withdrawals --confirm",
            len(waiting.reviews),
        )
    elif done.reviews:
        log.info("%d withdrawn reviews erased from %d kept snapshots", done.reviews, done.snapshots)


def _unusual(missing: int, reviews: int) -> bool:
    return missing > max(AT_LEAST, UNUSUAL * reviews)


def _without(home: Path, snapshot: Snapshot, ids: list[int]) -> bool:
    """Write a kept snapshot again without some reviews; False when it holds none of them."""
    file = snapshots.file_of(home, snapshot)
    with duckdb.connect() as db:
        carry.attach(db, file)
        db.execute("CREATE TABLE gone AS SELECT unnest($ids::BIGINT[]) AS id", {"ids": ids})
        found = db.execute("SELECT count(*) FROM previous.reviews WHERE id IN (SELECT id FROM gone)").fetchall()[0][0]
        if not found:
            return False
        with snapshots.building(home) as work:
            db.execute(f"ATTACH '{str(work.file).replace(chr(39), chr(39) * 2)}' AS warehouse")
            db.execute("USE warehouse")
            _copy(db)
            db.execute("USE memory; CHECKPOINT warehouse; DETACH warehouse")
            for name in _WITHOUT_TEXTS:
                if (snapshots.artifacts_of(home, snapshot) / name).exists():
                    shutil.copytree(snapshots.artifacts_of(home, snapshot) / name, work.artifacts / name)
            work.replace(snapshot, reviews=snapshot.reviews - found)
    return True


def _copy(db: duckdb.DuckDBPyConnection) -> None:
    """Every table of `previous`, rows of withdrawn reviews and their places in lists left out."""
    created = db.execute(
        "SELECT table_name, sql FROM duckdb_tables() WHERE database_name = 'previous' ORDER BY table_oid"
    ).fetchall()
    for table, definition in created:
        db.execute(definition.replace("previous.", "", 1))
        names = [name for (name,) in db.execute(f"SELECT name FROM pragma_table_info('{table}')").fetchall()]
        db.execute(f"INSERT INTO {table} SELECT * FROM previous.{table} WHERE {_stays(table, names)}")
    for table in {name for name, _ in created} & set(carry.LISTS):  # once every table is there
        db.execute(sql(__file__, "carried_lists").format(table=table, column=carry.LISTS[table]))


def _stays(table: str, columns: Collection[str]) -> str:
    """Condition on the rows of a table that speak of no withdrawn review."""
    gone = "SELECT id FROM memory.gone"
    places = f"SELECT place FROM previous.review_places WHERE review_id IN ({gone})"
    if table == "reviews":
        return f"id NOT IN ({gone})"
    if table == "vocabulary":  # a word that no other review holds
        return f"id IN (SELECT word FROM previous.review_words WHERE place NOT IN ({places}))"
    if "review_id" in columns and table != "signals":
        return f"review_id NOT IN ({gone})"
    return f"place NOT IN ({places})" if "place" in columns else "TRUE"


def _forget_uploads(home: Path) -> None:
    """Files given through the data page were loaded once: today's file is the only one to keep."""
    shutil.rmtree(Path(home) / "uploads", ignore_errors=True)


def _file(home: Path) -> Path:
    return snapshots.folder(home) / "withdrawn.json"


def _write(home: Path, waiting: Pending) -> None:
    if not waiting.reviews:
        _file(home).unlink(missing_ok=True)
        return
    draft = _file(home).with_name(f".withdrawn.{os.getpid()}")
    draft.write_text(json.dumps({"reviews": sorted(waiting.reviews), "held": waiting.held}), "utf-8")
    os.replace(draft, _file(home))


def add_parser(commands: Any) -> None:
    """Declare `withdrawals` among the subcommands of `python -m data`."""
    parser = commands.add_parser(
        "withdrawals", parents=[cli.options()], help="erase the reviews that the portal took back"
    )
    parser.add_argument("--confirm", action="store_true", help="also when the last file lacked unusually many")
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> Mapping[str, Any]:
    """`python -m data withdrawals`."""
    home = settings.load(args.home).home
    done = erase(home, confirmed=args.confirm)
    waiting = pending(home)
    return asdict(done) | {"held": len(waiting.reviews) if waiting else 0}


def show(result: Mapping[str, Any]) -> str:
    """The outcome, for people."""
    if result["held"]:
        return f"{result['held']} reviews are missing from the last file, unusually many: --confirm erases them"
    return (
        f"{result['reviews']} reviews erased from {result['snapshots']} kept snapshots and {result['rows']} rows of"
        f" operations; {result['drafts']} other drafts lost a borrowed passage"
    )

"""What was known when: first seen, values replaced, replies first seen, and any figure "as known on" a past date.

The portal republishes its whole file and keeps no past. Each ingest compares the file with the snapshot before it and
keeps, for each review it changed, the values it replaced (`review_versions`, `reply_versions`). The rule it protects: a
past date is rebuilt from what was seen, and before the first file from the dates inside it, never guessed; a withdrawn
review is in no past either.

Moments here are French time without zone, as the portal's dates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from data.errors import BadFile
from data.warehouse import Warehouse, sql, with_replied

REVIEW = (
    "state", "status", "written_on", "published_at", "published_on", "first_reply_at", "pseudonym", "title", "body",
    "posted_as", "sentiment", "department", "region", "country", "procedures", "out_of_structure", "network", "typology",
    "structure_id", "structure", "channels", "accessibility", "information", "relation", "responsiveness", "simplicity",
    "endorsements", "improvement", "action", "action_started", "action_done", "business_tags", "extra",
)  # fmt: skip
REPLY = (
    "structure_id", "structure", "status", "body", "canned", "ai_similarity", "useful_votes", "useless_votes",
    "author_verdict",
)  # fmt: skip
_WAITING = {"state": "'A traiter'", "status": "'Expérience en attente de réponse'", "first_reply_at": "NULL"}


def remembers(db: duckdb.DuckDBPyConnection) -> bool:
    """Whether the previous snapshot, attached as `previous`, keeps a history (those of the first versions do not)."""
    query = "SELECT 1 FROM duckdb_tables() WHERE database_name = 'previous' AND table_name = 'withdrawals'"
    return bool(db.execute(query).fetchall())


def moment(given: datetime | None, db: duckdb.DuckDBPyConnection, previous: bool) -> datetime:
    """When the file under way is seen: now, or as given. Raises BadFile when an earlier file was seen later."""
    last = db.execute("SELECT max(seen_at) FROM previous.ingests").fetchall()[0][0] if previous else None
    if given is not None:
        if last is not None and given < last:
            raise BadFile(f"a file of {last:%Y-%m-%d %H:%M} was already loaded: load files in the order of their days")
        return given
    now = datetime.now(ZoneInfo("Europe/Paris")).replace(tzinfo=None)
    return max(now, last + timedelta(microseconds=1)) if last is not None else now


def attach_seen(db: duckdb.DuckDBPyConnection, previous: bool) -> None:
    """Create the temp views `seen` and `seen_replies` that filling the tables joins."""
    db.execute(sql(__file__, "seen" if previous else "seen_nothing"))


def keep_versions(db: duckdb.DuckDBPyConnection, seen: datetime) -> None:
    """Carry the former values of the reviews still published, and add those that this file replaced."""
    for table in ("review_versions", "reply_versions"):
        db.execute(f"INSERT INTO {table} BY NAME FROM previous.{table} WHERE review_id IN (SELECT id FROM reviews)")
    for table, columns in (("review_versions", REVIEW), ("reply_versions", REPLY)):
        differ = {name: f"n.{name} IS DISTINCT FROM o.{name}" for name in columns}
        query = sql(__file__, table).format(
            differs=", ".join(f"CASE WHEN {test} THEN '{name}' END" for name, test in differ.items()),
            kept=", ".join(f"CASE WHEN {test} THEN o.{name} END AS {name}" for name, test in differ.items()),
        )
        db.execute(query, {"seen": seen})


def keep_withdrawals(db: duckdb.DuckDBPyConnection, ingest_id: str, seen: datetime, reviews: int, past: bool) -> None:
    """Carry the counts of earlier withdrawals, and add this file's."""
    if past:
        db.execute("INSERT INTO withdrawals BY NAME FROM previous.withdrawals")
    if reviews:
        db.execute("INSERT INTO withdrawals VALUES ($id, $seen, $n)", {"id": ingest_id, "seen": seen, "n": reviews})


def known_on(warehouse: Warehouse, day: date) -> Warehouse:
    """The same snapshot, answering every query as its reviews and replies were known at the end of `day`.

    Its snapshot's id names the day, for caches. What refresh derives (irritants, signals…) stays that of the snapshot.
    A day past the last file changes nothing.
    """
    base, last = warehouse.rows("SELECT current_database(), max(coalesce(seen_at, ran_at)) FROM ingests")[0]
    published = date.fromisoformat(warehouse.snapshot.last_publication[:10])
    if day >= max(published, last.date() if last else published):
        return warehouse
    snapshot = warehouse.snapshot
    past = replace(snapshot, id=f"{snapshot.id}@{day}", last_publication=min(day, published).isoformat())
    return warehouse.through(_views(day, f'"{base}".main'), past)


def _views(day: date, base: str) -> str:
    """SQL of the temp views `reviews` and `replies` as known at the end of `day`, over the tables of `base`."""
    end = f"TIMESTAMP '{day + timedelta(days=1):%Y-%m-%d}'"
    start = f"(SELECT min(first_seen_at) FROM {base}.reviews)"
    parts = {"base": base, "moment": end}
    undone = {names: ", ".join(_undone(name) for name in names) for names in (REVIEW, REPLY)}
    reviews = {name: _past("r", name) for name in REVIEW}
    unanswered = f"{reviews['first_reply_at']} >= {end}"
    for name, waiting in _WAITING.items():
        reviews[name] = f"CASE WHEN {unanswered} THEN {waiting} ELSE {reviews[name]} END"
    replies = {name: _past("p", name) for name in REPLY}
    for name in REPLY[REPLY.index("status") :]:
        replies[name] = f"CASE WHEN p.later THEN NULL ELSE {replies[name]} END"
    replies["canned"] = f"coalesce({replies['canned']}, false)"
    return "\n".join(
        (
            sql(__file__, "known_reviews").format(**parts, start=start, undone=undone[REVIEW], columns=_named(reviews)),
            sql(__file__, "known_replies").format(**parts, undone=undone[REPLY], columns=_named(replies)),
            with_replied("past_reviews"),
        )
    )


def _undone(name: str) -> str:
    """The value a column had, and whether it had another than today's, from the versions of one review."""
    changed = f"list_contains(changed, '{name}')"
    return f"first({name} ORDER BY until) FILTER ({changed}) AS {name}, bool_or({changed}) AS {name}_changed"


def _past(alias: str, name: str) -> str:
    return f"CASE WHEN u.{name}_changed THEN u.{name} ELSE {alias}.{name} END"


def _named(expressions: Mapping[str, str]) -> str:
    return ", ".join(f"{expression} AS {name}" for name, expression in expressions.items())

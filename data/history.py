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
from data.warehouse import Warehouse, irritant_of, sql, with_replied

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
TYPOLOGY = ("label", "typology", "postcode", "country", "channels", "tags")
VERSIONS = {  # table of former values -> what it keeps, and the query that tells what a file replaced
    "review_versions": ("reviews", REVIEW, "review_versions"),
    "reply_versions": ("replies", REPLY, "slot_versions"),
    "typology_versions": ("review_typologies", TYPOLOGY, "slot_versions"),
}
_AMOUNTS = ("replied", "only_canned", "verdicts", "useful_verdicts")  # what the replies of a review amount to
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
            raise BadFile(
                f"un fichier du {last:%d/%m/%Y %H:%M} est déjà chargé : chargez les fichiers dans l'ordre de leurs jours"
            )
        return given
    now = datetime.now(ZoneInfo("Europe/Paris")).replace(tzinfo=None)
    return max(now, last + timedelta(microseconds=1)) if last is not None else now


def attach_seen(db: duckdb.DuckDBPyConnection, previous: bool) -> None:
    """Create the temp views `seen` and `seen_replies` that filling the tables joins."""
    db.execute(sql(__file__, "seen" if previous else "seen_nothing"))


def keep_versions(db: duckdb.DuckDBPyConnection, seen: datetime) -> None:
    """Carry the former values of the reviews still published, and add those that this file replaced."""
    query = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'previous'"
    held = {name for (name,) in db.execute(query).fetchall()}
    for versions, (table, columns, told) in VERSIONS.items():
        if versions in held:  # a snapshot of an earlier version may lack one
            kept = "review_id IN (SELECT id FROM reviews)"
            db.execute(f"INSERT INTO {versions} BY NAME FROM previous.{versions} WHERE {kept}")
        differ = {name: f"n.{name} IS DISTINCT FROM o.{name}" for name in columns}
        query = sql(__file__, told).format(
            table=table,
            versions=versions,
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
    """The same snapshot, answering every query as its reviews, replies and typologies were known at the end of `day`.

    Its snapshot's id names the day, for caches; its last publication is that of what was known. What refresh derives is
    told as known then by `analytics.past`. A day past the last file changes nothing.
    """
    base, last = warehouse.rows("SELECT current_database(), max(coalesce(seen_at, ran_at)) FROM ingests")[0]
    published = date.fromisoformat(warehouse.snapshot.last_publication[:10])
    if day >= max(published, last.date() if last else published):
        return warehouse
    snapshot = replace(warehouse.snapshot, id=f"{warehouse.snapshot.id}@{day}")
    typologies = warehouse.has("typology_versions")  # not in snapshots of an earlier version
    query = "SELECT column_name FROM duckdb_columns() WHERE database_name = $base AND table_name = 'reviews'"
    held = {name for (name,) in warehouse.rows(query, {"base": base})}
    topics = f'"{base}".main.review_topics' if warehouse.has("review_topics") else None
    irritant = "r.irritant" if "irritant" in held else f"{irritant_of('r', topics)} AS irritant"
    views = _views(day, f'"{base}".main', typologies, "replied" in held, irritant)
    past = warehouse.through(views, snapshot, day)
    (known,) = past.rows("SELECT max(published_on) FROM past_reviews")[0]
    return past.through("", replace(snapshot, last_publication=(known or day).isoformat()), day)


def moment_after(day: date) -> str:
    """SQL of the moment that ends `day`: what was seen before it was known on that day."""
    return f"TIMESTAMP '{day + timedelta(days=1):%Y-%m-%d}'"


def _views(day: date, base: str, typologies: bool, kept: bool, irritant: str) -> str:
    """SQL of temp views named like the tables of `base`, as they were known at the end of `day`. `kept`: what the replies
    of a review amount to is kept beside it (see `data/sql/replied.sql`); `irritant`: that of a review `r`, as SQL.
    """
    parts = {
        "base": base, "moment": moment_after(day), "start": f"(SELECT min(first_seen_at) FROM {base}.reviews)",
        "kept": ", ".join([*(f"r.{name}" if kept else f"NULL AS {name}" for name in _AMOUNTS), irritant]),
    }  # fmt: skip
    reviews = {name: _past("r", name) for name in REVIEW}
    unanswered = f"{reviews['first_reply_at']} >= {parts['moment']}"
    for name, waiting in _WAITING.items():
        reviews[name] = f"CASE WHEN {unanswered} THEN {waiting} ELSE {reviews[name]} END"
    replies = {name: _past("p", name) for name in REPLY}
    for name in REPLY[REPLY.index("status") :]:
        replies[name] = f"CASE WHEN p.later THEN NULL ELSE {replies[name]} END"
    replies["canned"] = f"coalesce({replies['canned']}, false)"
    views: list[tuple[str, dict[str, str]]] = [
        ("known_reviews", reviews),
        ("known_replies", replies),
        ("known_loads", {}),
    ]
    if typologies:
        views.append(("known_typologies", {name: _past("p", name) for name in TYPOLOGY}))
    told = [
        sql(__file__, name).format(**parts, undone=", ".join(map(_undone, columns)), columns=_named(columns))
        for name, columns in views
    ]
    if not typologies:
        told.append(
            "CREATE OR REPLACE TEMP VIEW typology_versions AS SELECT review_id, until FROM reply_versions LIMIT 0;"
        )
    if not kept:
        left_aside = ", ".join((*_AMOUNTS, "later"))
        return "\n".join((*told, with_replied(f"(SELECT * EXCLUDE ({left_aside}) FROM past_reviews)")))
    replied = sql(__file__, "replied").replace("FROM replies", "FROM replies SEMI JOIN touched USING (review_id)")
    return "\n".join((*told, sql(__file__, "known_replied").format(**parts, replied=replied)))


def _undone(name: str) -> str:
    """The value a column had, and whether it had another than today's, from the versions of one review."""
    changed = f"list_contains(changed, '{name}')"
    return f"first({name} ORDER BY until) FILTER ({changed}) AS {name}, bool_or({changed}) AS {name}_changed"


def _past(alias: str, name: str) -> str:
    return f"CASE WHEN u.{name}_changed THEN u.{name} ELSE {alias}.{name} END"


def _named(expressions: Mapping[str, str]) -> str:
    return ", ".join(f"{expression} AS {name}" for name, expression in expressions.items())

"""The signals a refresh leaves in the snapshot: those of the last weeks, the older ones it carries, and what was told before.

Owns the tables `signals`, `signal_weeks`, `watch_list` and `signal_versions`. The rules it protects: one event keeps one id from
week to week, so that what people wrote about it (triage) stays attached; what was once told can be asked again as it was told
then, the days before the first analysis being judged one by one by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import duckdb
import pandas as pd

from analytics.signals import engine, rising
from analytics.signals.cells import Reading
from analytics.signals.record import Signal, as_row, from_frame
from data.warehouse import sql

REPLAYED = 6  # weeks judged again at each refresh
REPLAYED_FIRST = 52  # and when there is no earlier signal to carry
_ADDED = ("told_at TIMESTAMP", "weeks INTEGER", "second_years INTEGER", "second_bound INTEGER", "second_alarm BOOLEAN")


def write(connection: duckdb.DuckDBPyConnection, last: date, earlier: Iterable[Signal] = ()) -> list[Signal]:
    """Fill `signals` and `signal_weeks` as of `last`; returns the signals written.

    Each Sunday of the last weeks is judged as if it were that day, then `last` itself. `earlier` are the signals of
    the previous snapshot: those older than the replay are kept while their reviews are still there.
    """
    earlier = list(earlier)
    weeks = REPLAYED if earlier else REPLAYED_FIRST
    known = engine.background(connection, last, weeks=weeks)
    q = max(engine.SENSITIVITIES.values())
    found = [engine.reread(known, engine.on(known, day, q, watch=day == last)) for day in days(last, weeks)]
    told = events([s for day in found for s in day.signals])
    signals = [figures[-1] for figures in told]
    oldest = found[0].as_of
    still = set(known.reviews.id.tolist())
    seen = {s.id for s in signals}
    signals += [s for s in earlier if s.as_of < oldest and s.id not in seen and still.issuperset(s.review_ids)]
    _put(connection, "signals", _rows(signals))
    _put(connection, "watch_list", _rows(found[-1].watched))
    _put(connection, "rising_words", rising.words(Reading(connection), last))
    curves = [engine.curve(known, s).assign(signal_id=s.id) for s in signals]
    _put(connection, "signal_weeks", pd.concat(curves) if curves else pd.DataFrame())
    if not earlier and not connection.execute("SELECT 1 FROM signal_versions LIMIT 1").fetchall():
        _put(connection, "signal_versions", _first_told(known, told))
    return signals


def put_aside(connection: duckdb.DuckDBPyConnection) -> None:
    """Before the tables are emptied: keep what they tell, for `remember`."""
    if connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'signals'").fetchall():
        for table in ("signals", "watch_list", "signal_versions"):  # a snapshot of an earlier version
            for column in _ADDED:
                connection.execute(f"ALTER TABLE IF EXISTS {table} ADD COLUMN IF NOT EXISTS {column}")
        connection.execute(sql(__file__, "put_aside"))


def remember(connection: duckdb.DuckDBPyConnection) -> None:
    """Once the tables are filled again: when each signal was told as it stands, and what it replaces."""
    held = "SELECT 1 FROM duckdb_tables() WHERE table_name = 'told_before'"
    if connection.execute(held).fetchall() and connection.execute("SELECT 1 FROM told_before").fetchall():
        connection.execute(sql(__file__, "remember"))
    else:
        for table in ("signals", "watch_list"):
            connection.execute(f"UPDATE {table} SET told_at = as_of")


def _first_told(known: engine.Background, told: Iterable[Sequence[Signal]]) -> pd.DataFrame:
    """The figures that each event had on the days judged before its last one, as a first analysis finds them."""
    rows = []
    for figures in told:
        for signal, following in pairwise(figures):
            curve = engine.curve(known, signal).to_dict("records")
            row = {"told_at": signal.as_of, "until": following.as_of, "watched": False, "curve": curve}
            rows.append(as_row(signal) | row)
    return pd.DataFrame(rows)


def _rows(signals: Iterable[Signal]) -> pd.DataFrame:
    return pd.DataFrame([as_row(s) for s in signals])


def _put(connection: duckdb.DuckDBPyConnection, table: str, rows: pd.DataFrame) -> None:
    if len(rows):
        connection.register("new_rows", rows)
        connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM new_rows")
        connection.unregister("new_rows")


def kept(connection: duckdb.DuckDBPyConnection) -> list[Signal]:
    """Signals the connection's snapshot holds; none before its first refresh."""
    present = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'signals'").fetchall()
    return from_frame(connection.execute("SELECT * FROM signals").df()) if present else []


def days(last: date, weeks: int) -> list[date]:
    """The Sundays of the replay, oldest first, then `last`."""
    sunday = last - timedelta(days=(last.weekday() + 1) % 7)
    past = [sunday - timedelta(weeks=w) for w in range(weeks)][::-1]
    return [day for day in past if day < last] + [last]


def events(signals: Iterable[Signal]) -> list[list[Signal]]:
    """The figures of each event seen on several days, in order, under its first id and first week.

    Two signals of one detector, subject and scope are the same event when the later one starts before the earlier
    one's last week ends. `signals` come in order of day.
    """
    out: dict[str, list[Signal]] = {}
    last: dict[tuple[object, ...], str] = {}
    for signal in signals:
        subject = (signal.detector, signal.topic, signal.scope)
        before = out.get(last.get(subject, ""))
        if before is not None and signal.first_week <= before[-1].last_week + timedelta(days=6):
            before.append(replace(signal, id=before[0].id, first_week=before[0].first_week))
        else:
            out[signal.id] = [signal]
            last[subject] = signal.id
    return list(out.values())

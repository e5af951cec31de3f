"""The signals a refresh leaves in the snapshot: those of the last weeks, and the older ones it carries.

Owns the tables `signals`, `signal_weeks` and `watch_list`. The rule it protects: one event keeps one id from week to week, so that
what people wrote about it (triage) stays attached.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import duckdb
import pandas as pd

from analytics.signals import engine, rising
from analytics.signals.cells import Reading
from analytics.signals.record import Signal, as_row, from_frame

REPLAYED = 6  # weeks judged again at each refresh
REPLAYED_FIRST = 52  # and when there is no earlier signal to carry


def write(connection: duckdb.DuckDBPyConnection, last: date, earlier: Iterable[Signal] = ()) -> list[Signal]:
    """Fill `signals` and `signal_weeks` as of `last`; returns the signals written.

    Each Sunday of the last weeks is judged as if it were that day, then `last` itself. `earlier` are the signals of
    the previous snapshot: those older than the replay are kept while their reviews are still there.
    """
    earlier = list(earlier)
    weeks = REPLAYED if earlier else REPLAYED_FIRST
    known = engine.background(connection, last, weeks=weeks)
    q = max(engine.SENSITIVITIES.values())
    found = [engine.on(known, day, q, watch=day == last) for day in days(last, weeks)]
    signals = chained([s for day in found for s in day.signals])
    oldest = found[0].as_of
    still = set(known.reviews.id.tolist())
    seen = {s.id for s in signals}
    signals += [s for s in earlier if s.as_of < oldest and s.id not in seen and still.issuperset(s.review_ids)]
    _put(connection, "signals", pd.DataFrame([as_row(s) for s in signals]))
    _put(connection, "watch_list", pd.DataFrame([as_row(s) for s in found[-1].watched]))
    _put(connection, "rising_words", rising.words(Reading(connection), last))
    curves = [engine.curve(known, s).assign(signal_id=s.id) for s in signals]
    _put(connection, "signal_weeks", pd.concat(curves) if curves else pd.DataFrame())
    return signals


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


def chained(signals: Iterable[Signal]) -> list[Signal]:
    """One signal for each event seen on several days: the latest figures under the first id and first week.

    Two signals of one detector, subject and scope are the same event when the later one starts before the earlier
    one's last week ends. `signals` come in order of day.
    """
    out: dict[str, Signal] = {}
    last: dict[tuple[object, ...], str] = {}
    for signal in signals:
        subject = (signal.detector, signal.topic, signal.scope)
        before = out.get(last.get(subject, ""))
        if before is not None and signal.first_week <= before.last_week + timedelta(days=6):
            out[before.id] = replace(signal, id=before.id, first_week=before.first_week)
        else:
            out[signal.id] = signal
            last[subject] = signal.id
    return list(out.values())

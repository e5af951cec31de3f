"""The days of France: worked or not, and the public holidays by name.

Owns the table `calendar`. The rule it protects: a working day is the same everywhere, Monday to Friday but for the public
holidays of metropolitan France (the `holidays` library).
"""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import holidays

from data import staging

_YEARS = (2000, 2100)


def french(first: date, last: date) -> list[tuple[date, bool, str | None]]:
    """Each day from `first` to `last`: the day, whether it is worked, and the holiday it is, if any."""
    named = holidays.country_holidays("FR", years=range(first.year, last.year + 1), language="fr")
    days = (first + timedelta(days=d) for d in range((last - first).days + 1))
    return [(day, day.weekday() < 5 and day not in named, named.get(day)) for day in days]


def load(db: duckdb.DuckDBPyConnection) -> None:
    """Fill `calendar` with whole years, from the first publication to the year after the last."""
    first, last = db.execute("SELECT min(published_on), max(published_on) FROM reviews").fetchall()[0]
    if last is not None:  # a wrong date in a file does not make a calendar of ten centuries
        years = max(first.year, _YEARS[0]), min(last.year + 1, _YEARS[1])
        staging.insert(db, "calendar", french(date(years[0], 1, 1), date(years[1], 12, 31)))

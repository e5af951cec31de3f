"""Numbers, dates and durations as French readers write them (Babel, fr_FR)."""

from __future__ import annotations

import math
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

LOCALE = "fr_FR"
TOO_FEW = 20
TOO_FEW_SAID = "Effectif insuffisant"
_PARIS = ZoneInfo("Europe/Paris")


def number(value: float | None, decimals: int = 0) -> str:
    """`12345.6` -> `12 346` (narrow no-break spaces); an absent value is `–`."""
    if value is None or math.isnan(value):
        return "–"
    return _written(round(value, decimals) + 0.0, decimals)  # not minus zero


@lru_cache(maxsize=4096)
def _written(value: float, decimals: int) -> str:
    """A chart says hundreds of them, often the same."""
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(value, format=pattern, locale=LOCALE)


def signed(value: float | None, decimals: int = 0, unit: str = "") -> str:
    """`3` -> `+3`, `-1.5` -> `−1,5`; zero after rounding is `0`."""
    if value is None or math.isnan(value):
        return "–"
    rounded = round(value, decimals)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return f"{sign}{number(abs(rounded), decimals)}{unit}"


def percent(share: float | None, n: int | None = None, decimals: int = 0) -> str:
    """A share (0-1) as `42 %`; under 20 cases, says that they are too few instead."""
    if n is not None and n < TOO_FEW:
        return f"{TOO_FEW_SAID} (n = {n})"
    return "–" if share is None or math.isnan(share) else f"{number(share * 100, decimals)}\u202f%"


def day(value: date | datetime | None) -> str:
    """`23 nov. 2026`; an absent date is `–`."""
    return "–" if value is None else format_date(value, format="d MMM y", locale=LOCALE)


def long_day(value: date) -> str:
    """`lundi 23 novembre 2026`."""
    return format_date(value, format="full", locale=LOCALE)


def month(value: date) -> str:
    """`nov. 2026`."""
    return format_date(value, format="MMM y", locale=LOCALE)


def moment(value: datetime | None) -> str:
    """`23 nov. 2026, 14:05`."""
    return "–" if value is None else format_datetime(value, format="d MMM y, HH:mm", locale=LOCALE)


def clock(value: datetime) -> str:
    """An aware moment as the clock on the wall in Paris says it: `23 nov. 2026, 15:05`."""
    return moment(value.astimezone(_PARIS))


def duration(seconds: float) -> str:
    """A time at work: `45 s`, `4 min 05 s`, `1 h 12 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def days(value: float | None) -> str:
    """A delay in days: `3,5 jours`, `1 jour`."""
    if value is None or math.isnan(value):
        return "–"
    decimals = 0 if value >= 10 or round(float(value), 1).is_integer() else 1
    return f"{number(value, decimals)} jour{'s' if round(value, decimals) >= 2 else ''}"


def count(n: int, singular: str, plural: str | None = None) -> str:
    """`1 avis`, `2 signaux`: the number and its noun, agreed."""
    return f"{number(n)} {singular if abs(n) < 2 else plural or singular + 's'}"

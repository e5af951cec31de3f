"""Which reviews a question is about, and how that becomes SQL.

Every figure of the product is asked with a `Filters`; one value of it gives the same reviews on every page. The rule
it protects: what a person chose reaches the database only as bound parameters, never as SQL text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

_PREDICATES = {
    "start": "r.published_on >= $start",
    "end": "r.published_on <= $end",
    "networks": "list_contains($networks, r.network)",
    "typologies": "list_contains($typologies, r.typology)",
    "structures": "list_contains($structures, r.structure_id)",
    "departments": "list_contains($departments, r.department)",
    "regions": "list_contains($regions, r.region)",
    "channels": "list_has_any(r.channels, $channels)",
    "sentiments": "list_contains($sentiments, r.sentiment)",
    "irritants": "list_contains($irritants, r.irritant)",
}


@dataclass(frozen=True)
class Filters:
    """A set of reviews. Empty fields do not narrow; dates are publication dates, both ends included."""

    start: date | None = None
    end: date | None = None
    networks: tuple[str, ...] = ()
    typologies: tuple[str, ...] = ()
    structures: tuple[str, ...] = ()  # ids
    departments: tuple[str, ...] = ()  # INSEE codes
    regions: tuple[str, ...] = ()  # INSEE codes
    channels: tuple[str, ...] = ()
    sentiments: tuple[str, ...] = ()
    irritants: tuple[int, ...] = ()

    @property
    def days(self) -> int | None:
        """Length of the period in days, None when it is open."""
        return (self.end - self.start).days + 1 if self.start and self.end else None

    def previous(self) -> Filters | None:
        """The same question on the period of equal length just before; None for an open period."""
        if self.start is None or self.days is None:
            return None
        return replace(self, start=self.start - timedelta(days=self.days), end=self.start - timedelta(days=1))

    def year_before(self) -> Filters | None:
        """The same question 52 weeks earlier (same weekdays); None for an open period."""
        if self.start is None or self.end is None:
            return None
        return replace(self, start=self.start - timedelta(weeks=52), end=self.end - timedelta(weeks=52))

    def params(self) -> dict[str, Any]:
        """Values for the `$name` parameters of `where()`."""
        values = {name: getattr(self, name) for name in _PREDICATES}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items() if v not in (None, ())}

    def where(self) -> str:
        """SQL condition on the alias `r` of `reviews`, TRUE when nothing narrows."""
        return " AND ".join(_PREDICATES[name] for name in self.params()) or "TRUE"


def narrowed(query: str, filters: Filters, extra: Mapping[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
    """Put the condition of `filters` where `query` says `/*filters*/ TRUE`; returns the query and its parameters.

    Raises ValueError when the query has no such place: a forgotten filter would show figures of everyone.
    """
    if "/*filters*/ TRUE" not in query:
        raise ValueError("the query has no '/*filters*/ TRUE' place")
    return query.replace("/*filters*/ TRUE", f"({filters.where()})"), {**filters.params(), **(extra or {})}

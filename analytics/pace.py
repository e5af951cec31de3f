"""One structure's delays and verdicts before and after it began to draft with AI: raw figures, for the desk.

The rule it protects: these are what was seen, not an effect: what AI changed is `analytics.impact`'s to say. Counts come
with the shares, so that nobody reads one over too few cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from analytics import delays, impact
from data.filters import Filters, narrowed
from data.warehouse import Warehouse, sql


@dataclass(frozen=True)
class Side:
    """Reviews published on one side of the adoption."""

    answered: int = 0
    median_days: float | None = None
    judged: int = 0  # replies their author gave a verdict on
    useful: int = 0  # of which 'utile'

    @property
    def useful_share(self) -> float | None:
        """0..1, None when nobody judged."""
        return self.useful / self.judged if self.judged else None


@dataclass(frozen=True)
class Pace:
    """Both sides; `after` is None for a structure not known to draft with AI."""

    before: Side
    after: Side | None
    adopted_on: date | None


def of_structure(warehouse: Warehouse, structure_id: str) -> Pace:
    """The pace of a structure. Before a refresh no adoption is known: everything is `before`."""
    adopted = impact.adopted_on(warehouse, structure_id)
    query, bound = narrowed(
        sql(__file__, "pace").replace("/*measured*/", delays.measured()), Filters(structures=(structure_id,))
    )
    rows = warehouse.rows(query, {**bound, "adopted": adopted})
    sides = {
        bool(after): Side(int(answered), median, int(judged), int(useful))
        for after, answered, median, judged, useful in rows
    }
    return Pace(sides.get(False, Side()), sides.get(True, Side()) if adopted else None, adopted)

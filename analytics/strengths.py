"""What goes well: subjects that people praise, the teams that earn it, and the words to forward to them.

The rule it protects: praise is counted on positive reviews alone, and what is forwarded is masked by the page that
shows it.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from data.filters import Filters, narrowed
from data.warehouse import Warehouse, sql

POSITIVE = "Positif"


def praised(warehouse: Warehouse) -> frozenset[int]:
    """Subjects that more people praise than complain about, over the whole snapshot: no selection moves them."""
    if not warehouse.has("topics"):
        return frozenset()
    return frozenset(int(id_) for (id_,) in warehouse.rows(sql(__file__, "strengths_praised")))


def listing(warehouse: Warehouse, filters: Filters) -> pd.DataFrame:
    """Irritants seen from their bright side: `id`, `label`, `n` (positive reviews), `share` (of its reviews with a
    declared feeling, 0..1), `felt`, `n_previous` (None for an open period), `endorsements`; most praised first.
    """
    columns = ["id", "label", "n", "share", "felt", "n_previous", "endorsements"]
    if not warehouse.has("topics"):
        return pd.DataFrame(columns=columns)
    asked = replace(filters, sentiments=())
    frame = warehouse.frame(*narrowed(sql(__file__, "strengths_listing"), asked))
    before = asked.previous()
    frame["n_previous"] = None
    if before is not None:
        past = warehouse.frame(*narrowed(sql(__file__, "strengths_listing"), before)).set_index("id")["n"]
        frame["n_previous"] = frame["id"].map(past).fillna(0).astype(int)
    return frame[frame["n"] > 0].reset_index(drop=True)[columns]


def teams(warehouse: Warehouse, filters: Filters, irritant_id: int | None = None, most: int = 15) -> pd.DataFrame:
    """Structures most praised: `structure_id`, `structure`, `mailbox` (may be missing), `n` positive reviews, `share` of
    their reviews with a feeling, `felt`; of one irritant when given.
    """
    asked = replace(filters, sentiments=(), irritants=filters.irritants if irritant_id is None else (irritant_id,))
    return warehouse.frame(*narrowed(sql(__file__, "strengths_teams"), asked, {"most": most}))


def praising(filters: Filters, *, irritant_id: int | None = None, structure_id: str | None = None) -> Filters:
    """The positive reviews of a subject, of a team, or of both."""
    asked = replace(filters, sentiments=(POSITIVE,))
    if irritant_id is not None:
        asked = replace(asked, irritants=(irritant_id,))
    return asked if structure_id is None else replace(asked, structures=(structure_id,))

"""Watched subjects: what their words find, from the first review to the last.

A subject is a list of expressions; a review belongs when it holds all the words of one of them. The rule it protects:
the same words give the same reviews backwards and from now on, whatever the topic model becomes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analytics import words
from analytics.topics import text
from data.filters import Filters, narrowed
from data.warehouse import Warehouse, sql

_SUGGESTED = 8


def series(warehouse: Warehouse, expressions: Sequence[str], filters: Filters, grain: str = "week") -> pd.DataFrame:
    """By period: `period`, `n` (reviews of the subject), `negative`, `total` (all reviews), `share`; empty periods too."""
    condition, values = words.any_condition(warehouse, expressions)
    query = sql(__file__, "watching_series").replace("/*words*/ TRUE", condition)
    frame = warehouse.frame(*narrowed(query, filters, {**values, "grain": grain}))
    frame["period"] = pd.to_datetime(frame["period"])
    return frame


def suggested(warehouse: Warehouse, examples: Sequence[str]) -> list[str]:
    """Expressions that example reviews share and that are rare elsewhere, most telling first.

    Words and pairs of neighbouring words that at least half of the examples hold, weighed by how rare they are in the
    snapshot (inverse document frequency); a person then keeps those that say the subject.
    """
    texts = [example for example in examples if example.strip()]
    if not texts or not words.indexed(warehouse):
        return []
    held: dict[str, int] = {}
    shown: dict[str, str] = {}
    for example in texts:
        for key, forms in text.surfaces([example]).items():
            held[key] = held.get(key, 0) + 1
            shown.setdefault(key, forms.most_common(1)[0][0])
    common = [key for key, n in held.items() if n >= max(1, 0.5 * len(texts))]
    total = max(1, int(warehouse.rows("SELECT count(*) FROM reviews")[0][0]))
    found: list[tuple[float, str]] = []
    for key in common:
        condition, values = words.condition(warehouse, shown[key])
        n = int(warehouse.rows(f"SELECT count(*) FROM reviews AS r WHERE {condition}", values)[0][0])
        if 0 < n <= max(10, total // 10):
            found.append((-held[key] / len(texts) * float(np.log(total / n)), shown[key]))
    return [expression for _, expression in sorted(found)[:_SUGGESTED]]

"""The snapshot as known on a past day, with what a refresh derives: irritants, signals, words, the metadata of each review.

`data.history` tells what the portal showed; here stands what was derived from it. The rules it protects: a figure of the
past is made by the very query of today, over views named like the tables; a review's irritant is the one of the reference
in service, its figures those of what was known; a signal is told as it was told then, never judged again with what came later.
"""

from __future__ import annotations

from datetime import date, timedelta

from analytics import delays, words
from data import history, metadata
from data.warehouse import Warehouse, sql


def known_on(warehouse: Warehouse, day: date) -> Warehouse:
    """`history.known_on`, and what derives from it; what is derived again as it is asked (the AI's impact, words that rise)
    looks at `Warehouse.known_on`. A day past the last file changes nothing.
    """
    past = history.known_on(warehouse, day)
    if past.known_on is None or not warehouse.has("topics"):
        return past
    base = f'"{warehouse.rows("SELECT current_database()")[0][0]}".main'
    parts = {"base": base, "moment": history.moment_after(day)}
    views = [_topics(past, base), sql(__file__, "known_changes").format(**parts)]
    if warehouse.has("signal_versions"):
        views.append(sql(__file__, "known_signals").format(**parts))
    if warehouse.has("word_sample"):
        views.append(sql(__file__, "known_words").format(**parts, words=words.written_then(warehouse)))
    if warehouse.has("review_metadata"):
        end = date.fromisoformat(past.snapshot.last_publication) + timedelta(days=1)
        told = metadata.known(base, parts["moment"], end, delays.measured())
        views.append(sql(__file__, "known_metadata").format(**parts, metadata=told))
    return past.through("\n".join(views), past.snapshot, day)


def told_from(warehouse: Warehouse) -> date | None:
    """Day of the first analysis whose signals were kept as told; before it, they are those it judged day by day."""
    if not warehouse.has("signal_versions"):
        return None
    rows = warehouse.rows("SELECT min(ran_at)::DATE FROM refreshes")
    return rows[0][0]


def _topics(past: Warehouse, base: str) -> str:
    sizes = past.rows(sql(__file__, "known_sizes"))
    ids, counts, shares = (
        "[" + ", ".join("NULL" if row[k] is None else repr(row[k]) for row in sizes) + "]" for k in range(3)
    )
    return sql(__file__, "known_topics").format(base=base, ids=ids, sizes=counts, shares=shares)

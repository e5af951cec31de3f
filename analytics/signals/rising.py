"""Words and expressions that rise: the last four weeks against the year before.

Owns the table `rising_words`. The rule it protects: a word is ranked by how sure its rise is, not by how rare it is
(log-odds under a prior made of its usual use).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from analytics.signals.cells import Reader
from analytics.topics import text
from data.warehouse import sql

SHOWN = 40
_LEAST_Z = 2.5
_PRIOR = 0.5  # of a usual use that a word's prior is worth, and reviews at least
_REVIEWS = 20  # kept for each word
_SAMPLE = 20_000  # older reviews read, about


def words(source: Reader, as_of: date) -> pd.DataFrame:
    """Rising words on `as_of`, the surest first: word, recent (reviews), usual (reviews expected), z, review_ids."""
    count = "count(*) FILTER (WHERE date_diff('day', published_on, $as_of) {} 28)"
    query = f"SELECT {count.format('<')} AS recent, {count.format('>=')} AS before FROM reviews WHERE published_on <= $as_of"
    query += " AND date_diff('day', published_on, $as_of) < 7 * 56"
    size = source.frame(query, {"as_of": as_of}).iloc[0]
    one_in = max(1, int(size["before"]) // _SAMPLE)
    found = source.frame(sql(__file__, "rising_words"), {"as_of": as_of, "one_in": one_in})
    if found.empty or not size["before"]:
        return pd.DataFrame(columns=["word", "recent", "usual", "z", "review_ids"])
    found = found[[bool(w) and all(map(text.key, w.split())) for w in found["word"]]].copy()
    now, then = float(size["recent"]), float(size["before"]) / one_in
    n, m = found["recent"].to_numpy(float), found["before"].to_numpy(float)
    share = (n + m + _PRIOR) / (now + then)
    here, there = n + _PRIOR * share * now + _PRIOR, m + _PRIOR * share * then + _PRIOR
    found["z"] = (np.log(here / now) - np.log(there / then)) / np.sqrt(1 / here + 1 / there)
    found["usual"] = m / then * now
    found["review_ids"] = [[int(i) for i in ids[:_REVIEWS]] for ids in found["review_ids"]]
    found["pair"] = found["word"].str.contains(" ")  # as sure, an expression says more than its words
    best = found[found["z"] >= _LEAST_Z].sort_values(["z", "pair", "word"], ascending=[False, False, True])
    return _once(best)[["word", "recent", "usual", "z", "review_ids"]]


def _once(found: pd.DataFrame) -> pd.DataFrame:
    """Without a word that a pair shown above tells already, nor two forms of one word."""
    seen: set[str] = set()
    kept = []
    for row, word in zip(found.index, found["word"], strict=True):
        keys = set(map(text.key, word.split()))
        if not keys <= seen:
            kept.append(row)
            seen |= keys
        if len(kept) == SHOWN:
            break
    return found.loc[kept]

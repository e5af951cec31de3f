"""Two selections side by side: which irritants are new, gone, growing or shrinking, and which words tell them apart.

The rules it protects: an irritant is said to move only when chance does not explain it among everything compared
(Benjamini and Hochberg at 5 %); what is compared is its share, never its raw count.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from analytics import strengths, words
from analytics.topics import text
from data.filters import Filters
from data.warehouse import Warehouse, sql

Verdict = Literal["new", "gone", "growing", "shrinking", "steady"]
CERTAIN = 0.05
LEAST = 5  # reviews on both sides together under which nothing is said
_PRIOR = 500.0  # words of the prior: how strongly rare words are drawn to their usual frequency
_WORD = re.compile(r"[^\W\d_]+")
_READ = 400  # texts of each side read to find how people write the words
SAMPLED_LEAST = 200  # reviews of a side in the sample of words under which texts are read instead…
MOST_READ = 2_000  # … of so many reviews of each side, the last ones


def irritants(warehouse: Warehouse, first: Filters, second: Filters) -> pd.DataFrame:
    """Irritants of either selection: `id`, `label`, `n_first`, `n_second`, `share_first`, `share_second` (0..1 of all
    reviews of the side), `ratio` (second over first), `p`, `certain`, `verdict`; surest first. Subjects that are mostly
    praised are no irritants.
    """
    columns = ["id", "label", "n_first", "n_second", "share_first", "share_second", "ratio", "p", "certain", "verdict"]
    if not warehouse.has("topics"):
        return pd.DataFrame(columns=columns)
    frame = warehouse.frame(*_both("comparison_irritants", first, second))
    frame = frame[~frame["id"].isin(strengths.praised(warehouse)) & (frame["n_first"] + frame["n_second"] > 0)]
    frame = frame.reset_index(drop=True)
    if frame.empty:
        return frame.reindex(columns=columns)
    whole = [int(frame["all_first"].iloc[0]), int(frame["all_second"].iloc[0])]
    for side, total in zip(("first", "second"), whole, strict=True):
        frame[f"share_{side}"] = frame[f"n_{side}"] / total if total else 0.0
    frame["ratio"] = frame["share_second"] / frame["share_first"].where(frame["share_first"] > 0)
    tested = (frame["n_first"] + frame["n_second"] >= LEAST) & bool(min(whole))
    expected = whole[1] / max(1, sum(whole))
    frame["p"] = [
        float(stats.binomtest(int(b), int(a + b), expected).pvalue) if test else np.nan
        for a, b, test in zip(frame["n_first"], frame["n_second"], tested, strict=True)
    ]
    frame["certain"] = False
    if tested.any():
        kept = stats.false_discovery_control(frame.loc[tested, "p"].to_numpy()) <= CERTAIN
        frame.loc[tested, "certain"] = kept
    frame["verdict"] = [
        _verdict(a, b, up, sure)
        for a, b, up, sure in zip(
            frame["n_first"],
            frame["n_second"],
            frame["share_second"] > frame["share_first"],
            frame["certain"],
            strict=True,
        )
    ]
    return frame.sort_values(["p", "id"], ignore_index=True)[columns]


def vocabulary(warehouse: Warehouse, first: Filters, second: Filters, most: int = 12) -> pd.DataFrame:
    """Words that tell the second selection from the first: `word` (as people write it), `n_first`, `n_second` (reviews
    among `read_first`, `read_second`: on large selections of a large snapshot a part is read, `sampled` then), `z`
    (positive: more in the second), strongest of each side first; empty without the index of words.

    Log-odds ratio with an informative Dirichlet prior, the words' usual frequency (Monroe, Colaresi and Quinn, 2008).
    """
    columns = ["word", "n_first", "n_second", "z", "read_first", "read_second", "sampled"]
    if not warehouse.has("word_sample"):
        return pd.DataFrame(columns=columns)
    read, enough = _read(warehouse, first, second)
    query, values = _both("comparison_words" if enough else "comparison_small", first, second)
    frame = warehouse.frame(query.replace("/*folded*/ ''", words.FOLDED), {**values, "most": MOST_READ})
    stop = text.stop_words()
    frame = frame[[len(w) > 2 and not w.isdigit() and w not in stop for w in frame["word"]]]
    if frame.empty:
        return frame.reindex(columns=columns)
    one, two = frame["n_first"].to_numpy(float), frame["n_second"].to_numpy(float)
    prior = _PRIOR * (one + two) / max(1.0, (one + two).sum())
    total = [one.sum() + _PRIOR, two.sum() + _PRIOR]
    odds = [np.log((x + prior) / (t - x - prior)) for x, t in zip((one, two), total, strict=True)]
    frame = frame.assign(z=(odds[1] - odds[0]) / np.sqrt(1 / (one + prior) + 1 / (two + prior)))
    ordered = frame.sort_values("z", kind="stable")
    chosen = pd.concat([ordered[ordered["z"] > 1.64].tail(most)[::-1], ordered[ordered["z"] < -1.64].head(most)])
    written = _written(warehouse, first, second, set(chosen["word"]))
    return chosen.assign(word=[written.get(w, w) for w in chosen["word"]], **read).reset_index(drop=True)


def _read(warehouse: Warehouse, first: Filters, second: Filters) -> tuple[dict[str, int | bool], bool]:
    """How many reviews of each selection are read, and whether the sample of words holds enough of both."""
    one_in = words.one_in(warehouse.snapshot.reviews)
    query, values = _both("comparison_read", first, second)
    all_first, all_second, *kept = warehouse.rows(query, {**values, "one_in": one_in})[0]
    enough = one_in == 1 or min(kept) >= SAMPLED_LEAST
    read = kept if enough else [min(n, MOST_READ) for n in (all_first, all_second)]
    return {"read_first": read[0], "read_second": read[1], "sampled": read != [all_first, all_second]}, enough


def _verdict(n_first: int, n_second: int, up: bool, certain: bool) -> Verdict:
    if not certain:
        return "steady"
    if n_first == 0:
        return "new"
    if n_second == 0:
        return "gone"
    return "growing" if up else "shrinking"


def _both(name: str, first: Filters, second: Filters) -> tuple[str, dict[str, object]]:
    """The query with both selections in their places, parameters of the second renamed."""
    query = sql(__file__, name)
    values: dict[str, object] = {}
    for side, filters in (("first", first), ("second", second)):
        condition = filters.where()
        for key, value in filters.params().items():
            condition = re.sub(rf"\${key}\b", f"${side}_{key}", condition)
            values[f"{side}_{key}"] = value
        query = query.replace(f"/*{side}*/ TRUE", f"({condition})")
    return query, values


def _written(warehouse: Warehouse, first: Filters, second: Filters, wanted: set[str]) -> dict[str, str]:
    """How people write these folded words, accents kept."""
    query, values = _both("comparison_texts", first, second)
    seen: dict[str, Counter[str]] = {}
    for (body,) in warehouse.rows(query, {**values, "most": _READ}):
        for word in _WORD.findall(body.lower()):
            folded = words.fold(word)
            if folded in wanted:
                seen.setdefault(folded, Counter())[word] += 1
    return {folded: forms.most_common(1)[0][0] for folded, forms in seen.items()}

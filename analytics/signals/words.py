"""The words of recent reviews, as arrays: what near copies and new subjects are found with.

Owns their reading (DuckDB cuts texts into words, much faster than Python) and the search for near copies. The rule it
protects: a text that nearly repeats an earlier one counts once, and a later copy never changes the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from analytics.signals.cells import Reader
from data.warehouse import sql

_RUN = 5  # words in a row
_SAME = 0.6  # share of the shorter text's runs found in the other
COPIED = 4  # weeks, after which a text may be said again: it is news
_RECENT = np.timedelta64(7 * COPIED, "D")
_COMMON = 60  # texts that hold a run beyond which it is a set phrase


@dataclass(frozen=True)
class Words:
    """Texts in order of publication, as numbered words one after the other."""

    ids: np.ndarray  # (texts,)
    offsets: np.ndarray  # (texts + 1,) where each text starts in `tokens`
    tokens: np.ndarray  # int64
    counts: sparse.csr_matrix  # (texts, words) how often each text uses each word

    @classmethod
    def read(cls, source: Reader, ids: np.ndarray) -> Words:
        """The words of these reviews, given in order of publication."""
        frame = source.frame(sql(__file__, "recent_tokens"), {"ids": ids.tolist()})
        order = np.argsort(ids, kind="stable")
        codes, known = pd.factorize(frame["id"].to_numpy(dtype=np.int64))
        text = order[np.searchsorted(ids, known, sorter=order)][codes]
        by_text = np.argsort(text, kind="stable")
        text = text[by_text]
        codes, seen = pd.factorize(frame["token"].to_numpy(dtype=np.uint64))
        rank = np.empty(len(seen), dtype=np.int64)
        rank[np.argsort(seen, kind="stable")] = np.arange(len(seen))  # the same order whatever texts are read
        tokens = rank[codes[by_text]]
        counts = sparse.coo_matrix(
            (np.ones(len(tokens), dtype=np.float32), (text, tokens)), shape=(len(ids), max(len(seen), 1))
        )
        return cls(ids, np.searchsorted(text, np.arange(len(ids) + 1)), tokens, counts.tocsr())

    def rows(self, ids: np.ndarray) -> np.ndarray:
        """Positions of these reviews. Raises KeyError when one was not read."""
        order = np.argsort(self.ids, kind="stable")
        at = order[np.minimum(np.searchsorted(self.ids, ids, sorter=order), len(self.ids) - 1)] if len(ids) else ids
        if len(ids) and not np.array_equal(self.ids[at], ids):
            raise KeyError("a review was not read")
        return at

    def copies(self, days: np.ndarray, first: int = 0) -> np.ndarray:
        """Ids of the texts that nearly repeat one published in the four weeks before; `days` are in the order of `ids`.

        Two texts are near copies when 60 % of the shorter one's runs of five words are in the other. Texts before the
        `first` are not looked at.
        """
        run, text, sizes = self._shared_runs(first)
        times = np.bincount(run)[run] if len(run) else run
        pair = np.flatnonzero((run[1:] == run[:-1]) & (times[1:] <= _COMMON))
        later, earlier = text[pair + 1], text[pair]
        pairs, together = np.unique(later * np.int64(len(self.ids) + 1) + earlier, return_counts=True)
        later, earlier = pairs // (len(self.ids) + 1), pairs % (len(self.ids) + 1)
        close = together >= _SAME * np.minimum(sizes[later], sizes[earlier])
        close &= days[later] - days[earlier] < _RECENT
        return self.ids[np.unique(later[close])]

    def _shared_runs(self, first: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Runs of five words that two texts share, numbered, and the text of each, sorted by run then text; and how many
        distinct runs each text has. Shorter texts have none.
        """
        begin = int(self.offsets[min(first, len(self.ids))])
        n = len(self.tokens) - begin - _RUN + 1
        sizes = np.zeros(len(self.ids), dtype=np.int64)
        if n < 1:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), sizes
        words = self.tokens[begin:].astype(np.uint64)
        run = words[:n].copy()
        for k in range(1, _RUN):
            run = run * np.uint64(0x9E3779B97F4A7C15) + words[k : k + n]
        owner = np.repeat(np.arange(len(self.ids), dtype=np.int64), np.diff(self.offsets))[begin:]
        whole = owner[:n] == owner[_RUN - 1 :]
        run, text = run[whole], owner[:n][whole]
        sizes = np.bincount(text, minlength=len(self.ids))
        codes, _ = pd.factorize(run)
        again = np.bincount(codes)[codes] > 1
        pairs, times = np.unique(codes[again] * np.int64(len(self.ids)) + text[again], return_counts=True)
        text = pairs % len(self.ids)
        np.subtract.at(sizes, text, times - 1)
        return pairs // len(self.ids), text, sizes

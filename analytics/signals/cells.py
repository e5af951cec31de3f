"""Counts of reviews by irritant and place, in weeks counted back from the as-of date.

Owns what the detectors see. The rules it protects: a review published after the as-of date is never read; a review
without a place (77 % have no département) is in no cell of that level, and not in its denominators either; texts that
are nearly the same count once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import duckdb
import numpy as np
import pandas as pd

from data.warehouse import sql

LEVELS = ("nation", "network", "typology", "structure", "department")
PARENT = {"network": "nation", "typology": "network", "structure": "typology", "department": "nation"}
WINDOWS = (1, 2, 4)  # weeks, ending on the as-of date
GUARD = max(WINDOWS)  # the last weeks are judged, never learnt from
YEAR = 52
HISTORY = 156  # weeks read at most
_RUN = 5  # words in a row
_SAME = 0.6  # share of the shorter text's runs found in the other


class Reader(Protocol):
    """What answers a query with a frame: a Warehouse, or a connection wrapped in `Reading`."""

    def frame(self, query: str, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Rows of the query."""
        ...


@dataclass(frozen=True)
class Reading:
    """A DuckDB connection read like a Warehouse (refresh reads the snapshot it is writing)."""

    connection: duckdb.DuckDBPyConnection

    def frame(self, query: str, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Rows of the query; only the parameters it names are bound."""
        used = {key: value for key, value in (params or {}).items() if f"${key}" in query}
        return self.connection.execute(query, used).df()


@dataclass(frozen=True)
class Reviews:
    """Reviews published on or before `as_of`, as arrays of equal length."""

    as_of: date
    id: np.ndarray
    day: np.ndarray  # datetime64[D]
    age: np.ndarray  # weeks before as_of, 0 = the last seven days
    irritant: np.ndarray  # position in `irritants`, -1 = unassigned
    negative: np.ndarray  # bool
    place: Mapping[str, np.ndarray]  # level -> position in `names[level]`, -1 = unknown
    irritants: np.ndarray  # ids
    names: Mapping[str, np.ndarray]  # level -> keys

    @property
    def weeks(self) -> int:
        """Whole weeks of history, the last ones included."""
        return int(self.age.max()) if len(self.age) else 0

    def kept(self, mask: np.ndarray) -> Reviews:
        """The reviews of `mask` only, with the same codes."""
        return Reviews(
            self.as_of,
            self.id[mask],
            self.day[mask],
            self.age[mask],
            self.irritant[mask],
            self.negative[mask],
            {level: codes[mask] for level, codes in self.place.items()},
            self.irritants,
            self.names,
        )

    def seen_on(self, as_of: date) -> Reviews:
        """What could be seen on an earlier day."""
        behind = (self.as_of - as_of).days
        past = self.kept(self.day <= np.datetime64(as_of))
        age = (np.datetime64(as_of) - past.day).astype("timedelta64[D]").astype(np.int64) // 7
        if behind < 0:
            raise ValueError("the reviews were read for an earlier day")
        return Reviews(
            as_of, past.id, past.day, age, past.irritant, past.negative, past.place, past.irritants, past.names
        )

    def counts(self, level: str, mask: np.ndarray) -> np.ndarray:
        """Reviews of `mask` in each (place, irritant) of a level; the last column counts the unassigned."""
        codes, topics = self.place[level], self.irritant
        known = mask & (codes >= 0)
        columns = len(self.irritants) + 1
        cell = codes[known] * columns + np.where(topics[known] < 0, columns - 1, topics[known])
        return np.bincount(cell, minlength=len(self.names[level]) * columns).reshape(-1, columns).astype(float)

    def parents(self, level: str) -> np.ndarray:
        """Position, in the level above, of each place of `level` (its most frequent one), -1 when unknown."""
        above = self.place[PARENT[level]]
        own = self.place[level]
        known = (own >= 0) & (above >= 0)
        width = max(len(self.names[PARENT[level]]), 1)
        pairs, times = np.unique(own[known] * width + above[known], return_counts=True)
        out = np.full(len(self.names[level]), -1, dtype=np.int64)
        for pair in pairs[np.argsort(times, kind="stable")]:
            out[pair // width] = pair % width
        return out


def read(source: Reader, as_of: date, weeks: int = HISTORY) -> Reviews:
    """The reviews published in the `weeks` up to `as_of`, from the tables of a refreshed snapshot."""
    frame = source.frame(sql(__file__, "cell_reviews"), {"as_of": as_of, "weeks": weeks})
    topics = frame["irritant"].to_numpy(dtype=np.int64)
    known = source.frame("SELECT id FROM topics WHERE level = 'irritant' ORDER BY id")
    irritants = known["id"].to_numpy(dtype=np.int64)
    place = {"nation": np.zeros(len(frame), dtype=np.int64)}
    names: dict[str, np.ndarray] = {"nation": np.array([None], dtype=object)}
    for level in LEVELS[1:]:
        codes, keys = pd.factorize(frame[level], sort=True)
        place[level], names[level] = codes.astype(np.int64), np.asarray(keys, dtype=object)
    position = np.searchsorted(irritants, topics)
    return Reviews(
        as_of=as_of,
        id=frame["id"].to_numpy(dtype=np.int64),
        day=frame["published_on"].to_numpy(dtype="datetime64[D]"),
        age=frame["age"].to_numpy(dtype=np.int64),
        irritant=np.where(topics >= 0, position, -1),
        negative=frame["negative"].fillna(False).to_numpy(dtype=bool),
        place=place,
        irritants=irritants,
        names=names,
    )


def repeats(ids: np.ndarray, days: np.ndarray, texts: Sequence[str]) -> np.ndarray:
    """Ids of the texts that nearly repeat one published in the four weeks before, so that a copied text counts once.

    Arguments are in order of publication. Two texts are near copies when 60 % of the shorter one's runs of five words
    are in the other. Only the past is looked at: a later copy never changes the answer.
    """
    owner: dict[int, int] = {}  # run of words -> position of the last original that holds it
    sizes: dict[int, int] = {}
    out = []
    recent = np.timedelta64(7 * GUARD, "D")
    for at, content in enumerate(texts):
        words = content.lower().split()
        runs = {hash(" ".join(words[i : i + _RUN])) for i in range(max(1, len(words) - _RUN + 1))}
        shared = Counter(owner[run] for run in runs if run in owner)
        if any(
            n >= _SAME * min(len(runs), sizes[other]) and days[at] - days[other] < recent for other, n in shared.items()
        ):
            out.append(ids[at])
            continue
        sizes[at] = len(runs)
        owner.update(dict.fromkeys(runs, at))
    return np.asarray(out, dtype=np.int64)

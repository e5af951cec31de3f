"""Counts of reviews by irritant and place, in weeks counted back from the as-of date.

Owns what the detectors see: DuckDB counts it, over arrays read once from the snapshot, so that a replayed day and dates
moved by a benchmark are counted by the very same queries. The rules it protects: a review published after the as-of date
is never read; a review without a place (77 % have no département) is in no cell of that level, and not in its denominators
either; texts that are nearly the same, and what one author writes again about the same institution, count once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any, Protocol

import duckdb
import numpy as np
import pandas as pd

from data.warehouse import sql

LEVELS = ("nation", "network", "typology", "structure", "region", "department", "channel")
PARENT = {
    "network": "nation",
    "typology": "network",
    "structure": "typology",
    "region": "nation",
    "department": "region",
    "channel": "nation",
}
WIDE = ("nation", "network", "typology")  # levels at which fine subjects are counted too
WINDOWS = (1, 2, 4, 8)  # weeks, ending on the as-of date
GUARD = max(WINDOWS)  # the last weeks are judged, never learnt from
YEAR = 52
HISTORY = 156  # weeks read at most
_NAMES = 20  # reviews of the history under one pseudonym beyond which it is no longer one person


_COLUMNS = ("id", "day", "age", "irritant", "subject", "author", "negative")


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
    subject: np.ndarray  # position in `subjects`, -1 = none
    author: np.ndarray  # a number for each pseudonym, -1 = none
    negative: np.ndarray  # bool
    place: Mapping[str, np.ndarray]  # level -> position in `names[level]`, -1 = unknown
    irritants: np.ndarray  # ids
    subjects: np.ndarray  # ids
    family: np.ndarray  # position in `irritants` of each subject
    names: Mapping[str, np.ndarray]  # level -> keys

    @property
    def weeks(self) -> int:
        """Whole weeks of history, the last ones included."""
        return int(self.age.max()) if len(self.age) else 0

    def kept(self, mask: np.ndarray) -> Reviews:
        """The reviews of `mask` only, with the same codes."""
        rows = {name: getattr(self, name)[mask] for name in _COLUMNS}
        return replace(self, **rows, place={level: codes[mask] for level, codes in self.place.items()})

    def by_subject(self) -> Reviews:
        """The same reviews with fine subjects in the place of irritants."""
        return replace(self, irritant=self.subject, irritants=self.subjects)

    def seen_on(self, as_of: date) -> Reviews:
        """What could be seen on an earlier day."""
        if as_of > self.as_of:
            raise ValueError("the reviews were read for an earlier day")
        past = self.kept(self.day <= np.datetime64(as_of))
        age = (np.datetime64(as_of) - past.day).astype("timedelta64[D]").astype(np.int64) // 7
        return replace(past, as_of=as_of, age=age)

    def counts(self, levels: Sequence[str], spans: Sequence[tuple[int, int]]) -> dict[str, np.ndarray]:
        """Reviews in each (span, place, irritant) of these levels; a span is two ages in weeks, the second one left out, and
        the last column counts the unassigned.
        """
        counts = [f"count(*) FILTER (age >= {start} AND age < {end})" for start, end in spans]
        groups = self._grouped([(level, "topic") for level in levels], counts, max(end for _, end in spans))
        out = {}
        for level, (place, topic, *found) in zip(levels, groups, strict=True):
            out[level] = np.zeros((len(spans), len(self.names[level]), len(self.irritants) + 1))
            known = place >= 0
            out[level][:, place[known], topic[known]] = np.array(found)[
                :, known
            ]  # the unassigned, -1, in the last column
        return out

    def by_week(self, first: int) -> np.ndarray:
        """Reviews of each irritant, week by week of the whole country (weeks, irritants), the first row being of `first`
        weeks ago and the next ones older; the last column counts the unassigned.
        """
        ((age, topic, found),) = self._grouped([("age", "topic")], ["count(*)"], self.weeks)
        out = np.zeros((max(self.weeks, first), len(self.irritants) + 1))
        out[age, topic] = found
        return out[first:]

    def parents(self, levels: Sequence[str]) -> dict[str, np.ndarray]:
        """Position, in the level above, of each place of these levels (its most frequent one), -1 when unknown."""
        groups = self._grouped([(level, PARENT[level]) for level in levels], ["count(*)"], self.weeks + 1)
        out = {}
        for level, (place, parent, found) in zip(levels, groups, strict=True):
            order = np.lexsort((parent, found))  # of a place, the last one stays
            order = order[(place[order] >= 0) & (parent[order] >= 0)]
            out[level] = np.full(len(self.names[level]), -1, dtype=np.int64)
            out[level][place[order]] = parent[order]
        return out

    def _grouped(self, sets: Sequence[tuple[str, ...]], counts: Sequence[str], end: int) -> Iterator[list[np.ndarray]]:
        """For each set of codes, its groups of reviews younger than `end` weeks: their codes, then their `counts`.

        DuckDB reads the arrays where they are.
        """
        frame = pd.DataFrame({"age": self.age, "topic": self.irritant, **self.place}, copy=False)
        codes = list(dict.fromkeys(code for own in sets for code in own))
        query = sql(__file__, "cell_counts").format(
            codes=", ".join(codes),
            counts=", ".join(f"{count} AS n{i}" for i, count in enumerate(counts)),
            sets=", ".join(f"({', '.join(own)})" for own in sets),
            end=end,
        )
        with _counting(os.getpid()).cursor() as connection:
            connection.register("coded", frame)
            found = connection.execute(query).fetchnumpy()
        for own in sets:
            absent = sum(1 << bit for bit, code in enumerate(reversed(codes)) if code not in own)
            rows = found["absent"] == absent
            yield [np.ma.getdata(found[name])[rows] for name in (*own, *(f"n{i}" for i in range(len(counts))))]


@cache
def _counting(process: int) -> duckdb.DuckDBPyConnection:
    """The database in memory where a process counts: opening one each time would cost more than the counts."""
    return duckdb.connect()


def read(source: Reader, as_of: date, weeks: int = HISTORY) -> Reviews:
    """The reviews published in the `weeks` up to `as_of`, from the tables of a refreshed snapshot."""
    chosen = {"as_of": as_of, "weeks": weeks}
    frame = source.frame(sql(__file__, "cell_reviews"), chosen)
    called = source.frame(sql(__file__, "cell_names"), chosen)
    known = source.frame("SELECT id, level, parent_id FROM topics ORDER BY id")
    irritants = known.loc[known["level"] == "irritant", "id"].to_numpy(dtype=np.int64)
    fine = known[(known["level"] == "subject") & known["parent_id"].isin(irritants)]
    subjects = fine["id"].to_numpy(dtype=np.int64)
    place = {"nation": np.zeros(len(frame), dtype=np.int32)}
    names: dict[str, np.ndarray] = {"nation": np.array([None], dtype=object)}
    for level in LEVELS[1:]:
        own = called[called["level"] == level]
        names[level] = own["name"].to_numpy(dtype=object)
        place[level] = _codes(frame[level].to_numpy(dtype=np.uint64), own["hash"].to_numpy(dtype=np.uint64))
    author, _ = pd.factorize(frame["author"].to_numpy(dtype=np.uint64))
    author = np.where(frame["author"].to_numpy(dtype=np.uint64) > 0, author, -1)
    return Reviews(
        as_of=as_of,
        id=frame["id"].to_numpy(dtype=np.int64),
        day=frame["published_on"].to_numpy(dtype="datetime64[D]"),
        age=frame["age"].to_numpy(dtype=np.int64),
        irritant=_positions(frame["irritant"], irritants),
        subject=_positions(frame["subject"], subjects),
        author=author.astype(np.int32),
        negative=frame["negative"].to_numpy(dtype=bool),
        place=place,
        irritants=irritants,
        subjects=subjects,
        family=np.searchsorted(irritants, fine["parent_id"].to_numpy(dtype=np.int64)),
        names=names,
    )


def _codes(hashes: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Position of each hash in `known`, -1 where there is none."""
    position = {0: -1, **{h: at for at, h in enumerate(known.tolist())}}
    codes, seen = pd.factorize(hashes)
    return (
        np.array([position[h] for h in seen.tolist()], dtype=np.int32)[codes] if len(seen) else codes.astype(np.int32)
    )


def _positions(ids: pd.Series, known: np.ndarray) -> np.ndarray:
    """Position of each id in the sorted `known`, -1 for those that are not there."""
    values = ids.to_numpy(dtype=np.int64)
    if not len(known):
        return np.full(len(values), -1, dtype=np.int32)
    at = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.where(known[at] == values, at, -1).astype(np.int32)


def bursts(reviews: Reviews) -> np.ndarray:
    """Ids of what one author wrote again about the same kind of institution within the judged weeks of the first time.

    A pseudonym that many reviews share is a first name, not a person: those are left alone.
    """
    times = np.bincount(reviews.author[reviews.author >= 0], minlength=1)
    recent = np.flatnonzero((reviews.author >= 0) & (reviews.age < 2 * GUARD))
    one_person = (times[reviews.author[recent]] > 1) & (times[reviews.author[recent]] <= _NAMES)
    last: dict[tuple[int, int, int], np.datetime64] = {}
    out = []
    for row in recent[one_person]:
        who = int(reviews.author[row]), int(reviews.place["typology"][row]), int(reviews.irritant[row])
        day = reviews.day[row]
        if who in last and day - last[who] < np.timedelta64(7 * GUARD, "D"):
            out.append(reviews.id[row])
        else:
            last[who] = day
    return np.asarray(out, dtype=np.int64)

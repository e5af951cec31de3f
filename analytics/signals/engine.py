"""The weak signals of a day: a function of the topic model's assignments and of the reviews published up to then.

Composes counting, expectation, decision and ownership. The rule it protects: stateless. What was published after the
as-of date, earlier signals and triage change nothing, so any past Monday can be replayed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd

from analytics.signals import decision, surge
from analytics.signals.cells import GUARD, LEVELS, WINDOWS, Reader, Reading, Reviews, read, repeats
from analytics.signals.decision import Judged
from analytics.signals.owners import Tree
from analytics.signals.record import Scope, Signal, identity
from analytics.topics import text
from data.warehouse import Warehouse, sql

DEFAULT_Q = 0.05
CURVE_WEEKS = 26
_TERMS = 8


@dataclass(frozen=True)
class Found:
    """Signals of one day, and how many tests it took."""

    as_of: date
    tests: int
    signals: tuple[Signal, ...]


@dataclass(frozen=True)
class Background:
    """What several days share: reviews read once, near copies, recent texts, labels and the structures tree."""

    reviews: Reviews
    copies: np.ndarray  # ids
    texts: dict[int, str]  # of the weeks that may be judged
    labels: dict[int, tuple[str, tuple[str, ...]]]  # irritant id -> label, terms
    tree: Tree


def detect(source: Warehouse | duckdb.DuckDBPyConnection, as_of: date, q: float = DEFAULT_Q) -> Found:
    """Weak signals on `as_of`, from reviews published on or before it; `q` is the false-discovery rate allowed.

    `source` must hold a refreshed snapshot (reviews, review_topics, topics, structures).
    """
    return on(background(source, as_of, weeks=GUARD), as_of, q)


def background(source: Warehouse | duckdb.DuckDBPyConnection, last: date, weeks: int) -> Background:
    """Read once what judging the `weeks` up to `last` needs."""
    reader: Reader = Reading(source) if isinstance(source, duckdb.DuckDBPyConnection) else source
    reviews = read(reader, last, weeks=surge.YEAR * 3 + weeks)
    recent = reviews.age < weeks + GUARD  # a text of the first judged week may copy an earlier one
    ids = reviews.id[recent]
    frame = reader.frame(sql(__file__, "recent_texts"), {"ids": ids.tolist()})
    texts = dict(zip(frame["id"].tolist(), frame["text"].astype(str), strict=True))
    labels = reader.frame("SELECT id, label, terms FROM topics WHERE level = 'irritant'")
    return Background(
        reviews=reviews,
        copies=repeats(ids, reviews.day[recent], [texts[i] for i in ids.tolist()]),
        texts=texts,
        labels={int(i): (str(label), tuple(terms)) for i, label, terms in labels.itertuples(index=False)},
        tree=Tree.read(reader),
    )


def on(known: Background, as_of: date, q: float = DEFAULT_Q) -> Found:
    """Weak signals of one day of a background."""
    seen = known.reviews.seen_on(as_of) if as_of != known.reviews.as_of else known.reviews
    distinct = seen.kept(~((seen.age < GUARD) & np.isin(seen.id, known.copies)))
    tests, counted = _tests(distinct, q)
    significant = [t for t in tests if t.q <= q]
    members = [_members(distinct, t) for t in significant]
    proven = [i for i, t in enumerate(significant) if _evident(distinct, t, members[i])]
    shown = decision.most_specific(
        [significant[i] for i in proven], [frozenset(distinct.id[members[i]].tolist()) for i in proven]
    )
    median = _median_topic(distinct)
    signals = [
        _signal(known, distinct, significant[proven[i]], members[proven[i]], tests=counted, median=median)
        for i in shown
    ]
    return Found(as_of, counted, tuple(sorted(signals, key=lambda s: (s.q, s.p, s.id))))


def curve(known: Background, signal: Signal) -> pd.DataFrame:
    """Observed and expected reviews of the signal's cell, week by week up to its as-of date: `week` (Monday),
    `observed`, `expected`, `low`, `high`.
    """
    seen = known.reviews.seen_on(signal.as_of)
    level, key = _cell(signal.scope)
    place = int(np.flatnonzero(seen.names[level] == key)[0]) if key is not None else 0
    irritant = int(np.flatnonzero(seen.irritants == signal.topic)[0])
    weeks = min(CURVE_WEEKS, seen.weeks + 1)
    values = surge.weekly(seen, level, place, irritant, weeks)
    firsts = [signal.as_of - timedelta(days=7 * age + 6) for age in range(weeks)][::-1]
    return pd.DataFrame({"week": firsts, **values})


def _tests(reviews: Reviews, q: float) -> tuple[list[Judged], int]:
    """The significant tests with their q-values, and how many were run."""
    every = surge.judged(reviews)
    if not every:
        return [], 0
    table = pd.concat([_flat(cells, number) for number, cells in enumerate(every)], ignore_index=True)
    table = table[decision.testable(table["least"].to_numpy(), q)]
    if table.empty:
        return [], 0
    found = decision.hierarchical(table["irritant"].to_numpy(), table["p"].to_numpy(), q, size=len(reviews.irritants))
    tests = []
    for (number, place, irritant, p), value in zip(
        table.loc[found <= q, ["cells", "place", "irritant", "p"]].itertuples(index=False),
        found[found <= q],
        strict=True,
    ):
        cells = every[int(number)]
        at = int(place), int(irritant)
        observed, expected = int(cells.observed[at]), float(cells.expected[at])
        tests.append(Judged(cells.level, *at, cells.window, observed, expected, float(p), float(value)))
    return tests, len(table)


def _flat(cells: surge.Cells, number: int) -> pd.DataFrame:
    """The cells of places that received enough to be judged: cells (their number), place, irritant, p, least."""
    busy = np.flatnonzero(cells.received >= decision.MIN_REVIEWS)
    place, irritant = np.meshgrid(busy, np.arange(cells.observed.shape[1]), indexing="ij")
    return pd.DataFrame(
        {
            "cells": number,
            "place": place.ravel(),
            "irritant": irritant.ravel(),
            "p": cells.p[busy].ravel(),
            "least": cells.p_least[busy].ravel(),
        }
    )


def _members(reviews: Reviews, test: Judged) -> np.ndarray:
    """Rows of the reviews of a test."""
    inside = (reviews.age < test.window) & (reviews.irritant == test.irritant)
    return np.flatnonzero(inside & (reviews.place[test.level] == test.place))


def _evident(reviews: Reviews, test: Judged, rows: np.ndarray) -> bool:
    """Enough distinct reviews, over two days or two structures, and a ratio that is surely large."""
    structures = reviews.place["structure"][rows]
    spread = len(np.unique(reviews.day[rows])) >= 2 or len(np.unique(structures[structures >= 0])) >= 2
    enough = len(rows) >= decision.MIN_REVIEWS
    return enough and spread and surge.ratio_low(test.observed, test.expected) >= decision.MIN_RATIO_LOW


def _median_topic(reviews: Reviews) -> dict[int, float]:
    """Median size of an irritant over each window, in the whole country."""
    return {
        window: float(np.median(reviews.counts("nation", reviews.age < window)[0, :-1]))
        if len(reviews.irritants)
        else 0.0
        for window in WINDOWS
    }


def _signal(
    known: Background, reviews: Reviews, test: Judged, rows: np.ndarray, *, tests: int, median: dict[int, float]
) -> Signal:
    topic = int(reviews.irritants[test.irritant])
    label, _ = known.labels.get(topic, (f"Irritant {topic}", ()))
    scope = _scope(reviews, test)
    first = _monday(pd.Timestamp(reviews.day[rows].min()).date())
    return Signal(
        id=identity("surge", topic, scope, first),
        as_of=reviews.as_of,
        detector="surge",
        topic=topic,
        label=label,
        strength="strong" if test.observed > median[test.window] else "weak",
        scope=scope,
        first_week=first,
        last_week=_monday(pd.Timestamp(reviews.day[rows].max()).date()),
        observed=test.observed,
        expected=test.expected,
        ratio=test.observed / test.expected,
        ratio_low=surge.ratio_low(test.observed, test.expected),
        p=test.p,
        q=test.q,
        severity=float((reviews.negative[rows].sum() + 1) / (len(rows) + 2)),
        terms=_terms(known, reviews.id[rows], reviews.id[reviews.age < GUARD]),
        review_ids=tuple(int(i) for i in reviews.id[rows]),
        owner=known.tree.owner(_by_excess(reviews, test, rows)),
        tests=tests,
    )


def _scope(reviews: Reviews, test: Judged) -> Scope:
    return Scope() if test.level == "nation" else Scope(**{test.level: str(reviews.names[test.level][test.place])})


def _cell(scope: Scope) -> tuple[str, str | None]:
    """Level and key of a scope that narrows one dimension at most."""
    for level in LEVELS[1:]:
        key = getattr(scope, level)
        if key is not None:
            return level, key
    return "nation", None


def _by_excess(reviews: Reviews, test: Judged, rows: np.ndarray) -> list[str]:
    """Structures of the signal's reviews, largest excess over their usual number first."""
    structures = reviews.place["structure"]
    usual = (reviews.irritant == test.irritant) & (reviews.age >= GUARD) & (reviews.age < GUARD + surge.YEAR)
    named = structures[rows]
    codes, now = np.unique(named[named >= 0], return_counts=True)
    before = np.array([np.count_nonzero(usual & (structures == c)) for c in codes]) * test.window / surge.YEAR
    return [str(reviews.names["structure"][c]) for c in codes[np.argsort(before - now, kind="stable")]]


def _terms(known: Background, ids: Sequence[int] | np.ndarray, others: Sequence[int] | np.ndarray) -> tuple[str, ...]:
    """Words that set the signal's reviews apart from the other recent ones, as people wrote them."""
    own = [known.texts[int(i)] for i in ids if int(i) in known.texts]
    present = Counter(k for keys in text.counted(own) for k in set(keys.split()))
    inside = {k: n for k, n in present.items() if n >= 2}
    written = text.surfaces(own, inside)
    mine = set(map(int, ids))
    rest = [known.texts[int(i)] for i in others if int(i) in known.texts and int(i) not in mine][:2000]
    outside = Counter(k for keys in text.counted(rest) for k in set(keys.split()) if k in inside)
    weight = {
        k: n / len(own) * np.log((n / len(own)) / ((outside[k] + 0.5) / (len(rest) + 1))) for k, n in inside.items()
    }
    best = sorted(weight, key=lambda k: (-weight[k], k))[:_TERMS]
    return tuple(written[k].most_common(1)[0][0] for k in best if k in written and weight[k] > 0)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())

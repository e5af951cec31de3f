"""The weak signals of a day: a function of the topic model's assignments and of the reviews published up to then.

Composes counting, expectation, zones, new subjects, decision and ownership. The rule it protects: stateless. What was
published after the as-of date, earlier signals and triage change nothing, so any past Monday can be replayed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd

from analytics.signals import agreement, decision, novelty, second, slow, surge, testing
from analytics.signals.agreement import Agreements
from analytics.signals.cells import GUARD, WINDOWS, Reader, Reading, Reviews, bursts, read
from analytics.signals.decision import Judged
from analytics.signals.evidence import Context, Teller
from analytics.signals.likeness import NEAR, RECENT, Likeness
from analytics.signals.owners import Tree
from analytics.signals.record import Signal
from analytics.signals.testing import Tests
from analytics.signals.words import COPIED, Words
from analytics.signals.zones import Zones
from data.warehouse import Warehouse

DEFAULT_Q = 0.05
SENSITIVITIES = {"low": 0.01, "normal": 0.05, "high": 0.10}  # false-discovery rates offered
CURVE_WEEKS = 26
WATCHED = 30  # rises not significant yet that are worth an eye, at most
_WATCH_P = 1e-3
_SLOW_P = 1e-2  # of a slow rise, one test an irritant
_SPARE = 1.1  # older reviews are drawn a little more widely than needed, whatever the day asked for


@dataclass(frozen=True)
class Found:
    """Signals of one day, how many tests it took, and what rises without being a signal."""

    as_of: date
    tests: int
    signals: tuple[Signal, ...]
    watched: tuple[Signal, ...] = ()


@dataclass(frozen=True)
class Background:
    """What several days share: reviews read once, their recent words, near copies, labels and the structures tree."""

    reviews: Reviews
    zones: Zones
    words: Words
    draw: np.ndarray  # (reviews,) a number in [0, 1) that the id alone decides: which older texts are read
    copies: np.ndarray  # ids
    context: Context


def detect(source: Warehouse | duckdb.DuckDBPyConnection, as_of: date, q: float = DEFAULT_Q) -> Found:
    """Weak signals on `as_of`, from reviews published on or before it; `q` is the false-discovery rate allowed.

    `source` must hold a refreshed snapshot (reviews, review_topics, topics, structures, department_neighbours).
    """
    known = background(source, as_of, weeks=1)
    return reread(known, on(known, as_of, q))


def background(source: Warehouse | duckdb.DuckDBPyConnection, last: date, weeks: int) -> Background:
    """Read once what judging any day of the `weeks` up to `last` needs."""
    reader: Reader = Reading(source) if isinstance(source, duckdb.DuckDBPyConnection) else source
    reviews = read(reader, last, weeks=surge.YEAR * 3 + weeks)
    draw = _draw(reviews.id)
    share = min(1.0, _SPARE * max(_past_share(reviews.age - week) for week in range(weeks + 1)))
    recent = reviews.age <= weeks + GUARD + COPIED  # a text of the first judged week may copy an earlier one
    old = ~recent & (reviews.age < weeks + GUARD + novelty.PAST_WEEKS) & (draw < share)
    words = Words.read(reader, reviews.id[recent | old])
    return Background(
        reviews=reviews,
        zones=Zones.read(reader, reviews),
        words=words,
        draw=draw,
        copies=words.copies(reviews.day[recent | old], first=int(old.sum())),
        context=Context(reader, _labels(reader), Tree.read(reader)),
    )


def on(known: Background, as_of: date, q: float = DEFAULT_Q, *, watch: bool = False) -> Found:
    """Weak signals of one day of a background; with `watch`, also what rises without being a signal."""
    seen = distinct(known, as_of)
    tests = every(known, seen)
    if not len(tests):
        return Found(as_of, 0, ())
    tests = tests.kept(decision.testable(tests.least))
    levels = [level for level in sorted(SENSITIVITIES.values()) if level < q] + [q]
    rates = tests.graded(seen, levels)
    lately = seen.kept(seen.age < GUARD)  # all that a test holds
    passed = [tests.told(int(row), rates[row], lately, known.zones) for row in np.flatnonzero(rates <= q)]
    evident = [t for t in passed if _evident(lately, t)]
    shown: list[Judged] = []
    for level in levels:
        fresh = [t for t in evident if t.q <= level and not any(decision.overlap(t.members, s.members) for s in shown)]
        shown += decision.most_specific(fresh)
    slowly = _slow(seen) if watch else []
    median = _median_sizes(seen, {*WINDOWS, *(t.window for t in slowly)})
    teller = Teller(known.context, seen, len(tests))
    signals = [teller.told(t, median[t.window]) for t in shown]
    worth = np.flatnonzero((rates > q) & (tests.p <= _WATCH_P)) if watch else np.zeros(0, dtype=int)
    surest = worth[np.argsort(tests.p[worth], kind="stable")][: 4 * WATCHED]
    rising = [tests.told(int(row), rates[row], lately, known.zones) for row in surest]
    rising = [t for t in rising if t.observed > 1 and _complains(lately, t)]
    rising = [t for t in rising if not any(decision.overlap(t.members, s.members) for s in shown)]
    watched = [teller.told(t, median[t.window]) for t in decision.most_specific(rising)[:WATCHED]]
    if watch:
        national = {t.topic for t in (*shown, *rising) if t.level == "nation" and not t.fine}
        watched += [teller.told(t, median[t.window]) for t in slowly if t.topic not in national]
    return Found(as_of, len(tests), tuple(sorted(signals, key=lambda s: (s.q, s.p, s.id))), tuple(watched))


def reread(known: Background, found: Found) -> Found:
    """The same, with the second reading of each signal and of each rise."""
    signals, watched = (tuple(second.reread(known.context.source, told)) for told in (found.signals, found.watched))
    return replace(found, signals=signals, watched=watched)


def ranked(known: Background, seen: Reviews, tests: Tests, most: int) -> list[Judged]:
    """The surest tests of a day whatever their rate and their evidence, one an event: what the benchmarks compare."""
    shown: list[Judged] = []
    lately = seen.kept(seen.age < GUARD)
    p = tests.p / testing.weights(seen)[tests.family]
    for row in np.argsort(p, kind="stable")[: 50 * most]:
        test = tests.told(int(row), 1.0, lately, known.zones)
        if not any(decision.overlap(test.members, s.members) for s in shown):
            shown.append(test)
        if len(shown) == most:
            break
    return shown


def distinct(known: Background, as_of: date) -> Reviews:
    """The reviews a day sees, without the near copies and single-author bursts of its judged weeks."""
    seen = known.reviews.seen_on(as_of) if as_of != known.reviews.as_of else known.reviews
    repeated = np.concatenate([known.copies, bursts(seen)])
    return seen.kept(~((seen.age < GUARD) & np.isin(seen.id, repeated)))


def every(known: Background, reviews: Reviews) -> Tests:
    """Every test of a day, from its distinct reviews; none when the history is too short."""
    found = surge.judged(reviews)
    if found:
        found.append(known.zones.cells(next(c for c in found if c.level == "department")))
    recent = np.flatnonzero(reviews.age < RECENT) if found else np.zeros(0, dtype=int)
    old = np.flatnonzero(
        (reviews.age >= RECENT)
        & (reviews.age < RECENT + novelty.PAST_WEEKS)
        & (_draw(reviews.id) < _past_share(reviews.age))
    )
    rows = np.concatenate([recent, old]) if found else recent
    counts, ids = known.words.counts[known.words.rows(reviews.id[rows])], reviews.id[rows]
    likeness = Likeness.of(counts, reviews.age[rows], reviews.place[agreement.LEVEL][rows])
    agreed = Agreements.of(likeness, ids, reviews) if found else Agreements.none()
    return Tests.of(found, novelty.Groups.of(likeness, ids, reviews.irritant[rows]), agreed, reviews)


def curve(known: Background, signal: Signal) -> pd.DataFrame:
    """Observed and expected reviews of the signal's cell, week by week up to its as-of date: `week` (its first day),
    `observed`, `expected`, `low`, `high`. A new subject has no cell: its curve is that of the reviews that say the same.
    """
    seen = known.reviews.seen_on(signal.as_of)
    weeks = min(CURVE_WEEKS, seen.weeks + 1)
    if signal.detector == "novelty":
        return _dated(signal.as_of, weeks, _said(known, seen, signal, weeks))
    cell = _cell(seen, signal)
    if cell is None:
        return pd.DataFrame(columns=["week", "observed", "expected", "low", "high"])
    level, places, topic, fine = cell
    values = surge.weekly(seen.by_subject() if fine else seen, level, places, topic, weeks)
    return _dated(signal.as_of, weeks, values)


def _dated(as_of: date, weeks: int, values: dict[str, np.ndarray]) -> pd.DataFrame:
    firsts = [as_of - timedelta(days=7 * age + 6) for age in range(weeks)][::-1]
    return pd.DataFrame({"week": firsts, **values})


def _said(known: Background, reviews: Reviews, signal: Signal, weeks: int) -> dict[str, np.ndarray]:
    """Reviews that say what the signal's say, of its structure when it holds in one, week by week, oldest first; what is
    expected is their mean before it.
    """
    rows = np.flatnonzero((reviews.age < weeks) & np.isin(reviews.id, known.words.ids))
    ids, age = reviews.id[rows], reviews.age[rows]
    members = np.flatnonzero(np.isin(ids, signal.review_ids))
    counts = known.words.counts[known.words.rows(ids)]
    if signal.scope.structure is None:
        same = novelty.told_by(counts, members)
    else:
        there = reviews.names[agreement.LEVEL][reviews.place[agreement.LEVEL][rows]] == signal.scope.structure
        same = novelty.told_by(counts, members, min(NEAR)) & (there | np.isin(ids, signal.review_ids))
    observed = np.bincount(age[same], minlength=weeks)[:weeks][::-1].astype(float)
    begun = int(age[members].max()) + 1 if len(members) else 0
    before = observed[: weeks - begun]
    mean = max(float(before.mean()) if len(before) else 0.0, 1 / 104)
    return {"observed": observed, **surge.band(np.full(weeks, mean), np.full(weeks, 1.0))}


def _evident(reviews: Reviews, test: Judged) -> bool:
    """Enough distinct reviews, over two days or two structures, a ratio that is surely large, and no praise."""
    rows = np.flatnonzero(np.isin(reviews.id, list(test.members)))
    structures = reviews.place["structure"][rows]
    spread = len(np.unique(reviews.day[rows])) >= 2 or len(np.unique(structures[structures >= 0])) >= 2
    enough = len(rows) >= decision.MIN_REVIEWS
    return (
        enough
        and spread
        and _complains(reviews, test)
        and surge.ratio_low(test.observed, test.expected) >= decision.MIN_RATIO_LOW
    )


def _complains(reviews: Reviews, test: Judged) -> bool:
    """Whether what no irritant tells is something that goes wrong: half of its reviews at least are negative."""
    rows = np.isin(reviews.id, list(test.members))
    return test.topic >= 0 or bool(reviews.negative[rows].mean() >= decision.MIN_NEGATIVE)


def _slow(reviews: Reviews) -> list[Judged]:
    """Irritants that rise slowly in the whole country and that people complain of, the surest first."""
    out = []
    for rise in sorted(slow.rises(reviews), key=lambda r: r.p):
        rows = np.flatnonzero((reviews.irritant == rise.topic) & (reviews.age < rise.weeks))
        if rise.p <= _SLOW_P and reviews.negative[rows].mean() >= decision.MIN_NEGATIVE:
            members = frozenset(reviews.id[rows].tolist())
            out.append(
                Judged(
                    "slow",
                    "nation",
                    0,
                    rise.topic,
                    False,
                    rise.weeks,
                    rise.observed,
                    rise.expected,
                    rise.p,
                    1.0,
                    members,
                )
            )
    return out


def _median_sizes(reviews: Reviews, weeks: Collection[int]) -> dict[int, float]:
    """Median size of an irritant over the last so many weeks, in the whole country."""
    counts = reviews.counts(["nation"], [(0, span) for span in weeks])["nation"]
    return {span: float(np.median(own[0, :-1])) for span, own in zip(weeks, counts, strict=True)}


def _cell(reviews: Reviews, signal: Signal) -> tuple[str, list[int], int, bool] | None:
    """Level, positions of its places, position of its topic and whether that is a fine subject; None when it is gone."""
    fine = signal.subject is not None
    topics = reviews.subjects if fine else reviews.irritants
    topic = np.flatnonzero(topics == (signal.subject if fine else signal.topic))
    level, keys = signal.scope.cell()
    names = reviews.names[level]
    places = [0] if level == "nation" else np.flatnonzero(np.isin(names.astype(str), keys)).tolist()
    return (level, places, int(topic[0]), fine) if len(topic) and places else None


def _labels(reader: Reader) -> dict[int, str]:
    frame = reader.frame("SELECT id, label FROM topics")
    return {int(i): str(label) for i, label in frame.itertuples(index=False)}


def _draw(ids: np.ndarray) -> np.ndarray:
    """A number in [0, 1) for each id (splitmix64), the same for ever."""
    z = ids.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))).astype(np.float64) / 2**64


def _past_share(age: np.ndarray) -> float:
    """Share of the older reviews that are read, so that there are MOST_PAST of them at most."""
    past = int(np.count_nonzero((age >= RECENT) & (age < RECENT + novelty.PAST_WEEKS)))
    return min(1.0, novelty.MOST_PAST / max(past, 1))

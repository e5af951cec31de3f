"""What a signal shows for itself: its place, words, severity and owner, from the reviews of the test that passed.

The rule it protects: nothing that can't be retraced. Every word shown is used by at least two of the signal's reviews,
and the owner is the structure with the largest excess.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd

from analytics.signals import surge
from analytics.signals.cells import GUARD, YEAR, Reader, Reviews
from analytics.signals.decision import Judged
from analytics.signals.owners import Tree
from analytics.signals.record import Scope, Signal, identity
from analytics.topics import text
from data.warehouse import sql

_TERMS = 8
_OTHERS = 400  # reviews that the signal's words are compared with, at most
_PRIOR = 200.0  # words that the usual frequencies are worth in the log-odds
_SHARED = 0.8  # share of a group's reviews that must agree on a place or a topic


@dataclass(frozen=True)
class Context:
    """What telling a signal needs besides the counts."""

    source: Reader
    labels: dict[int, str]  # topic id -> label
    tree: Tree


@dataclass(frozen=True)
class Teller:
    """Tells the signals of one day."""

    context: Context
    reviews: Reviews  # distinct ones, as seen that day
    tests: int

    def told(self, test: Judged, median: float) -> Signal:
        """The signal of a test; `median` is the size of the median irritant over the same window."""
        reviews = self.reviews
        rows = np.flatnonzero(np.isin(reviews.id, list(test.members)))
        topic, subject = _topic(reviews, test, rows)
        scope = _scope(reviews, test, rows)
        first = _monday(reviews.day[rows].min())
        words = self._terms(rows)
        return Signal(
            id=identity(test.detector, topic if subject is None else subject, scope, first),
            as_of=reviews.as_of,
            detector=test.detector,
            topic=topic,
            subject=subject,
            label=_label(self.context, test, topic, subject, words),
            strength="strong" if test.observed > median else "weak",
            scope=scope,
            first_week=first,
            last_week=_monday(reviews.day[rows].max()),
            observed=test.observed,
            expected=test.expected,
            ratio=test.observed / test.expected,
            ratio_low=surge.ratio_low(test.observed, test.expected),
            p=test.p,
            q=test.q,
            severity=float((reviews.negative[rows].sum() + 1) / (len(rows) + 2)),
            terms=words,
            review_ids=tuple(int(i) for i in reviews.id[rows]),
            owner=self.context.tree.owner(_by_excess(reviews, test, rows)),
            tests=self.tests,
            weeks=test.window,
        )

    def _terms(self, rows: np.ndarray) -> tuple[str, ...]:
        """Words and pairs of words that set the signal's reviews apart from other recent ones, as people wrote them."""
        own = self._texts(rows)
        inside = _uses(own)
        shared = Counter({word: n for word, n in inside.items() if n >= 2})
        odds = log_odds(inside, self._usual - inside)
        written = text.surfaces(own, shared)
        best = sorted((w for w in shared if w in written and odds[w] > 0), key=lambda w: (-odds[w], w))
        out: list[str] = []
        kept: list[str] = []
        for word in best:
            if any(set(word.split()) <= set(k.split()) for k in kept):  # said already within a pair
                continue
            kept.append(word)
            out.append(written[word].most_common(1)[0][0])
        return tuple(out[:_TERMS])

    @cached_property
    def _usual(self) -> Counter[str]:
        """Words of some recent reviews, evenly drawn."""
        recent = np.flatnonzero(self.reviews.age < GUARD)
        step = max(1, len(recent) // _OTHERS)
        return _uses(self._texts(recent[::step][:_OTHERS]))

    def _texts(self, rows: np.ndarray) -> list[str]:
        ids = self.reviews.id[rows].tolist()
        frame = self.context.source.frame(sql(__file__, "recent_texts"), {"ids": ids})
        return frame["text"].astype(str).tolist()


def log_odds(own: Counter[str], others: Counter[str]) -> dict[str, float]:
    """How much more each word of `own` is used there than in `others`: z-scores of the log-odds ratio under a Dirichlet
    prior made of both (Monroe, Colaresi and Quinn, 2008).
    """
    n_own, n_others = sum(own.values()), sum(others.values())
    together = n_own + n_others
    out = {}
    for word, n in own.items():
        m = others[word]
        prior = _PRIOR * (n + m + 0.01) / together
        here = (n + prior) / (n_own + _PRIOR - n - prior)
        there = (m + prior) / (n_others + _PRIOR - m - prior)
        out[word] = float((np.log(here) - np.log(there)) / np.sqrt(1 / (n + prior) + 1 / (m + prior)))
    return out


def _label(known: Context, test: Judged, topic: int | None, subject: int | None, words: tuple[str, ...]) -> str:
    named = known.labels.get(subject if subject is not None else topic if topic is not None else -1)
    if named:
        return named
    kind = "Sujet nouveau" if test.level == "group" else "Avis concordants"
    return f"{kind} : " + ", ".join(words[:3]) if words else kind


def _topic(reviews: Reviews, test: Judged, rows: np.ndarray) -> tuple[int | None, int | None]:
    """Ids of the irritant and of the fine subject. What no topic told has the irritant that most of its reviews were put in, -1
    when they agree on none.
    """
    if test.topic >= 0:
        if test.fine:
            return int(reviews.irritants[reviews.family[test.topic]]), int(reviews.subjects[test.topic])
        return int(reviews.irritants[test.topic]), None
    shared = _agreed(reviews.irritant[rows])
    return (-1 if shared < 0 else int(reviews.irritants[shared])), None


def _scope(reviews: Reviews, test: Judged, rows: np.ndarray) -> Scope:
    """Where the test holds; for a group, where its reviews agree."""
    if test.level == "nation":
        return Scope()
    if test.level == "zone":
        return Scope(zone=tuple(sorted(test.codes)))
    if test.level != "group":
        return Scope.at(test.level, str(reviews.names[test.level][test.place]))
    for level in ("structure", "typology", "network"):
        shared = _agreed(reviews.place[level][rows])
        if shared >= 0:
            return Scope.at(level, str(reviews.names[level][shared]))
    return Scope()


def _agreed(codes: np.ndarray) -> int:
    """The code that most of these reviews share, -1 when there is none."""
    known = codes[codes >= 0]
    if not len(known):
        return -1
    values, times = np.unique(known, return_counts=True)
    return int(values[times.argmax()]) if times.max() >= _SHARED * len(codes) else -1


def _by_excess(reviews: Reviews, test: Judged, rows: np.ndarray) -> list[str]:
    """Structures of the signal's reviews, largest excess over their usual number first."""
    structures = reviews.place["structure"]
    named = structures[rows]
    codes, now = np.unique(named[named >= 0], return_counts=True)
    if test.topic < 0:
        return [str(reviews.names["structure"][c]) for c in codes[np.argsort(-now, kind="stable")]]
    usual = (reviews.age >= GUARD) & (reviews.age < GUARD + YEAR) & np.isin(structures, codes)
    usual &= (reviews.subject if test.fine else reviews.irritant) == test.topic
    past = np.bincount(structures[usual], minlength=len(reviews.names["structure"]))[codes]
    excess = now - past * test.window / YEAR
    return [str(reviews.names["structure"][c]) for c in codes[np.argsort(-excess, kind="stable")]]


def _uses(texts: list[str]) -> Counter[str]:
    """In how many texts each word and each pair of neighbouring words is."""
    found: Counter[str] = Counter()
    for parts in text.sentences(texts):
        words = [part.split() for part in parts]
        pairs = {f"{a} {b}" for part in words for a, b in pairwise(part)}
        found.update({w for part in words for w in part} | pairs)
    return found


def _monday(day: np.datetime64) -> date:
    at = pd.Timestamp(day).date()
    return at - timedelta(days=at.weekday())

"""What a refit did to the reference, said irritant by irritant.

The rule it protects: nothing appears in the list of irritants or leaves it without a line that says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from analytics.topics.model import Topic, TopicModel

_MOST = 0.5  # share of the reviews of one side that makes a merge or a split


@dataclass(frozen=True)
class Change:
    """One irritant that a refit brought, or that it took away."""

    kind: Literal["new", "merged", "split", "retired"]
    id: int
    label: str
    other: Topic | None  # the irritant it joined, or the one it came from
    n: int  # reviews concerned


def between(before: TopicModel, after: TopicModel, old: np.ndarray, new: np.ndarray) -> list[Change]:
    """Changes from one model to the next; `old` and `new` are the irritants each gives to the same reviews.

    An irritant that left is `merged` when most of its reviews are now in one other, else `retired`; one that came is
    `split` when most of its reviews come from one that is still there, else `new`.
    """
    was, now = ({t.id: t for t in m.irritants} for m in (before, after))
    found = []
    for id_ in sorted(set(was) - set(now)):
        rows = old == id_
        to, n = _commonest(new[rows])
        joined = to in now and n >= _MOST * max(1, int(rows.sum()))
        found.append(
            Change("merged" if joined else "retired", id_, was[id_].label, now[to] if joined else None, int(rows.sum()))
        )
    for id_ in sorted(set(now) - set(was)):
        rows = new == id_
        source, n = _commonest(old[rows])
        parted = source in was and source in now and n >= _MOST * max(1, int(rows.sum()))
        found.append(
            Change("split" if parted else "new", id_, now[id_].label, now[source] if parted else None, int(rows.sum()))
        )
    return found


def _commonest(ids: np.ndarray) -> tuple[int, int]:
    known = ids[ids >= 0]
    if not len(known):
        return -1, 0
    values, times = np.unique(known, return_counts=True)
    best = int(times.argmax())
    return int(values[best]), int(times[best])

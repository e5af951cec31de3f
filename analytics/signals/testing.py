"""Every test of a day: one a cell, one a recent review for new subjects, one a structure for agreements, kept as arrays
until one is worth showing.

The rule it protects: all that was looked at is counted, so that what is shown pays for what was not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analytics.signals import agreement, decision, novelty, zones
from analytics.signals.agreement import Agreements
from analytics.signals.cells import Reviews
from analytics.signals.decision import Chances, Judged
from analytics.signals.surge import Cells
from analytics.signals.zones import Zones

NOVELTY, AGREEMENT = 0.2, 0.2  # of the risk go to new subjects and to agreements
_SEED, _PLACE = -1, -2  # parts of the tests that are no cell
_PLACES = ("department", "region", zones.LEVEL)
_COLUMNS = ("family", "p", "least", "part", "place", "topic", "window")


@dataclass(frozen=True)
class Tests:
    """Tests of one day, arrays of equal length."""

    cells: tuple[Cells, ...]
    groups: novelty.Groups
    agreements: Agreements
    family: np.ndarray  # position of the irritant; after the last one, new subjects, then agreements
    p: np.ndarray
    least: np.ndarray  # the smallest p-value the test could have shown
    part: np.ndarray  # position in `cells`, _SEED or _PLACE
    place: np.ndarray  # position in the level; of the seed, for new subjects
    topic: np.ndarray  # -1 when it is no cell
    window: np.ndarray  # position of the window that gave p; weeks, when it is no cell

    @classmethod
    def of(cls, cells: Sequence[Cells], groups: novelty.Groups, agreements: Agreements, reviews: Reviews) -> Tests:
        """All of them."""
        columns: dict[str, list[np.ndarray]] = {name: [] for name in _COLUMNS}
        for part, own in enumerate(cells):
            place, topic, p, window, least = own.tested(decision.MIN_REVIEWS)
            family = reviews.family[topic] if own.fine else topic
            row = (family, p, least, np.full(len(p), part), place, topic, window)
            for name, values in zip(_COLUMNS, row, strict=True):
                columns[name].append(values)
        seeds, irritants = groups.seeds, len(reviews.irritants)
        every, places = np.arange(len(groups.p)), agreements.place
        apart = (
            (irritants, groups.p, seeds.least, _SEED, every, seeds.window),
            (irritants + 1, agreements.p, np.zeros(len(places)), _PLACE, places, agreements.window),
        )
        for number, p, least, part, place, window in apart:
            row = (np.full(len(p), number), p, least, np.full(len(p), part), place, np.full(len(p), -1), window)
            for name, values in zip(_COLUMNS, row, strict=True):
                columns[name].append(values)
        return cls(tuple(cells), groups, agreements, **{name: np.concatenate(parts) for name, parts in columns.items()})

    def __len__(self) -> int:
        return len(self.p)

    def kept(self, mask: np.ndarray) -> Tests:
        """Those of the mask."""
        return replace(self, **{name: getattr(self, name)[mask] for name in _COLUMNS})

    def graded(self, reviews: Reviews, levels: Sequence[float]) -> np.ndarray:
        """q-value of each test (`decision.graded`)."""
        return decision.graded(self.family, self.p, levels, weights(reviews), self._chances())

    def _chances(self) -> Chances:
        """What the tests of new subjects could have shown by chance. The others have none: what is expected of them is not
        known surely enough for it (E2), so they pay the plain price.
        """
        seeds = self.groups.seeds
        wide = seeds.mean.shape[1]
        mean, shape, share = np.ones((len(self), wide)), np.ones((len(self), wide)), np.zeros((len(self), wide))
        rows = np.flatnonzero(self.part == _SEED)
        for array, known in ((mean, seeds.mean), (shape, seeds.shape), (share, seeds.share)):
            array[rows] = known[self.place[rows]]
        return Chances(mean, shape, share, self.least)

    def told(self, row: int, q: float, reviews: Reviews, places: Zones) -> Judged:
        """One test with its reviews."""
        place, topic = int(self.place[row]), int(self.topic[row])
        if self.part[row] == _PLACE:
            agreed = self.agreements
            members = agreed.members.get(place, frozenset())
            expected = float(agreed.expected[np.searchsorted(agreed.place, place)])
            return Judged(
                "novelty", agreement.LEVEL, place, -1, False, int(self.window[row]), len(members), expected,
                float(self.p[row]), q, members,
            )  # fmt: skip
        if self.part[row] == _SEED:
            members = self.groups.members.get(place, frozenset())
            return Judged(
                "novelty", "group", -1, -1, False, int(self.window[row]), len(members),
                float(self.groups.seeds.expected[place]), float(self.p[row]), q, members,
            )  # fmt: skip
        own = self.cells[self.part[row]]
        at = int(self.window[row])
        inside = (reviews.age < own.windows[at]) & ((reviews.subject if own.fine else reviews.irritant) == topic)
        zone = own.level == zones.LEVEL
        inside &= places.holding(reviews, place) if zone else reviews.place[own.level] == place
        return Judged(
            detector="place" if own.level in _PLACES else "surge",
            level=own.level,
            place=place,
            topic=topic,
            fine=own.fine,
            window=own.windows[at],
            observed=int(own.observed[at, place, topic]),
            expected=float(own.expected[at, place, topic]),
            p=float(self.p[row]),
            q=q,
            members=frozenset(reviews.id[inside].tolist()),
            codes=places.codes(reviews, place) if zone else (),
        )


def weights(reviews: Reviews) -> np.ndarray:
    """How families share the risk: the irritants equally, and the last two, new subjects and agreements, a part each."""
    irritants = len(reviews.irritants)
    each = (1 - NOVELTY - AGREEMENT) / max(irritants, 1)
    return np.array([*[each] * irritants, NOVELTY, AGREEMENT]) * (irritants + 2)

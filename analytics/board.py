"""Reviews in order of publication, with the day each got its reply: who waited on which morning, and at what pace they leave.

The daily hazard of a reply at a given age is learnt on the last half-year as it stood, times each structure's own pace (shrunk
towards everybody's: a Poisson-Gamma ratio). The rule it protects: what is asked as of a morning uses nothing seen later.
"""

from __future__ import annotations

from collections import deque
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analytics.waits import Waits
from data.filters import Filters

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
OLDEST = 400  # days; an older review has the hazard of this age
LEARNT = 182  # days of history behind a hazard
RECENT = 28  # days in which a drift is looked for
OWN_PAST = 364  # days of a structure's own past
PRIOR = 5.0  # expected replies that a structure's own pace is worth half against everybody's
EPOCH = date(1970, 1, 1)
_last: deque[tuple[Filters, Board]] = deque(maxlen=2)  # a page asks for the stock and for the drifts of one selection


class Board:
    """Reviews of a selection in order of publication: days published and answered, whom they wait for. Days are counted
    from 1970.
    """

    def __init__(self, found: Waits, rows: Ints) -> None:
        self.waits = found
        self.id = found.id[rows]
        self.day = found.day[rows].astype(np.int64)
        replied = found.replied_day[rows].astype(np.int64)
        told = found.answered[rows] & (replied >= 0)
        self.reply = np.where(told, replied, np.iinfo(np.int32).max)
        undated = found.answered[rows] & ~told
        keep = ~undated
        self.id, self.day, self.reply = self.id[keep], self.day[keep], self.reply[keep]
        self.reply = np.maximum(self.reply, self.day)
        self.structure = found.codes["structure"][rows][keep].astype(np.int64)
        self.today = (found.end - EPOCH).days
        self.first = int(self.day[0]) if len(self.day) else self.today
        self.replies = np.sort(self.reply)
        self._known: dict[int, tuple[Floats, Floats]] = {}

    @cached_property
    def by_age(self) -> tuple[Floats, Floats, Floats]:
        """Cumulated over days, by age: replies made, reviews at risk; and, by day of publication, those that reached an age."""
        days, ages = self.today - self.first, OLDEST + 1
        age = np.minimum(self.reply - self.day, ages)
        table = np.bincount((self.day - self.first) * (ages + 1) + age, minlength=days * (ages + 1))
        table = table.reshape(days, ages + 1)
        reached = np.cumsum(table[:, ::-1], axis=1)[:, ::-1]
        day, of_age = np.meshgrid(np.arange(days), np.arange(ages), indexing="ij")
        published = day - of_age  # who is that old on that day
        known = published >= 0
        published = np.maximum(published, 0)
        ended = np.where(known, table[published, of_age], 0).cumsum(axis=0)
        risk = np.where(known, reached[published, of_age], 0).cumsum(axis=0)
        return np.vstack([np.zeros(ages), ended]), np.vstack([np.zeros(ages), risk]), reached.astype(np.float64)

    @classmethod
    def of(cls, found: Waits, filters: Filters) -> Board:
        """The reviews of a selection; its period is ignored: what waits, waits. The last two asked for are kept."""
        where = Filters(
            networks=filters.networks, typologies=filters.typologies, structures=filters.structures,
            departments=filters.departments, regions=filters.regions, channels=filters.channels,
            sentiments=filters.sentiments, irritants=filters.irritants,
        )  # fmt: skip
        for asked, board in list(_last):
            if board.waits is found and asked == where:
                return board
        kept = found.kept(where) & ~found.outside
        board = cls(found, found.by_day[kept[found.by_day]])
        _last.append((where, board))
        return board

    def waiting(self, today: int) -> NDArray[np.bool_]:
        """Published and not answered on the morning of `today`."""
        return (self.day < today) & (self.reply >= today)

    def ages(self, today: int) -> Ints:
        """Whole days since publication on that morning."""
        return today - self.day - 1

    def hazard(self, today: int) -> Floats:
        """Chance of a reply on the day a review reaches each age, learnt on the `LEARNT` days before `today`."""
        if today <= self.first:
            return np.zeros(OLDEST + 1)
        ended, risk, _ = self.by_age
        until, since = today - self.first, max(today - LEARNT - self.first, 0)
        return _smoothed(ended[until] - ended[since], risk[until] - risk[since])

    def pace(self, since: int, today: int, hazard: Floats) -> tuple[Floats, Floats]:
        """Replies of each structure from `since` until `today`, and those the hazard announces for what it then had."""
        size = len(self.waits.names["structure"])
        total = np.r_[0.0, np.cumsum(hazard)]
        open_ = (self.day < today) & (self.reply >= since) & (self.structure >= 0)
        first = np.clip(np.maximum(since - self.day[open_], 0), 0, OLDEST)
        last = np.clip(np.minimum(self.reply[open_], today - 1) - self.day[open_], 0, OLDEST)
        due = np.bincount(self.structure[open_], weights=total[last + 1] - total[first], minlength=size)
        ended = open_ & (self.reply < today)
        return np.bincount(self.structure[ended], minlength=size).astype(np.float64), due.astype(np.float64)

    def paces(self) -> tuple[Floats, Floats, Floats]:
        """Replies of the last weeks, those each structure's own past announces, and the chance of such a gap (NaN
        where the past is too short to say).
        """
        hazard = self.hazard(self.today - RECENT)
        since = self.today - RECENT
        past, due = self.pace(since - OWN_PAST, since, hazard)
        observed, now = self.pace(since, self.today, hazard)
        expected = now * (past + PRIOR) / (due + PRIOR)
        # The past pace is itself uncertain: the predictive law of a Poisson count is negative binomial.
        shape = past + PRIOR
        odds = np.divide(shape, shape + expected, out=np.full_like(shape, 0.5), where=shape + expected > 0)
        under, over = stats.nbinom.cdf(observed, shape, odds), stats.nbinom.sf(observed - 1, shape, odds)
        p = np.minimum(1.0, 2 * np.minimum(under, over))
        return observed, expected, np.where((past >= 20) & (expected >= 3), p, np.nan)

    def candidates(self, today: int, target: int) -> Ints:
        """Places of the reviews that wait, within the target still, past it in a week if nobody answers."""
        low, high = np.searchsorted(self.day, [today - target, today - target + 7])
        low, high = int(low), int(min(high, np.searchsorted(self.day, today)))
        return low + np.flatnonzero(self.reply[low:high] >= today)

    def chance_late(self, places: Ints, today: int, target: int, learnt: int | None = None) -> Floats:
        """Chance that each review at `places` is still unanswered when it passes the target, at its structure's recent
        pace, as known on the morning of `learnt` (`today` by default).
        """
        hazard, ratio = self._learnt(today if learnt is None else learnt)
        total = np.r_[0.0, np.cumsum(-np.log1p(-hazard))]
        age = np.clip(today - self.day[places] - 1, 0, OLDEST)
        left = np.maximum(total[min(target, OLDEST) + 1] - total[np.minimum(age + 1, OLDEST + 1)], 0.0)
        structure = self.structure[places]
        own = np.where(structure >= 0, ratio[np.maximum(structure, 0)], 1.0) if len(ratio) else 1.0
        return np.exp(-own * left)

    def _learnt(self, today: int) -> tuple[Floats, Floats]:
        if today not in self._known:
            hazard = self.hazard(today)
            replies, due = self.pace(today - LEARNT, today, hazard)
            self._known[today] = hazard, (replies + PRIOR) / (due + PRIOR)
        return self._known[today]


def _smoothed(events: Floats, at_risk: Floats) -> Floats:
    """Hazard by age: raw while many are at risk, then over ages pooled until 30 replies are seen together."""
    hazard = np.zeros(len(events))
    start = 0
    total = 0.0
    for age in range(len(events)):
        total += events[age]
        if total >= 30 or age == len(events) - 1:
            at = at_risk[start : age + 1].sum()
            if at > 0:
                hazard[start : age + 1] = events[start : age + 1].sum() / at
            elif start:
                hazard[start : age + 1] = hazard[start - 1]
            start, total = age + 1, 0.0
    return np.clip(hazard, 0.0, 0.95)

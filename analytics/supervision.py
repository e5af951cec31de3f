"""What a team lead watches: the stock by age, what comes in and goes out, what will be late, what drifts.

Everything rests on the daily hazard of getting a reply at a given age, learnt on the last half-year as it stood, times each
structure's own pace (shrunk towards everybody's: a Poisson-Gamma ratio). The rule it protects: a prediction never travels
without how often the same prediction was right in the past weeks, each replayed with what was known then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from analytics import waits
from analytics.waits import Waits
from data.filters import Filters
from data.warehouse import Warehouse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
AGES = ((0, 3), (4, 7), (8, 15), (16, 30), (31, 60), (61, 180), (181, None))  # days, both included
OLDEST = 400  # days; an older review has the hazard of this age
LEARNT = 182  # days of history behind a hazard
RECENT = 28  # days in which a drift is looked for
OWN_PAST = 364  # days of a structure's own past
REPLAYED = 12  # past weeks on which predictions are judged
FORECAST_WEEKS = 4
REPLAYED_FORECASTS, LEAST_REPLAYED = 52, 12
YEAR = 364
PRIOR = 5.0  # expected replies that a structure's own pace is worth half against everybody's
DRIFT_RATE = 0.05  # false discovery rate among structures
LIKELY = 0.5
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Track:
    """How often "will be late within the week" was right, over the last `weeks` weeks."""

    weeks: int
    judged: int  # reviews that could become late in their week
    late: int  # of which did
    expected: float  # late ones that the probabilities announced
    announced: int  # given an even chance or more
    hits: int  # of those, really late
    bins: pd.DataFrame  # low, high (probability), n, expected (mean probability), observed (share late)

    @property
    def hit_rate(self) -> float | None:
        """Share really late of those announced; None when none was."""
        return self.hits / self.announced if self.announced else None

    @property
    def found(self) -> float | None:
        """Share announced of those really late."""
        return self.hits / self.late if self.late else None


@dataclass(frozen=True)
class Forecast:
    """The stock of the next weeks. `frame`: week (its last day), stock, low, high (80 %), naive; errors are means of the
    absolute error on past weeks, by week ahead.
    """

    frame: pd.DataFrame
    error: Floats
    naive_error: Floats
    covered: float | None  # share of the past weeks that the interval held
    replayed: int


@dataclass(frozen=True)
class Stock:
    """The state of a selection on the midnight that ends the data."""

    day: date
    waiting: int
    late: int
    ages: pd.DataFrame  # label, low, high, n
    flows: pd.DataFrame  # week (Monday), incoming, answered, stock (at its end), for two years at most
    upcoming: pd.DataFrame  # id, structure_id, name, age, probability: late within seven days, likeliest first
    by_structure: pd.DataFrame  # structure_id, name, waiting, late, upcoming (expected number), likely
    track: Track
    forecast: Forecast | None  # None with too little history


@dataclass(frozen=True)
class Drift:
    """A structure whose pace left its own past's: replies seen and expected over the last four weeks."""

    structure_id: str
    name: str
    replies: int
    expected: float
    p: float  # probability of so few (or so many) replies if its pace had not changed

    @property
    def slower(self) -> bool:
        """Whether it answers less than its past announces."""
        return self.replies < self.expected


def stock(warehouse: Warehouse, filters: Filters, target: int) -> Stock:
    """The stock of a selection (its period is ignored: what waits, waits) and what is coming."""
    board = _Board.of(waits.of(warehouse), filters)
    today = board.today
    age = board.ages(today)
    places = board.candidates(today, target)
    probability = board.chance_late(places, today, target)
    sure = np.argsort(-probability, kind="stable")
    order = places[sure]
    waiting = board.waiting(today)
    names, labels = board.waits.names["structure"], board.waits.labels["structure"]
    code = board.structure + 1
    size = len(names) + 1
    by_structure = pd.DataFrame(
        {
            "structure_id": [None, *names],
            "name": [None, *labels],
            "waiting": np.bincount(code[waiting], minlength=size),
            "late": np.bincount(code[waiting & (age > target)], minlength=size),
            "upcoming": np.bincount(code[places], weights=probability, minlength=size),
            "likely": np.bincount(code[places[probability >= LIKELY]], minlength=size),
        }
    )
    by_structure = by_structure[by_structure["waiting"] > 0]
    return Stock(
        day=_EPOCH + timedelta(days=today - 1),
        waiting=int(waiting.sum()),
        late=int((waiting & (age > target)).sum()),
        ages=_ages(age[waiting]),
        flows=board.flows(),
        upcoming=pd.DataFrame(
            {
                "id": board.id[order],
                "structure_id": [names[k] if k >= 0 else None for k in board.structure[order]],
                "name": [labels[k] if k >= 0 else None for k in board.structure[order]],
                "age": age[order],
                "probability": probability[sure],
            }
        ),
        by_structure=by_structure.sort_values(["upcoming", "waiting"], ascending=False).reset_index(drop=True),
        track=board.track(target),
        forecast=board.forecast(),
    )


def drifting(warehouse: Warehouse, filters: Filters, *, rate: float = DRIFT_RATE) -> list[Drift]:
    """Structures whose pace left their own past's over the last four weeks, surest first (Benjamini-Hochberg at `rate`)."""
    board = _Board.of(waits.of(warehouse), filters)
    observed, expected, p = board.paces()
    tested = np.flatnonzero(~np.isnan(p))
    if not len(tested):
        return []
    kept = tested[stats.false_discovery_control(p[tested]) <= rate]
    names, labels = board.waits.names["structure"], board.waits.labels["structure"]
    found = [Drift(names[k], labels[k], int(observed[k]), float(expected[k]), float(p[k])) for k in kept]
    return sorted(found, key=lambda d: d.p)


def control_chart(warehouse: Warehouse, structure_id: str, weeks: int = 52) -> pd.DataFrame:
    """Replies of a structure week by week against what its own past announces for the reviews it then had.

    Columns: `week` (Monday), `replies`, `expected`, `low`, `high` (what chance gives 99 weeks in 100), `out`. The pace is
    that of the year before the last four weeks; weeks end on the last publication day.
    """
    board = _Board.of(waits.of(warehouse), Filters(structures=(structure_id,)))
    everyone = _Board.of(waits.of(warehouse), Filters())
    hazard = everyone.hazard(everyone.today)
    start = max(board.today - 7 * weeks, board.first)
    begin = board.today - RECENT - OWN_PAST
    seen, due = board.pace(begin, board.today - RECENT, hazard)
    ratio = (seen.sum() + PRIOR) / (due.sum() + PRIOR)
    rows = []
    for week in range(start + (board.today - start) % 7, board.today, 7):
        replies, expected = (float(v.sum()) for v in board.pace(week, week + 7, hazard))
        low, high = stats.poisson.ppf([0.005, 0.995], max(expected * ratio, 1e-9))
        rows.append((_EPOCH + timedelta(days=week), replies, expected * ratio, low, high))
    frame = pd.DataFrame(rows, columns=["week", "replies", "expected", "low", "high"])
    frame["week"] = pd.to_datetime(frame["week"])
    frame["out"] = (frame["replies"] < frame["low"]) | (frame["replies"] > frame["high"])
    return frame


class _Board:
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
        self.today = (found.end - _EPOCH).days
        self.first = int(self.day[0]) if len(self.day) else self.today
        self.replies = np.sort(self.reply)
        self._known: dict[int, tuple[Floats, Floats]] = {}

    @cached_property
    def _by_age(self) -> tuple[Floats, Floats, Floats]:
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
    def of(cls, found: Waits, filters: Filters) -> _Board:
        where = Filters(
            networks=filters.networks, typologies=filters.typologies, structures=filters.structures,
            departments=filters.departments, regions=filters.regions, channels=filters.channels,
            sentiments=filters.sentiments, irritants=filters.irritants,
        )  # fmt: skip
        kept = found.kept(where) & ~found.outside
        return cls(found, found.by_day[kept[found.by_day]])

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
        ended, risk, _ = self._by_age
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

    def track(self, target: int) -> Track:
        """Predictions of the last weeks against what happened, each made with what was known on its morning."""
        chances, outcomes = [], []
        weeks = 0
        for back in range(1, REPLAYED + 1):
            then = self.today - 7 * back
            learnt = self.today - 28 * (-(-back // 4))  # what was known up to four weeks before
            if learnt - LEARNT < self.first:
                break
            weeks += 1
            judged = self.candidates(then, target)
            chances.append(self.chance_late(judged, then, target, learnt))
            outcomes.append(self.reply[judged] - self.day[judged] > target)
        chance = np.concatenate(chances) if chances else np.array([])
        late = np.concatenate(outcomes) if outcomes else np.array([], dtype=bool)
        announced = chance >= LIKELY
        edges = np.linspace(0, 1, 6)
        place = np.clip(np.digitize(chance, edges) - 1, 0, 4)
        n = np.bincount(place, minlength=5)
        with np.errstate(invalid="ignore"):
            bins = pd.DataFrame(
                {
                    "low": edges[:-1],
                    "high": edges[1:],
                    "n": n,
                    "expected": np.bincount(place, weights=chance, minlength=5) / n,
                    "observed": np.bincount(place, weights=late, minlength=5) / n,
                }
            )
        return Track(
            weeks, len(chance), int(late.sum()), float(chance.sum()), int(announced.sum()),
            int((announced & late).sum()), bins,
        )  # fmt: skip

    def flows(self, weeks: int = 104) -> pd.DataFrame:
        """Reviews received, answered and waiting by week ending on the last publication day."""
        start = max(self.today - 7 * weeks, self.first)
        start += (self.today - start) % 7
        edges = np.arange(start, self.today + 1, 7)
        received, answered = np.searchsorted(self.day, edges), np.searchsorted(self.replies, edges)
        return pd.DataFrame(
            {
                "week": pd.to_datetime([_EPOCH + timedelta(days=int(d)) for d in edges[:-1]]),
                "incoming": np.diff(received),
                "answered": np.diff(answered),
                "stock": (received - answered)[1:],
            }
        )

    def forecast(self) -> Forecast | None:
        """The stock of the next weeks. The same forecast on past weeks gives its usual error, which is taken out, and what
        is left of it is its interval.
        """
        if self.today - self.first < LEARNT + 7 * (FORECAST_WEEKS + 8):
            return None
        raw: list[Floats] = []  # relative errors, before the usual one is taken out
        errors, naive_errors, held = [], [], []
        for back in range(FORECAST_WEEKS + REPLAYED_FORECASTS, FORECAST_WEEKS - 1, -1):
            then = self.today - 7 * back
            if then - LEARNT - 56 < self.first:
                continue
            said, now = self._stocks(then)
            ends = then + 7 * np.arange(1, FORECAST_WEEKS + 1)
            true = np.searchsorted(self.day, ends) - np.searchsorted(self.replies, ends)
            scale = max(float(now), 1.0)
            seen = np.array(raw[: max(len(raw) - FORECAST_WEEKS + 1, 0)])  # those known on that morning
            if len(seen) >= LEAST_REPLAYED:
                low, middle, high = np.quantile(seen, [0.1, 0.5, 0.9], axis=0) * scale
                held.append((true >= said + low) & (true <= said + high))
                errors.append(np.abs(true - said - middle))
                naive_errors.append(np.abs(true - float(now)))
            raw.append((true - said) / scale)
        if len(errors) < 4:
            return None
        said, now = self._stocks(self.today)
        low, middle, high = np.quantile(np.array(raw), [0.1, 0.5, 0.9], axis=0) * max(float(now), 1.0)
        last = [_EPOCH + timedelta(days=self.today + 7 * k - 1) for k in range(1, FORECAST_WEEKS + 1)]
        columns = {
            "stock": said + middle,
            "low": said + low,
            "high": said + high,
            "naive": np.full(len(last), float(now)),
        }
        frame = pd.DataFrame({"week": pd.to_datetime(last)} | {k: np.maximum(v, 0.0) for k, v in columns.items()})
        return Forecast(
            frame, np.mean(errors, axis=0), np.mean(naive_errors, axis=0), float(np.mean(held)), len(errors)
        )

    def _stocks(self, today: int) -> tuple[Floats, int]:
        """Stock expected in one to four weeks, and today's: what waits leaves at the hazard, what comes at the recent rate."""
        hazard = self.hazard(today)
        stays = np.r_[1.0, np.cumprod(1 - hazard)]  # still waiting after the day of age a - 1
        now = int(np.searchsorted(self.day, today) - np.searchsorted(self.replies, today))
        reached = self._by_age[2]
        age = np.arange(min(OLDEST, today - self.first))
        by_age = np.zeros(OLDEST + 1)
        by_age[age] = reached[today - self.first - 1 - age, age + 1]
        by_age[OLDEST] = max(now - by_age.sum(), 0.0)

        def received(since: int, until: int) -> float:
            low, high = np.searchsorted(self.day, [since, until])
            return float(high - low) / (until - since)

        recent, was = received(today - 56, today), received(today - YEAR - 56, today - YEAR)
        found = []
        for week in range(1, FORECAST_WEEKS + 1):
            ahead = 7 * week
            then = np.minimum(np.arange(OLDEST + 1) + 1 + ahead, OLDEST + 1)
            old = float((by_age * stays[then] / np.maximum(stays[1:], 1e-12)).sum())
            rate = recent
            if was > 0:
                turn = received(today - YEAR, today - YEAR + ahead) / was
                rate = recent * float(np.sqrt(np.clip(turn, 0.5, 2.0)))  # half of last year's turn
            found.append(old + rate * float(stays[1 : ahead + 1].sum()))
        return np.array(found), now


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


def _ages(age: Ints) -> pd.DataFrame:
    rows = []
    for low, high in AGES:
        n = int(((age >= low) & (age <= (high if high is not None else age.max(initial=low)))).sum())
        label = f"{low} à {high} jours" if high is not None else f"plus de {low - 1} jours"
        rows.append((label, low, high, n))
    return pd.DataFrame(rows, columns=["label", "low", "high", "n"])

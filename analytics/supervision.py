"""What a team lead watches: the stock by age, what comes in and goes out, what will be late, what drifts.

The rule it protects: a prediction never travels
without how often the same prediction was right in the past weeks, each replayed with what was known then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from scipy import stats

from analytics import waits
from analytics.board import EPOCH, LEARNT, OWN_PAST, PRIOR, RECENT, Board, Ints
from analytics.forecast import Forecast, forecast
from data.filters import Filters
from data.warehouse import Warehouse

AGES = ((0, 3), (4, 7), (8, 15), (16, 30), (31, 60), (61, 180), (181, None))  # days, both included
REPLAYED = 12  # past weeks on which predictions are judged
DRIFT_RATE = 0.05  # false discovery rate among structures
LIKELY = 0.5


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
    board = Board.of(waits.of(warehouse), filters)
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
        day=EPOCH + timedelta(days=today - 1),
        waiting=int(waiting.sum()),
        late=int((waiting & (age > target)).sum()),
        ages=_ages(age[waiting]),
        flows=_flows(board),
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
        track=_track(board, target),
        forecast=forecast(board),
    )


def drifting(warehouse: Warehouse, filters: Filters, *, rate: float = DRIFT_RATE) -> list[Drift]:
    """Structures whose pace left their own past's over the last four weeks, surest first (Benjamini-Hochberg at `rate`)."""
    board = Board.of(waits.of(warehouse), filters)
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
    board = Board.of(waits.of(warehouse), Filters(structures=(structure_id,)))
    everyone = Board.of(waits.of(warehouse), Filters())
    hazard = everyone.hazard(everyone.today)
    start = max(board.today - 7 * weeks, board.first)
    begin = board.today - RECENT - OWN_PAST
    seen, due = board.pace(begin, board.today - RECENT, hazard)
    ratio = (seen.sum() + PRIOR) / (due.sum() + PRIOR)
    rows = []
    for week in range(start + (board.today - start) % 7, board.today, 7):
        replies, expected = (float(v.sum()) for v in board.pace(week, week + 7, hazard))
        low, high = stats.poisson.ppf([0.005, 0.995], max(expected * ratio, 1e-9))
        rows.append((EPOCH + timedelta(days=week), replies, expected * ratio, low, high))
    frame = pd.DataFrame(rows, columns=["week", "replies", "expected", "low", "high"])
    frame["week"] = pd.to_datetime(frame["week"])
    frame["out"] = (frame["replies"] < frame["low"]) | (frame["replies"] > frame["high"])
    return frame


def _track(board: Board, target: int) -> Track:
    """Predictions of the last weeks against what happened, each made with what was known on its morning."""
    chances, outcomes = [], []
    weeks = 0
    for back in range(1, REPLAYED + 1):
        then = board.today - 7 * back
        learnt = board.today - 28 * (-(-back // 4))  # what was known up to four weeks before
        if learnt - LEARNT < board.first:
            break
        weeks += 1
        judged = board.candidates(then, target)
        chances.append(board.chance_late(judged, then, target, learnt))
        outcomes.append(board.reply[judged] - board.day[judged] > target)
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


def _flows(board: Board, weeks: int = 104) -> pd.DataFrame:
    """Reviews received, answered and waiting by week ending on the last publication day."""
    start = max(board.today - 7 * weeks, board.first)
    start += (board.today - start) % 7
    edges = np.arange(start, board.today + 1, 7)
    received, answered = np.searchsorted(board.day, edges), np.searchsorted(board.replies, edges)
    return pd.DataFrame(
        {
            "week": pd.to_datetime([EPOCH + timedelta(days=int(d)) for d in edges[:-1]]),
            "incoming": np.diff(received),
            "answered": np.diff(answered),
            "stock": (received - answered)[1:],
        }
    )


def _ages(age: Ints) -> pd.DataFrame:
    rows = []
    for low, high in AGES:
        n = int(((age >= low) & (age <= (high if high is not None else age.max(initial=low)))).sum())
        label = f"{low} à {high} jours" if high is not None else f"plus de {low - 1} jours"
        rows.append((label, low, high, n))
    return pd.DataFrame(rows, columns=["label", "low", "high", "n"])

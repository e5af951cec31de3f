"""The stock of the next weeks: what waits leaves at the hazard, what comes at the recent rate.

The rule it protects: an interval is made of the errors that the same forecast made on past weeks, each with what was known then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from analytics.board import EPOCH, LEARNT, OLDEST, Board, Floats

FORECAST_WEEKS = 4
REPLAYED_FORECASTS, LEAST_REPLAYED = 52, 12
YEAR = 364


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


def forecast(board: Board) -> Forecast | None:
    """The stock of the next weeks. The same forecast on past weeks gives its usual error, which is taken out, and what
    is left of it is its interval.
    """
    if board.today - board.first < LEARNT + 7 * (FORECAST_WEEKS + 8):
        return None
    raw: list[Floats] = []  # relative errors, before the usual one is taken out
    errors, naive_errors, held = [], [], []
    for back in range(FORECAST_WEEKS + REPLAYED_FORECASTS, FORECAST_WEEKS - 1, -1):
        then = board.today - 7 * back
        if then - LEARNT - 56 < board.first:
            continue
        said, now = _stocks(board, then)
        ends = then + 7 * np.arange(1, FORECAST_WEEKS + 1)
        true = np.searchsorted(board.day, ends) - np.searchsorted(board.replies, ends)
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
    said, now = _stocks(board, board.today)
    low, middle, high = np.quantile(np.array(raw), [0.1, 0.5, 0.9], axis=0) * max(float(now), 1.0)
    last = [EPOCH + timedelta(days=board.today + 7 * k - 1) for k in range(1, FORECAST_WEEKS + 1)]
    columns = {
        "stock": said + middle,
        "low": said + low,
        "high": said + high,
        "naive": np.full(len(last), float(now)),
    }
    frame = pd.DataFrame({"week": pd.to_datetime(last)} | {k: np.maximum(v, 0.0) for k, v in columns.items()})
    return Forecast(frame, np.mean(errors, axis=0), np.mean(naive_errors, axis=0), float(np.mean(held)), len(errors))


def _stocks(board: Board, today: int) -> tuple[Floats, int]:
    """Stock expected in one to four weeks, and today's: what waits leaves at the hazard, what comes at the recent rate."""
    hazard = board.hazard(today)
    stays = np.r_[1.0, np.cumprod(1 - hazard)]  # still waiting after the day of age a - 1
    now = int(np.searchsorted(board.day, today) - np.searchsorted(board.replies, today))
    reached = board.by_age[2]
    age = np.arange(min(OLDEST, today - board.first))
    by_age = np.zeros(OLDEST + 1)
    by_age[age] = reached[today - board.first - 1 - age, age + 1]
    by_age[OLDEST] = max(now - by_age.sum(), 0.0)

    def received(since: int, until: int) -> float:
        low, high = np.searchsorted(board.day, [since, until])
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

"""Irritants ranked by what a manager weighs: volume, negative share, trend, spread, delay, no reply, endorsements, tags.

Each criterion is a place between 0 and 1 among the irritants of the selection (equal values share it), so that no unit
outweighs another; the score is their weighted mean. The rules it protects: every criterion shows the figure it stands
on; a trend has its interval and counts only as far as the interval is sure of it; the weights are the reader's.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from analytics import irritants
from data.filters import Filters, narrowed
from data.warehouse import Warehouse, sql

CRITERIA = ("volume", "negative", "trend", "spread", "delay", "unanswered", "endorsements", "tags")
WEIGHTS: dict[str, int] = {
    "volume": 3,
    "negative": 3,
    "trend": 2,
    "spread": 1,
    "delay": 1,
    "unanswered": 1,
    "endorsements": 1,
    "tags": 1,
}
CONFIDENCE = 0.9
_LEAST = 20  # reviews under which a share is no criterion


def criteria(warehouse: Warehouse, filters: Filters) -> pd.DataFrame:
    """`irritants.listing` with what ranking adds: `felt`, `negative`, `structures`, `departments`, `tagged`,
    `tags_negative`, `growth` (per month, 0.1 = +10 %), `growth_low`, `growth_high`, and `vanished`: by how much the share
    of negative reviews would move (in 0..1) if the irritant's reviews had not been written. `felt_all` and
    `negative_all` count the whole selection, unassigned reviews included.
    """
    listing = irritants.listing(warehouse, filters)
    if listing.empty:
        return listing
    more = warehouse.frame(*narrowed(sql(__file__, "irritant_spread"), filters))
    places = warehouse.frame(*narrowed(sql(__file__, "irritant_places"), filters))
    frame = listing.merge(more, on="id", how="left").merge(places, on="id", how="left")
    growth = trends(np.array(frame["trend"].tolist(), dtype=float), _totals(warehouse, filters))
    frame[["growth", "growth_low", "growth_high"]] = growth
    felt, negative = int(more["felt"].sum()), int(more["negative"].sum())
    rest = (felt - frame["felt"]).where(felt > frame["felt"])
    frame["felt_all"], frame["negative_all"] = felt, negative
    frame["vanished"] = (negative - frame["negative"]) / rest - (negative / felt if felt else np.nan)
    return frame


def ranked(frame: pd.DataFrame, weights: Mapping[str, float] = WEIGHTS) -> pd.DataFrame:
    """`criteria` with `score` (0..100) and `part_<criterion>` (points each brings), highest score first."""
    if frame.empty:
        return frame.assign(score=pd.Series(dtype=float))
    enough = frame["felt"] >= _LEAST
    low = frame["growth_low"].clip(lower=0) + frame["growth_high"].clip(upper=0)  # 0 unless the interval is sure
    values: dict[str, pd.Series] = {
        "volume": frame["n"],
        "negative": (frame["negative"] / frame["felt"]).where(enough),
        "trend": low.fillna(0.0),
        "spread": frame["structures"].rank(pct=True) + frame["departments"].rank(pct=True),
        "delay": frame["median_days"].where(enough),
        "unanswered": frame["unanswered_share"].where(enough),
        "endorsements": frame["endorsements"] / frame["n"].clip(lower=1),
        "tags": (frame["tags_negative"] / frame["tagged"]).where(frame["tagged"] >= _LEAST),
    }
    total = sum(max(0.0, weights.get(name, 0)) for name in CRITERIA)
    parts = {
        f"part_{name}": 100 * max(0.0, weights.get(name, 0)) / total * _place(values[name]) if total else 0.0
        for name in CRITERIA
    }
    out = frame.assign(**parts)
    out["score"] = out[list(parts)].sum(axis=1)
    return out.sort_values(["score", "n", "id"], ascending=[False, False, True], ignore_index=True)


def trends(counts: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Growth by block and its interval for each row of `counts` (irritants, blocks), beside all reviews of the block.

    Quasi-Poisson log-linear regression with the totals as offset (McCullagh and Nelder, 1989), by Newton's method;
    columns: growth, low, high (0.1 = +10 % a block of four weeks). NaN with fewer than ten reviews or four blocks.
    """
    used = totals > 0
    counts, totals = counts[:, used], totals[used]
    out = np.full((len(counts), 3), np.nan)
    blocks = counts.shape[1]
    if blocks < 4:
        return out
    design = np.column_stack([np.ones(blocks), np.arange(blocks) - (blocks - 1) / 2])
    for i, row in enumerate(counts):
        if row.sum() < 10:
            continue
        beta = np.array([np.log(row.sum() / totals.sum()), 0.0])
        for _ in range(25):
            mean = totals * np.exp(np.clip(design @ beta, -30, 5))
            information = design.T @ (design * mean[:, None])
            step = np.linalg.solve(information + 1e-9 * np.eye(2), design.T @ (row - mean))
            beta += np.clip(step, -1, 1)
            if np.abs(step).max() < 1e-8:
                break
        mean = totals * np.exp(np.clip(design @ beta, -30, 5))
        spread = max(1.0, float(((row - mean) ** 2 / np.maximum(mean, 1e-9)).sum() / (blocks - 2)))
        error = np.sqrt(spread * np.linalg.inv(design.T @ (design * mean[:, None]))[1, 1])
        reach = stats.t.ppf(0.5 + CONFIDENCE / 2, blocks - 2) * error
        out[i] = np.expm1([beta[1], beta[1] - reach, beta[1] + reach])
    return out


def _place(values: pd.Series) -> pd.Series:
    """Place among the others, 0 (least) to 1 (most); an unknown value is in the middle."""
    if values.notna().sum() < 2:
        return pd.Series(0.5, index=values.index)
    place = (values.rank(method="average") - 1) / (values.notna().sum() - 1)
    return place.fillna(0.5)


def _totals(warehouse: Warehouse, filters: Filters) -> np.ndarray:
    """All reviews of the selection in each block of the trend lines."""
    every = irritants.blocks(warehouse, filters)
    return np.sum(list(every.values()), axis=0) if every else np.zeros(irritants.TREND_BLOCKS)

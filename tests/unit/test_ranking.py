"""Irritants ranked by weights that the reader sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics import ranking
from data import warehouse
from data.filters import Filters


def _frame(**columns: list[float]) -> pd.DataFrame:
    base = {
        "id": [1, 2, 3],
        "n": [300, 200, 100],
        "felt": [300, 200, 100],
        "negative": [30, 100, 90],
        "structures": [5, 5, 5],
        "departments": [3, 3, 3],
        "median_days": [5.0, 5.0, 5.0],
        "unanswered_share": [0.1, 0.1, 0.1],
        "endorsements": [0, 0, 0],
        "tagged": [0, 0, 0],
        "tags_negative": [0, 0, 0],
        "growth_low": [np.nan] * 3,
        "growth_high": [np.nan] * 3,
    }
    return pd.DataFrame({**base, **columns})


def test_the_weights_decide() -> None:
    only = dict.fromkeys(ranking.CRITERIA, 0)
    assert ranking.ranked(_frame(), {**only, "volume": 1})["id"].tolist() == [1, 2, 3]
    assert ranking.ranked(_frame(), {**only, "negative": 1})["id"].tolist() == [3, 2, 1]


def test_the_parts_add_up_to_the_score_and_all_weight_on_the_first_is_a_hundred() -> None:
    ranked = ranking.ranked(_frame())
    parts = [f"part_{name}" for name in ranking.CRITERIA]
    np.testing.assert_allclose(ranked[parts].sum(axis=1), ranked["score"])
    assert ranked["score"].between(0, 100).all()


def test_no_weight_at_all_leaves_the_most_frequent_first() -> None:
    assert ranking.ranked(_frame(), dict.fromkeys(ranking.CRITERIA, 0))["id"].tolist() == [1, 2, 3]


def test_a_trend_counts_only_as_far_as_it_is_sure() -> None:
    only = {**dict.fromkeys(ranking.CRITERIA, 0), "trend": 1}
    unsure = _frame(growth_low=[-0.5, 0.02, -0.1], growth_high=[0.9, 0.04, -0.05])
    assert ranking.ranked(unsure, only)["id"].tolist() == [2, 1, 3]


def test_growth_is_found_with_an_interval_that_holds_it() -> None:
    random = np.random.default_rng(0)
    totals = random.integers(2500, 3500, 13).astype(float)
    rate = 0.02 * 1.1 ** np.arange(13)
    counts = random.poisson(totals * rate, (200, 13)).astype(float)
    growth, low, high = ranking.trends(counts, totals).T
    assert abs(np.mean(growth) - 0.1) < 0.01
    assert 0.84 < np.mean((low < 0.1) & (high > 0.1)) < 0.96


def test_too_few_reviews_have_no_trend() -> None:
    assert np.isnan(ranking.trends(np.array([[1.0] * 9]), np.full(9, 100.0))).all()


def test_an_irritant_that_vanishes_takes_its_negative_reviews_along(tiny_home: Path) -> None:
    frame = ranking.criteria(warehouse.open_current(tiny_home), Filters()).set_index("id")
    negative, n = 8, 12
    own_negative, own = frame.loc[1, "negative"], frame.loc[1, "felt"]
    assert frame.loc[1, "vanished"] == pytest.approx((negative - own_negative) / (n - own) - negative / n)

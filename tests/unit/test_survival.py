"""How long people wait when some still wait: our curves against lifelines, on the same data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from lifelines.utils import restricted_mean_survival_time

from analytics import survival
from analytics.survival import Cases


def drawn(seed: int, n: int = 400, scale: float = 12.0) -> Cases:
    rng = np.random.default_rng(seed)
    wait, followed = rng.exponential(scale, n), rng.uniform(1, 60, n)
    return Cases(np.round(np.minimum(wait, followed), 1), wait <= followed)


@pytest.mark.parametrize("seed", range(5))
def test_curve_and_bands_are_those_of_lifelines(seed: int) -> None:
    cases = drawn(seed)
    oracle = KaplanMeierFitter().fit(cases.days, cases.ended)
    ours = survival.curve(cases).set_index("day")
    at = oracle.survival_function_["KM_estimate"].reindex(ours.index)
    assert np.abs(ours["survival"] - at).max() < 1e-9
    bands = oracle.confidence_interval_.reindex(ours.index)
    known = ours["low"].notna().to_numpy()
    assert known.sum() > 50
    assert np.abs(ours["low"] - bands["KM_estimate_lower_0.95"])[known].max() < 1e-9
    assert np.abs(ours["high"] - bands["KM_estimate_upper_0.95"])[known].max() < 1e-9


@given(st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=1, max_size=60))
@settings(max_examples=60)
def test_median_is_that_of_lifelines_on_any_data(rows: list[tuple[int, bool]]) -> None:
    days, ended = np.array([float(d) for d, _ in rows]), np.array([e for _, e in rows])
    # at exactly one half, lifelines' rounding decides whether the median is reached
    assume((survival.curve(Cases(days, ended))["survival"] - 0.5).abs().min() > 1e-9)
    oracle = KaplanMeierFitter().fit(days, ended).median_survival_time_
    ours = survival.median(Cases(days, ended))
    assert (ours is None) == np.isinf(oracle)
    if ours is not None:
        assert ours == pytest.approx(oracle, abs=1e-9)


def test_a_case_that_stands_several_times_is_that_many_cases() -> None:
    days, ended = np.array([1.0, 2.0, 5.0]), np.array([True, True, False])
    thrice = Cases(days, ended, np.array([3, 1, 2]))
    spelled = Cases(np.repeat(days, [3, 1, 2]), np.repeat(ended, [3, 1, 2]))
    assert survival.curve(thrice).equals(survival.curve(spelled))
    assert survival.median(thrice) == survival.median(spelled) == 1.0
    assert survival.restricted_mean(thrice, 4) == survival.restricted_mean(spelled, 4)


@pytest.mark.parametrize("horizon", [5.0, 20.0, 45.0])
def test_restricted_mean_and_its_interval(horizon: float) -> None:
    cases = drawn(7)
    fitted = KaplanMeierFitter().fit(cases.days, cases.ended)
    value = restricted_mean_survival_time(fitted, t=horizon)
    ours = survival.restricted_mean(cases, horizon)
    assert ours is not None
    assert ours.value == pytest.approx(value, abs=1e-9)
    rng = np.random.default_rng(1)
    again = []
    for _ in range(300):
        k = rng.integers(0, len(cases.days), len(cases.days))
        found = survival.restricted_mean(Cases(cases.days[k], cases.ended[k]), horizon)
        assert found is not None
        again.append(found.value)
    assert (ours.high - ours.low) / 3.92 == pytest.approx(np.std(again), rel=0.15)


def test_log_rank_between_groups_is_that_of_lifelines() -> None:
    groups = [drawn(1, 150, 10), drawn(2, 90, 14), drawn(3, 60, 12)]
    oracle = multivariate_logrank_test(
        np.concatenate([g.days for g in groups]),
        np.repeat([0, 1, 2], [150, 90, 60]),
        np.concatenate([g.ended for g in groups]),
    )
    assert survival.log_rank(groups) == pytest.approx(oracle.p_value, abs=1e-9)


def test_nothing_to_compare_is_said() -> None:
    nobody, waiting = Cases(np.array([]), np.array([], dtype=bool)), Cases(np.array([3.0]), np.array([False]))
    assert survival.log_rank([drawn(1), nobody]) is None
    assert survival.log_rank([waiting, waiting]) is None
    assert survival.median(nobody) is None
    assert survival.curve(nobody).empty
    assert survival.restricted_mean(nobody, 10) is None
    with pytest.raises(ValueError, match="same length"):
        Cases(np.array([1.0]), np.array([True, False]))


def test_half_is_half_in_the_last_of_many_groups() -> None:
    groups, each = 20_000, 6  # three of six: the median is reached at the third, whatever came before
    group = np.repeat(np.arange(groups), each)
    days = np.tile(np.arange(1.0, each + 1), groups)
    often = np.full(len(days), 50)
    found = survival.medians(group, Cases(days, np.ones(len(days), dtype=bool), often), groups)
    assert (found == 3.0).all()

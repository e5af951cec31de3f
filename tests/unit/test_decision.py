"""Deciding which of a week's tests are signals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from analytics.signals import decision
from analytics.signals.decision import Judged

shares = st.lists(st.floats(1e-9, 1.0), min_size=1, max_size=40)


@given(shares)
def test_adjusted_p_values_are_those_of_scipy(p: list[float]) -> None:
    values = np.array(p)
    np.testing.assert_allclose(decision.adjusted(values), false_discovery_control(values, method="bh"), rtol=1e-9)


def test_a_test_that_could_never_be_significant_costs_nothing() -> None:
    hopeless = np.full(1000, 0.2)
    kept = decision.testable(np.concatenate([[1e-6, 1e-3], hopeless]), q=0.05)
    assert kept.tolist() == [True, True] + [False] * 1000


def test_testable_keeps_as_many_tests_as_the_bound_allows() -> None:
    kept = decision.testable(np.array([0.04, 0.04]), q=0.05)
    assert not kept.any()  # two tests would each need q / 2
    assert decision.testable(np.array([0.02, 0.02]), q=0.05).all()
    assert decision.testable(np.zeros(0), q=0.05).size == 0


def test_an_irritant_that_is_not_selected_shows_nothing() -> None:
    families = np.array([0, 0, 1, 1])
    q = decision.hierarchical(families, np.array([1e-8, 0.9, 0.5, 0.6]), q=0.05, size=10)
    assert q[0] < 1e-5
    assert q[2:].tolist() == [1.0, 1.0]


def test_the_hierarchy_controls_the_rate_of_empty_weeks() -> None:
    """Under the null an alert of any kind comes in at most a share q of the weeks (2 standard errors allowed)."""
    random = np.random.default_rng(1)
    families = np.repeat(np.arange(20), 15)
    weeks = 800
    alerts = sum(
        (decision.hierarchical(families, random.random(len(families)), q=0.05, size=20) <= 0.05).any()
        for _ in range(weeks)
    )
    assert alerts / weeks <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / weeks)


def _test(level: str, observed: int, expected: float, p: float, window: int = 1) -> Judged:
    return Judged(level, 0, 0, window, observed, expected, p, 0.01)


def test_the_narrowest_cell_that_explains_the_excess_is_shown() -> None:
    tests = [_test("nation", 12, 4.0, 1e-4), _test("structure", 7, 0.2, 1e-6), _test("typology", 8, 1.0, 1e-7)]
    members = [frozenset(range(12)), frozenset(range(7)), frozenset(range(8))]
    assert decision.most_specific(tests, members) == [1]


def test_a_rise_spread_over_the_country_is_not_pinned_on_one_place() -> None:
    tests = [_test("nation", 30, 5.0, 1e-12), _test("structure", 4, 0.2, 1e-4)]
    members = [frozenset(range(30)), frozenset(range(4))]
    assert decision.most_specific(tests, members) == [0]


@pytest.mark.parametrize("windows", [(1, 2), (2, 1)])
def test_the_same_event_seen_over_two_windows_is_one_signal(windows: tuple[int, int]) -> None:
    tests = [_test("structure", 5, 0.1, 1e-6, windows[0]), _test("structure", 5, 0.2, 1e-5, windows[1])]
    assert decision.most_specific(tests, [frozenset(range(5))] * 2) == [0]


def test_two_distant_events_of_one_irritant_are_two_signals() -> None:
    tests = [_test("structure", 5, 0.1, 1e-6), _test("structure", 5, 0.1, 1e-6)]
    assert decision.most_specific(tests, [frozenset(range(5)), frozenset(range(10, 15))]) == [0, 1]

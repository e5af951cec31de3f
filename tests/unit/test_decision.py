"""Deciding which of a week's tests are signals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from analytics.signals import decision
from analytics.signals.decision import Chances, Judged
from analytics.signals.surge import tail

shares = st.lists(st.floats(1e-9, 1.0), min_size=1, max_size=40)


@given(shares)
def test_adjusted_p_values_are_those_of_scipy(p: list[float]) -> None:
    values = np.array(p)
    np.testing.assert_allclose(decision.adjusted(values), false_discovery_control(values, method="bh"), rtol=1e-9)


def test_a_test_that_could_never_be_significant_costs_nothing() -> None:
    assert decision.testable(np.array([1e-6, decision.WORTH, 0.2])).tolist() == [True, True, False]
    mean = np.full((3, 1), 0.05)
    chances = Chances(mean, np.full((3, 1), 10.0), np.ones((3, 1)), np.array([1e-6, 1e-6, 1e-2]))
    alone = chances.of(np.array([0])).at_most(1e-4)
    assert 0 < alone < 1e-4
    assert chances.at_most(1e-4) == pytest.approx(2 * alone)  # the third can't go so low


def _counted(random: np.random.Generator, tests: int) -> tuple[np.ndarray, Chances]:
    """p-values of counts where nothing happens, most cells expecting far less than one review, and their chances."""
    mean, shape = random.gamma(0.5, 0.2, (tests, 2)) + 0.005, np.full((tests, 2), 2.0)
    observed = random.negative_binomial(shape, shape / (shape + mean))
    share = np.array([0.7, 0.3])
    p = np.minimum(tail(observed, mean, shape) / share, 1.0).min(axis=1)
    return p, Chances(mean, shape, np.broadcast_to(share, mean.shape), np.zeros(tests))


def test_the_hierarchy_controls_the_rate_when_counts_are_small_and_is_less_severe() -> None:
    random = np.random.default_rng(4)
    families = np.repeat(np.arange(20), 30)
    weeks, q = 800, 0.10
    alerts = stricter = 0
    for _ in range(weeks):
        p, chances = _counted(random, len(families))
        found = decision.hierarchical(families, p, q, np.ones(20), chances) <= q
        plain = decision.hierarchical(families, p, q, np.ones(20)) <= q
        assert (found | ~plain | (p > decision.WORTH)).all()  # what plain counting shows is shown
        alerts, stricter = alerts + bool(found.any()), stricter + bool(plain.any())
    assert stricter < alerts <= weeks * q + 2 * np.sqrt(weeks * q * (1 - q))


def test_an_irritant_that_is_not_selected_shows_nothing() -> None:
    families = np.array([0, 0, 1, 1])
    q = decision.hierarchical(families, np.array([1e-8, 0.9, 0.5, 0.6]), q=0.05, weights=np.ones(10))
    assert q[0] < 1e-5
    assert q[2:].tolist() == [1.0, 1.0]


def test_the_hierarchy_controls_the_rate_of_empty_weeks() -> None:
    """Under the null an alert of any kind comes in at most a share q of the weeks (2 standard errors allowed)."""
    random = np.random.default_rng(1)
    families = np.repeat(np.arange(20), 15)
    weeks = 800
    alerts = sum(
        (decision.hierarchical(families, random.random(len(families)), q=0.05, weights=np.ones(20)) <= 0.05).any()
        for _ in range(weeks)
    )
    assert alerts / weeks <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / weeks)


def test_an_heavier_family_is_given_more_of_the_risk() -> None:
    families, p = np.array([0, 1]), np.array([0.006, 0.006])
    assert (decision.hierarchical(families, p, 0.05, np.ones(20)) > 0.05).all()
    favoured = decision.hierarchical(families, p, 0.05, np.array([4.0, *[16 / 19] * 19]))
    assert favoured[0] <= 0.05 < favoured[1]


@given(shares, shares)
def test_a_test_shown_at_a_rate_is_shown_at_every_looser_one(one: list[float], other: list[float]) -> None:
    families = np.repeat([0, 1], [len(one), len(other)])
    p, levels, weights = np.array([*one, *other]), (0.01, 0.05, 0.10), np.ones(3)
    q = decision.graded(families, p, levels, weights)
    alone = decision.graded(families, p, levels[:1], weights)
    np.testing.assert_array_equal(q <= 0.01, alone <= 0.01)


def _test(level: str, expected: float, p: float, members: range, window: int = 1) -> Judged:
    return Judged("surge", level, 0, 0, False, window, len(members), expected, p, 0.01, frozenset(members))


def test_the_narrowest_cell_that_explains_the_excess_is_shown() -> None:
    tests = [
        _test("nation", 4.0, 1e-4, range(12)),
        _test("structure", 0.2, 1e-6, range(7)),
        _test("typology", 1.0, 1e-7, range(8)),
    ]
    assert decision.most_specific(tests) == [tests[1]]


def test_a_rise_spread_over_the_country_is_not_pinned_on_one_place() -> None:
    tests = [_test("nation", 5.0, 1e-12, range(30)), _test("structure", 0.2, 1e-4, range(4))]
    assert decision.most_specific(tests) == [tests[0]]


@pytest.mark.parametrize("windows", [(1, 2), (2, 1)])
def test_the_same_event_seen_over_two_windows_is_one_signal(windows: tuple[int, int]) -> None:
    tests = [
        _test("structure", 0.1, 1e-6, range(5), windows[0]),
        _test("structure", 0.2, 1e-5, range(5), windows[1]),
    ]
    assert decision.most_specific(tests) == [tests[0]]


def test_two_distant_events_are_two_signals() -> None:
    tests = [_test("structure", 0.1, 1e-6, range(5)), _test("structure", 0.1, 1e-6, range(10, 15))]
    assert decision.most_specific(tests) == tests

"""The detectors on series and texts small enough to check by hand; Farrington and GLR against R where it is at hand."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from scipy import sparse

from analytics.signals import engine, farrington, novelty, regression, rising, slow, surge
from analytics.signals.cells import Reading, read
from analytics.signals.engine import detect
from analytics.signals.evidence import log_odds
from analytics.signals.likeness import Likeness
from analytics.signals.record import Scope
from analytics.signals.zones import Zones
from benchmarks.signals import conformance
from tests import weekly_world as world


def test_a_regression_finds_the_rates_it_was_drawn_from() -> None:
    week = np.arange(300)
    design = np.column_stack([np.ones(300), week / 52])
    mean = np.exp(design @ np.array([[1.0, 0.2], [0.5, -0.1]]).T)
    counts = np.random.default_rng(0).poisson(mean).astype(float)
    fit = regression.fitted(counts, design)
    np.testing.assert_allclose(fit.coefficients, [[1.0, 0.2], [0.5, -0.1]], atol=0.12)


def test_past_outbreaks_teach_little() -> None:
    counts = np.random.default_rng(0).poisson(2.0, (200, 1)).astype(float)
    counts[50:53] = 40
    design = np.ones((200, 1))
    plain = float(regression.fitted(counts, design).predicted(np.ones(1))[0][0])
    robust = float(regression.robust(counts, design, threshold=2.58).predicted(np.ones(1))[0][0])
    assert abs(robust - 2.0) < 0.25 < abs(plain - 2.0)


def test_seasons_of_the_flexible_farrington_cover_the_year_once() -> None:
    groups = farrington._groups(400, farrington.Settings())
    assert groups[400] == groups[348] == groups[345] == groups[351] == 0
    assert set(groups[140:400].tolist()) == set(range(10))
    one = farrington._groups(400, farrington.Settings(periods=1))
    assert (one >= 0).sum() == 5 * 7 + 4


def test_farrington_and_glr_agree_with_r() -> None:
    if not conformance.DATA.exists():
        pytest.skip("R's answers are not beside the project")
    assert conformance.main() == 0


def test_a_slow_rise_is_told_with_its_length() -> None:
    expected = np.full((20, 2), 2.0)
    observed = np.full((20, 2), 2.0)
    observed[-6:, 0] = 4
    value, length = slow.statistic(observed, expected, np.full(2, 1e6))
    assert value[0] > 3 > value[1] == 0
    assert length[0] == 6


def test_an_irritant_that_rises_for_months_is_watched_not_told() -> None:
    connection = world.build(seed=3)
    for week in range(20):  # two more than the usual three, never enough for a week or two
        day = world.LAST - timedelta(weeks=week)
        world.add(connection, 2, structure=("caf1", "caf2")[week % 2], irritant=1, end=day, days=5)
    known = engine.background(connection, world.LAST, weeks=1)
    found = engine.on(known, world.LAST, watch=True)
    assert found.signals == ()
    (slowly,) = [s for s in found.watched if s.detector == "slow"]
    assert (slowly.topic, slowly.scope) == (1, Scope())
    assert slowly.observed > slowly.expected
    assert (slowly.last_week - slowly.first_week).days // 7 > 8
    quiet = engine.on(engine.background(world.build(seed=3), world.LAST, weeks=1), world.LAST, watch=True)
    assert not [s for s in quiet.watched if s.detector == "slow"]


def test_p_values_of_a_cell_are_conservative_when_nothing_happens() -> None:
    random = np.random.default_rng(0)
    mean, shape = 1.2, 5.0
    weekly = random.negative_binomial(shape, shape / (shape + mean), (8, 20_000)).astype(float)
    observed = np.array([weekly[:w].sum(axis=0) for w in (1, 2, 4, 8)])
    expected = np.array([np.full(20_000, w * mean) for w in (1, 2, 4, 8)])
    p, _ = surge.combined(observed, expected, np.array([np.full(20_000, w * shape) for w in (1, 2, 4, 8)]))
    for level in (0.001, 0.01, 0.05):
        assert (p <= level).mean() <= level + 2 * np.sqrt(level / 20_000)


def test_randomised_p_values_are_uniform_when_nothing_happens() -> None:
    """Discreteness put aside by drawing within each step of the tail, p-values are uniform."""
    random = np.random.default_rng(0)
    mean, shape, n = 0.7, 2.0, 20_000
    observed = random.negative_binomial(shape, shape / (shape + mean), n).astype(float)
    here = surge.tail(observed, np.full(n, mean), np.full(n, shape))
    above = surge.tail(observed + 1, np.full(n, mean), np.full(n, shape))
    p = above + random.random(n) * (here - above)
    found, _ = np.histogram(p, bins=20, range=(0, 1))
    np.testing.assert_allclose(found / n, 0.05, atol=0.006)


def test_a_rise_over_neighbouring_departements_is_a_place() -> None:
    connection = world.build()
    connection.execute("INSERT INTO department_neighbours VALUES ('59', '62'), ('62', '59')")
    random = np.random.default_rng(5)
    for i in range(16):
        text = " ".join(random.choice(world.WORDS, 30))
        structure, code = ("sip1", "sip2", "caf1", "caf2")[i % 4], ("59", "62")[i // 8]
        day = world.LAST - timedelta(days=i % 8)
        world.add(connection, 1, structure=structure, irritant=2, department=code, end=day, text=text)
    found = read(Reading(connection), world.LAST)
    zones = Zones.read(Reading(connection), found)
    departments = next(c for c in surge.judged(found) if c.level == "department")
    cells = zones.cells(departments)
    np.testing.assert_allclose(cells.observed[:, 0], departments.observed.sum(axis=1))
    np.testing.assert_allclose(cells.expected[:, 0], departments.expected.sum(axis=1))
    (signal,) = detect(connection, world.LAST).signals
    assert (signal.detector, signal.scope.zone, signal.topic) == ("place", ("59", "62"), 2)


def _counts(groups: list[list[int]], words: int) -> sparse.csr_matrix:
    rows = np.zeros((len(groups), words))
    for row, used in enumerate(groups):
        rows[row, used] = 1
    return sparse.csr_matrix(rows)


def test_reviews_that_share_rare_words_for_the_first_time_are_new() -> None:
    random = np.random.default_rng(0)
    texts = [random.choice(400, 12, replace=False).tolist() for _ in range(900)]
    for i in range(5):
        texts[i] = [400, 401, 402, 403, *random.choice(400, 6, replace=False).tolist()]
    age = np.concatenate([random.integers(0, 4, 100), random.integers(8, 100, 800)])
    age[:5] = 1
    seeds = novelty.judged(Likeness.of(_counts(texts, 404), age), np.full(900, -1))
    assert (np.argsort(seeds.p)[:5] < 5).all()
    assert seeds.p[:5].max() < 1e-4
    assert set(seeds.group(0, age).tolist()) == set(range(5))
    assert np.median(seeds.p[5:]) > 0.1


def test_a_rise_of_the_whole_irritant_is_no_new_subject() -> None:
    random = np.random.default_rng(0)
    texts = [random.choice(400, 12, replace=False).tolist() for _ in range(900)]
    for i in range(12):
        texts[i] = [400, 401, 402, 403, *random.choice(400, 6, replace=False).tolist()]
    for i in range(500, 512):
        texts[i] = list(texts[i - 500])  # it was told before, as often as the rest
    age = np.concatenate([random.integers(0, 4, 100), random.integers(8, 100, 800)])
    irritant = np.full(900, 0)
    irritant[:12] = irritant[500:512] = 1
    likeness = Likeness.of(_counts(texts, 404), age)
    alone = novelty.judged(likeness, np.full(900, -1))
    explained = novelty.judged(likeness, irritant)
    assert np.median(explained.p[:12]) > 10 * np.median(alone.p[:12])
    np.testing.assert_array_equal(explained.p[12:100], alone.p[12:100])


def test_one_group_is_told_once() -> None:
    groups = [frozenset({1, 2, 3}), frozenset({1, 2, 3, 4}), frozenset({8, 9, 10}), None]
    assert novelty.distinct(np.array([1e-5, 1e-6, 1e-4, 1.0]), groups).tolist() == [1.0, 1e-6, 1e-4, 1.0]


def test_a_new_subject_is_a_signal_wherever_its_reviews_were_put() -> None:
    connection = world.build()
    said = "la borne biométrique rejette les empreintes des grands brûlés {} et personne ne propose autre chose {}"
    ids = []
    for i, structure in enumerate(("sip1", "sip2", "caf1", "caf2", "sip1", "caf1", "sip2")):
        text = (
            said.format(world.WORDS[i], world.WORDS[-i - 1]) + " " + " ".join(world.WORDS[j] for j in range(i, i + 4))
        )
        ids += world.add(
            connection, 1, structure=structure, irritant=i % 3, end=world.LAST - timedelta(days=i), text=text
        )
    found = [s for s in detect(connection, world.LAST).signals if set(s.review_ids) & set(ids)]
    assert all(s.detector == "novelty" for s in found)
    assert len(found) <= 1  # near copies of one another: they may count once, never several times


def test_log_odds_rank_sure_rises_before_rare_ones() -> None:
    from collections import Counter

    odds = log_odds(Counter({"panne": 8, "hapax": 1, "avis": 10}), Counter({"panne": 10, "avis": 1000}))
    assert odds["panne"] > odds["hapax"] > odds["avis"]


def test_rising_words_are_those_of_the_last_weeks() -> None:
    connection = world.build()
    for day in range(6):
        world.add(
            connection, 1, structure="caf1", irritant=1, end=world.LAST - timedelta(days=day), text="panne biométrique"
        )
    words = rising.words(Reading(connection), world.LAST)
    assert words["word"].tolist()[0] == "panne biométrique"
    assert words["recent"].tolist()[0] == 6
    assert words["usual"].tolist()[0] == 0
    assert rising.words(Reading(connection), world.LAST - timedelta(weeks=8)).query("word == 'biométrique'").empty

"""What AI changed: a published example, known truths, and the property a manager cares about."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Literal

import duckdb
import numpy as np
import pandas as pd
import pytest

import analytics.impact  # noqa: F401  (so that the module below is loaded under its own name)
from analytics.impact import differences, groups, mix, outcomes, panel, series, store
from benchmarks.impact import panel as drawn_panel

adoptions = sys.modules["analytics.impact.adoption"]

# Means of log teen employment by first year of a higher minimum wage, 500 counties, 2003-2007: the example of Callaway &
# Sant'Anna (2021), whose R package `did` publishes the effects below (no covariate).
COUNTIES = {0: 309, 2004: 20, 2006: 40, 2007: 131}
YEARS = (2003, 2004, 2005, 2006, 2007)
PUBLISHED = {
    "never": {
        (2004, 2004): -0.0105032, (2004, 2005): -0.0704232, (2004, 2006): -0.1372587, (2004, 2007): -0.1008114,
        (2006, 2004): 0.0065201, (2006, 2005): -0.0027508, (2006, 2006): -0.0045946, (2006, 2007): -0.0412245,
        (2007, 2004): 0.0305067, (2007, 2005): -0.0027259, (2007, 2006): -0.0310871, (2007, 2007): -0.0260544,
    },
    "not_yet": {
        (2004, 2004): -0.0193724, (2004, 2005): -0.0783191, (2004, 2006): -0.1362743, (2004, 2007): -0.1008114,
        (2006, 2004): -0.0025626, (2006, 2005): -0.0019392, (2006, 2006): 0.0046609, (2006, 2007): -0.0412245,
        (2007, 2004): 0.0297594, (2007, 2005): -0.0024106, (2007, 2006): -0.0310871, (2007, 2007): -0.0260544,
    },
}  # fmt: skip
AVERAGES = {"never": (-0.0399513, {0: -0.0199318, 1: -0.0509574, 2: -0.1372587, 3: -0.1008114}),
            "not_yet": (-0.0397636, {0: -0.0189222, 1: -0.0535893, 2: -0.1362743, 3: -0.1008114})}  # fmt: skip
MEANS = {
    0: (5.6546300, 5.5920000, 5.6048084, 5.6388963, 5.6611325),
    2004: (6.1796968, 6.1065636, 6.0594521, 6.0267044, 6.0853880),
    2006: (6.5739936, 6.5178837, 6.5279413, 6.5574346, 6.5430410),
    2007: (5.8429065, 5.8107831, 5.8208657, 5.8238664, 5.8200482),
}


def counties() -> pd.DataFrame:
    """One line a county and year; only means matter to the effects."""
    rows, unit = [], 0
    for cohort, count in COUNTIES.items():
        for _ in range(count):
            for year, mean in zip(YEARS, MEANS[cohort], strict=True):
                rows.append((unit, cohort or groups.NEVER, year, 1.0, mean))
            unit += 1
    return pd.DataFrame(rows, columns=["unit", "cohort", "period", "n", "total"])


@pytest.mark.parametrize("controls", ["never", "not_yet"])
def test_group_time_effects_are_those_of_the_published_example(controls: groups.Controls) -> None:
    found = groups.estimate(counties(), "gap", controls)
    assert {key: round(e.effect, 6) for key, e in found.cells.items()} == pytest.approx(PUBLISHED[controls], abs=2e-6)
    overall, exposure = AVERAGES[controls]
    assert found.overall is not None
    assert found.overall.effect == pytest.approx(overall, abs=2e-6)
    for periods, effect in exposure.items():
        assert found.exposure[periods].effect == pytest.approx(effect, abs=2e-6)


def reviews(
    *, effect: float, structures: int = 60, seed: int = 0, drift: float = -0.2, answered: float = 1.0
) -> pd.DataFrame:
    """Reviews in the columns of `sql/followed.sql`: slow structures adopt first, everybody's delays drift by the same
    share a year, `effect` is the share of the delay that AI leaves out, verdicts follow chance alone.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(structures):
        slow = 1 - k / structures
        level = 6 + 24 * slow
        adopts = k < structures // 2
        day = pd.Timestamp("2024-02-01") + pd.Timedelta(days=int(420 * k / structures))
        for offset in np.sort(rng.uniform(0, 1000, 110)):
            published = pd.Timestamp("2022-06-01 09:00") + pd.Timedelta(days=float(offset))
            treated = adopts and published >= day
            mean = level * np.exp(drift * offset / 365) * (1 - effect if treated else 1)
            days = float(mean * rng.gamma(2, 0.5))
            real = bool(rng.random() < answered)
            rows.append(
                (f"s{k:02d}", published, published + pd.Timedelta(days=days) if real else pd.NaT, "R", days if real else np.nan,
                 real, treated and real, float(rng.random() < 0.6) if real and rng.random() < 0.5 else np.nan, 1.0, 2.0,
                 int(rng.integers(0, 5)), "Négatif" if rng.random() < 0.6 else "Positif", "Téléphone")
            )  # fmt: skip
    names = ["structure_id", "published_at", "first_reply_at", "network", "days", "answered", "with_ai", "useful",
             "useful_votes", "votes", "irritant", "sentiment", "channel"]  # fmt: skip
    return pd.DataFrame(rows, columns=names).sort_values("published_at").reset_index(drop=True)


def studied(followed: pd.DataFrame, outcome: outcomes.Outcome = outcomes.DELAY) -> outcomes.Found:
    found = adoptions.find(followed)
    last = followed["published_at"].max().date()
    return outcomes.everything(followed, found, last)[outcome]


@pytest.fixture(scope="module")
def shortened() -> outcomes.Found:
    return studied(reviews(effect=0.5))


def test_a_known_effect_is_found_within_its_interval(shortened: outcomes.Found) -> None:
    assert shortened.study is not None
    overall = shortened.study.overall
    assert shortened.concluded
    true = -shortened.raw_after  # half of the delay went: what is left is what was taken away
    assert overall.low < true < overall.high
    assert shortened.raw_after - shortened.raw_before < overall.effect  # the raw gap says too much


def test_its_checks_agree(shortened: outcomes.Found) -> None:
    assert shortened.study is not None
    assert set(shortened.checks) == {"bootstrap", "mix", "placebo", "series", "never", "not_yet"}
    placebo = shortened.checks["placebo"]
    assert placebo.low < 0 < placebo.high
    overall = shortened.study.overall
    for name in ("mix", "never", "not_yet"):  # cohorts count whole quarters only: other reviews, the same story
        check = shortened.checks[name]
        assert check.high < 0
        assert check.low < overall.high
        assert overall.low < check.high
    assert shortened.groups is not None
    assert all(e.effect < 0 for e in shortened.groups.cohorts.values())


def test_slow_structures_first_and_no_effect_claims_nothing() -> None:
    """The property the manager cares about: a raw fall of days, and the page says that it is not AI."""
    claimed = 0
    for seed in range(6):
        followed = reviews(effect=0.0, seed=seed)
        found = outcomes.headline(followed, followed["published_at"].max().date())["delay"]
        assert found.study is not None
        assert found.raw_after - found.raw_before < -1.5  # raw before/after: "AI saved days"
        assert abs(found.study.overall.effect) < 1.5
        claimed += found.concluded
    assert claimed <= 1


def test_a_flag_on_replies_is_never_what_is_compared() -> None:
    followed = reviews(effect=0.0)
    quick = followed["days"] < followed.groupby("structure_id")["days"].transform("median")
    chosen = followed.assign(with_ai=followed["with_ai"] & (quick | (np.arange(len(followed)) % 3 == 0)))
    flagged = chosen[chosen["with_ai"]]["days"].mean() - chosen[~chosen["with_ai"]]["days"].mean()
    assert flagged < -1  # "with AI" against "without": quick replies were chosen
    found = studied(chosen)
    assert found.study is not None
    assert not found.concluded


def test_satisfaction_without_effect_is_hardly_ever_concluded() -> None:
    concluded = 0
    for seed in range(1, 7):
        followed = reviews(effect=0.5, seed=seed)
        concluded += outcomes.headline(followed, followed["published_at"].max().date())["satisfaction"].concluded
    assert concluded <= 1


def test_paths_that_differ_before_adoption_forbid_a_conclusion() -> None:
    followed = reviews(effect=0.5)
    adopters = followed["structure_id"] < "s30"
    months = (followed["published_at"] - pd.Timestamp("2022-06-01")).dt.days / 30
    bent = followed.assign(days=followed["days"] * np.where(adopters, np.exp(-0.06 * months), 1.0))
    found = studied(bent)
    assert found.study is not None
    assert found.refused is not None
    assert not found.concluded


def test_too_few_structures_say_so() -> None:
    followed = reviews(effect=0.5, structures=8)
    found = studied(followed)
    assert found.study is None
    assert "Trop peu de structures" in found.reasons[0]


def test_adoption_is_sustained_use_and_a_declared_day_replaces_it() -> None:
    followed = reviews(effect=0.5, structures=20)
    found = adoptions.find(followed)
    seen = found.structures.set_index("structure_id")
    true = followed[followed["with_ai"]].groupby("structure_id")["published_at"].min().dt.normalize()
    assert (seen["adopted_on"] == true.reindex(seen.index)).all()
    once = followed.assign(with_ai=False)
    once.loc[once[once["structure_id"] == "s15"].index[3], "with_ai"] = True
    assert adoptions.find(once).unclear == {"s15"}
    declared = adoptions.find(followed, {"s01": date(2024, 1, 1), "s15": date(2024, 6, 1), "unknown": date(2024, 1, 1)})
    told = declared.structures.set_index("structure_id")
    assert told.loc["s01", "adopted_on"] == pd.Timestamp("2024-01-01")
    assert told.loc["s15", "declared"]
    assert not told.loc["s02", "declared"]
    assert "unknown" not in told.index


def test_reviews_the_day_was_read_from_are_left_out_of_the_share_answered() -> None:
    """The day of adoption is that of a first reply: the reviews just before it are, by that choice, without one."""
    followed = reviews(effect=0.5, answered=0.7, seed=2)
    found = adoptions.find(followed)
    rows = panel.dated(followed, found)
    near = rows[rows["near"]]
    assert near["adopter"].all()
    last = followed["published_at"].max().date()
    answered = outcomes.everything(followed, found, last)[outcomes.ANSWERED].study
    assert answered is not None
    assert answered.overall.low < 0 < answered.overall.high
    assert answered.parallel_p is None or answered.parallel_p > 0.01


def test_reweighting_gives_the_past_the_mix_of_the_present() -> None:
    followed = reviews(effect=0.0)
    rng = np.random.default_rng(0)
    late = followed["published_at"] > pd.Timestamp("2024-03-01")
    followed["irritant"] = np.where(late & (rng.random(len(followed)) < 0.6), 4, followed["irritant"])
    rows = panel.dated(followed, adoptions.find(followed))
    weight = mix.weights(rows)
    adopter, after = rows["adopter"].to_numpy(), rows["after"].to_numpy()
    share = (rows["irritant"] == 4).to_numpy(dtype=float)
    target, before = share[after].mean(), adopter & ~after
    assert abs(share[before].mean() - target) > 0.2
    assert np.average(share[before], weights=weight[before]) == pytest.approx(target, abs=0.05)
    assert weight[after].tolist() == [1.0] * int(after.sum())


def test_an_interrupted_series_finds_a_step_and_not_a_drift() -> None:
    for effect, drift in ((0.5, 0.0), (0.0, -0.3)):
        followed = reviews(effect=effect, drift=drift)
        rows = panel.dated(followed, adoptions.find(followed))
        values, _ = outcomes.values(outcomes.DELAY, rows)
        found = series.interrupted(rows, values, "ratio")
        assert found is not None
        assert found.told == (effect > 0)
    assert series.interrupted(rows.head(10), values[:10], "ratio") is None


def test_levels_and_movements_are_those_of_least_squares() -> None:
    """The solver against a regression with a dummy for each structure and month."""
    rng = np.random.default_rng(3)
    cells = pd.DataFrame([(u, m) for u in range(12) for m in range(10)], columns=["unit", "month"])
    cells["after"] = (cells["unit"] < 5) & (cells["month"] >= 5 + cells["unit"] % 3)
    cells["quarter"] = np.where(cells["unit"] < 5, np.where(cells["after"], 0, -2), panel.CONTROL)
    cells["n"] = rng.integers(1, 6, len(cells)).astype(float)
    cells["rows"] = cells["n"]
    cells["total"] = cells["n"] * (
        cells["unit"] + 0.3 * cells["month"] + rng.normal(0, 1, len(cells)) - 2 * cells["after"]
    )
    about = pd.DataFrame({"structure_id": [f"s{u}" for u in range(12)], "network": "R", "cohort": "c"})
    about["adopter"] = np.arange(12) < 5
    found = differences.study(panel.Panel(cells, about, 10), "gap", details=False)
    before = cells[~cells["after"]]
    design = np.hstack([np.eye(12)[before["unit"]], np.eye(10)[before["month"]]])
    weight = np.sqrt(before["n"].to_numpy())
    fit, *_ = np.linalg.lstsq(design * weight[:, None], (before["total"] / before["n"]).to_numpy() * weight, rcond=None)
    after = cells[cells["after"]]
    expected = np.hstack([np.eye(12)[after["unit"]], np.eye(10)[after["month"]]]) @ fit
    effect = (after["total"] - after["n"] * expected).sum() / after["n"].sum()
    assert found is not None
    assert found.overall.effect == pytest.approx(effect, abs=1e-6)


def drawn(rng: np.random.Generator, kind: str, structures: int = 50, months: int = 24) -> tuple[panel.Panel, float]:
    """A panel of structures of very unequal sizes, half of which adopt at different months, and the effect they got."""
    unit, month = (a.ravel() for a in np.meshgrid(np.arange(structures), np.arange(months), indexing="ij"))
    adopted = np.where(np.arange(structures) % 2 == 0, rng.integers(8, 20, structures), 10 * months)
    after = month >= adopted[unit]
    level, moved = rng.normal(0, 0.5, structures)[unit], 0.02 * month
    n = 1.0 + rng.poisson(rng.lognormal(0.5, 0.8, structures)[unit])
    if kind == "ratio":
        mean = 20 * np.exp(level - moved)
        effect = np.where(after, -0.7 * mean, 0.0)
        total = (mean + effect) * rng.gamma(2 * n, 0.5)
    else:
        mean, effect = 50 + 10 * level + 20 * moved, np.where(after, 5.0, 0.0)
        total = n * (mean + effect) + np.sqrt(n) * rng.normal(0, 40, len(n))
    quarter = np.where(
        adopted[unit] < months, np.clip((month - adopted[unit]) // 3, -90, panel.LAST_LAG), panel.CONTROL
    )
    cells = pd.DataFrame(
        {"unit": unit, "month": month, "quarter": quarter, "after": after, "rows": n, "n": n, "total": total}
    )
    about = pd.DataFrame({"structure_id": [f"s{k}" for k in range(structures)], "network": "R", "cohort": "c"})
    about["adopter"] = adopted < months
    return panel.Panel(cells, about, months), float((n * effect)[after].sum() / n[after].sum())


@pytest.mark.parametrize("kind", ["gap", "ratio"])
def test_intervals_hold_the_truth_as_often_as_they_say(kind: Literal["gap", "ratio"]) -> None:
    """Structures few and unequal, an effect that leaves three tenths of a delay: 95 % stays about 95 %, and the test of
    the time before is wrong about one time in twenty.
    """
    rng = np.random.default_rng(5)
    held, departs = [], []
    for _ in range(200):
        table, truth = drawn(rng, kind)
        found = differences.study(table, kind)
        assert found is not None
        assert found.parallel_p is not None
        held.append(found.overall.low <= truth <= found.overall.high)
        departs.append(found.parallel_p < 0.05)
    assert 0.9 <= np.mean(held) <= 0.99
    assert np.mean(departs) <= 0.1


def test_an_interval_by_bootstrap_of_the_structures_holds_the_truth_too() -> None:
    rng = np.random.default_rng(6)
    held = []
    for _ in range(100):
        table, truth = drawn(rng, "gap")
        found = differences.study(table, "gap")
        assert found is not None
        again = differences.resampled(found.overall, found.influence)
        assert again == differences.resampled(found.overall, found.influence)
        assert again.effect == found.overall.effect
        held.append(again.low <= truth <= again.high)
    assert 0.88 <= np.mean(held) <= 0.99
    many = np.random.default_rng(7).normal(size=1_000)  # enough structures for both intervals to be the same
    one, other = (
        differences.interval(1.0, many, 50),
        differences.resampled(differences.Estimate(1.0, 0.0, 2.0, 50), many),
    )
    assert other.high - other.low == pytest.approx(one.high - one.low, rel=0.06)


def test_an_interval_widens_when_few_structures_carry_it() -> None:
    even, uneven = np.ones(50), np.r_[np.full(2, 5.0), np.zeros(48)]  # the same sum of squares
    assert (even**2).sum() == (uneven**2).sum()
    widths = [found.high - found.low for found in (differences.interval(1.0, v, 50) for v in (even, uneven))]
    assert widths[1] > 2 * widths[0]


def test_recent_reviews_are_spoken_for_by_earlier_ones_of_the_same_structure() -> None:
    rows = pd.DataFrame({"structure_id": list("aaaabbb"), "after": [False, True, True, True, True, True, False]})
    kept = np.array([True, True, False, False, True, True, True])
    assert panel.standing_for(rows, kept).tolist() == [1.0, 3.0, 1.0, 1.0, 1.0]


def test_a_panel_drawn_as_the_demo_draws_is_read_back(tmp_path: Path) -> None:
    frame, truth = drawn_panel(1, 4000, 1.0)
    assert truth["delay"] < -8
    assert truth["satisfaction"] > 8
    assert set(reviews(effect=0.5, structures=2).columns) <= set(frame.columns)


def test_a_home_without_dates_says_so(tiny_home: Path) -> None:
    connection = duckdb.connect()
    serving = next((tiny_home / "snapshots").glob("*.duckdb"))
    connection.execute(f"ATTACH '{serving}' AS tiny (READ_ONLY); USE tiny")
    followed = connection.execute((Path(store.__file__).parent / "sql" / "followed.sql").read_text("utf-8")).df()
    undated = followed.assign(first_reply_at=pd.Series(pd.NaT, index=followed.index), days=np.nan)
    found = outcomes.everything(undated, adoptions.find(undated), date(2025, 6, 30))
    assert found[outcomes.DELAY].reasons == ("Le fichier ne date aucune réponse : l'effet sur les délais ne peut pas être estimé.",)  # fmt: skip

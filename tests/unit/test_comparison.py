"""Two selections side by side, what tells them apart, what was done and what it changed, watched words, praise."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from analytics import comparison, remedies, reviews, strengths, watching, words
from data import carry, snapshots, warehouse
from data.filters import Filters
from data.warehouse import Warehouse

EARLY = Filters(start=date(2025, 3, 1), end=date(2025, 5, 31))
LATE = Filters(start=date(2025, 6, 1), end=date(2025, 6, 30))


@pytest.fixture
def opened(tiny_home: Path) -> Warehouse:
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshots.current(tiny_home)))) as connection:
        words.build(connection)
    return warehouse.open_current(tiny_home)


@pytest.fixture
def crowded(tiny_home: Path) -> Warehouse:
    """Two hundred more reviews: irritant 1 comes with June, irritant 0 leaves with May, each with words of its own."""
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshots.current(tiny_home)))) as connection:
        for k in range(200):
            late = k % 2
            connection.execute(
                "INSERT INTO reviews (id, published_at, published_on, title, body, sentiment) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    5000 + k,
                    *["2025-06-10" if late else "2025-04-10"] * 2,
                    "Titre",
                    "La quittance de loyer arrive" if late else "Le cadastre a été modifié",
                    "Négatif",
                ],
            )
            connection.execute("INSERT INTO review_topics VALUES (?, ?, NULL, 0.5)", [5000 + k, late])
        carry.set_irritants(connection)
        words.build(connection)
    return warehouse.open_current(tiny_home)


def test_what_came_and_what_shrank_is_said(crowded: Warehouse) -> None:
    found = comparison.irritants(crowded, EARLY, LATE).set_index("id")
    assert found.loc[1, "verdict"] in {"new", "growing"}
    assert found.loc[0, "verdict"] in {"gone", "shrinking"}
    assert found.loc[1, "share_second"] > found.loc[1, "share_first"]
    assert found["certain"].all()


def test_twelve_reviews_prove_nothing(opened: Warehouse) -> None:
    assert set(comparison.irritants(opened, EARLY, LATE)["verdict"]) == {"steady"}


def test_the_same_selection_twice_has_nothing_to_tell(crowded: Warehouse) -> None:
    assert set(comparison.irritants(crowded, LATE, LATE)["verdict"]) == {"steady"}
    assert comparison.vocabulary(crowded, LATE, LATE).empty


def test_words_that_rise_and_fall_keep_their_accents(crowded: Warehouse) -> None:
    found = comparison.vocabulary(crowded, EARLY, LATE)
    assert {"quittance", "loyer"} <= set(found[found["z"] > 0]["word"])
    assert {"cadastre", "modifié"} <= set(found[found["z"] < 0]["word"])


def test_an_empty_side_is_no_error(opened: Warehouse) -> None:
    nowhere = Filters(start=date(2001, 1, 1), end=date(2001, 2, 1))
    assert set(comparison.irritants(opened, nowhere, LATE)["verdict"]) <= {"steady"}
    assert comparison.irritants(opened, nowhere, nowhere).empty
    comparison.vocabulary(opened, nowhere, LATE)


def _curve(weeks: int, at: int, factor: float, seed: int = 0, slope: float = 0.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    week = np.arange(weeks)
    rate = 0.05 * np.exp(slope * week) * (1 + 0.2 * np.sin(2 * np.pi * week / 52.18)) * np.where(week >= at, factor, 1)
    total = random.integers(600, 800, weeks)
    return pd.DataFrame(
        {
            "period": pd.date_range("2023-01-02", periods=weeks, freq="W-MON"),
            "n": random.poisson(total * rate),
            "total": total,
        }
    )


def test_a_real_fall_is_found_with_its_interval() -> None:
    curve = _curve(130, 90, 0.6)
    found = remedies.measured(curve, curve["period"][90].date())
    assert found.sure
    assert found.low is not None
    assert found.high is not None
    assert found.low < -0.4 < found.high


def test_a_trend_that_was_there_already_is_no_effect() -> None:
    """The naive before and after would say -40 %."""
    sure = 0
    for seed in range(20):
        curve = _curve(130, 90, 1.0, seed, slope=-0.008)
        found = remedies.measured(curve, curve["period"][90].date())
        assert found.before is not None
        assert found.after is not None
        assert found.after < 0.75 * found.before
        sure += found.sure
    assert sure <= 4


def test_too_early_is_said() -> None:
    found = remedies.measured(_curve(60, 57, 0.5), date(2024, 2, 5))
    assert found.change is None
    assert "8 après" in found.reason


def test_no_curve_is_no_conclusion() -> None:
    assert remedies.measured(pd.DataFrame({"period": [], "n": [], "total": []}), date(2024, 1, 1)).change is None


def test_actions_of_the_portal_fill_the_first_ones(tiny_home: Path) -> None:
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshots.current(tiny_home)))) as connection:
        connection.execute(
            "UPDATE reviews SET action = 'Formulaire corrigé', action_started = '2025-05-01', improvement = TRUE WHERE id IN (1, 5)"
        )
    held = warehouse.open_current(tiny_home)
    (row,) = remedies.published(held, 0, Filters()).to_dict("records")
    assert (row["action"], row["n"]) == ("Formulaire corrigé", 2)
    assert remedies.to_consider(held, 0, Filters()) == 2
    assert remedies.published(held, 1, Filters()).empty


def test_praise_counts_positive_reviews_and_names_the_team(opened: Warehouse) -> None:
    listing = strengths.listing(opened, Filters())
    assert listing["id"].tolist() == [1]
    assert listing["n"].tolist() == [1]
    teams = strengths.teams(opened, Filters()).set_index("structure_id")
    assert teams.loc["cafNord001", "mailbox"] == "cafnord001@exemple.gouv.fr"
    praised = reviews.page(opened, strengths.praising(Filters(), structure_id="cafNord001"))
    assert [r.sentiment for r in praised] == ["Positif"]


def test_a_watched_subject_is_what_its_words_say(opened: Warehouse) -> None:
    curve = watching.series(opened, ["aide logement", "loyer"], Filters(), "month")
    assert curve["n"].sum() == 3
    assert curve["total"].sum() == 12
    assert reviews.count(opened, Filters(), words=["aide logement", "loyer"]) == 3
    assert reviews.count(opened, Filters(), words=[]) == 0


def test_examples_suggest_words(opened: Warehouse) -> None:
    texts = [review.body for review in reviews.by_ids(opened, [1, 5])]
    assert any("occupation" in expression for expression in watching.suggested(opened, texts))
    assert watching.suggested(opened, []) == []

"""Delays: the figures of a query written by hand over the portal file, and what stands apart from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

from analytics import delay_groups, delays, waits
from data import ingest
from data.demo import generate
from data.demo.generate import Order
from data.filters import Filters
from data.warehouse import Warehouse, open_current
from tests import tiny


@pytest.fixture
def warehouse(tiny_home: Path) -> Warehouse:
    return open_current(tiny_home)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Warehouse]:
    """A demo of 2,500 reviews, ingested and never refreshed, and its CSV."""
    folder = tmp_path_factory.mktemp("demo")
    generate.write(Order(reviews=2500, seed=3, planted=False), folder / "files", processes=1)
    csv = folder / "files" / "experiences.csv"
    ingest.ingest([csv], folder / "home", structures_file=folder / "files" / "structures.csv")
    return csv, open_current(folder / "home")


BY_HAND = """
WITH raw AS (
    SELECT
        "Date de publication"::TIMESTAMPTZ AS published,
        ("Écrit le"::DATE::TIMESTAMP AT TIME ZONE 'Europe/Paris') AS written,
        TRY_CAST("Date de premiere réponse" AS TIMESTAMPTZ) AS replied, "Hors structure" = 'Oui' AS outside,
        coalesce("Réponse structure 1" LIKE '%pas encore en mesure%', false) AS canned,
        "Réponse structure 1" IS NOT NULL AS replied_to, "ID structure 1" AS structure
    FROM read_csv('FILE', delim=';', all_varchar=true, header=true, quote='"', escape='"', nullstr='')
),
told AS (
    SELECT *, CASE WHEN NOT canned AND replied >= START THEN epoch(replied - START) / 86400 END AS days
    FROM raw WHERE NOT outside
)
SELECT
    count(*) FILTER (replied_to AND NOT canned), count(*) FILTER (NOT replied_to OR canned), count(*) FILTER (canned),
    (SELECT count(*) FROM raw WHERE outside), median(days), quantile_cont(days, 0.9), avg(days)
FROM told
"""


@pytest.mark.parametrize(("basis", "start"), [("publication", "published"), ("written", "written")])
def test_figures_are_those_of_a_query_by_hand_over_the_csv(
    demo: tuple[Path, Warehouse], basis: delays.Basis, start: str
) -> None:
    csv, warehouse = demo
    query = BY_HAND.replace("FILE", str(csv)).replace("START", start)
    answered, waiting, canned, outside, median, p90, mean = duckdb.sql(query).fetchall()[0]
    found = delay_groups.report(warehouse, basis)
    assert found["answered"] > 1500
    assert canned > 0
    assert outside > 0
    counts = [found[name] for name in ("answered", "unanswered", "canned", "outside")]
    assert counts == [answered, waiting, canned, outside]
    days = [found[name] for name in ("median_days", "p90_days", "mean_days")]
    assert days == pytest.approx([median, p90, mean], abs=1e-5)


def test_by_structure_too(demo: tuple[Path, Warehouse]) -> None:
    csv, warehouse = demo
    query = BY_HAND.replace("FILE", str(csv)).replace("START", "published")
    ours = {row["structure_id"]: row for row in delay_groups.report(warehouse)["by_structure"]}
    by_hand = query.replace("SELECT\n    count(*) FILTER (replied", "SELECT structure, count(*) FILTER (replied")
    rows = duckdb.sql(by_hand + " WHERE structure IS NOT NULL GROUP BY structure").fetchall()
    assert len(rows) == len([o for o in ours.values() if o["answered"] + o["unanswered"]])
    for structure, answered, waiting, canned, _, median, p90, mean in rows:
        one = ours[structure]
        assert (one["answered"], one["unanswered"], one["canned"]) == (answered, waiting, canned)
        if median is not None:
            assert [one["median_days"], one["p90_days"], one["mean_days"]] == pytest.approx(
                [median, p90, mean], abs=1e-5
            )


def test_a_review_that_waits_counts_for_what_it_has_waited(warehouse: Warehouse) -> None:
    found = delays.summary(warehouse, Filters())
    assert (found.answered, found.unanswered, found.canned, found.outside) == (4, 7, 1, 1)
    assert found.median_days is not None
    assert found.median_days < 12  # of the four replies
    assert found.km_median_days == pytest.approx(19.94, abs=0.1)  # with the seven who wait


def test_the_past_is_told_as_it_stood(warehouse: Warehouse) -> None:
    then = delays.summary(warehouse, Filters(end=date(2025, 3, 20)))
    assert (then.answered, then.unanswered) == (1, 1)  # the reply of 28 March was not there yet
    late = delay_groups.late(warehouse, Filters(end=date(2025, 3, 20)), target=5)
    assert late[["structure_id", "waiting", "late"]].to_numpy().tolist() == [[tiny.HOUSING, 1, 1]]


def test_working_days_leave_out_week_ends_and_public_holidays(warehouse: Warehouse) -> None:
    def worked(begun: str, ended: str) -> float:
        moments = [np.array([(date.fromisoformat(m) - date(1970, 1, 1)).days]) for m in (begun, ended)]
        return float(waits._worked(*moments)[0])

    assert worked("2025-05-07", "2025-05-12") == 2  # 8 May is a holiday, then a week-end
    assert worked("2025-06-06", "2025-06-10") == 1  # Whit Monday
    assert worked("2025-03-03", "2025-03-03") == 0
    calendar, working = (delays.summary(warehouse, Filters(), unit=unit) for unit in ("calendar", "working"))
    assert working.timed == calendar.timed
    assert working.median_days is not None
    assert calendar.median_days is not None
    assert working.median_days < calendar.median_days


@pytest.mark.parametrize("dimension", ["network", "typology", "structure", "department", "region", "irritant"])
def test_each_cut_adds_up_to_the_reviews_that_have_a_value(
    warehouse: Warehouse, dimension: delay_groups.Dimension
) -> None:
    cut = delay_groups.by(warehouse, Filters(), dimension)
    assert set(cut.columns) == set(delay_groups.BY)
    column = {
        "structure": "structure_id",
        "irritant": "(SELECT irritant FROM review_topics WHERE review_id = reviews.id)",
    }
    value = column.get(dimension, dimension)
    known = warehouse.rows(f"SELECT count(*) FROM reviews WHERE {value} IS NOT NULL AND {value}::VARCHAR <> '-1'")[0][0]
    assert cut["n"].sum() + cut["outside"].sum() == known


def test_a_review_with_two_channels_stands_in_both(warehouse: Warehouse) -> None:
    cut = delay_groups.by(warehouse, Filters(), "channel").set_index("key")
    assert cut.loc["Accueil", "n"] == 6
    assert cut.loc["Démarche en ligne", "answered"] == 2


@pytest.mark.parametrize(
    "asked",
    [
        Filters(start=date(2025, 4, 1)),
        Filters(networks=("CNAF",)),
        Filters(typologies=("Préfecture",), structures=(tiny.PERMITS,)),
        Filters(departments=("59",), sentiments=("Négatif", "Neutre")),
        Filters(regions=("32",), channels=("Démarche en ligne",)),
        Filters(irritants=(1,)),
        Filters(networks=("nobody",)),
    ],
)
def test_arrays_keep_the_reviews_that_sql_keeps(warehouse: Warehouse, asked: Filters) -> None:
    query = f"SELECT count(*) FROM reviews AS r WHERE {asked.where()}"
    expected = warehouse.rows(query, asked.params())[0][0]
    assert waits.of(warehouse).kept(asked).sum() == expected


def test_groups_are_compared_and_an_unknown_one_is_ignored(demo: tuple[Path, Warehouse]) -> None:
    _, warehouse = demo
    top = delay_groups.by(warehouse, Filters(), "network")["key"].tolist()[:2]
    found = delay_groups.compared(warehouse, Filters(), "network", [*top, "nobody"])
    assert list(found.curves) == top
    assert found.p is not None
    assert 0 <= found.p <= 1
    assert delay_groups.compared(warehouse, Filters(), "network", top[:1]).p is None


def test_quantiles_by_group_are_those_of_numpy() -> None:
    rng = np.random.default_rng(1)
    values, group = np.sort(rng.exponential(5, 300)), rng.integers(0, 7, 300)
    found = waits.grouped(group, values, 9, (0.25, 0.9))
    for k in range(7):
        assert found[:, k] == pytest.approx(np.quantile(values[group == k], [0.25, 0.9]))
    assert np.isnan(found[:, 7:]).all()
    shuffled = rng.permutation(300)
    assert waits.grouped(group[shuffled], values[shuffled], 9, (0.5,)) == pytest.approx(
        waits.grouped(group, values, 9, (0.5,)), nan_ok=True
    )


def test_an_empty_selection_has_no_figure(warehouse: Warehouse) -> None:
    nothing = Filters(start=date(2030, 1, 1))
    found = delays.summary(warehouse, nothing)
    assert (found.answered, found.unanswered, found.median_days, found.dated) == (0, 0, None, False)
    assert delays.curve(warehouse, nothing).empty
    assert delay_groups.monthly(warehouse, nothing).empty
    assert delay_groups.structures(warehouse, nothing).empty
    assert delay_groups.late(warehouse, nothing).empty
    assert delays.restricted(warehouse, nothing) is None
    assert replace(found, timed=1).dated

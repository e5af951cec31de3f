"""What a lead watches: counts are those of the reviews, predictions are judged on the past, drifts are found."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from analytics import board, delay_alerts, supervision, waits
from analytics.board import Board
from analytics.waits import Waits
from data.filters import Filters
from data.warehouse import Warehouse

END = date(2025, 6, 30)
DAYS = 600
TARGET = 15


def world(monkeypatch: pytest.MonkeyPatch, *, seed: int = 0, slowed: float = 1.0, a_day: int = 12) -> Warehouse:
    """Twenty structures that each answer at their own exponential pace; `s00` is `slowed` in the last four weeks."""
    rng = np.random.default_rng(seed)
    n = DAYS * a_day
    end = (END - date(1970, 1, 1)).days
    day = np.sort(rng.integers(end - DAYS, end, n))
    structure = rng.integers(0, 20, n)
    pace = 5 + 10 * structure / 20
    length = rng.exponential(pace)
    if slowed != 1.0:  # what is left after the change is stretched
        change = end - board.RECENT
        left = np.maximum(day + length - np.maximum(change, day), 0)
        length = np.where(structure == 0, length + left * (slowed - 1), length)
    silent = rng.random(n) < 0.1
    reply = day + np.floor(length).astype(int)
    told = ~silent & (reply < end)
    none = np.full(n, -1)
    found = Waits(
        id=np.arange(n),
        published=day * 86400.0,
        written=np.full(n, np.nan),
        replied=np.where(told, reply * 86400.0, np.nan),
        day=day.astype(np.int32),
        written_day=none.astype(np.int32),
        replied_day=np.where(told, reply, -1).astype(np.int32),
        answered=told,
        canned=np.zeros(n, dtype=bool),
        outside=np.zeros(n, dtype=bool),
        codes={"structure": structure, **dict.fromkeys(("network", "typology", "department", "region", "sentiment"), none)},
        names={"structure": [f"s{k:02d}" for k in range(20)], **{key: [] for key in ("network", "typology", "department", "region", "sentiment", "channel")}},
        labels={"structure": [f"Structure {k}" for k in range(20)]},
        irritant=none,
        channels=np.zeros(n, dtype=np.int64),
        network_of=np.full(20, -1),
        by_day=np.arange(n),
        end=END,
    )  # fmt: skip
    monkeypatch.setattr(waits, "of", lambda _: found)
    return cast(Any, SimpleNamespace(found=found))


def test_the_stock_is_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = world(monkeypatch)
    found = waits.of(warehouse)
    stock = supervision.stock(warehouse, Filters(), TARGET)
    waiting = ~found.answered
    assert stock.waiting == waiting.sum() == stock.ages["n"].sum() == stock.flows["stock"].iloc[-1]
    assert stock.late == (waiting & ((END - date(1970, 1, 1)).days - found.day - 1 > TARGET)).sum()
    assert stock.day == date(2025, 6, 29)
    last = stock.flows.iloc[-1]
    week = found.day >= (END - date(1970, 1, 1)).days - 7
    assert last["incoming"] == week.sum()
    assert stock.by_structure["waiting"].sum() == stock.waiting


def test_what_will_be_late_is_calibrated(monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = world(monkeypatch)
    stock = supervision.stock(warehouse, Filters(), TARGET)
    track = stock.track
    assert track.weeks == supervision.REPLAYED
    assert track.judged > 300
    assert track.expected == pytest.approx(track.late, rel=0.12)
    filled = track.bins[track.bins["n"] >= 60]
    assert (filled["expected"] - filled["observed"]).abs().max() < 0.12
    assert track.hit_rate is not None
    assert track.found is not None
    age = stock.upcoming["age"]
    assert age.between(TARGET - 7, TARGET - 1).all()
    slow = stock.upcoming[stock.upcoming["structure_id"] >= "s15"]["probability"].mean()
    fast = stock.upcoming[stock.upcoming["structure_id"] < "s05"]["probability"].mean()
    assert slow > fast  # a structure's own pace counts


def test_a_prediction_of_the_past_does_not_see_the_future(monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = world(monkeypatch)
    before = supervision.stock(warehouse, Filters(), TARGET).track
    found = waits.of(warehouse)
    past = Board.of(found, Filters())
    then = past.today - 28
    places = past.candidates(then, TARGET)
    chance = past.chance_late(places, then, TARGET)
    later = past.reply >= then
    past.reply[later] = np.maximum(past.reply[later] - 3, then)
    changed = Board.of(found, Filters())
    changed.reply = past.reply
    assert changed.chance_late(places, then, TARGET) == pytest.approx(chance)
    assert before.judged > 0


def test_the_forecast_beats_a_stock_that_never_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    forecast = supervision.stock(world(monkeypatch), Filters(), TARGET).forecast
    assert forecast is not None
    assert forecast.error[-1] < forecast.naive_error[-1]
    assert forecast.covered is not None
    assert forecast.covered > 0.6
    frame = forecast.frame
    assert ((frame["low"] <= frame["stock"]) & (frame["stock"] <= frame["high"])).all()
    assert len(frame) == 4


def test_a_structure_that_slows_down_is_found_and_the_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    drifts = supervision.drifting(world(monkeypatch, slowed=30.0, a_day=30), Filters())
    assert [d.structure_id for d in drifts][:1] == ["s00"]
    assert drifts[0].slower
    assert len(drifts) <= 2
    chart = supervision.control_chart(world(monkeypatch, slowed=30.0, a_day=30), "s00")
    assert chart["out"].tail(4).any()
    assert chart["out"].head(40).mean() < 0.1


def test_without_a_change_hardly_anything_is_called_a_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    found = sum(len(supervision.drifting(world(monkeypatch, seed=seed), Filters())) for seed in range(1, 11))
    assert found <= 2


def test_too_little_history_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = world(monkeypatch)
    stock = supervision.stock(warehouse, Filters(structures=("nobody",)), TARGET)
    assert (stock.waiting, stock.late, stock.forecast) == (0, 0, None)
    assert stock.track.hit_rate is None
    assert stock.upcoming.empty
    assert supervision.drifting(warehouse, Filters(structures=("nobody",))) == []
    assert supervision.control_chart(warehouse, "nobody").empty


def test_leads_are_told_what_will_be_late_and_who_drifts(monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = world(monkeypatch, slowed=30.0, a_day=30)
    late, *drifts = delay_alerts.of(warehouse, Filters(), TARGET)
    stock = supervision.stock(warehouse, Filters(), TARGET)
    assert late.text.startswith(f"{stock.by_structure['likely'].sum()} avis passeront sans doute")
    assert "se sont vérifiées" in late.text
    assert drifts[0].id.endswith(":s00")
    assert "Structure 0 répond moins" in drifts[0].text
    assert delay_alerts.of(warehouse, Filters(structures=("nobody",)), TARGET) == []


def test_a_file_without_dates_alerts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = world(monkeypatch)
    waits.of(warehouse).replied_day[:] = -1
    assert delay_alerts.of(warehouse, Filters(), TARGET) == []

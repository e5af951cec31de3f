"""The desk side: measures by model and prompt, and a comparison that may be looked at every day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from analytics.impact import desk, sequential
from data.operations import desk as desk_store
from data.operations import feedback, replies, stored, work
from data.operations.trials import Trial
from data.operations.work import Piece
from data.warehouse import open_current
from tests import tiny

START = datetime(2025, 6, 1, tzinfo=UTC)
PIECE = Piece(1, START, "reworked", 300.0, 80.0, 400, 320, "small", "reply-1", 2, 1, 0, True, 0)
TRIAL = Trial("t", "models", ("small", "large"), "lead", START, None)


def test_by_model_and_prompt() -> None:
    pieces = [
        PIECE,
        replace(PIECE, review_id=2, desk_s=None, decided="as_proposed", good=None, similarity=100.0, findings=0),
        replace(
            PIECE, review_id=3, model="", prompt_version="", similarity=None, kept=None, good=None, decided="blank"
        ),
    ]
    found = desk.by_model(pieces).set_index("model")
    assert found.loc["small", ["n", "minutes", "similarity", "as_proposed", "findings", "judged", "good"]].tolist() == [
        2, 5.0, 90.0, 0.5, 1.0, 1, 1.0,
    ]  # fmt: skip
    assert found.loc["", "n"] == 1
    assert np.isnan(found.loc["", "as_proposed"])
    assert desk.by_model([]).empty


def test_the_embedded_drafter_reads_no_prompt() -> None:
    embedded = replace(PIECE, model="extractive-1")
    found = desk.by_model([embedded, replace(embedded, review_id=2, prompt_version="direct-1")])
    assert found[["model", "prompt", "n"]].to_numpy().tolist() == [["extractive-1", "", 2]]


def test_looking_every_day_does_not_make_it_lie() -> None:
    """Under no difference, the share of trials that are ever told stays under 5 %; a plain interval's does not."""
    rng = np.random.default_rng(1)
    told, naive = 0, 0
    for _ in range(300):
        second, values = rng.random(1200) < 0.5, rng.exponential(10, 1200)
        found = sequential.difference(second, values)
        told += found.told
        n = np.arange(1, 1201)
        for look in range(50, 1200, 50):
            a, b = values[:look][~second[:look]], values[:look][second[:look]]
            half = 1.96 * np.sqrt(a.var() / len(a) + b.var() / len(b))
            if abs(b.mean() - a.mean()) > half:
                naive += 1
                break
        assert len(found.low) == len(n)
    assert told / 300 <= 0.07
    assert naive / 300 > 0.15


def test_a_real_difference_is_told_and_its_interval_holds_it() -> None:
    rng = np.random.default_rng(2)
    second = rng.random(2000) < 0.5
    found = sequential.difference(second, rng.exponential(10, 2000) - np.where(second, 3.0, 0.0))
    assert found.told
    assert found.low[-1] < -3 < found.high[-1]
    assert np.isnan(found.low[: sequential.FIRST_LOOK - 1]).all()


def test_a_trial_compares_the_arms_drawn() -> None:
    assigned = {k: (TRIAL.arm(k), START) for k in range(400)}
    pieces = [
        replace(
            PIECE,
            review_id=k,
            sent_at=START + timedelta(hours=k),
            desk_s=300.0 + 5 * (k % 7) - (120.0 if assigned[k][0] == "large" else 0.0),
        )
        for k in range(400)
    ]
    found = desk.compared(TRIAL, assigned, [*pieces, replace(PIECE, review_id=999_999)], "minutes")
    assert found is not None
    assert sum(found.counts) == 400
    assert found.effect[-1] == pytest.approx(-2.0, abs=0.1)
    assert found.told
    assert desk.compared(TRIAL, {}, pieces, "minutes") is None


def test_a_pilot_is_read_in_the_published_file(tiny_home: Path) -> None:
    warehouse = open_current(tiny_home)
    pilot = Trial("p", "pilot", ("avec", "sans"), "lead", START, None)
    assigned = {1: ("avec", START), 12: ("avec", START), 2: ("sans", START), 3: ("sans", START), 4: ("sans", START)}
    found = desk.pilot(warehouse, pilot, assigned)
    assert found.counts == (2, 3)
    assert found.gap is not None
    assert found.gap.effect < 0
    assert found.p is not None
    nobody = desk.pilot(warehouse, pilot, {})
    assert (nobody.counts, nobody.gap, nobody.p) == ((0, 0), None, None)


def test_pieces_are_read_from_what_was_sent(operations: Engine) -> None:
    record = tiny.DRAFT | {"findings": [{"check": "link", "severity": "high", "span": [0, 1], "message": "…"}]}
    draft = stored.store(operations, "d5", 5, record, requested_by="agent")
    text = desk_store.opened(operations, 5, "agent")
    text = desk_store.begin(operations, text, body=tiny.DRAFT["reply"], started="draft", draft_id=draft)
    replies.send(operations, text, tiny.DRAFT["reply"].replace("voici", "voilà"))
    replies.send(operations, desk_store.opened(operations, 6, "agent"), "Bonjour, je vous rappelle.")
    feedback.give(operations, draft, "agent", review_id=5, good=True)
    drafted, alone = work.pieces(operations)
    assert (drafted.model, drafted.prompt_version, drafted.findings, drafted.severe) == (
        "extractive-1",
        "reply-1",
        1,
        1,
    )
    assert drafted.decided == "reworked"
    assert drafted.good is True
    assert drafted.kept is not None
    assert 0 < drafted.kept < len(tiny.DRAFT["reply"])
    assert (alone.model, alone.decided, alone.similarity, alone.good) == ("", "blank", None, None)
    assert work.pieces(operations, since=START) == [drafted, alone]

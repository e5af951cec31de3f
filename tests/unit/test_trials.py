"""Declared adoption days and randomised trials, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine

from data.operations import adoptions, drafts, journal, trials
from data.operations.errors import Conflict, Refused
from data.operations.trials import Order, Trial


def test_a_day_is_declared_changed_and_taken_back(operations: Engine) -> None:
    first = adoptions.declare(operations, "k1", "s1", date(2024, 3, 1), by="admin")
    assert adoptions.declare(operations, "k1", "s1", date(2024, 3, 1), by="admin") == first  # a double click
    again = adoptions.declare(operations, "k2", "s1", date(2024, 4, 1), by="admin", seen=first)
    assert [d.adopted_on for d in adoptions.declared(operations)] == [date(2024, 4, 1)]
    with pytest.raises(Conflict):
        adoptions.declare(operations, "k3", "s1", date(2024, 5, 1), by="other", seen=first)
    with pytest.raises(Conflict):
        adoptions.declare(operations, "k4", "s1", date(2024, 5, 1), by="other")
    with pytest.raises(Refused):
        adoptions.declare(operations, "k5", "s2", date(1999, 1, 1), by="admin")
    adoptions.take_back(operations, "k6", again, by="admin")
    assert adoptions.declared(operations) == []
    assert [e.action for e in journal.entries(operations)][:3] == [
        "adoption.take_back",
        "adoption.declare",
        "adoption.declare",
    ]


def test_arms_are_drawn_once_for_all_and_even(operations: Engine) -> None:
    trial = trials.start(operations, "t1", "pilot", (), by="lead")
    assert trial.arms == ("avec", "sans")
    drawn = [trial.arm(review) for review in range(4000)]
    assert 1850 < drawn.count("avec") < 2150
    assert trials.assign(operations, trial, 7) == trials.assign(operations, trial, 7) == trial.arm(7)
    assert {review: arm for review, (arm, _) in trials.assigned(operations, trial).items()} == {7: trial.arm(7)}


def test_one_trial_runs_at_a_time(operations: Engine) -> None:
    first = trials.start(operations, "t1", "models", ("extractive", "small.gguf"), by="lead")
    assert trials.running(operations) == first
    with pytest.raises(Refused):
        trials.start(operations, "t2", "pilot", (), by="lead")
    trials.end(operations, "e1", first, by="lead")
    assert trials.running(operations) is None
    with pytest.raises(Conflict):
        trials.end(operations, "e2", first, by="lead")
    second = trials.start(operations, "t3", "pilot", (), by="lead")
    assert [t.id for t in trials.every(operations)] == [second.id, first.id]
    assert {first.arm(r) == first.arms[0] for r in range(50)} == {True, False}
    with pytest.raises(Refused):
        trials.start(operations, "t4", "models", ("same", "same"), by="lead")


def test_two_prompts_are_tried_on_one_model_that_reads_them(operations: Engine) -> None:
    with pytest.raises(Refused, match="embarqué"):
        trials.start(operations, "t1", "prompts", ("reply-3-a", "direct-1-b"), by="lead", model="extractive-1")
    with pytest.raises(Refused, match="deux consignes"):
        trials.start(operations, "t2", "prompts", ("reply-3-a", "reply-3-a"), by="lead", model="small.gguf")
    trial = trials.start(operations, "t3", "prompts", ("reply-3-a", "direct-1-b"), by="lead", model="small.gguf")
    assert trials.running(operations) == trial
    assert journal.entries(operations)[0].details == {
        "kind": "prompts", "arms": ["reply-3-a", "direct-1-b"], "model": "small.gguf",
    }  # fmt: skip
    assert {trial.order(review) for review in range(50)} == {
        Order(model="small.gguf", prompt="reply-3-a"), Order(model="small.gguf", prompt="direct-1-b"),
    }  # fmt: skip
    assert trial.order(7).prompt == trial.arm(7)
    asked = drafts.request(operations, "k", 7, requested_by="agent", model="small.gguf", prompt=trial.arm(7))
    claimed = drafts.claim(operations, "w", model="small.gguf")
    assert claimed is not None
    assert (claimed.id, claimed.prompt) == (asked, trial.arm(7))


def test_an_arm_is_given_only_while_both_can_be_served() -> None:
    started = datetime(2025, 6, 1, tzinfo=UTC)
    models = Trial("t", "models", ("small", "large"), "lead", started, None)
    assert models.served(["large", "small", "other"], [])
    assert not models.served(["large"], [])
    prompts = Trial("t", "prompts", ("a", "b"), "lead", started, None, model="small")
    assert prompts.served(["small"], ["a", "b"])
    assert not prompts.served(["small"], ["a"])
    assert not prompts.served(["large"], ["a", "b"])
    assert Trial("t", "pilot", ("avec", "sans"), "lead", started, None).served([], [])


def test_a_draft_fits_what_its_arm_wants() -> None:
    assert Order().fits("any", "any")
    assert Order(model="small", prompt="a").fits("small", "a")
    assert not Order(model="small", prompt="a").fits("small", "b")
    assert not Order(model="small").fits("large", "a")

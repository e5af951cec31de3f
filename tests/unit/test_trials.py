"""Declared adoption days and randomised trials, on both databases."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Engine

from data.operations import adoptions, journal, trials
from data.operations.errors import Conflict, Refused


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

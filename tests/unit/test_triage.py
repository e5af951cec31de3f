"""Triage: what may follow what, what cools down, what false alarms teach."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from data.operations import journal, triage
from data.operations.errors import Refused
from data.operations.triage import Decision

NOON = datetime(2025, 6, 30, 12, tzinfo=UTC)


def _decision(state: str, score: float = 5.0, days: int = 7) -> Decision:
    return Decision("s", state, "", "sacha", NOON - timedelta(days=days), 1, "surge", score)  # type: ignore[arg-type]


def test_a_signal_goes_from_new_to_closed_and_the_journal_says_who(operations: Engine) -> None:
    seen = triage.decide(operations, "1", "s", "acknowledged", decided_by="sacha", detector="place", score=4.5)
    seen = triage.forward(
        operations, "2", "s", recipient="caf@example.org", subject="Attention", body="Bonjour", sent=True,
        sent_by="sacha", seen=seen,
    )  # fmt: skip
    assert (seen.state, seen.detector, seen.score) == ("forwarded", "place", 4.5)
    seen = triage.decide(operations, "3", "s", "answered", decided_by="maxime", note="Panne réparée", seen=seen)
    seen = triage.decide(operations, "4", "s", "closed", decided_by="sacha", seen=seen)
    (message,) = triage.messages(operations, "s")
    assert (message.recipient, message.sent, message.body) == ("caf@example.org", True, "Bonjour")
    said = [(e.actor, e.details["state"]) for e in reversed(journal.entries(operations)) if e.object_id == "s"]
    assert said == [("sacha", "acknowledged"), ("sacha", "forwarded"), ("maxime", "answered"), ("sacha", "closed")]


def test_steps_can_not_be_skipped(operations: Engine) -> None:
    with pytest.raises(Refused):
        triage.decide(operations, "1", "s", "answered", decided_by="sacha")
    with pytest.raises(Refused):
        triage.forward(operations, "2", "s", recipient=" ", subject="x", body="y", sent=False, sent_by="sacha")


@pytest.mark.parametrize(
    ("earlier", "score", "quiet"),
    [
        ([], 5.0, False),
        ([_decision("closed")], 6.0, True),
        ([_decision("closed")], 10.0, False),  # it doubled
        ([_decision("false_alarm", days=29)], 6.0, False),  # more than four weeks ago
        ([_decision("acknowledged")], 6.0, False),  # nobody has dealt with it yet
    ],
)
def test_a_signal_dealt_with_cools_down(earlier: list[Decision], score: float, quiet: bool) -> None:
    assert triage.quiet(earlier, score, NOON) is quiet


def test_each_step_has_its_deadline() -> None:
    assert triage.deadline(None, NOON) == NOON + timedelta(days=7)
    forwarded = _decision("forwarded", days=0)
    assert triage.deadline(forwarded, NOON) == NOON + timedelta(days=21)
    assert triage.deadline(_decision("closed"), NOON) is None


@pytest.mark.parametrize(
    ("confirmed", "false", "rate"), [(0, 0, None), (2, 2, 0.05), (3, 3, 0.05), (0, 40, 0.01), (60, 0, 0.097)]
)
def test_false_alarms_teach_within_bounds(operations: Engine, confirmed: int, false: int, rate: float | None) -> None:
    for i in range(confirmed):
        seen = triage.decide(operations, f"a{i}", f"c{i}", "acknowledged", decided_by="sacha", detector="surge")
        triage.decide(operations, f"b{i}", f"c{i}", "closed", decided_by="sacha", seen=seen)
    for i in range(false):
        triage.decide(operations, f"f{i}", f"f{i}", "false_alarm", decided_by="sacha", note="x", detector="surge")
    lessons = triage.lessons(operations)
    if rate is None:
        assert lessons == {}
    else:
        assert lessons["surge"].q == pytest.approx(rate, abs=0.001)
        assert (lessons["surge"].confirmed, lessons["surge"].false) == (confirmed, false)

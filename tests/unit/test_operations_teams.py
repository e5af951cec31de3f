"""Who takes what, what structures chose, what the portal says, blind re-reading, forgetting: on both databases."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from sqlalchemy import Engine, update

from data import snapshots
from data.operations import (
    assignments,
    desk,
    escalations,
    feedback,
    journal,
    replies,
    rereadings,
    returns,
    rules,
    stored,
    tables,
    team,
    timings,
    tracks,
)
from data.operations.engine import writing
from data.operations.errors import Conflict, Refused
from data.warehouse import open_current
from generation.index import build_index
from generation.retrieval import Index, Question
from tests import tiny
from tests.tiny import DRAFT


def _sent(store: Engine, review_id: int = 12, person: str = "camille", body: str | None = None, **more: Any):
    made = stored.store(store, f"draft-{review_id}", review_id, DRAFT, requested_by=person)
    text = desk.opened(store, review_id, person)
    text = desk.begin(store, text, body=DRAFT["reply"], started="draft", draft_id=made)
    return replies.send(store, text, body or DRAFT["reply"], **more)


def _ago(store: Engine, column: Any, days: float) -> None:
    with writing(store) as connection, connection.begin():
        connection.execute(update(column.table).values({column: tables.now() - timedelta(days=days)}))


# -- who takes which review ------------------------------------------------------------------------------------------


def test_a_review_taken_is_refused_to_others_until_given_back(operations: Engine):
    assignments.claim(operations, 12, "camille")
    assignments.claim(operations, 12, "camille")  # a double click
    with pytest.raises(Conflict, match="déjà pris"):
        assignments.claim(operations, 12, "alix")
    assignments.release(operations, 12, by="camille")
    assignments.claim(operations, 12, "alix")
    assert assignments.current(operations)[12].person == "alix"
    assert [e.action for e in journal.entries(operations)] == ["review.claim", "review.release", "review.claim"]


def test_a_lead_gives_reviews_to_somebody_whoever_had_them(operations: Engine):
    assignments.claim(operations, 12, "camille")
    assert assignments.assign(operations, [12, 13], "alix", by="maxime") == 2
    assert assignments.assign(operations, [12, 13], "alix", by="maxime") == 0
    assert {a.person for a in assignments.current(operations).values()} == {"alix"}
    with pytest.raises(Refused, match="à qui"):
        assignments.assign(operations, [12], "", by="maxime")


def test_sending_handing_over_and_leaving_free_a_review(operations: Engine):
    for review in (1, 2, 3):
        assignments.claim(operations, review, "camille")
    _sent(operations, 1)
    soon = datetime.now(UTC) + timedelta(hours=1)
    escalations.escalate(operations, "e", 2, raised_by="camille", reason="r", recipient="Référent", deadline=soon)
    desk.opened(operations, 3, "camille")
    desk.leave(operations, 3, "camille")
    assert assignments.current(operations) == {}


# -- what sending keeps ----------------------------------------------------------------------------------------------


def test_a_reply_that_answers_a_review_handed_over_closes_it(operations: Engine):
    soon = datetime.now(UTC) + timedelta(hours=1)
    escalations.escalate(operations, "e", 12, raised_by="camille", reason="r", recipient="Référent", deadline=soon)
    text = desk.opened(operations, 12, "expert")
    replies.send(operations, text, "Bonjour, je vous ai appelé.")
    closed = escalations.of_review(operations, 12)
    assert closed is not None
    assert (closed.state, closed.closed_by, closed.outcome) == ("closed", "expert", "Réponse envoyée.")


def test_sources_kept_removed_and_added_are_told_by_their_links(operations: Engine):
    def source(id_: str) -> dict[str, Any]:
        return {"kind": "fiche", "id": id_, "title": id_, "url": f"https://f.fr/{id_}", "score": 1.0, "text": "…"}

    draft = DRAFT | {
        "reply": "Voir https://f.fr/F1 et https://f.fr/F2.",
        "sources": [source("F1"), source("F2"), source("F3")],
        "cited": ["F1", "F2"],
    }
    made = stored.store(operations, "d", 12, draft, requested_by="camille")
    text = desk.begin(
        operations, desk.opened(operations, 12, "camille"), body=draft["reply"], started="draft", draft_id=made
    )
    sent = replies.send(operations, text, "Voir https://f.fr/F1 et https://f.fr/F3.")
    assert sent.sources == {"kept": ["F1"], "removed": ["F2"], "added": ["F3"]}


def test_a_reply_sent_faster_than_it_can_be_read_is_marked(operations: Engine):
    assert _sent(operations, 1, body=DRAFT["reply"] + " mot" * 400).hasty
    text = desk.opened(operations, 2, "camille")
    made = stored.store(operations, "d2", 2, DRAFT, requested_by="camille")
    text = desk.begin(operations, text, body=DRAFT["reply"], started="draft", draft_id=made)
    with writing(operations) as connection, connection.begin():
        connection.execute(update(tables.desk_texts).values(seen_at=tables.now() - timedelta(seconds=120)))
    text = desk.save(operations, desk.opened(operations, 2, "camille"), DRAFT["reply"] + " Merci.")
    sent = replies.send(operations, text, DRAFT["reply"] + " Merci.")
    assert not sent.hasty
    assert sent.read_s == pytest.approx(120, abs=5)
    assert sent.first_edit_at is not None


def test_what_says_that_ai_helped_goes_under_a_reply_it_helped_and_no_other(operations: Engine):
    assert _sent(operations, 1, mention=rules.MENTION).published == f"{DRAFT['reply']}\n\n{rules.MENTION}"
    text = desk.begin(operations, desk.opened(operations, 2, "camille"), body="", started="blank")
    assert replies.send(operations, text, "De ma main.", mention=rules.MENTION).published == "De ma main."


def test_the_track_of_a_review_tells_each_state_in_order(operations: Engine):
    text = desk.opened(operations, 12, "camille")
    made = stored.store(operations, "d", 12, DRAFT, requested_by="camille")
    text = desk.begin(operations, text, body=DRAFT["reply"], started="draft", draft_id=made)
    text = desk.save(operations, text, "Bonjour, autrement.")
    replies.send(operations, text, "Bonjour, autrement.")
    steps = tracks.of_review(operations, 12)
    assert [step.action for step in steps] == ["desk.open", "draft.store", tracks.FIRST_EDIT, "reply.send"]
    assert steps[-1].details["decided"] == "reworked"
    assert all(a.at <= b.at for a, b in pairwise(steps))


# -- what structures chose -------------------------------------------------------------------------------------------


def test_saying_that_ai_helped_is_the_default_and_a_structure_may_choose(operations: Engine):
    before = rules.of(operations, "s1")
    assert (before.mention, before.target_days) == (True, None)
    after = rules.choose(operations, before, target_days=10, mention=False, by="maxime")
    assert rules.of(operations, "s1") == after
    assert rules.targets(operations) == {"s1": 10}
    with pytest.raises(Conflict):
        rules.choose(operations, before, target_days=20, mention=True, by="alix")
    with pytest.raises(Refused, match="365"):
        rules.choose(operations, after, target_days=0, mention=True, by="maxime")
    assert rules.choose(operations, after, target_days=None, mention=True, by="maxime").version == 2


# -- what the portal says --------------------------------------------------------------------------------------------


def _told(*rows: tuple[int, str, int, int]) -> Any:
    """A snapshot in which the portal says these verdicts."""
    return SimpleNamespace(rows=lambda query, params: list(rows), snapshot=SimpleNamespace(id="warehouse-2"))


def test_a_verdict_is_attached_once_and_follows_the_portal(operations: Engine):
    sent = _sent(operations, 12)
    assert returns.collect(operations, _told((12, "", 1, 0))) == 1
    assert returns.collect(operations, _told((12, "", 1, 0))) == 0
    assert returns.collect(operations, _told((12, "pas utile", 1, 4))) == 1
    [found] = returns.listed(operations)
    assert (found.reply_id, found.draft_id, found.author_verdict) == (sent.id, sent.draft_id, "pas utile")
    assert found.useless
    assert journal.verify(operations).ok


def test_a_lead_explains_and_withholds_a_reply_from_retrieval(operations: Engine):
    _sent(operations, 12)
    returns.collect(operations, _told((12, "pas utile", 0, 0)))
    seen = returns.of_review(operations, 12)
    assert seen is not None
    assert returns.withheld(operations) == []
    after = returns.explain(operations, seen, cause="wrong", note="délai faux", withheld=True, by="maxime")
    assert (after.cause, after.explained_by) == ("wrong", "maxime")
    assert returns.withheld(operations) == [12]
    with pytest.raises(Conflict):
        returns.explain(operations, seen, cause="tone", note="", withheld=False, by="alix")
    with pytest.raises(Refused):
        returns.explain(operations, after, cause="other", note="", withheld=False, by="alix")


def test_verdicts_are_read_from_the_snapshot(operations: Engine, tiny_home: Path):
    for review in (1, 3, 4, 5):  # utile, pas utile, canned, waiting
        text = desk.opened(operations, review, "camille")
        replies.send(operations, text, "Bonjour.", structure_id=tiny.TAXES)
    opened = open_current(tiny_home)
    assert returns.collect(operations, opened) == 2
    assert {(r.review_id, r.author_verdict, r.useful_votes) for r in returns.listed(operations)} == {
        (1, "utile", 5),
        (3, "pas utile", 0),
    }
    opened.close()


# -- blind re-reading ------------------------------------------------------------------------------------------------


def test_one_reply_in_twenty_is_reread_by_somebody_else_once(operations: Engine, monkeypatch: pytest.MonkeyPatch):
    ids = [f"{n:032x}" for n in range(4_000)]
    assert sum(map(rereadings.sampled, ids)) == 200
    monkeypatch.setattr(rereadings, "sampled", lambda id_: True)
    sent = _sent(operations, 12)
    assert rereadings.pending(operations, "camille") == []  # their own
    assert rereadings.pending(operations, "maxime") == [sent]
    with pytest.raises(Refused, match="ce qui ne va pas"):
        rereadings.give(operations, sent, good=False, note=" ", read_by="maxime")
    rereadings.give(operations, sent, good=False, note="trop sec", read_by="maxime")
    assert rereadings.pending(operations, "maxime") == []
    with pytest.raises(Conflict):
        rereadings.give(operations, sent, good=True, note="", read_by="lou")
    [given] = rereadings.given(operations)
    assert (given.good, given.note, given.read_by) == (False, "trop sec", "maxime")


# -- forgetting how long each person took ----------------------------------------------------------------------------


def test_after_some_days_only_sums_by_structure_are_left(operations: Engine):
    _sent(operations, 1, structure_id="s1")
    _sent(operations, 2, structure_id="s1")
    _ago(operations, tables.replies.c.sent_at, 91)
    recent = _sent(operations, 3, structure_id="s1")
    assert timings.forget(operations, 90) == 2
    assert timings.forget(operations, 90) == 0
    [month] = timings.months(operations)
    assert (month.structure_id, month.replies) == ("s1", 2)
    kept = replies.of_review(operations, 1)
    assert kept is not None
    assert (kept.desk_s, kept.read_s, kept.opened_at, kept.sent_by) == (None, None, None, "camille")
    again = replies.of_review(operations, 3)
    assert again is not None
    assert again.desk_s == recent.desk_s is not None
    _ago(operations, tables.replies.c.sent_at, 91)
    timings.forget(operations, 90)
    assert timings.months(operations)[0].replies == 3


# -- what a team did -------------------------------------------------------------------------------------------------


def test_figures_of_a_team_by_agent_and_by_structure(operations: Engine):
    since = datetime.now(UTC) - timedelta(days=30)
    sent = _sent(operations, 1, structure_id="s1")
    _sent(operations, 2, person="alix", body="Tout autre chose.", structure_id="s2")
    assignments.claim(operations, 3, "alix")
    desk.opened(operations, 4, "camille")
    soon = datetime.now(UTC) + timedelta(hours=1)
    escalations.escalate(operations, "e", 5, raised_by="alix", reason="r", recipient="Référent", deadline=soon)
    assert sent.draft_id is not None
    feedback.give(operations, sent.draft_id, "camille", review_id=1, good=False, reasons=["imprecise"])
    people = {work.id: work for work in team.by_agent(operations, since)}
    camille, alix = people["camille"], people["alix"]
    assert (camille.sent, camille.as_proposed, camille.in_hand, camille.refused) == (1, 1, 1, 1)
    assert (alix.sent, alix.reworked, alix.taken, alix.escalated) == (1, 1, 1, 1)
    assert alix.share(alix.escalated) == 0.5
    where = {3: "s2", 4: "s1", 5: "s2", 1: "s1"}
    places = {w.id: w for w in team.by_structure(operations, since, lambda ids: {i: where[i] for i in ids})}
    assert (places["s1"].sent, places["s1"].in_hand, places["s1"].refused) == (1, 1, 1)
    assert (places["s2"].sent, places["s2"].taken, places["s2"].escalated) == (1, 1, 1)


def test_a_reply_withheld_is_no_source_after_the_next_index(tiny_home: Path, tmp_path: Path):
    opened = open_current(tiny_home)
    question = Question("aide au logement, bail et attestation de loyer", exclude=6)
    assert "2" in {source.id for source in Index(opened.artifacts).search(question)}
    assert "2" not in {source.id for source in Index(opened.artifacts).search(replace(question, without=("2",)))}
    shutil.copy(snapshots.file_of(tiny_home, opened.snapshot), tmp_path / "next.duckdb")
    opened.close()
    with duckdb.connect(str(tmp_path / "next.duckdb")) as connection:
        connection.execute("INSERT INTO withheld_replies VALUES (2)")
        build_index(connection, tmp_path)
    assert "2" not in {source.id for source in Index(tmp_path).search(question)}

"""The operations store: same promises on SQLite and on PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text, update
from sqlalchemy.exc import DBAPIError

from data.errors import VigieError
from data.operations import drafts, engine, escalations, feedback, journal, stored, tables, triage, workers
from data.operations.engine import open_store, reading, writing
from data.operations.errors import Conflict, Refused
from tests.tiny import DRAFT

SOON = datetime.now(UTC) + timedelta(days=1)


def _silent_since(store: Engine, seconds: float) -> None:
    """Make every running request look as if its worker had said nothing for so long."""
    at = tables.now() - timedelta(seconds=seconds)
    with writing(store) as connection, connection.begin():
        connection.execute(update(tables.draft_requests).values(heartbeat_at=at))


# -- schema --------------------------------------------------------------------------------------------------------


def test_migrations_and_tables_tell_the_same_schema(operations: Engine):
    with reading(operations) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_head_is_the_last_migration():
    folder = Path(engine.__file__).with_name("migrations")
    assert ScriptDirectory(str(folder)).get_current_head() == engine.HEAD


def test_opening_again_changes_nothing(operations_url: str):
    first = open_store(operations_url)
    asked = drafts.request(first, "k", 1, requested_by="agent")
    again = open_store(operations_url)
    assert drafts.get_request(again, asked).review_id == 1
    assert engine.version(again) == engine.HEAD


_STARTER = """
import sys
from data.operations import drafts
from data.operations.engine import open_store
drafts.request(open_store(sys.argv[1]), f"start-{sys.argv[2]}", int(sys.argv[2]), requested_by="agent")
"""


def test_processes_that_start_together_on_an_empty_store_migrate_it_once(operations_url: str):
    started = [subprocess.Popen([sys.executable, "-c", _STARTER, operations_url, str(n)]) for n in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    assert journal.verify(open_store(operations_url)) == journal.Verification(True, 3)


def test_a_store_of_a_later_version_is_refused_in_one_line(operations: Engine, operations_url: str):
    with writing(operations) as connection, connection.begin():
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(VigieError, match="autre version"):
        open_store(operations_url)


def test_a_store_out_of_reach_says_so():
    with pytest.raises(VigieError, match="hors d'atteinte"):
        open_store("postgresql://nobody@127.0.0.1:1/none")


# -- requests and workers ----------------------------------------------------------------------------------------


def test_a_request_goes_from_waiting_to_done_with_its_text_on_the_way(operations: Engine):
    asked = drafts.request(operations, "k", 12, requested_by="agent", instruction="plus court")
    assert drafts.waiting(operations) == 1
    claimed = drafts.claim(operations, "w1")
    assert claimed is not None
    assert (claimed.id, claimed.state, claimed.instruction) == (asked, "running", "plus court")
    assert drafts.progress(operations, claimed, "Bonjour,")
    assert drafts.get_request(operations, asked).partial_text == "Bonjour,"
    made = drafts.finish(operations, claimed, DRAFT)
    done = drafts.latest_request(operations, 12)
    assert made is not None
    assert done is not None
    assert (done.state, done.draft_id) == ("done", made)
    kept = stored.get(operations, made)
    assert kept.record == DRAFT  # everything needed to make it again
    assert (kept.total_s, kept.first_s, kept.seed) == (0.4, 0.1, 7)


def test_finishing_twice_stores_one_draft(operations: Engine):
    drafts.request(operations, "k", 12, requested_by="agent")
    claimed = drafts.claim(operations, "w1")
    assert claimed is not None
    assert drafts.finish(operations, claimed, DRAFT) == drafts.finish(operations, claimed, DRAFT)
    assert len(stored.of_review(operations, 12)) == 1


def test_the_desk_goes_before_drafts_prepared_in_advance(operations: Engine):
    drafts.request(operations, "a", 1, requested_by="system", priority=drafts.IN_ADVANCE)
    drafts.request(operations, "b", 2, requested_by="agent")
    first, second = drafts.claim(operations, "w"), drafts.claim(operations, "w")
    assert first is not None
    assert second is not None
    assert (first.review_id, second.review_id) == (2, 1)
    assert drafts.claim(operations, "w") is None


def test_a_draft_prepared_ahead_goes_first_once_an_agent_waits_for_it(operations: Engine):
    drafts.request(operations, "a", 1, requested_by="worker", priority=drafts.IN_ADVANCE)
    wanted = drafts.request(operations, "b", 2, requested_by="worker", priority=drafts.IN_ADVANCE)
    drafts.hurry(operations, wanted)
    first = drafts.claim(operations, "w")
    assert first is not None
    assert first.review_id == 2


def test_a_worker_takes_only_what_its_model_may_write(operations: Engine):
    drafts.request(operations, "a", 1, requested_by="agent", model="big.gguf")
    assert drafts.claim(operations, "w", model="small.gguf") is None
    assert drafts.claim(operations, "w", model="big.gguf") is not None


def test_many_workers_never_take_the_same_request(operations: Engine):
    for n in range(24):
        drafts.request(operations, f"k{n}", n, requested_by="agent")
    gate = threading.Barrier(6)

    def work(name: int) -> list[str]:
        gate.wait()
        taken = []
        while request := drafts.claim(operations, f"w{name}"):
            taken.append(request.id)
        return taken

    with ThreadPoolExecutor(6) as pool:
        taken = [id_ for found in pool.map(work, range(6)) for id_ in found]
    assert len(taken) == 24
    assert len(set(taken)) == 24


def test_a_cancelled_request_stops_its_worker_and_keeps_nothing(operations: Engine):
    asked = drafts.request(operations, "k", 12, requested_by="agent")
    claimed = drafts.claim(operations, "w1")
    assert claimed is not None
    assert not drafts.cancel_requested(operations, claimed)
    assert drafts.cancel(operations, "c", asked, "agent")
    assert drafts.cancel_requested(operations, claimed)
    assert not drafts.progress(operations, claimed, "trop tard")
    assert drafts.finish(operations, claimed, DRAFT) is None
    assert stored.of_review(operations, 12) == []
    assert not drafts.cancel(operations, "c2", asked, "agent")


def test_a_silent_worker_loses_its_request_to_another(operations: Engine):
    drafts.request(operations, "k", 12, requested_by="agent")
    lost = drafts.claim(operations, "w1")
    assert lost is not None
    assert drafts.release_dead(operations) == 0
    _silent_since(operations, drafts.SILENCE_S + 1)
    assert drafts.release_dead(operations) == 1
    again = drafts.claim(operations, "w2")
    assert again is not None
    assert again.attempts == 2
    assert drafts.finish(operations, lost, DRAFT) is None  # the first one wakes up too late
    assert drafts.finish(operations, again, DRAFT) is not None


def test_a_request_that_kills_its_workers_ends_as_failed(operations: Engine):
    asked = drafts.request(operations, "k", 12, requested_by="agent")
    for attempt in range(drafts.ATTEMPTS):
        assert drafts.claim(operations, f"w{attempt}") is not None
        _silent_since(operations, drafts.SILENCE_S + 1)
        drafts.release_dead(operations)
    ended = drafts.get_request(operations, asked)
    assert ended.state == "failed"
    assert "plusieurs fois" in ended.error


def test_a_failure_is_told_in_words(operations: Engine):
    asked = drafts.request(operations, "k", 12, requested_by="agent")
    claimed = drafts.claim(operations, "w1")
    assert claimed is not None
    assert drafts.fail(operations, claimed, "Le modèle ne répond pas.")
    assert drafts.get_request(operations, asked).error == "Le modèle ne répond pas."
    assert not drafts.progress(operations, claimed, "…")


def test_a_worker_is_alive_while_it_beats(operations: Engine):
    assert workers.last(operations) is None
    workers.beat(operations, "w1", model="m")
    workers.beat(operations, "w1", model="m")
    assert [worker.id for worker in workers.alive(operations)] == ["w1"]
    workers.stop(operations, "w1")
    assert workers.alive(operations) == []
    assert workers.alive(operations, within_s=-1) == []
    last = workers.last(operations)
    assert last is not None
    assert last.stopped_at is not None


def test_a_model_that_writes_nul_bytes_breaks_nothing(operations: Engine):
    drafts.request(operations, "k", 12, requested_by="agent")
    claimed = drafts.claim(operations, "w1")
    assert claimed is not None
    assert drafts.progress(operations, claimed, "Bon\x00jour")
    made = drafts.finish(operations, claimed, DRAFT | {"reply": "Bon\x00jour"})
    assert made is not None
    assert stored.get(operations, made).reply == "Bonjour"


# -- idempotency and the journal ------------------------------------------------------------------------------------


def test_the_same_key_acts_once_even_from_two_threads(operations: Engine):
    gate = threading.Barrier(4)

    def ask(_: int) -> str:
        gate.wait()
        return drafts.request(operations, "double-click", 12, requested_by="agent")

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1
    assert drafts.waiting(operations) == 1
    assert journal.count(operations) == 1


def test_a_key_can_not_serve_two_kinds_of_writes(operations: Engine):
    asked = drafts.request(operations, "k", 12, requested_by="agent")
    with pytest.raises(ValueError, match="idempotency key"):
        drafts.cancel(operations, "k", asked, "agent")


def test_a_write_that_fails_leaves_neither_fact_nor_entry(operations: Engine):
    def work(connection: object) -> journal.Fact:
        raise Refused("non")

    with pytest.raises(Refused):
        journal.record(operations, "k", "agent", "test", work)
    assert journal.count(operations) == 0
    assert journal.verify(operations) == journal.Verification(True, 0)


def test_the_journal_tells_who_did_what_newest_first(operations: Engine):
    asked = drafts.request(operations, "a", 12, requested_by="camille")
    drafts.cancel(operations, "b", asked, "alix")
    drafts.request(operations, "c", 13, requested_by="camille")
    assert [entry.action for entry in journal.entries(operations)] == ["draft.request", "draft.cancel", "draft.request"]
    assert [entry.review_id for entry in journal.entries(operations, actor="camille")] == [13, 12]
    assert [entry.actor for entry in journal.entries(operations, action="draft.cancel")] == ["alix"]
    assert len(journal.entries(operations, review_id=12)) == 2
    assert journal.entries(operations, until=datetime(2000, 1, 1, tzinfo=UTC)) == []
    assert journal.choices(operations) == (["alix", "camille"], ["draft.cancel", "draft.request"])


def test_the_journal_refuses_changes_and_removals(operations: Engine):
    drafts.request(operations, "a", 12, requested_by="agent")
    for statement in ("UPDATE journal SET actor = 'autre'", "DELETE FROM journal"):
        with pytest.raises(DBAPIError, match="append-only"), writing(operations) as connection, connection.begin():
            connection.execute(text(statement))


@pytest.mark.parametrize(
    ("tampering", "broken_at"),
    [
        ("UPDATE journal SET actor = 'autre' WHERE seq = 2", 2),
        ("UPDATE journal SET details = '{}' WHERE seq = 1", 1),
        ("DELETE FROM journal WHERE seq = 2", 2),
        ("DELETE FROM journal WHERE seq = 3", 3),
        ("DELETE FROM journal_head", 1),
    ],
)
def test_verify_finds_what_was_changed_behind_its_back(operations: Engine, tampering: str, broken_at: int):
    for n in range(3):
        drafts.request(operations, f"k{n}", n, requested_by="agent")
    assert journal.verify(operations).ok
    with writing(operations) as connection, connection.begin():
        if operations.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER journal_no_update"))
            connection.execute(text("DROP TRIGGER journal_no_delete"))
        else:
            connection.execute(text("ALTER TABLE journal DISABLE TRIGGER journal_append_only"))
        connection.execute(text(tampering))
    found = journal.verify(operations)
    assert not found.ok
    assert found.broken_at == broken_at


def test_the_chain_holds_when_many_write_at_once(operations: Engine):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: drafts.request(operations, f"k{n}", n, requested_by=f"agent{n % 3}"), range(60)))
    assert journal.verify(operations) == journal.Verification(True, 60)


_WRITER = """
import sys
from data.operations import drafts
from data.operations.engine import open_store
store = open_store(sys.argv[1])
for n in range(100_000):
    drafts.request(store, f"k{n}", n, requested_by="agent")
    print(n, flush=True)
"""


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(operations_url: str):
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, operations_url], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    acknowledged = [int(writer.stdout.readline()) for _ in range(20)]
    writer.kill()
    acknowledged += [int(line) for line in writer.stdout.read().splitlines()]
    writer.wait()
    store = open_store(operations_url)
    kept = {entry.review_id for entry in journal.entries(store, limit=100_000)}
    assert set(acknowledged) <= kept
    assert journal.verify(store).ok
    store.dispose()


# -- escalations, triage, feedback --------------------------------------------------------------------------------


def _escalate(store: Engine, key: str = "e", review_id: int = 12) -> escalations.EscalatedReview:
    return escalations.escalate(
        store, key, review_id, raised_by="camille", reason="détresse", recipient="Référent", deadline=SOON
    )


def test_an_escalated_review_gets_no_draft_any_more(operations: Engine):
    asked = drafts.request(operations, "k", 12, requested_by="camille")
    claimed = drafts.claim(operations, "w1")
    assert claimed is not None
    raised = _escalate(operations)
    assert raised == _escalate(operations)  # a double click raises one
    assert drafts.get_request(operations, asked).state == "cancelled"
    assert drafts.finish(operations, claimed, DRAFT) is None
    for again in (
        lambda: drafts.request(operations, "k2", 12, requested_by="alix"),
        lambda: stored.store(operations, "k3", 12, DRAFT, requested_by="alix"),
    ):
        with pytest.raises(Refused, match="désactivée"):
            again()
    closed = escalations.close(operations, "c", raised, closed_by="expert", outcome="Personne rappelée.")
    assert closed.state == "closed"
    assert escalations.opened(operations) == []
    assert escalations.ai_off(operations, 12)  # it stays so


def test_two_people_do_not_escalate_the_same_review_twice(operations: Engine):
    _escalate(operations)
    with pytest.raises(Conflict, match="Référent"):
        _escalate(operations, key="other")
    with pytest.raises(Refused):
        escalations.escalate(operations, "x", 13, raised_by="a", reason=" ", recipient="Référent", deadline=SOON)


def test_an_escalation_seen_before_a_change_can_not_be_closed(operations: Engine):
    raised = _escalate(operations)
    escalations.close(operations, "c1", raised, closed_by="expert", outcome="fait")
    with pytest.raises(Conflict):
        escalations.close(operations, "c2", raised, closed_by="autre", outcome="fait aussi")


def test_a_signal_decision_is_not_written_over_one_unseen(operations: Engine):
    first = triage.decide(operations, "a", "sig-1", "acknowledged", decided_by="sacha")
    second = triage.decide(operations, "b", "sig-1", "forwarded", decided_by="sacha", seen=first)
    assert triage.decisions(operations) == {"sig-1": second}
    with pytest.raises(Conflict):
        triage.decide(operations, "c", "sig-1", "closed", decided_by="maxime", seen=first)
    with pytest.raises(Conflict):
        triage.decide(operations, "d", "sig-1", "closed", decided_by="maxime")
    with pytest.raises(Refused, match="fausse alerte"):
        triage.decide(operations, "e", "sig-1", "false_alarm", decided_by="maxime", seen=second)


def test_the_last_word_on_a_draft_stands(operations: Engine):
    made = stored.store(operations, "k", 12, DRAFT, requested_by="camille")
    feedback.give(operations, made, "camille", review_id=12, good=True)
    feedback.give(operations, made, "camille", review_id=12, good=True)
    word = feedback.give(operations, made, "camille", review_id=12, good=False, reasons=["imprécise"])
    assert feedback.of_draft(operations, made, "camille") == word
    assert (word.good, word.version) == (False, 2)

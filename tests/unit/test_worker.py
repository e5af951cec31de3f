"""The drafting worker: whom it serves first, what the page sees meanwhile, and how it survives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from data import settings
from data.errors import VigieError
from data.operations import drafts, escalations, journal, reports, stored, trials, workers
from data.operations.engine import open_store
from generation import templates, worker
from generation.models.base import Run
from generation.models.extractive import Extractive
from generation.prompt import Prompt
from tests import tiny_gguf

ROOT = Path(__file__).parents[2]


class Slow(Extractive):
    """Writes a word every few milliseconds until stopped, each once `pen` allows it; keeps the runs it was asked for."""

    def __init__(self, words: int = 400) -> None:
        self.words = words
        self.runs: list[Run] = []
        self.pen = threading.Semaphore(1_000_000)

    def stream(self, prompt: Prompt, run: Run) -> Iterator[str]:
        self.runs.append(run)
        for _ in range(self.words):
            if run.stop.wait(0.01):
                run.finish = "cancelled"
                return
            self.pen.acquire()
            yield "mot "
        run.finish = "stop"


@pytest.fixture
def store(tiny_home: Path) -> Iterator[Engine]:
    engine = open_store(settings.load(tiny_home).operations)
    yield engine
    engine.dispose()


@pytest.fixture
def serving(tiny_home: Path) -> Iterator[threading.Event]:
    """A worker in a thread of this process; the event stops it."""
    stopping = threading.Event()
    thread = threading.Thread(target=worker.work, args=(settings.load(tiny_home),), kwargs={"stopping": stopping})
    thread.start()
    yield stopping
    stopping.set()
    thread.join(60)
    assert not thread.is_alive()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    model = Slow()
    monkeypatch.setattr(worker, "open_model", lambda _spec, _settings: model)
    monkeypatch.setattr(worker, "AHEAD", 0)
    monkeypatch.setattr(worker, "_test", lambda *_: None)
    return model


def until(true: Callable[[], object], within_s: float = 60.0) -> None:
    """Wait for something another thread or process does."""
    limit = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < limit, "waited too long"
        time.sleep(0.02)


def ended(store: Engine, request_id: str) -> drafts.Request:
    until(lambda: drafts.get_request(store, request_id).state not in ("waiting", "running"))
    return drafts.get_request(store, request_id)


def test_once_serves_the_agent_first_then_prepares_ahead_and_stops(tiny_home: Path, store: Engine) -> None:
    asked = drafts.request(store, "k", 8, requested_by="agent", seed=5)
    worker.work(settings.load(tiny_home), once=True)
    done = drafts.get_request(store, asked)
    assert done.state == "done"
    order = sorted(stored.recent(store), key=lambda draft: draft.created_at)
    assert order[0].review_id == 8
    assert order[0].seed == 5
    assert {draft.review_id for draft in order} == {5, 6, 7, 8, 10, 11}  # those that wait, but Hors structure
    assert drafts.waiting(store) == 0
    assert workers.alive(store) == []


def test_running_it_again_prepares_nothing_twice(tiny_home: Path, store: Engine) -> None:
    worker.work(settings.load(tiny_home), once=True)
    before = len(stored.recent(store))
    worker.work(settings.load(tiny_home), once=True)
    assert len(stored.recent(store)) == before


def test_a_review_whose_ai_is_off_is_left_to_people(tiny_home: Path, store: Engine) -> None:
    soon = datetime.now(UTC) + timedelta(days=1)
    escalations.escalate(store, "k", 6, raised_by="agent", reason="expulsion", recipient="chef", deadline=soon)
    worker.work(settings.load(tiny_home), once=True)
    assert stored.of_review(store, 6) == []


def test_an_agents_instruction_and_typology_reach_the_draft(tiny_home: Path, store: Engine) -> None:
    asked = drafts.request(store, "k", 9, requested_by="agent", typology="Préfecture", instruction="plus court")
    worker.work(settings.load(tiny_home), once=True)
    kept = stored.get(store, str(drafts.get_request(store, asked).draft_id))
    assert kept.reply.endswith("Préfecture")
    assert "plus court" in kept.record["prompt"][1]["content"]


def test_an_unknown_review_fails_with_a_line_the_agent_reads(tiny_home: Path, store: Engine) -> None:
    asked = drafts.request(store, "k", 999, requested_by="agent")
    worker.work(settings.load(tiny_home), once=True)
    failed = drafts.get_request(store, asked)
    assert failed.state == "failed"
    assert "999" in failed.error


def test_the_page_sees_the_text_come_and_the_worker_live(store: Engine, slow: Slow, serving: threading.Event) -> None:
    slow.words, slow.pen = 5, threading.Semaphore(0)
    asked = drafts.request(store, "k", 5, requested_by="agent")
    for written in range(1, 5):
        slow.pen.release()
        until(lambda words=written: drafts.get_request(store, asked).partial_text.count("mot") == words)
    assert drafts.get_request(store, asked).state == "running"
    slow.pen.release()
    assert ended(store, asked).state == "done"
    assert [one.model for one in workers.alive(store)] == ["extractive-1"]


def test_it_waits_for_the_first_refresh_and_then_serves(tiny_home: Path, store: Engine) -> None:
    (index,) = tiny_home.glob("snapshots/*.d/retrieval")
    aside = index.rename(tiny_home / "not-yet")
    stopping = threading.Event()
    thread = threading.Thread(target=worker.work, args=(settings.load(tiny_home),), kwargs={"stopping": stopping})
    thread.start()
    try:
        asked = drafts.request(store, "k", 5, requested_by="agent")
        time.sleep(3 * worker.IDLE_S)
        assert thread.is_alive()
        assert drafts.get_request(store, asked).state == "waiting"
        aside.rename(index)
        assert ended(store, asked).state == "done"
    finally:
        stopping.set()
        thread.join(60)


def test_cancelling_stops_the_model_and_frees_the_worker(store: Engine, slow: Slow, serving: threading.Event) -> None:
    slow.words = 100_000
    asked = drafts.request(store, "k", 5, requested_by="agent")
    until(lambda: drafts.get_request(store, asked).partial_text)
    drafts.cancel(store, "c", asked, "agent")
    until(lambda: slow.runs[0].finish == "cancelled")
    slow.words = 3
    assert ended(store, drafts.request(store, "k2", 6, requested_by="agent")).state == "done"
    assert stored.of_review(store, 5) == []


def test_stopping_the_worker_stores_no_half_draft(store: Engine, slow: Slow, serving: threading.Event) -> None:
    slow.words = 100_000
    asked = drafts.request(store, "k", 5, requested_by="agent")
    until(lambda: drafts.get_request(store, asked).partial_text)
    serving.set()
    until(lambda: workers.alive(store) == [])
    assert stored.of_review(store, 5) == []


def test_a_model_that_cannot_be_opened_leaves_the_extractive_one_serving(tiny_home: Path, store: Engine) -> None:
    config = settings.load(tiny_home).model_copy(update={"model": "/nowhere/model.gguf"})
    asked = drafts.request(store, "k", 5, requested_by="agent")
    worker.work(config, once=True)
    kept = stored.get(store, str(drafts.get_request(store, asked).draft_id))
    assert kept.model == "extractive-1"
    assert "model.gguf" in kept.record["notice"]
    last = workers.last(store)
    assert last is not None
    assert "model.gguf" in last.notice


def test_a_killed_workers_request_is_taken_by_the_next(tiny_home: Path, store: Engine) -> None:
    asked = drafts.request(store, "k", 5, requested_by="agent")
    killed = drafts.claim(store, "killed-worker")
    assert killed is not None
    drafts.release_dead(store, silence_s=0.0)
    worker.work(settings.load(tiny_home), once=True)
    assert drafts.get_request(store, asked).state == "done"
    assert not drafts.progress(store, killed, "trop tard")


def test_two_workers_never_write_the_same_draft(tiny_home: Path, store: Engine) -> None:
    for number, review_id in enumerate((5, 6, 7, 8, 11)):
        drafts.request(store, f"k{number}", review_id, requested_by="agent")
    command = [sys.executable, "-m", "generation", "worker", "--once", "--home", str(tiny_home)]
    both = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]
    asked = [draft for draft in stored.recent(store) if draft.requested_by == "agent"]
    assert sorted(draft.review_id for draft in asked) == [5, 6, 7, 8, 11]


def test_in_a_trial_each_draft_is_prepared_as_its_arm_wants(
    tiny_home: Path, store: Engine, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "AHEAD", 20)
    slow.id, slow.patience, slow.words = "small", 400, 1  # type: ignore[misc]
    versions = [one.version for one in templates.every(tiny_home)]
    trial = trials.start(store, "essai-2", "prompts", versions, by="chef", model="small")
    worker.work(settings.load(tiny_home), once=True)
    made = stored.recent(store)
    assert {draft.review_id: draft.prompt_version for draft in made} == {
        draft.review_id: trial.arm(draft.review_id) for draft in made
    }
    assert {draft.prompt_version for draft in made} == set(versions)
    directly = next(draft for draft in made if draft.prompt_version == versions[1])
    assert "Cent mots au plus" in directly.record["prompt"][0]["content"]


def test_both_versions_of_a_trial_are_proved_once(
    tiny_home: Path, store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Extractive()
    model.id = "small"
    monkeypatch.setattr(worker, "open_model", lambda _spec, _settings: model)
    monkeypatch.setattr(worker, "AHEAD", 0)
    versions = [one.version for one in templates.every(tiny_home)]
    trials.start(store, "essai-2", "prompts", versions, by="chef", model="small")
    for _ in range(2):
        worker.work(settings.load(tiny_home), once=True)
        kept = reports.newest(store, reports.SELF_TEST)
        assert sorted(report.prompt_version for report in kept) == sorted(versions)
    assert sum(entry.action == "model.report" for entry in journal.entries(store)) == 2


def test_a_prompt_that_is_no_longer_there_ends_the_request_with_a_line(tiny_home: Path, store: Engine) -> None:
    asked = drafts.request(store, "k", 5, requested_by="agent", prompt="direct-1-edited")
    worker.work(settings.load(tiny_home), once=True)
    failed = drafts.get_request(store, asked)
    assert failed.state == "failed"
    assert "direct-1-edited" in failed.error


def test_the_prompt_in_service_is_the_one_of_the_settings(tiny_home: Path, store: Engine) -> None:
    config = settings.load(tiny_home).model_copy(update={"prompt": "direct-1"})
    worker.work(config, once=True)
    assert {draft.prompt_version for draft in stored.recent(store)} == {templates.named("direct-1", tiny_home).version}
    with pytest.raises(VigieError, match="absente"):
        worker.work(config.model_copy(update={"prompt": "absente"}), once=True)


def served_in_order(store: Engine) -> list[int]:
    return [draft.review_id for draft in reversed(stored.recent(store)) if draft.requested_by == "agent"]


def test_those_of_a_kind_are_served_together_when_the_model_reads_slowly(
    tiny_home: Path, store: Engine, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "AHEAD_MOST", 0)
    slow.words = 1
    # 5 and 1 are asked of the tax office, 6 and 2 of another: kinds come back to back
    kinds = {5: "impots", 6: "caf", 7: "emploi", 1: "impots", 2: "caf"}
    monkeypatch.setattr(worker.Drafter, "kinds", lambda _self, ids: {id_: (kinds[id_], str(id_)) for id_ in ids})
    monkeypatch.setattr(slow, "patience", 400, raising=False)
    for number, review_id in enumerate((5, 6, 7, 1, 2)):
        drafts.request(store, f"k{number}", review_id, requested_by="agent")
    worker.work(settings.load(tiny_home), once=True)
    assert served_in_order(store) == [5, 1, 6, 2, 7]


def test_those_of_one_institution_come_before_others_of_its_kind(
    tiny_home: Path, store: Engine, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "AHEAD_MOST", 0)
    slow.words = 1
    declared = {5: ("caf", "nord"), 6: ("caf", "gard"), 7: ("msa", "lot"), 1: ("caf", "nord")}
    monkeypatch.setattr(worker.Drafter, "kinds", lambda _self, ids: {id_: declared[id_] for id_ in ids})
    monkeypatch.setattr(slow, "patience", 400, raising=False)
    for number, review_id in enumerate((5, 6, 7, 1)):
        drafts.request(store, f"k{number}", review_id, requested_by="agent")
    worker.work(settings.load(tiny_home), once=True)
    assert served_in_order(store) == [5, 1, 6, 7]


def test_nobody_waits_for_ever_behind_another_kind(
    tiny_home: Path, store: Engine, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "AHEAD_MOST", 0)
    monkeypatch.setattr(worker, "TOGETHER", 2)
    slow.words = 1
    kinds = {5: "impots", 6: "caf", 1: "impots", 8: "impots"}
    monkeypatch.setattr(worker.Drafter, "kinds", lambda _self, ids: {id_: (kinds[id_], str(id_)) for id_ in ids})
    monkeypatch.setattr(slow, "patience", 400, raising=False)
    for number, review_id in enumerate((5, 6, 1, 8)):
        drafts.request(store, f"k{number}", review_id, requested_by="agent")
    worker.work(settings.load(tiny_home), once=True)
    assert served_in_order(store) == [5, 1, 6, 8]


@pytest.mark.llama
def test_killed_in_mid_draft_it_leaves_nothing_behind_but_its_request(tiny_home: Path, store: Engine) -> None:
    pytest.importorskip("llama_cpp", reason="needs the llama group (make model)")
    model = tiny_gguf.babbling(tiny_home / "endless.gguf", context=4096, layers=24)
    asked = drafts.request(store, "k", 5, requested_by="agent")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.held_worker", "--home", str(tiny_home), "--model", str(model)],
        cwd=ROOT, stderr=subprocess.DEVNULL,
        env=os.environ | {"VIGIE_HOME": str(tiny_home), "VIGIE_MODEL_THREADS": "1"},
    )  # fmt: skip
    try:
        until(lambda: drafts.get_request(store, asked).partial_text)
        process.send_signal(signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
    finally:
        process.kill()
    assert drafts.get_request(store, asked).state == "running"  # nobody told the store
    assert stored.of_review(store, 5) == []
    drafts.release_dead(store, silence_s=0.0)
    worker.work(settings.load(tiny_home), once=True)  # the next one, whatever it serves
    assert drafts.get_request(store, asked).state == "done"


def test_as_a_process_it_ends_cleanly_on_sigterm(tiny_home: Path, store: Engine) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "generation", "worker", "--home", str(tiny_home)], cwd=ROOT, stderr=subprocess.PIPE,
        env=os.environ | {"VIGIE_HOME": str(tiny_home)},
    )  # fmt: skip
    try:
        until(lambda: workers.last(store))
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.communicate()
    assert workers.alive(store) == []

"""Background jobs: one at a time, progress on disk, a dead job seen as failed."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from data import jobs
from data.jobs import Job, Step


def wait(home: Path, timeout: float = 120.0) -> Job:
    """The job once it is no longer running."""
    limit = time.monotonic() + timeout
    while time.monotonic() < limit:
        job = jobs.last(home)
        if job is not None and job.state != "running":
            return job
        time.sleep(0.1)
    raise AssertionError("the job did not end")


def test_there_is_no_job_at_first(tmp_path: Path) -> None:
    assert jobs.last(tmp_path) is None


def test_steps_run_in_order_and_end_done(tmp_path: Path) -> None:
    step = Step("Dire bonjour", ("platform",))  # a module of the standard library that prints and exits 0
    started = jobs.start(tmp_path, "demo", [step, replace(step, label="Dire au revoir")])
    assert started.state == "running"
    ended = wait(tmp_path)
    assert (ended.state, ended.fraction, ended.step) == ("done", 1.0, "Dire au revoir")


def test_a_failing_step_stops_the_job_and_says_its_last_line(tmp_path: Path) -> None:
    jobs.start(tmp_path, "load", [Step("Charger", ("this_module_does_not_exist",)), Step("Jamais", ("platform",))])
    ended = wait(tmp_path)
    assert ended.state == "failed"
    assert ended.step == "Charger"
    assert "this_module_does_not_exist" in (ended.error or "")


def test_a_second_start_returns_the_job_under_way(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    waits = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.05)"
    first = jobs.start(tmp_path, "demo", [Step("Attendre", ("timeit", "-n1", "-r1", waits))])
    second = jobs.start(tmp_path, "demo", [Step("Autre", ("platform",))])
    assert second.started_at == first.started_at
    gate.touch()
    assert wait(tmp_path).step == "Attendre"


def test_a_job_whose_process_died_is_seen_as_failed(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    dead = Job("demo", "running", "Chargement", 0.3, 0.5, time.time(), pid=2**22 + 12345)
    (tmp_path / "jobs" / "job.json").write_text(json.dumps(dead.__dict__), "utf-8")
    seen = jobs.last(tmp_path)
    assert seen is not None
    assert seen.state == "failed"
    assert seen.error


def test_progress_of_the_step_under_way_is_counted(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    job = Job("demo", "running", "Analyse", 0.2, 0.5, time.time(), pid=os.getpid())
    (tmp_path / "jobs" / "job.json").write_text(json.dumps(job.__dict__), "utf-8")
    (tmp_path / "jobs" / "progress.json").write_text('{"step": "x", "done": 0.5}', "utf-8")
    seen = jobs.last(tmp_path)
    assert seen is not None
    assert seen.fraction == pytest.approx(0.45)

"""The first minutes: two ways in, progress, and a failure that says what happened."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from data import jobs
from data.jobs import Job, Step
from tests.app.conftest import Opened, said


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without data, whose demo waits to be asked for."""
    monkeypatch.setenv("VIGIE_HOME", str(tmp_path))
    monkeypatch.setenv("VIGIE_AUTO_DEMO", "false")
    return tmp_path


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[Step]]]:
    """Jobs asked for, written down instead of run."""
    asked: list[tuple[str, list[Step]]] = []

    def start(home: Path, name: str, steps: list[Step]) -> Job:
        asked.append((name, steps))
        job = Job(name, "running", steps[0].label, 0.0, 1.0, time.time(), pid=os.getpid())
        write(home, job)
        return job

    monkeypatch.setattr(jobs, "start", start)
    return asked


def write(home: Path, job: Job) -> None:
    """Leave a job on disk as a background process does."""
    (home / "jobs").mkdir(exist_ok=True)
    (home / "jobs" / "job.json").write_text(json.dumps(asdict(job)), "utf-8")


def test_an_empty_home_offers_the_demo_and_the_open_data(empty_home: Path, open_page: Opened) -> None:
    app = open_page("recherche", "analyste.demo")
    assert app.title[0].value == "Bienvenue dans Vigie"
    assert [header.value for header in app.header] == [
        "Essayer la démonstration",
        "Charger les données ouvertes",
    ]
    assert "20\u202f000 avis fictifs" in said(app)
    assert "python -m data ingest" in said(app)


def test_who_may_not_load_is_told_to_wait(empty_home: Path, open_page: Opened) -> None:
    app = open_page("recherche", "agent.demo")
    assert "Un administrateur doit charger les données." in said(app)
    assert not app.button


def test_the_demo_starts_when_asked(empty_home: Path, open_page: Opened, started: list[tuple[str, list[Step]]]) -> None:
    app = open_page("recherche", "analyste.demo")
    app.button(key="start_demo").click().run()
    ((name, steps),) = started
    assert name == "demo"
    assert [step.argv[:2] for step in steps] == [("data", "demo"), ("data", "ingest"), ("refresh", "--home")]
    assert app.progress[0].text == "Préparation de la démonstration : Rédaction des avis fictifs…"


def test_a_switched_on_demo_starts_by_itself(
    empty_home: Path, open_page: Opened, started: list[tuple[str, list[Step]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_AUTO_DEMO", "true")
    app = open_page("recherche", "agent.demo")
    assert [name for name, _ in started] == ["demo"]
    assert app.progress


def test_a_file_is_kept_and_loaded(empty_home: Path, open_page: Opened, started: list[tuple[str, list[Step]]]) -> None:
    app = open_page("recherche", "admin.demo")
    app.file_uploader(key="load_experiences").upload("../../avis.csv", b"ID;Titre\n1;Bonjour\n", "text/csv").run()
    app.button(key="load_start").click().run()
    ((name, steps),) = started
    assert name == "load"
    kept = Path(steps[0].argv[2])
    assert kept.parent == empty_home / "uploads"
    assert kept.read_bytes() == b"ID;Titre\n1;Bonjour\n"


def test_a_running_job_shows_its_step_and_its_share(empty_home: Path, open_page: Opened) -> None:
    write(empty_home, Job("load", "running", "Chargement des avis", 0.25, 0.5, time.time(), pid=os.getpid()))
    app = open_page("recherche", "admin.demo")
    assert app.progress[0].value == 25
    assert app.progress[0].text == "Traitement en cours : Chargement des avis…"
    assert not app.button


def test_a_failed_job_says_its_line_and_leaves_both_ways_open(empty_home: Path, open_page: Opened) -> None:
    error = "avis.csv : colonne obligatoire absente : ID expérience"
    write(empty_home, Job("load", "failed", "Chargement des avis", 0.0, 0.5, time.time(), time.time(), error))
    app = open_page("recherche", "admin.demo")
    told = said(app)
    assert "Étape « Chargement des avis »" in told
    assert "ID expérience" in told
    assert "Traceback" not in told
    assert app.header[0].value == "Essayer la démonstration"


def test_a_file_name_or_an_error_written_like_markdown_stays_text(empty_home: Path, open_page: Opened) -> None:
    error = "![x](http://a.fr/p.png).csv : pas un fichier CSV"
    write(empty_home, Job("load", "failed", "Chargement des avis", 0.0, 0.5, time.time(), time.time(), error))
    app = open_page("recherche", "admin.demo")
    assert "![x](" not in app.error[0].value

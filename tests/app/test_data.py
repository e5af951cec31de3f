"""The data page: what was loaded, what was refused, and the way back to an earlier snapshot."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from analytics import delays
from data import jobs, measures, metadata, snapshots
from data.jobs import Job, Step
from data.snapshots import Snapshot
from generation import distress
from tests.app.conftest import Opened, figures, said


@pytest.fixture
def ingested_home(tiny_home: Path) -> Path:
    """The tiny home with the report of an ingest: 15 rows read, 12 loaded, 3 refused, one kind of defect."""
    snapshot = snapshots.current(tiny_home)
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshot))) as connection:
        connection.execute(
            "INSERT INTO ingests (id, ran_at, files, read, loaded, inserted, updated, unchanged, rejected, duration_s) "
            "VALUES ('i1', '2025-06-30 17:00', ['avis.csv'], 15, 12, 9, 2, 1, 3, 0.4)"
        )
        connection.execute(
            "INSERT INTO problems VALUES ('i1', 'Ressenti usager', 'unexpected_value', 2, ['=1+1', '**gras**'])"
        )
        connection.execute("INSERT INTO refused VALUES ('i1', 'avis.csv', 14, 'sans numéro', NULL)")
    return tiny_home


def named(app: AppTest, label: str) -> Button:
    return next(button for button in app.button if button.label == label)


def earlier(home: Path) -> tuple[Snapshot, Snapshot]:
    """A second snapshot published after the first; returns (first, second)."""
    first = snapshots.current(home)
    with snapshots.building(home, copy_of=first) as work:
        second = work.publish(demo=False, last_publication=first.last_publication, reviews=12, refreshed=True)
    return first, second


def test_the_page_says_how_much_and_how_old(tiny_home: Path, open_page: Opened) -> None:
    assert "12 avis en service, publiés jusqu'au 30 juin 2025 (il y a " in said(open_page("donnees"))


def test_the_last_load_is_counted(ingested_home: Path, open_page: Opened) -> None:
    assert figures(open_page("donnees")) == {
        "Lignes lues": "15",
        "Avis chargés": "12",
        "Changements": "11",
        "Lignes refusées": "3",
    }


def test_defects_are_told_in_french_and_as_text(ingested_home: Path, open_page: Opened) -> None:
    app = open_page("donnees")
    defects, refused = (table.value for table in app.table[1:3])
    assert list(defects["Constat"]) == ["valeur inattendue, gardée telle quelle"]
    assert list(defects["Exemples"]) == [r"=1\+1 · \*\*gras\*\*"]
    assert list(refused["Motif"]) == ["sans numéro"]


def test_no_defect_is_good_news(tiny_home: Path, open_page: Opened) -> None:
    assert open_page("donnees").success[0].value == "Aucun défaut constaté."


def test_going_back_serves_the_earlier_snapshot(tiny_home: Path, open_page: Opened) -> None:
    first, second = earlier(tiny_home)
    app = open_page("donnees")
    assert snapshots.current(tiny_home) == second
    named(app, "Mettre en service").click().run()
    assert snapshots.current(tiny_home).id == first.id
    assert list(app.dataframe[0].value["service"]) == [False, True]


def test_a_snapshot_removed_meanwhile_is_said_to_be_gone(tiny_home: Path, open_page: Opened) -> None:
    first, second = earlier(tiny_home)
    app = open_page("donnees")
    snapshots.file_of(tiny_home, first).unlink()
    named(app, "Mettre en service").click().run()
    assert not app.exception
    assert snapshots.current(tiny_home).id == second.id


def test_who_only_listens_changes_nothing(tiny_home: Path, open_page: Opened) -> None:
    earlier(tiny_home)
    app = open_page("donnees", "analyste.demo")
    assert not app.button
    assert not app.file_uploader


def test_the_analysis_can_be_asked_for_once(
    tiny_home: Path, open_page: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def start(home: Path, name: str, steps: list[Step]) -> Job:
        asked.append(name)
        job = Job(name, "running", steps[0].label, 0.0, 1.0, time.time(), pid=os.getpid())
        (home / "jobs").mkdir(exist_ok=True)
        (home / "jobs" / "job.json").write_text(json.dumps(asdict(job)), "utf-8")
        return job

    monkeypatch.setattr(jobs, "start", start)
    app = open_page("donnees")
    app.button(key="start_refresh").click().run()
    assert asked == ["refresh"]
    assert app.progress[0].text.startswith("Traitement en cours : Analyse")
    assert app.button(key="start_refresh").disabled


def test_every_check_is_told_whether_it_holds(ingested_home: Path, open_page: Opened) -> None:
    with duckdb.connect(str(snapshots.file_of(ingested_home, snapshots.current(ingested_home)))) as connection:
        connection.execute("INSERT INTO problems VALUES ('i1', 'row', 'repeated_id', 3, [])")
        connection.execute("INSERT INTO problems VALUES ('i1', 'code_insee_region_usager', 'decimal_code', 2, [])")
    app = open_page("donnees")
    told = app.table[1].value.to_numpy().tolist()
    assert {row[0] for row in told} >= {"ligne entière", "Région de l'usager"}
    results = dict(app.table[0].value.to_numpy().tolist())
    assert results["Chaque numéro d'avis est unique"] == "✗ 3 cas"
    assert results["Les dates sont lisibles"] == "✓ respecté"
    assert "9 contrôles respectés sur 11" in said(app)


def test_one_button_goes_back_to_the_snapshot_before(tiny_home: Path, open_page: Opened) -> None:
    first, second = earlier(tiny_home)
    app = open_page("donnees")
    assert snapshots.current(tiny_home) == second
    named(app, "Revenir à l'instantané précédent").click().run()
    assert snapshots.current(tiny_home).id == first.id
    assert "Revenir à l'instantané précédent" not in {button.label for button in app.button}


def test_the_open_data_of_the_day_is_asked_for_in_the_background(
    tiny_home: Path, open_page: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(jobs, "start", lambda home, name, steps: asked.append([step.argv[0] for step in steps]))
    open_page("donnees").button(key="start_download").click().run()
    assert asked == [["data", "data", "refresh"]]
    assert jobs.download_steps(tiny_home)[0].argv[:2] == ("data", "download")


def test_reviews_missing_from_a_file_cut_short_are_erased_only_once_confirmed(
    tiny_home: Path, open_page: Opened
) -> None:
    pending = snapshots.folder(tiny_home) / "withdrawn.json"
    pending.write_text(json.dumps({"reviews": [901, 902], "held": True}))
    app = open_page("donnees")
    assert "Le dernier fichier ne contient plus 2 avis du précédent" in said(app)
    assert app.button(key="erase").disabled
    app.checkbox(key="withdrawals_sure").check().run()
    app.button(key="erase").click().run()
    assert not pending.exists()
    assert "ne contient plus" not in said(app)


def test_completeness_and_personal_data_are_told_once_analysed(tiny_home: Path, open_page: Opened) -> None:
    file = snapshots.file_of(tiny_home, snapshots.current(tiny_home))
    with duckdb.connect(str(file)) as connection:
        measures.refresh(connection, distress.cue)
        metadata.write(connection, date(2025, 6, 30), delays.measured(), [])
        expected = connection.execute(
            "SELECT count(*) FILTER (department IS NOT NULL) * 100 / count(*) FROM reviews WHERE year(published_on) = 2025"
        ).fetchall()[0][0]
    app = open_page("donnees")
    full = next(frame.value for frame in app.dataframe if "field" in frame.value)
    told = full.set_index("field")["2025"]
    assert told["Département de l'usager"] == pytest.approx(expected)
    assert "un nom écrit seul" in said(app).lower()

"""Snapshots: a pointer moved in one rename, three ingests kept, nothing left behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from data import snapshots
from data.errors import NoSnapshot, VigieError
from tests import open_data

ROOT = Path(__file__).resolve().parents[2]


def publish(home, *, parent=None, content=1):
    with snapshots.building(home) as work:
        with duckdb.connect(str(work.file)) as db:
            db.execute(f"CREATE TABLE t AS SELECT {content} AS x")
        (work.artifacts / "index.bin").write_bytes(b"x")
        return work.publish(
            demo=True, last_publication="2024-01-31", reviews=1, refreshed=False,
            parent=parent.id if parent else None, line=parent.line if parent else None,
        )  # fmt: skip


def names(home):
    return sorted(path.name for path in snapshots.folder(home).iterdir())


def test_a_home_without_data_says_what_to_do(tmp_path):
    with pytest.raises(NoSnapshot, match="python -m data ingest"):
        snapshots.current(tmp_path)


def test_publishing_serves_the_new_file_with_its_artifacts(tmp_path):
    first = publish(tmp_path)
    second = publish(tmp_path, content=2)
    assert snapshots.current(tmp_path) == second
    assert (snapshots.artifacts_of(tmp_path, second) / "index.bin").exists()
    assert [s.id for s in snapshots.kept(tmp_path)] == [second.id, first.id]


def crash(home):
    with snapshots.building(home) as work:
        work.file.write_bytes(b"half")
        work.file.with_suffix(".scratch").mkdir()
        raise RuntimeError


def test_a_failure_while_building_leaves_the_previous_one_and_no_file(tmp_path):
    served = publish(tmp_path)
    before = names(tmp_path)
    with pytest.raises(RuntimeError):
        crash(tmp_path)
    assert snapshots.current(tmp_path) == served
    assert names(tmp_path) == before


def test_the_last_three_ingests_are_kept_and_a_refresh_counts_with_its_ingest(tmp_path):
    ingests = []
    for _ in range(4):
        ingest = publish(tmp_path)
        ingests.append(publish(tmp_path, parent=ingest))
    assert [s.id for s in snapshots.kept(tmp_path)] == [s.id for s in reversed(ingests[1:])]


def test_what_a_dead_writer_left_is_removed_and_a_living_one_is_left_alone(tmp_path):
    folder = snapshots.folder(tmp_path)
    dead = folder / ".building-999999999-1.duckdb"
    alive = folder / f".building-{os.getpid()}-1.duckdb"
    dead.write_bytes(b"")
    alive.write_bytes(b"")
    publish(tmp_path)
    assert not dead.exists()
    assert alive.exists()


def test_going_back_serves_an_earlier_snapshot_as_long_as_it_is_on_disk(tmp_path):
    first, second = publish(tmp_path), publish(tmp_path, content=2)
    snapshots.serve(tmp_path, first)
    assert snapshots.current(tmp_path) == first
    snapshots.file_of(tmp_path, second).unlink()
    with pytest.raises(VigieError, match="n'est plus sur le disque"):
        snapshots.serve(tmp_path, second)


def test_a_damaged_pointer_is_one_clear_error(tmp_path):
    publish(tmp_path)
    pointer = snapshots.folder(tmp_path) / "current.json"
    pointer.write_text(json.dumps({"id": "x"}))
    with pytest.raises(VigieError, match="endommagé"):
        snapshots.current(tmp_path)


@pytest.mark.timeout(1200)
def test_a_process_killed_at_any_moment_leaves_a_whole_snapshot_served(tmp_path):
    """Fifty loads killed at random moments: the one in service is always one of the two files, whole."""
    files = []
    for name, count in (("a.csv", 20), ("b.csv", 30)):
        rows = [
            open_data.row(i, titre=f"{name} {i}", id_structure_1="s", reponse_structure_1="Oui") for i in range(count)
        ]
        files.append(open_data.write(tmp_path / name, rows))
    command = [sys.executable, "-m", "tests.crashes", str(tmp_path / "home"), *map(str, files), "50", "7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert len(told["seen"]) == 50
    assert set(told["seen"]) <= {20, 30}
    assert told["killed"] >= 20
    assert told["left"] == 0

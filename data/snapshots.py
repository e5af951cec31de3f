"""Published snapshots of the warehouse: which file is served, how a new one takes its place.

Owns `<home>/snapshots/`: `warehouse-<UTC time>-<hash>.duckdb`, its artifacts folder (`….d/`, models and indexes that
belong to that snapshot) and `current.json`, the pointer. The rule it protects: a reader never waits for a writer and
never sees half a file. A writer builds beside, then moves the pointer in one rename; a crash at any byte leaves
the previous snapshot served.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from data.errors import NoSnapshot, VigieError

KEEP = 3


@dataclass(frozen=True)
class Snapshot:
    """One published state of the warehouse."""

    id: str  # file stem, e.g. warehouse-20260101T060000123456Z-1a2b3c4d
    created_at: str  # UTC, ISO 8601
    demo: bool  # every review is synthetic
    last_publication: str  # latest publication date held, ISO date: "today" everywhere
    reviews: int
    refreshed: bool  # derived tables (topics, signals, index) were computed on it
    parent: str | None = None  # snapshot it was built from
    line: str | None = None  # id of the ingest it descends from: a refresh counts with its ingest


def moment_of(id_: str) -> str:
    """What names a snapshot whatever its content: its id without the hash (erased reviews change the hash)."""
    return id_.rsplit("-", 1)[0]


def folder(home: Path) -> Path:
    """Folder of the snapshots of `home`, created if absent."""
    path = Path(home) / "snapshots"
    path.mkdir(parents=True, exist_ok=True)
    return path


def file_of(home: Path, snapshot: Snapshot) -> Path:
    """DuckDB file of a snapshot."""
    return Path(home) / "snapshots" / f"{snapshot.id}.duckdb"


def artifacts_of(home: Path, snapshot: Snapshot) -> Path:
    """Folder of the files that belong to a snapshot (topic model, retrieval index); may not exist."""
    return Path(home) / "snapshots" / f"{snapshot.id}.d"


def current(home: Path) -> Snapshot:
    """The snapshot in service. Raises NoSnapshot when nothing was ever published."""
    pointer = Path(home) / "snapshots" / "current.json"
    try:
        snapshot = Snapshot(**json.loads(pointer.read_text("utf-8")))
    except FileNotFoundError:
        raise NoSnapshot(
            f"pas de données dans {home} : chargez d'abord les données ouvertes ou la démonstration (python -m data ingest …)"
        ) from None
    except (ValueError, TypeError) as error:
        raise VigieError(f"{pointer} est endommagé ({error}) : revenez à un instantané gardé") from None
    if not file_of(home, snapshot).exists():
        raise VigieError(f"{file_of(home, snapshot)} a disparu : revenez à un instantané gardé")
    return snapshot


def kept(home: Path) -> list[Snapshot]:
    """Snapshots still on disk, newest first, from the descriptions written beside their files."""
    found = []
    for path in folder(home).glob("warehouse-*.json"):
        snapshot = Snapshot(**json.loads(path.read_text("utf-8")))
        if file_of(home, snapshot).exists():
            found.append(snapshot)
    return sorted(found, key=lambda s: s.id, reverse=True)


@dataclass
class Building:
    """A snapshot being written: the file and artifacts folder to fill, then `publish`."""

    home: Path
    file: Path
    artifacts: Path
    published: Snapshot | None = None

    def publish(
        self,
        *,
        demo: bool,
        last_publication: str,
        reviews: int,
        refreshed: bool,
        parent: str | None = None,
        line: str | None = None,
    ) -> Snapshot:
        """Move the finished file (closed and checkpointed by the caller) into service."""
        now = datetime.now(UTC)
        id_ = f"warehouse-{now:%Y%m%dT%H%M%S%fZ}-{self._digest()}"
        snapshot = Snapshot(
            id=id_,
            created_at=now.isoformat(timespec="seconds"),
            demo=demo,
            last_publication=last_publication,
            reviews=reviews,
            refreshed=refreshed,
            parent=parent,
            line=line or id_,
        )
        self._place(snapshot)
        serve(self.home, snapshot)
        self.published = snapshot
        prune(self.home)
        return snapshot

    def replace(self, kept: Snapshot, *, reviews: int) -> Snapshot:
        """Put the finished file in the place of a kept snapshot: same moment, other content, hence another hash."""
        snapshot = replace(kept, id=f"{moment_of(kept.id)}-{self._digest()}", reviews=reviews)
        self._place(snapshot)
        if current(self.home).id == kept.id:
            serve(self.home, snapshot)
        if snapshot.id != kept.id:
            _remove(self.home, kept)
        self.published = snapshot
        return snapshot

    def _place(self, snapshot: Snapshot) -> None:
        os.replace(self.file, file_of(self.home, snapshot))
        if self.artifacts.exists():
            os.replace(self.artifacts, artifacts_of(self.home, snapshot))
        text = json.dumps(asdict(snapshot), ensure_ascii=False, indent=1)
        _write_atomic(folder(self.home) / f"{snapshot.id}.json", text)

    def _digest(self) -> str:
        digest = hashlib.sha256()
        with self.file.open("rb") as stream:
            while block := stream.read(1 << 22):
                digest.update(block)
            os.fsync(stream.fileno())
        return digest.hexdigest()[:8]


@contextmanager
def building(home: Path, copy_of: Snapshot | None = None) -> Iterator[Building]:
    """A fresh file to fill (or a copy of a snapshot); whatever is left unpublished is removed."""
    stem = folder(home) / f".building-{os.getpid()}-{datetime.now(UTC):%H%M%S%f}"
    work = Building(Path(home), stem.with_suffix(".duckdb"), stem.with_suffix(".d"))
    work.artifacts.mkdir()
    if copy_of is not None:
        shutil.copyfile(file_of(home, copy_of), work.file)
        if artifacts_of(home, copy_of).exists():
            shutil.copytree(artifacts_of(home, copy_of), work.artifacts, dirs_exist_ok=True)
    try:
        yield work
    finally:
        for leftover in folder(home).glob(stem.name + "*"):
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()


def serve(home: Path, snapshot: Snapshot) -> None:
    """Point readers at `snapshot` (also the way back to an earlier one)."""
    if not file_of(home, snapshot).exists():
        raise VigieError(f"l'instantané {snapshot.id} n'est plus sur le disque : choisissez-en un autre")
    _write_atomic(folder(home) / "current.json", json.dumps(asdict(snapshot), ensure_ascii=False, indent=1))


def prune(home: Path) -> None:
    """Keep the last three ingest lines (a refresh counts with its ingest), and remove what dead writers left."""
    serving = current(home)
    lines: list[str] = []
    for snapshot in kept(home):
        line = snapshot.line or snapshot.id
        newest_of_line = line not in lines
        if newest_of_line:
            lines.append(line)
        if snapshot.id != serving.id and (not newest_of_line or lines.index(line) >= KEEP):
            _remove(home, snapshot)
    for leftover in folder(home).glob(".building-*"):
        pid = leftover.name.split("-")[1]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists() and Path("/proc/self").exists():
            shutil.rmtree(leftover, ignore_errors=True) if leftover.is_dir() else leftover.unlink(missing_ok=True)


def _remove(home: Path, snapshot: Snapshot) -> None:
    file_of(home, snapshot).unlink(missing_ok=True)
    shutil.rmtree(artifacts_of(home, snapshot), ignore_errors=True)
    (folder(home) / f"{snapshot.id}.json").unlink(missing_ok=True)


def _write_atomic(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(draft, path)

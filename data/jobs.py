"""Long work started from a page: one background process at a time, its progress and its outcome on disk.

A job is a list of commands of the product run one after the other in a process of its own, so that neither a closed
browser nor a busy page stops it. The rules it protects: two jobs never run at once on the same home; a job that died is
seen as failed, never as running for ever.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, cast

from data import cli
from data.errors import VigieError

_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Step:
    """One command of a job: what the screen says, the module's arguments, its share of the whole time."""

    label: str
    argv: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class Job:
    """The last job of a home, as a page shows it."""

    name: str
    state: str  # 'running' | 'done' | 'failed'
    step: str  # French label of the step under way, or of the one that failed
    fraction: float  # 0..1, of the steps that ended
    weight: float  # share of the step under way in the whole
    started_at: float  # seconds since the epoch
    ended_at: float | None = None
    error: str | None = None  # last line the failed command wrote
    pid: int | None = None


def demo_steps(home: Path, reviews: int, seed: int = 7) -> list[Step]:
    """Prepare the demo: write it, load it, refresh."""
    out = str(Path(home) / "demo")
    return [
        Step(
            "Rédaction des avis fictifs",
            ("data", "demo", "--reviews", str(reviews), "--seed", str(seed), "--out", out),
            0.2,
        ),
        *load_steps(
            home,
            [f"{out}/experiences.csv"],
            structures=f"{out}/structures.csv",
            fiches=f"{out}/fiches.zip",
        ),
    ]


def load_steps(home: Path, files: list[str], structures: str | None = None, fiches: str | None = None) -> list[Step]:
    """Load files and refresh."""
    options = [x for flag, path in (("--structures", structures), ("--fiches", fiches)) if path for x in (flag, path)]
    return [
        Step("Chargement des avis", ("data", "ingest", *files, *options, "--home", str(home)), 0.15),
        refresh_step(home),
    ]


def download_steps(home: Path) -> list[Step]:
    """Fetch today's open data, load it and refresh."""
    folder = Path(home) / "downloads"
    return [
        Step("Téléchargement des données ouvertes", ("data", "download", "--home", str(home)), 0.2),
        *load_steps(
            home,
            [str(folder / "experiences.csv")],
            structures=str(folder / "structures.csv"),
            fiches=str(folder / "fiches.zip"),
        ),
    ]


def refresh_step(home: Path) -> Step:
    """Recompute irritants, signals and the drafting index."""
    return Step("Analyse : irritants, signaux, index des réponses", ("refresh", "--home", str(home)), 0.65)


def last(home: Path) -> Job | None:
    """The job under way or the last one; None when there never was one. A dead job is seen as failed."""
    job = _read(home)
    if job is None or job.state != "running":
        return job
    if job.pid is not None and _alive(job.pid):
        return replace(job, fraction=min(1.0, job.fraction + job.weight * _step_progress(home)))
    job = _read(home) or job  # it may have ended, and told it, since the first look
    if job.state != "running":
        return job
    return replace(
        job, state="failed", error=job.error or "le traitement s'est arrêté sans terminer", ended_at=time.time()
    )


def start(home: Path, name: str, steps: list[Step]) -> Job:
    """Start a job unless one is running (then that one is returned: a double click starts one job)."""
    folder = _status(home).parent
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "starting"
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        if time.time() - lock.stat().st_mtime > 30:
            lock.unlink(missing_ok=True)
        running = last(home)
        if running is None:
            raise VigieError("un autre traitement démarre : réessayez dans un instant") from None
        return running
    try:
        running = last(home)
        if running is not None and running.state == "running":
            return running
        job = Job(name, "running", steps[0].label, 0.0, 0.0, time.time())
        plan = folder / "plan.json"
        plan.write_text(json.dumps({"job": asdict(job), "steps": [asdict(s) for s in steps]}), "utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "data.jobs", str(plan)],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        with cast(IO[bytes], process.stdin):  # closed once the job is on disk: until then the process waits
            job = replace(job, pid=process.pid)
            _write(_status(home), job)
        return job
    finally:
        lock.unlink(missing_ok=True)


def run(plan_file: Path) -> None:
    """Run the steps of a plan in this process's children, keeping the status file up to date."""
    plan = json.loads(plan_file.read_text("utf-8"))
    status = plan_file.with_name("job.json")
    progress = plan_file.with_name("progress.json")
    job = replace(Job(**plan["job"]), pid=os.getpid())
    steps = [Step(s["label"], tuple(s["argv"]), s["weight"]) for s in plan["steps"]]
    total = sum(s.weight for s in steps)
    done = 0.0
    environment = {**os.environ, "VIGIE_PROGRESS": str(progress)}
    for step in steps:
        job = replace(job, step=step.label, fraction=done / total, weight=step.weight / total)
        progress.unlink(missing_ok=True)
        _write(status, job)
        with plan_file.with_name("job.log").open("wb") as log:
            code = subprocess.call(
                [sys.executable, "-m", *step.argv], cwd=_ROOT, stdout=log, stderr=log, env=environment
            )
        if code:
            lines = plan_file.with_name("job.log").read_text("utf-8", "replace").strip().splitlines()
            error = lines[-1].removeprefix(cli.ERROR) if lines else f"code {code}"
            _write(status, replace(job, state="failed", error=error, ended_at=time.time()))
            return
        done += step.weight
    _write(status, replace(job, state="done", fraction=1.0, ended_at=time.time()))


def _status(home: Path) -> Path:
    return Path(home) / "jobs" / "job.json"


def _read(home: Path) -> Job | None:
    try:
        return Job(**json.loads(_status(home).read_text("utf-8")))
    except (FileNotFoundError, ValueError):
        return None


def _step_progress(home: Path) -> float:
    try:
        found = json.loads((Path(home) / "jobs" / "progress.json").read_text("utf-8"))
        return float(found.get("done", 0.0))
    except (FileNotFoundError, ValueError):
        return 0.0


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:  # a child of ours that ended but was not waited for
        ended, _ = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return True
    return ended == 0


def _write(path: Path, job: Job) -> None:
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(asdict(job), ensure_ascii=False), "utf-8")
    os.replace(draft, path)


if __name__ == "__main__":
    sys.stdin.read()  # a quick job must not end before it is known to have begun
    run(Path(sys.argv[1]))

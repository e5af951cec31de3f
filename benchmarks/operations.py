"""Operations under load: agents who write at once, a process killed again and again, on SQLite and on PostgreSQL.

`python -m benchmarks.operations [--agents 50] [--seconds 300] [--kills 20] [--databases sqlite,postgresql]`

One process holds all the agents, as the server of the pages does. Each agent takes a review, opens the desk, types (a
save every second or two), judges the draft, sends, and goes on with the next; one review in ten is also wanted by a
neighbour, who must be refused. What the store acknowledged is written down, then looked for once everything is over.
The process is killed (SIGKILL) at even times and started again. Both databases wait for the disk.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select

from data.operations import assignments, desk, feedback, journal, replies, stored, tables
from data.operations.engine import open_store, reading
from data.operations.errors import Refused

TARGET_MS = 100.0
PAUSE_S = 1.5  # between two writes of an agent, on average
SAVES = 6  # of one text, before it is sent
SHARED = 10  # one review in so many is wanted by two agents
_REPLY = "Bonjour, nous vous remercions de votre témoignage. " * 12
_DRAFT = {
    "reply": _REPLY,
    "sources": [],
    "cited": [],
    "findings": [],
    "model": "extractive-1",
    "prompt_version": "reply-1",
    "seed": 1,
}


# -- the process that is killed: every agent is one of its threads ----------------------------------------------------


class Agent:
    """One agent at work until told to stop; each write it was told is done goes to the log, with its time."""

    def __init__(self, url: str, number: int, run: int, log: int, stop: threading.Event) -> None:
        self.store, self.number, self.run, self.log, self.stop = _store(url), number, run, log, stop
        self.name = f"agent{number}"
        self.random = random.Random(number * 1_000 + run)

    def work(self) -> None:
        """Review after review."""
        self.stop.wait(self.random.uniform(0, PAUSE_S))
        for place in range(1_000_000):
            if self.stop.is_set():
                return
            owner = self.number - 1 if place % SHARED == 0 and self.number % 2 else self.number
            self.answer(self.run * 10_000_000 + owner * 100_000 + place)

    def answer(self, review: int) -> None:
        """One review, from taking it to sending."""
        self.write("claim", review, lambda: assignments.claim(self.store, review, self.name))
        made = self.write(
            "draft",
            review,
            lambda: stored.store(self.store, f"d:{review}:{self.name}", review, _DRAFT, requested_by=self.name),
        )
        text = self.write("open", review, lambda: desk.opened(self.store, review, self.name))
        if made is None or text is None:
            return
        text = self.write(
            "begin",
            review,
            lambda: desk.begin(self.store, text, body=_REPLY, started="draft", draft_id=made),
        )
        for place in range(SAVES):
            if text is None:
                return
            body = f"{_REPLY} Suite {place}."
            text = self.write("save", review, partial(desk.save, self.store, text, body), more=place)
        if text is None:
            return
        body = text.body
        self.write("judge", review, lambda: feedback.give(self.store, made, self.name, review_id=review, good=True))
        self.write("send", review, lambda: replies.send(self.store, text, body, structure_id="s"), more=len(body))

    def write(self, kind: str, review: int, act: Callable[[], Any], more: int = 0) -> Any:
        """One write: its time, and what came of it ('ok', 'refused' by the store's rules, or 'error')."""
        if self.stop.wait(self.random.expovariate(1 / PAUSE_S)):
            return None
        began = time.perf_counter()
        result, came, said = None, "ok", ""
        try:
            result = act()
        except Refused:
            came = "refused"
        except Exception as error:  # noqa: BLE001 - an error of any kind is what is counted
            came, said = "error", f"{type(error).__name__}: {error}"[:300]
        line = [kind, review, self.name, more, came, round(1000 * (time.perf_counter() - began), 2), said]
        os.write(self.log, json.dumps(line).encode() + b"\n")
        return result


_opened: dict[str, Any] = {}


def _store(url: str) -> Any:
    if url not in _opened:
        _opened[url] = open_store(url)
    return _opened[url]


def at_work(url: str, agents: int, run: int, log: Path) -> None:
    """The agents of one life of the process, until its standard input closes."""
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    stop = threading.Event()
    threads = [
        threading.Thread(target=Agent(url, number, run, out, stop).work, daemon=True) for number in range(agents)
    ]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.read()
    stop.set()
    for thread in threads:
        thread.join(30)


# -- the measure -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """One database."""

    database: str
    lives: int
    seconds: float  # at work, all lives together
    writes: int
    refused: int
    errors: list[str]
    lost: list[str]
    p50: float
    p95: float
    p99: float
    worst: float
    by_kind: dict[str, float]  # p95
    journal: journal.Verification


def measure(database: str, url: str, *, agents: int, seconds: float, kills: int, folder: Path) -> Result:
    """Let the agents work for `seconds`, killed `kills` times on the way; then look for all that was acknowledged."""
    open_store(url).dispose()
    log = folder / f"{database}.log"
    span, worked = seconds / (kills + 1), 0.0
    for run in range(kills + 1):
        command = [sys.executable, "-m", "benchmarks.operations", "--life", url, str(agents), str(run), str(log)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        began = time.monotonic()
        time.sleep(span)
        if run < kills:
            process.kill()
        else:
            process.stdin.close()
        worked += time.monotonic() - began
        process.wait(60)
        process.stdout.close()
    return _judged(database, url, log, kills + 1, worked)


def _lines(log: Path) -> Iterator[list[Any]]:
    for line in log.read_bytes().splitlines():
        if line.endswith(b"]"):  # the last line of a life may be cut: it was not acknowledged to anyone
            yield json.loads(line)


def _judged(database: str, url: str, log: Path, lives: int, worked: float) -> Result:
    times: dict[str, list[float]] = defaultdict(list)
    errors: list[str] = []
    done: dict[str, dict[tuple[int, str], int]] = defaultdict(dict)
    refused = 0
    for kind, review, who, more, came, took, said in _lines(log):
        times[kind].append(took)
        refused += came == "refused"
        if came == "error":
            errors.append(f"{kind}: {said}")
        if came == "ok":
            done[kind][review, who] = more
    every = sorted(took for taken in times.values() for took in taken)
    cuts = statistics.quantiles(every, n=100)
    store = open_store(url)
    result = Result(
        database,
        lives,
        worked,
        len(every),
        refused,
        errors,
        _lost(store, done),
        cuts[49],
        cuts[94],
        cuts[98],
        every[-1],
        {kind: statistics.quantiles(taken, n=20)[18] for kind, taken in sorted(times.items()) if len(taken) > 1},
        journal.verify(store),
    )
    store.dispose()
    return result


def _lost(store: Any, done: dict[str, dict[tuple[int, str], int]]) -> list[str]:
    """Acknowledged writes that are not in the store, said one by one."""
    with reading(store) as connection:
        keys = set(connection.scalars(select(tables.journal.c.key)))
        sent = {(r.review_id, r.sent_by): len(r.body) for r in connection.execute(select(tables.replies))}
        texts = {(t.review_id, t.person): t.body for t in connection.execute(select(tables.desk_texts))}
        judged = {(f.review_id, f.person) for f in connection.execute(select(tables.feedback))}
        made = {(d.review_id, d.requested_by) for d in connection.execute(select(tables.drafts))}
    lost = [f"send {at}" for at, size in done["send"].items() if sent.get(at) != size]
    lost += [f"judge {at}" for at in done["judge"] if at not in judged]
    lost += [f"draft {at}" for at in done["draft"] if at not in made]
    lost += [f"open {at}" for at in done["open"] if at not in texts]
    lost += [
        f"claim {at}" for at in done["claim"] if not any(f"review.claim:{at[0]}:{at[1]}:{v}" in keys for v in range(3))
    ]
    for at, place in done["save"].items():
        kept = texts.get(at, "").rpartition(" Suite ")[2].rstrip(".")
        if not kept.isdigit() or int(kept) < place:
            lost.append(f"save {at}: {place} acknowledged, {kept or 'nothing'} kept")
    return lost


def _table(results: list[Result], agents: int) -> str:
    rows = [
        f"{agents} agents in one process, a write every {PAUSE_S} s each on average; times in milliseconds\n",
        "| database | kills | minutes | writes | a second | refused | errors | lost | p50 | p95 | p99 | max | journal |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for r in results:
        chain = f"intact, {r.journal.entries} entries" if r.journal.ok else f"BROKEN at {r.journal.broken_at}"
        rows.append(
            f"| {r.database} | {r.lives - 1} | {r.seconds / 60:.1f} | {r.writes} | {r.writes / r.seconds:.0f} | {r.refused} "
            f"| {len(r.errors)} | {len(r.lost)} | {r.p50:.1f} | {r.p95:.1f} | {r.p99:.1f} | {r.worst:.0f} | {chain} |"
        )
    kinds = sorted({kind for r in results for kind in r.by_kind})
    rows += ["", "p95 by kind of write:", "", f"| database | {' | '.join(kinds)} |", "|---" * (len(kinds) + 1) + "|"]
    rows += [f"| {r.database} | {' | '.join(f'{r.by_kind.get(k, 0):.1f}' for k in kinds)} |" for r in results]
    return "\n".join(rows)


def main() -> int:
    """Run the measure; exits with 1 when a target is missed."""
    if sys.argv[1:2] == ["--life"]:
        url, agents, run, log = sys.argv[2:6]
        at_work(url, int(agents), int(run), Path(log))
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--databases", default="sqlite,postgresql")
    args = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(prefix="vigie-load-") as name, ExitStack() as stack:
        for database in args.databases.split(","):
            url = f"sqlite:///{Path(name) / 'operations.sqlite'}"
            if database == "postgresql":
                from tests import postgres

                url = stack.enter_context(postgres.server(durable=True))
            results.append(
                measure(
                    database,
                    url,
                    agents=args.agents,
                    seconds=args.seconds,
                    kills=args.kills,
                    folder=Path(name),
                )
            )
    print(_table(results, args.agents))
    for result in results:
        for line in [*result.errors, *result.lost][:10]:
            print(f"{result.database}: {line}", file=sys.stderr)
    missed = [r for r in results if r.errors or r.lost or not r.journal.ok or r.p95 >= TARGET_MS]
    print("targets missed" if missed else f"errors 0, lost 0, p95 under {TARGET_MS:.0f} ms, journal intact")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

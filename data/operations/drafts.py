"""Drafts being made: where pages and drafting workers meet.

A page asks (`request`), a worker takes (`claim`), writes as it goes (`progress`), ends (`finish`, `fail`); anyone may
`cancel`. The rules it protects: two workers never draft the same request; a worker that lost its request (cancelled,
or given to another after its silence) can't write over it. Drafts once made are in `stored`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, Row, case, func, insert, select, update

from data.operations import stored, tables
from data.operations.engine import reading, writing
from data.operations.errors import Refused
from data.operations.journal import Fact, record
from data.operations.tables import now

AT_THE_DESK = 100  # an agent waits in front of the screen
IN_ADVANCE = 0  # prepared before anybody comes
SILENCE_S = 60.0  # a running request without sign of life for so long is taken back
ATTEMPTS = 3


@dataclass(frozen=True)
class Request:
    """One draft asked for. `attempts` says which run this is: a worker hands back the record it claimed."""

    id: str
    review_id: int
    typology: str | None  # chosen by the agent; None = as declared or routed
    instruction: str
    model: str  # '' = whichever the worker serves
    seed: int | None
    requested_by: str
    priority: int
    state: str  # waiting | running | done | failed | cancelled
    worker: str | None
    attempts: int
    created_at: datetime
    claimed_at: datetime | None
    heartbeat_at: datetime | None
    ended_at: datetime | None
    partial_text: str
    draft_id: str | None
    error: str
    version: int
    without: list[str] | None  # ids of sources the agent does not want again
    prompt: str  # version; '' = the one in service


def request(
    engine: Engine,
    key: str,
    review_id: int,
    *,
    requested_by: str,
    instruction: str = "",
    typology: str | None = None,
    model: str = "",
    prompt: str = "",
    seed: int | None = None,
    priority: int = AT_THE_DESK,
    without: Sequence[str] = (),
) -> str:
    """Ask for a draft; returns the request's id. Raises Refused when the AI is off for this review."""
    id_ = uuid4().hex

    def work(connection: Connection) -> Fact:
        stored.allowed(connection, review_id)
        connection.execute(
            insert(tables.draft_requests).values(
                id=id_,
                review_id=review_id,
                typology=typology,
                instruction=instruction,
                model=model,
                seed=seed,
                requested_by=requested_by,
                priority=priority,
                state="waiting",
                attempts=0,
                created_at=now(),
                partial_text="",
                error="",
                version=1,
                without=list(without) or None,
                prompt=prompt,
            )
        )
        details = {"priority": priority, "typology": typology, "instructed": bool(instruction)}
        chosen = {"without": list(without), "model": model, "prompt": prompt}
        return Fact("draft_request", id_, review_id, details | {name: value for name, value in chosen.items() if value})

    return record(engine, key, requested_by, "draft.request", work)


def claim(engine: Engine, worker: str, *, model: str | None = None, rather: Collection[int] = ()) -> Request | None:
    """Take the most pressing waiting request for `worker`, None when there is none.

    `model`: take only requests for that model or for any. `rather`: among equally pressing ones, those on these reviews
    go first. Two workers at once never get the same one.
    """
    table = tables.draft_requests
    liked = case((table.c.review_id.in_(list(rather)), 0), else_=1)
    chosen = (
        select(table.c.id)
        .where(table.c.state == "waiting")
        .order_by(table.c.priority.desc(), liked, table.c.created_at, table.c.id)
        .limit(1)
    )
    if model is not None:
        chosen = chosen.where(table.c.model.in_(["", model]))
    if engine.dialect.name == "postgresql":
        chosen = chosen.with_for_update(skip_locked=True)
    at = now()
    with reading(engine) as connection:  # an idle worker asks often: don't take the write lock for nothing
        if connection.execute(select(table.c.id).where(table.c.state == "waiting").limit(1)).first() is None:
            return None
    with writing(engine) as connection, connection.begin():
        row = connection.execute(
            update(table)
            .where(table.c.id == chosen.scalar_subquery(), table.c.state == "waiting")
            .values(
                state="running",
                worker=worker,
                attempts=table.c.attempts + 1,
                claimed_at=at,
                heartbeat_at=at,
                partial_text="",
                version=table.c.version + 1,
            )
            .returning(table)
        ).one_or_none()
    return None if row is None else _request(row)


def progress(engine: Engine, request: Request, text: str | None = None) -> bool:
    """Sign of life on a claimed request, with the whole text written so far when there is some.

    Returns whether to go on: False when it was cancelled, or taken back after too long a silence.
    """
    values: dict[str, Any] = {"heartbeat_at": now()}
    if text is not None:
        values["partial_text"] = text
    with writing(engine) as connection, connection.begin():
        return connection.execute(_mine(request).values(**values)).rowcount == 1


def cancel_requested(engine: Engine, request: Request) -> bool:
    """Whether the worker that claimed `request` must stop: cancelled, or no longer its own."""
    table = tables.draft_requests
    with reading(engine) as connection:
        row = connection.execute(
            select(table.c.state, table.c.worker, table.c.attempts).where(table.c.id == request.id)
        ).one_or_none()
    return row is None or (row.state, row.worker, row.attempts) != ("running", request.worker, request.attempts)


def finish(engine: Engine, request: Request, draft: Mapping[str, Any]) -> str | None:
    """Store the draft of a claimed request (the drafter's JSON object); its id, or None when it was lost meanwhile.

    Safe to call again after a failure: the same run of the same request stores one draft.
    """
    id_ = uuid4().hex

    def work(connection: Connection) -> Fact:
        stored.keep(
            connection,
            id_,
            draft,
            review_id=request.review_id,
            requested_by=request.requested_by,
            instruction=request.instruction,
            request_id=request.id,
        )
        ended = _mine(request).values(
            state="done",
            draft_id=id_,
            partial_text=str(draft["reply"]),
            ended_at=now(),
            version=tables.draft_requests.c.version + 1,
        )
        if connection.execute(ended).rowcount != 1:
            raise _Lost
        return Fact("draft", id_, request.review_id, stored.told(draft) | {"request": request.id})

    try:
        return record(engine, f"finish:{request.id}:{request.attempts}", str(request.worker), "draft.finish", work)
    except _Lost:
        return None


def fail(engine: Engine, request: Request, error: str) -> bool:
    """End a claimed request with `error`, one French line the agent reads. False when it was lost meanwhile."""

    def work(connection: Connection) -> Fact:
        ended = _mine(request).values(
            state="failed", error=error, ended_at=now(), version=tables.draft_requests.c.version + 1
        )
        if connection.execute(ended).rowcount != 1:
            raise _Lost
        return Fact("draft_request", request.id, request.review_id, {"error": error})

    try:
        record(engine, f"fail:{request.id}:{request.attempts}", str(request.worker), "draft.fail", work)
    except _Lost:
        return False
    return True


def cancel(engine: Engine, key: str, request_id: str, actor: str) -> bool:
    """Nobody waits for this draft any longer; its worker sees it at its next sign of life. False if already ended."""

    def work(connection: Connection) -> Fact:
        table = tables.draft_requests
        row = connection.execute(
            update(table)
            .where(table.c.id == request_id, table.c.state.in_(["waiting", "running"]))
            .values(state="cancelled", ended_at=now(), version=table.c.version + 1)
            .returning(table.c.review_id)
        ).one_or_none()
        if row is None:
            raise _Lost
        return Fact("draft_request", request_id, row.review_id)

    try:
        record(engine, key, actor, "draft.cancel", work)
    except _Lost:
        return False
    return True


def hurry(engine: Engine, request_id: str) -> None:
    """An agent now waits for a draft that was to be prepared ahead: it goes before those. An order, not a fact."""
    table = tables.draft_requests
    with writing(engine) as connection, connection.begin():
        connection.execute(
            update(table)
            .where(table.c.id == request_id, table.c.state == "waiting", table.c.priority < AT_THE_DESK)
            .values(priority=AT_THE_DESK, version=table.c.version + 1)
        )


def release_dead(engine: Engine, silence_s: float = SILENCE_S) -> int:
    """Give requests of silent workers back to the queue, or fail them after `ATTEMPTS` runs; returns how many."""
    table = tables.draft_requests
    silent = (table.c.state == "running") & (table.c.heartbeat_at < now() - timedelta(seconds=silence_s))
    ended = {"version": table.c.version + 1}
    with reading(engine) as connection:
        if connection.execute(select(table.c.id).where(silent).limit(1)).first() is None:
            return 0
    with writing(engine) as connection, connection.begin():
        failed = connection.execute(
            update(table)
            .where(silent, table.c.attempts >= ATTEMPTS)
            .values(
                state="failed", error="Le rédacteur s'est arrêté plusieurs fois sur cet avis.", ended_at=now(), **ended
            )
        ).rowcount
        again = connection.execute(
            update(table).where(silent).values(state="waiting", worker=None, partial_text="", **ended)
        ).rowcount
    return int(failed + again)


def get_request(engine: Engine, request_id: str) -> Request:
    """The request of that id. Raises Refused when there is none."""
    table = tables.draft_requests
    with reading(engine) as connection:
        row = connection.execute(select(table).where(table.c.id == request_id)).one_or_none()
    if row is None:
        raise Refused("Cette demande de proposition n'existe pas.")
    return _request(row)


def latest_request(engine: Engine, review_id: int) -> Request | None:
    """The newest request about a review, None when nobody asked."""
    table = tables.draft_requests
    query = select(table).where(table.c.review_id == review_id).order_by(table.c.created_at.desc()).limit(1)
    with reading(engine) as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else _request(row)


def next_reviews(engine: Engine, most: int) -> list[int]:
    """Reviews of the most pressing waiting requests, all equally pressing, oldest first."""
    table = tables.draft_requests
    highest = select(func.max(table.c.priority)).where(table.c.state == "waiting").scalar_subquery()
    query = (
        select(table.c.review_id)
        .where(table.c.state == "waiting", table.c.priority == highest)
        .order_by(table.c.created_at, table.c.id)
        .limit(most)
    )
    with reading(engine) as connection:
        return [int(row.review_id) for row in connection.execute(query)]


def waiting(engine: Engine) -> int:
    """How many requests wait for a worker."""
    table = tables.draft_requests
    with reading(engine) as connection:
        query = select(func.count()).select_from(table).where(table.c.state == "waiting")
        return int(connection.scalar(query) or 0)


class _Lost(Exception):
    """The request ended or changed hands while its worker was writing: nothing is stored."""


def _mine(request: Request) -> Any:
    """The update that holds only while `request` is still in the hands it was claimed by."""
    table = tables.draft_requests
    return update(table).where(
        table.c.id == request.id,
        table.c.state == "running",
        table.c.worker == request.worker,
        table.c.attempts == request.attempts,
    )


def _request(row: Row[Any]) -> Request:
    return Request(**row._mapping)

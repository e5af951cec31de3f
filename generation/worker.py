"""The drafting worker: takes waiting requests, writes the reply back as it comes, prepares drafts nobody asked for
yet.

Pages and worker meet in the operations store only, so killing either never takes the other down. The rules it
protects: an agent at the desk goes before drafts prepared ahead; equals are taken oldest first, those of the kind of
institution just served together, for the model has read what they share, yet none waits for ever; a sign of life goes out even while the model reads
a long prompt; a cancelled or lost request stops the computing; an error ends a request with a line the agent can
read, never with a reply.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from types import FrameType
from uuid import uuid4

import duckdb
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from data import snapshots, warehouse
from data.errors import NoSnapshot, NotRefreshed, VigieError
from data.operations import drafts, engine, reports, trials, workers
from data.operations.errors import Refused
from data.operations.trials import Order, Trial
from data.settings import Settings
from generation import selftest, templates
from generation.drafter import DEFAULT_SEED, Drafter
from generation.models.base import Model, ModelUnavailable
from generation.models.choice import open_model
from generation.models.extractive import Extractive
from generation.results import Draft
from generation.templates import Template

IDLE_S = 0.5  # between two looks at an empty queue
PULSE_S = 0.4  # partial text goes back at least twice a second
BEAT_S = 4.0
AGAIN_S = 60.0  # a model that could not be opened is tried again
AHEAD = 100  # drafts prepared ahead in one go: a wave follows the other while a slow model serves, …
AHEAD_MOST = (
    2_000  # … up to these (a day of a small machine is about 1,500); the extractive drafter needs one wave only
)
TOGETHER = 8  # drafts of one kind of institution in a row, while older ones of other kinds wait
LOOKED_AT = 50  # waiting requests among which those of the same kind are looked for
AHEAD_DAYS = 60  # reviews published earlier than that no longer wait for a prepared draft

log = logging.getLogger(__name__)


def work(settings: Settings, *, once: bool = False, stopping: threading.Event | None = None) -> None:
    """Serve requests until told to stop (SIGTERM, SIGINT or `stopping`), or until nothing is left with `once`."""
    stopping = stopping or threading.Event()
    store = engine.open_store(settings.operations)
    serving = _Serving(settings)
    name = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:6]}"
    with _stopped_by_signals(stopping), _Pulse(store, name, serving, stopping) as pulse:
        log.info("worker %s serves %s%s", name, serving.model.id, f" ({serving.notice})" if serving.notice else "")
        try:
            _serve(store, serving, pulse, stopping, once=once)
        finally:
            workers.stop(store, name)
            serving.close()


def _serve(store: Engine, serving: _Serving, pulse: _Pulse, stopping: threading.Event, *, once: bool) -> None:
    prepared_for, prepared = ("", ""), 0
    tested: list[tuple[Model, str]] = []
    line = _Line()
    while not stopping.is_set():
        drafts.release_dead(store)
        try:
            snapshot = serving.drafter().snapshot_id
        except (NoSnapshot, NotRefreshed):  # nothing to ground drafts on yet: the app may be preparing the demo
            if once:
                raise
            stopping.wait(IDLE_S)
            continue
        request = drafts.claim(store, pulse.name, model=serving.model.id, rather=line.next(store, serving))
        if request is not None:
            line.served(request, serving)
            _write(store, request, serving, pulse)
            continue
        trial = _trial(store, serving)
        untested = [one for one in _used(serving, trial) if (serving.model, one.version) not in tested]
        if untested:  # when nobody waits: on a slow machine it takes a minute
            tested.append((serving.model, untested[0].version))
            _test(store, serving.model, untested[0], stopping)
            continue
        if (snapshot, trial.id if trial else "") != prepared_for:
            prepared_for, prepared = (snapshot, trial.id if trial else ""), 0
        if prepared == 0 or (prepared < AHEAD_MOST and serving.model.patience is not None):
            found, asked = _prepare_ahead(store, serving, trial, skip=prepared)
            prepared = prepared + AHEAD if found == AHEAD else AHEAD_MOST
            if asked:
                continue
        if once:
            return
        stopping.wait(IDLE_S)


def _trial(store: Engine, serving: _Serving) -> Trial | None:
    """The trial in progress, None when an arm of it can't be served now."""
    trial = trials.running(store)
    if trial is None:
        return None
    alive = {worker.model for worker in workers.alive(store)}
    prompts = [one.version for one in templates.every(serving.home)] if trial.kind == "prompts" else []
    return trial if trial.served(alive, prompts) else None


def _used(serving: _Serving, trial: Trial | None) -> list[Template]:
    """Versions of the prompt that this worker's model is asked with."""
    if trial is None or trial.kind != "prompts" or trial.model != serving.model.id:
        return [serving.template()]
    return [serving.template(), *(one for one in templates.every(serving.home) if one.version in trial.arms)]


def _test(store: Engine, model: Model, template: Template, stopping: threading.Event) -> None:
    """Run the self-tests of weights not yet tested under this prompt, and keep their report."""
    version = template.version
    for report in reports.newest(store, reports.SELF_TEST):
        if (report.model, report.model_sha256, report.prompt_version) == (model.id, model.sha256, version):
            return
    results = [asdict(result) for result in selftest.run(model, stopping, template)]
    if not results:
        return
    held = all(result["held"] for result in results)
    reports.keep(
        store, reports.SELF_TEST, model=model.id, model_sha256=model.sha256, prompt_version=version, snapshot="",
        body={"tests": results, "held": held}, actor="worker",
    )  # fmt: skip
    if not held:
        log.warning("self-tests of %s: %s", model.id, [result["name"] for result in results if not result["held"]])


class _Line:
    """The order among equally pressing requests: the institution just served first, then its kind, `TOGETHER` times in a
    row at most: the model has read what they share."""

    def __init__(self) -> None:
        self._served: tuple[str, str] | None = None  # kind of institution, institution
        self._row = 0

    def next(self, store: Engine, serving: _Serving) -> list[int]:
        """Reviews to take rather than older ones."""
        if serving.model.patience is None or self._served is None or self._row >= TOGETHER:
            return []
        declared = serving.drafter().kinds(drafts.next_reviews(store, LOOKED_AT))
        same = [review for review, both in declared.items() if both == self._served]
        return same or [review for review, (kind, _) in declared.items() if kind == self._served[0]]

    def served(self, request: drafts.Request, serving: _Serving) -> None:
        """`request` is taken."""
        if serving.model.patience is None:
            return
        kind, institution = serving.drafter().kinds([request.review_id]).get(request.review_id, ("", ""))
        kind = request.typology or kind
        together = self._served is not None and kind == self._served[0] and self._row < TOGETHER
        self._row = self._row + 1 if together else 1
        self._served = kind, institution


def _write(store: Engine, request: drafts.Request, serving: _Serving, pulse: _Pulse) -> None:
    """One request, from its review to its stored draft."""
    started = time.perf_counter()
    try:
        drafter = serving.drafter()
        asked = replace(
            drafter.asked(request.review_id), instruction=request.instruction, without=tuple(request.without or ())
        )
        if request.typology:
            asked = replace(asked, typology=request.typology)
        seed = DEFAULT_SEED if request.seed is None else request.seed
        asking = templates.of_version(request.prompt, serving.home) if request.prompt else serving.template()
        draft: Draft | None = None
        with pulse.writing(request) as page:
            for item in drafter.stream(asked, seed=seed, stop=page.stop, notice=serving.notice, template=asking):
                if isinstance(item, Draft):
                    draft = item
                else:
                    page.add(item)
        if draft is None or page.stop.is_set():
            log.info("review %s: stopped", request.review_id)
            return
        drafts.finish(store, request, draft.to_json())
        log.info("review %s: drafted in %.1f s", request.review_id, time.perf_counter() - started)
    except VigieError as error:
        log.warning("review %s: %s", request.review_id, error)
        drafts.fail(store, request, str(error))
    except (duckdb.Error, ValueError, RuntimeError, OSError, KeyError, TypeError):  # a defect of ours
        log.exception("review %s: failed", request.review_id)
        drafts.fail(store, request, "Le brouillon n’a pas pu être écrit : réessayez, ou écrivez la réponse sans aide.")


def _prepare_ahead(store: Engine, serving: _Serving, trial: Trial | None, *, skip: int) -> tuple[int, int]:
    """Ask, in nobody's name, for drafts of the most pressing reviews; how many were found, how many now wait.

    In a trial, each as its arm wants it: an arm that had to be waited for at the desk would lose by that alone.
    """
    found = serving.drafter().waiting(days=AHEAD_DAYS, most=AHEAD, skip=skip)
    version = serving.template().version
    for review_id in found:
        order = trial.order(review_id) if trial else Order()
        if not order.drafted:
            continue
        key = f"ahead:{review_id}:{order.prompt or version}:{order.model or serving.model.id}"
        try:
            drafts.request(
                store,
                key,
                review_id,
                requested_by="worker",
                model=order.model,
                prompt=order.prompt,
                priority=drafts.IN_ADVANCE,
            )
        except Refused:  # the AI is off for this review
            continue
    return len(found), drafts.waiting(store)


class _Serving:
    """The model and the prompt in service, and the drafter over the current snapshot."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.home = settings.home
        self._template = templates.named(settings.prompt, settings.home)
        self._drafter: Drafter | None = None
        self._warehouse: warehouse.Warehouse | None = None
        self._tried = 0.0
        self.model: Model = Extractive()
        self.notice = ""
        self._open()

    def drafter(self) -> Drafter:
        """The drafter over the snapshot in service now. Raises NoSnapshot, or NotRefreshed before the first refresh."""
        if self.notice and time.monotonic() - self._tried > AGAIN_S:
            self._open()
        current = snapshots.current(self._settings.home)
        if self._drafter is None or self._drafter.snapshot_id != current.id:
            if self._warehouse is not None:
                self._warehouse.close()
            self._warehouse = warehouse.Warehouse(self._settings.home, current)
            self._drafter = Drafter(self._warehouse, self.model)
        return self._drafter

    def template(self) -> Template:
        """The version of the prompt in service, as it now stands; an edit that can't be used leaves the one before."""
        try:
            self._template = templates.named(self._settings.prompt, self.home)
        except VigieError as error:
            log.warning("%s", error)
        return self._template

    def close(self) -> None:
        """Release the model and the snapshot."""
        self.model.close()
        if self._warehouse is not None:
            self._warehouse.close()

    def _open(self) -> None:
        self._tried = time.monotonic()
        try:
            self.model = open_model(self._settings.model, self._settings)
            self.notice = ""
        except ModelUnavailable as error:
            self.notice = f"{error} Les brouillons sont assemblés sans modèle."
        self._drafter = None


class _Page:
    """The text of a request in progress, shared by the writer and the pulse."""

    def __init__(self, request: drafts.Request) -> None:
        self.request = request
        self.stop = threading.Event()
        self._lock = threading.Lock()
        self._pieces: list[str] = []

    def add(self, piece: str) -> None:
        with self._lock:
            self._pieces.append(piece)

    def text(self) -> str:
        with self._lock:
            return "".join(self._pieces)


class _Pulse:
    """A thread that tells the store the worker lives, hands back partial text and learns of cancellations."""

    def __init__(self, store: Engine, name: str, serving: _Serving, stopping: threading.Event) -> None:
        self._store, self.name, self._serving, self._stopping = store, name, serving, stopping
        self._page: _Page | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def __enter__(self) -> _Pulse:
        self._beat()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    @contextmanager
    def writing(self, request: drafts.Request) -> Iterator[_Page]:
        """The page of `request` while it is being written."""
        self._page = _Page(request)
        try:
            yield self._page
        finally:
            self._page = None

    def _run(self) -> None:
        beat = told = time.monotonic()
        sent = ""
        while not self._ended.wait(PULSE_S):
            try:
                if time.monotonic() - beat >= BEAT_S:
                    self._beat()
                    beat = time.monotonic()
                page = self._page
                if page is None:
                    sent = ""
                    continue
                if self._stopping.is_set():
                    page.stop.set()
                    continue
                written = page.text()
                if written != sent or time.monotonic() - told >= 2 * PULSE_S:
                    if not drafts.progress(self._store, page.request, written):
                        page.stop.set()
                    sent, told = written, time.monotonic()
            except SQLAlchemyError:  # a store out of reach for a moment: the next pulse tells
                log.exception("the operations store did not take a sign of life")

    def _beat(self) -> None:
        model = self._serving.model
        workers.beat(self._store, self.name, model=model.id, model_sha256=model.sha256, notice=self._serving.notice)


@contextmanager
def _stopped_by_signals(stopping: threading.Event) -> Iterator[None]:
    """Set `stopping` on SIGTERM and SIGINT, where signals can be received (the main thread)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    kept = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)

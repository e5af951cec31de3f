"""The proposal at the desk and the process that writes it: either may die, the other goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine

from data.operations import drafts, workers
from data.operations.engine import open_store
from tests import tiny_gguf
from tests.app.conftest import Opened, said

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tiny_home: Path) -> Iterator[Engine]:
    engine = open_store(f"sqlite:///{tiny_home / 'operations.sqlite'}")
    yield engine
    engine.dispose()


@pytest.fixture
def model_worker(tiny_home: Path, store: Engine) -> Iterator[subprocess.Popen[bytes]]:
    """A worker with a real llama.cpp model, held after its first words."""
    pytest.importorskip("llama_cpp", reason="needs the llama group (make model)")
    model = tiny_gguf.babbling(tiny_home / "endless.gguf", context=4096, layers=24)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.held_worker", "--home", str(tiny_home), "--model", str(model)],
        cwd=ROOT, stderr=subprocess.DEVNULL,
        env=os.environ | {"VIGIE_HOME": str(tiny_home), "VIGIE_MODEL_THREADS": "1"},
    )  # fmt: skip
    try:
        _until(lambda: workers.last(store))
        yield process
    finally:
        process.kill()
        process.wait(10)


def _until(true: object, within_s: float = 60.0) -> None:
    limit = time.monotonic() + within_s
    while not true():  # type: ignore[operator]
        assert time.monotonic() < limit, "waited too long"
        time.sleep(0.05)


@pytest.mark.llama
def test_killing_the_model_in_mid_draft_never_takes_the_page_down(
    tiny_home: Path,
    store: Engine,
    model_worker: subprocess.Popen[bytes],
    open_page: Opened,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workers, "alive", partial(workers.alive, within_s=3600.0))  # however slow the machine
    app = open_page("rediger", "agent.demo", id="5")
    request = drafts.latest_request(store, 5)
    assert request is not None
    _until(lambda: drafts.get_request(store, request.id).partial_text)
    assert "Rédaction en cours" in said(app.run())
    model_worker.send_signal(signal.SIGKILL)
    assert model_worker.wait(10) == -signal.SIGKILL
    monkeypatch.setattr(workers, "alive", partial(workers.alive, within_s=0.0))  # its silence is noticed
    app.run()
    assert not app.exception
    assert "s'est arrêté en chemin" in said(app)
    assert app.text_area[0].value.startswith("Bonjour,")

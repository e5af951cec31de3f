"""A real server, a real worker and a real Chromium, on a demo made for the session."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import Engine

from data.operations import journal
from data.operations.engine import open_store

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
REVIEWS = "4000"

expect.set_options(timeout=60_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": CHROMIUM, "args": [*sandbox, *quiet, "--disable-component-update"]}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    return {"viewport": {"width": 1440, "height": 900}, "locale": "fr-FR"}


def command(*argv: str) -> None:
    """Run one of the product's commands; its output is shown when it fails."""
    done = subprocess.run([sys.executable, "-m", *argv], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{argv}: {done.stderr[-2000:]}"


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that holds a refreshed demo; `E2E_HOME` names one already made, which is copied (seconds, not a minute)."""
    home = tmp_path_factory.mktemp("home")
    if ready := os.environ.get("E2E_HOME"):
        shutil.copytree(ready, home, dirs_exist_ok=True)
        return home
    demo = home / "demo"
    command("data", "demo", "--reviews", REVIEWS, "--seed", "11", "--out", str(demo))
    files = ["--structures", str(demo / "structures.csv"), "--fiches", str(demo / "fiches.zip")]
    command("data", "ingest", str(demo / "experiences.csv"), *files, "--home", str(home))
    command("refresh", "--home", str(home))
    return home


@dataclass
class Server:
    """A running server: its address and the log it wrote."""

    url: str
    log: Path


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(
    home: Path, log: Path, script: str = "asgi.py", *, port: int | None = None, **environment: str
) -> Iterator[Server]:
    """Start the real server on a free loopback port; end that very process afterwards."""
    port = port or free_port()
    with log.open("a") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)],
            cwd=ROOT,
            env={**os.environ, "VIGIE_HOME": str(home), "VIGIE_AUTO_DEMO": "false", **environment},
            stdout=out,
            stderr=out,
        )
    try:
        limit = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None, f"the server died:\n{log.read_text()}"
                assert time.monotonic() < limit, f"the server did not answer:\n{log.read_text()}"
                time.sleep(0.1)
        yield Server(f"http://localhost:{port}", log)
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def server(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of the session, on the demo, without a worker."""
    yield from serve(demo_home, tmp_path_factory.mktemp("server") / "log")


@pytest.fixture
def store(demo_home: Path) -> Iterator[Engine]:
    """The operations of the demo; whatever a journey did, its journal is intact afterwards."""
    found = open_store(f"sqlite:///{demo_home / 'operations.sqlite'}")
    yield found
    assert journal.verify(found).ok
    found.dispose()


@pytest.fixture
def fresh_server(demo_home: Path, tmp_path: Path) -> Iterator[Server]:
    """A server nobody has visited yet."""
    yield from serve(demo_home, tmp_path / "log")


@pytest.fixture
def empty_server(tmp_path: Path) -> Iterator[Server]:
    """A server on an empty home, which prepares a small demo only when asked."""
    home = tmp_path / "home"
    home.mkdir()
    yield from serve(home, tmp_path / "log", VIGIE_DEMO_REVIEWS="600")


@pytest.fixture
def worker(demo_home: Path, tmp_path: Path) -> Iterator[None]:
    """A drafting worker on the demo, with the embedded drafter."""
    with (tmp_path / "worker.log").open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "generation", "worker", "--home", str(demo_home)], cwd=ROOT, stdout=out, stderr=out
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def settled(page: Page) -> Page:
    """The page once its script has finished and it has a title."""
    expect(page.locator("h1").first).to_be_visible()
    page.wait_for_function("() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState !== 'running'")
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    return page


def visit(page: Page, server: Server, address: str, profile: str = "") -> Page:
    """Open an address of the server as a person, and wait for the page."""
    joiner = "&" if "?" in address else "?"
    page.goto(server.url + address + (f"{joiner}profil={profile}" if profile else ""))
    return settled(page)


def unfolded(page: Page, name: str) -> Locator:
    """The first choice of a list, once the list is open on the screen: a table still being laid out above folds it
    again, or pushes it out of sight."""
    box, first = settled(page).get_by_role("combobox", name=name), page.get_by_role("option").first
    for _ in range(5):
        box.evaluate("box => box.scrollIntoView({block: 'center'})")
        box.click()
        with suppress(AssertionError):
            expect(first).to_be_in_viewport(timeout=4_000)
            break
    return first


def heading(name: str) -> re.Pattern[str]:
    """A pattern for a heading's exact text."""
    return re.compile(rf"^\s*{re.escape(name)}\s*$")

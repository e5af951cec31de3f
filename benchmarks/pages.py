"""Time to first page and page reruns, by number of sessions, with the product's server settings and Streamlit's own.

Starts the real server on loopback, opens real websocket sessions and measures what each waits for: from the rerun asked
to the script finished. Prints one table; both settings are measured in the same run, on the same data.

    python -m benchmarks.pages [--home DIR] [--pages vue-d-ensemble irritants …] [--sessions 1 25 50] [--reruns 8]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = {
    "Vigie": [],
    "Streamlit's defaults": ["--server.fileWatcherType=auto", "--runner.postScriptGC=true"],
}


@contextmanager
def server(home: Path, script: str, options: list[str]) -> Iterator[tuple[int, float]]:
    """The real server on a free loopback port; yields the port and the seconds until it answered."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port), *options],
        cwd=ROOT,
        env={**os.environ, "VIGIE_HOME": str(home), "VIGIE_AUTO_DEMO": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
                break
            except (urllib.error.URLError, OSError):
                if process.poll() is not None or time.perf_counter() - started > 60:
                    raise RuntimeError("the server did not start") from None
                time.sleep(0.05)
        yield port, time.perf_counter() - started
    finally:
        process.terminate()
        process.wait(timeout=20)


async def rerun(socket_: ClientConnection, page: str) -> tuple[float, bool]:
    """Ask for a rerun of `page`; seconds until the script has finished, and whether an exception was drawn."""
    message = BackMsg()
    message.rerun_script.page_name = page
    started = time.perf_counter()
    await socket_.send(message.SerializeToString())
    failed = False
    async for data in socket_:
        received = ForwardMsg()
        received.ParseFromString(data if isinstance(data, bytes) else data.encode())
        kind = received.WhichOneof("type")
        if kind == "delta" and received.delta.new_element.WhichOneof("type") == "exception":
            failed = True
        if kind == "script_finished" and received.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
            return time.perf_counter() - started, failed
    raise RuntimeError("the server closed the session")


async def session(port: int, page: str, reruns: int, start: asyncio.Barrier) -> tuple[float, list[float]]:
    """One browser: the first page, then its reruns once every session is there."""
    async with connect(
        f"ws://127.0.0.1:{port}/_stcore/stream", subprotocols=[Subprotocol("streamlit")], max_size=None, origin=Origin(f"http://127.0.0.1:{port}")
    ) as socket_:  # fmt: skip
        first, failed = await rerun(socket_, page)
        await start.wait()
        times = []
        for _ in range(reruns):
            seconds, broke = await rerun(socket_, page)
            times.append(seconds)
            failed = failed or broke
            await asyncio.sleep(0.5)
        if failed:
            raise RuntimeError(f"page {page} drew an error")
        return first, times


async def sessions(port: int, page: str, count: int, reruns: int) -> tuple[list[float], list[float]]:
    """`count` sessions at once on a page: first-page and rerun times, in seconds."""
    start = asyncio.Barrier(count)
    done = await asyncio.gather(*(session(port, page, reruns, start) for _ in range(count)))
    return [first for first, _ in done], [t for _, times in done for t in times]


def quantile(values: list[float], share: float) -> float:
    """The value under which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def demo_home(folder: Path, reviews: int) -> Path:
    """A home with the demo, loaded and refreshed."""
    steps = [
        ["data", "demo", "--reviews", str(reviews), "--seed", "7", "--out", str(folder / "demo")],
        [
            "data", "ingest", str(folder / "demo/experiences.csv"), "--structures", str(folder / "demo/structures.csv"),
            "--fiches", str(folder / "demo/fiches.zip"), "--home", str(folder),
        ],
        ["refresh", "--home", str(folder)],
    ]  # fmt: skip
    for step in steps:
        subprocess.run([sys.executable, "-m", *step], cwd=ROOT, check=True, capture_output=True)
    return folder


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="a home that holds data; without it a demo is made")
    parser.add_argument("--reviews", type=int, default=20_000)
    parser.add_argument("--pages", nargs="+", default=["vue-d-ensemble", "irritants", "delais"])
    parser.add_argument("--sessions", nargs="+", type=int, default=[1, 25, 50])
    parser.add_argument("--reruns", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = options.home or demo_home(Path(temporary), options.reviews)
        print(f"{'settings':22}{'page':18}{'sessions':>9}{'first ms':>10}{'p50 ms':>9}{'p95 ms':>9}{'up s':>7}")
        for name, arguments in SETTINGS.items():
            script = "asgi.py" if name == "Vigie" else "app.py"
            for page in options.pages:
                with server(home, script, arguments) as (port, up):
                    for count in options.sessions:
                        first, times = asyncio.run(sessions(port, page, count, options.reruns))
                        print(
                            f"{name:22}{page:18}{count:>9}{1000 * statistics.median(first):>10.0f}"
                            f"{1000 * quantile(times, 0.5):>9.0f}{1000 * quantile(times, 0.95):>9.0f}{up:>7.1f}",
                            flush=True,
                        )


if __name__ == "__main__":
    main()

"""Download: today's files, whole and checked, whatever the network does; the file in place is never spoilt."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections import namedtuple
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from data import __main__ as command
from data import download, jobs, portal, sources, transfer
from data.download import File
from data.errors import VigieError
from data.network import Patience
from tests.portal import PAGE, Body, Cut, Portal, Republish, Slow, Status, experiences, fiches, serving

ROOT = Path(__file__).resolve().parents[2]
BIG = experiences(20_000)  # about 1.2 MB: enough to be cut in several places


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "VIGIE_PROGRESS"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def server() -> Iterator[Portal]:
    with serving() as published:
        yield published


@pytest.fixture
def waits() -> list[float]:
    """The waits asked for, in seconds; none is waited."""
    return []


def bring(home: Path, server: Portal, waits: list[float] | None = None, timeout: float = 5.0) -> dict[str, File]:
    """One download; its files by kind."""
    asked = waits if waits is not None else []
    patience = Patience(attempts=4, sleep=asked.append)
    files = download.download(home, server.addresses, patience=patience, timeout=timeout)
    return {file.kind: file for file in files}


def in_place(home: Path, name: str = "experiences.csv") -> bytes:
    return (home / "downloads" / name).read_bytes()


def leftovers(home: Path) -> list[str]:
    """What is in the folder beside the three files, their receipts and the lock."""
    return sorted(path.name for path in (home / "downloads").iterdir() if not path.name.startswith(".") and (
        path.name not in portal.FILES.values()
    ))  # fmt: skip


class TestEveryDay:
    def test_the_three_files_are_found_and_put_in_place(self, tmp_path: Path, server: Portal) -> None:
        files = bring(tmp_path, server)
        assert {kind: file.state for kind, file in files.items()} == dict.fromkeys(portal.FILES, "downloaded")
        for kind, file in files.items():
            content = server.content[kind]
            assert Path(file.path).read_bytes() == content
            assert (file.bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert files["experiences"].last_modified == "2026-11-01T04:00:00+00:00"
        assert files["fiches"].last_modified == "2026-11-23T04:00:00+00:00"
        assert leftovers(tmp_path) == []

    def test_what_did_not_change_is_not_fetched_again(self, tmp_path: Path, server: Portal) -> None:
        bring(tmp_path, server)
        before = (tmp_path / "downloads" / "experiences.csv").stat().st_mtime_ns
        server.day = 2  # same content, new address: the checksum says so
        server.requests.clear()
        files = bring(tmp_path, server)
        assert {file.state for file in files.values()} == {"unchanged"}
        assert server.asked("experiences") == []
        assert "if-none-match" in server.asked("fiches")[0].headers
        assert (tmp_path / "downloads" / "experiences.csv").stat().st_mtime_ns == before

    def test_the_next_day_has_a_new_address_and_a_new_file(self, tmp_path: Path, server: Portal) -> None:
        bring(tmp_path, server)
        server.day, server.content["experiences"] = 2, experiences(5)
        assert bring(tmp_path, server)["experiences"].state == "downloaded"
        assert in_place(tmp_path) == experiences(5)

    def test_a_file_republished_meanwhile_is_looked_for_again(self, tmp_path: Path, server: Portal) -> None:
        stale = server.dataset()
        server.day = 2
        server.behave("api", Body(stale, "application/json"))
        file = bring(tmp_path, server)["experiences"]
        assert "2026-11-02" in file.url
        assert len(server.asked("api")) == 2

    def test_without_checksum_the_published_date_and_size_tell(self, tmp_path: Path, server: Portal) -> None:
        server.checksums = False
        bring(tmp_path, server)
        server.requests.clear()
        assert bring(tmp_path, server)["experiences"].state == "unchanged"
        assert server.asked("experiences") == []

    def test_a_file_altered_on_disk_is_fetched_again(self, tmp_path: Path, server: Portal) -> None:
        bring(tmp_path, server)
        path = tmp_path / "downloads" / "experiences.csv"
        path.write_bytes(path.read_bytes().replace(b"Positif", b"Neutre!"))
        assert bring(tmp_path, server)["experiences"].state == "downloaded"
        assert in_place(tmp_path) == server.content["experiences"]


class TestBadDays:
    @pytest.mark.parametrize("answer", [b'{"resources": [', PAGE, b"[]", b'{"resources": [{"format": "json"}]}'])
    def test_an_api_that_makes_no_sense_leads_to_the_portals_own_export(
        self, tmp_path: Path, server: Portal, answer: bytes
    ) -> None:
        server.always("api", Body(answer, "application/json"))
        file = bring(tmp_path, server)["experiences"]
        assert "export-experiences/exports/csv" in file.url
        assert in_place(tmp_path) == server.content["export"]

    @pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 408])
    def test_a_passing_error_is_waited_for(
        self, tmp_path: Path, server: Portal, waits: list[float], status: int
    ) -> None:
        server.behave("api", Status(status))
        server.behave("experiences", Status(status), Status(status))
        assert bring(tmp_path, server, waits)["experiences"].state == "downloaded"
        assert len(waits) == 3
        assert 0.5 <= waits[1] <= 1.0 <= waits[2] <= 2.0  # doubled, with jitter

    def test_retry_after_is_obeyed_in_seconds_and_as_a_date(
        self, tmp_path: Path, server: Portal, waits: list[float]
    ) -> None:
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
        server.behave("experiences", Status(429, "7"), Status(503, date))
        bring(tmp_path, server, waits)
        assert waits[0] == 7.0
        assert 85 < waits[1] <= 90

    def test_a_server_that_asks_to_come_back_tomorrow_is_left_for_the_other(
        self, tmp_path: Path, server: Portal, waits: list[float]
    ) -> None:
        server.always("experiences", Status(429, "86400"))
        assert "exports/csv" in bring(tmp_path, server, waits)["experiences"].url
        assert waits == []

    def test_a_cut_file_goes_on_where_it_stopped(self, tmp_path: Path, server: Portal) -> None:
        server.content["experiences"] = BIG
        server.behave("experiences", Cut(300_000), Cut(400_000), Cut(100_000))
        file = bring(tmp_path, server)["experiences"]
        assert file.state == "resumed"
        assert in_place(tmp_path) == BIG
        ranges = [request.headers.get("range") for request in server.asked("experiences")]
        assert ranges == [None, "bytes=300000-", "bytes=700000-", "bytes=800000-"]

    def test_many_cuts_are_borne_while_the_file_grows(self, tmp_path: Path, server: Portal) -> None:
        server.content["experiences"] = BIG
        server.behave("experiences", *[Cut(100_000)] * 10)  # more than the attempts in vain that are allowed
        assert bring(tmp_path, server)["experiences"].state == "resumed"

    def test_a_server_that_ignores_ranges_is_read_from_the_start(self, tmp_path: Path, server: Portal) -> None:
        server.content["experiences"], server.ranges = BIG, False
        server.behave("experiences", Cut(300_000), Cut(200_000))
        assert bring(tmp_path, server)["experiences"].state == "downloaded"
        assert in_place(tmp_path) == BIG

    def test_cuts_that_never_go_further_end(self, tmp_path: Path, server: Portal, waits: list[float]) -> None:
        server.content["fiches"], server.ranges = fiches(), False
        server.always("fiches", Cut(50))
        assert "/3.3/" in bring(tmp_path, server, waits)["fiches"].url
        assert len(server.asked("fiches")) == 4

    def test_a_file_changed_between_two_parts_starts_again(self, tmp_path: Path, server: Portal) -> None:
        server.chunked.clear()
        new = server.content["structures"] + b"CD34;Caf du Rh\xc3\xb4ne;Caf\n"
        server.behave("structures", Cut(40), Republish(new))
        assert bring(tmp_path, server)["structures"].state == "downloaded"
        assert in_place(tmp_path, "structures.csv") == new
        assert "if-range" in server.asked("structures")[1].headers

    def test_an_export_cut_in_the_middle_is_seen_and_asked_again(self, tmp_path: Path, server: Portal) -> None:
        server.behave("structures", Cut(60))  # no length is announced: the missing end of the chunks says it
        assert bring(tmp_path, server)["structures"].state == "downloaded"
        assert in_place(tmp_path, "structures.csv") == server.content["structures"]

    def test_a_slow_server_is_left_and_asked_for_the_rest(self, tmp_path: Path, server: Portal) -> None:
        server.content["experiences"] = BIG
        server.behave("experiences", Slow(500_000, 8.0))
        assert bring(tmp_path, server, timeout=2.0)["experiences"].state == "resumed"
        assert in_place(tmp_path) == BIG

    def test_a_wrong_checksum_is_asked_again(self, tmp_path: Path, server: Portal) -> None:
        good = server.content["experiences"]
        server.behave("experiences", Body(good.replace(b"Positif", b"Neutre!")))
        assert bring(tmp_path, server)["experiences"].state == "downloaded"
        assert in_place(tmp_path) == good

    @pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
    def test_a_checksum_that_never_matches_leads_to_the_portals_own_export(
        self, tmp_path: Path, server: Portal, algorithm: str
    ) -> None:
        server.checksum = {"type": algorithm, "value": "0" * 40}
        assert "exports/csv" in bring(tmp_path, server)["experiences"].url
        assert len(server.asked("experiences")) == 3

    def test_fiches_in_the_new_layout_missing_come_in_the_earlier_one(self, tmp_path: Path, server: Portal) -> None:
        server.always("fiches", Status(404))
        assert "/3.3/" in bring(tmp_path, server)["fiches"].url
        server.requests.clear()
        assert bring(tmp_path, server)["fiches"].state == "unchanged"
        assert len(server.asked("fiches")) == 1  # 404 is not insisted on

    def test_references_that_can_not_be_had_today_are_those_of_yesterday(self, tmp_path: Path, server: Portal) -> None:
        bring(tmp_path, server)
        server.always("fiches", Status(404))
        server.always("fiches-3.3", Status(404))
        server.day, server.content["experiences"] = 2, experiences(5)
        files = bring(tmp_path, server)
        assert files["experiences"].state == "downloaded"
        assert (files["fiches"].state, "404" in (files["fiches"].error or "")) == ("kept", True)
        assert in_place(tmp_path, "fiches.zip") == fiches()


class TestNothingSpoilt:
    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (Body(PAGE, "text/html; charset=utf-8"), "page web"),
            (Body(PAGE), "page web"),
            (Body(b'[{"id_experience": 1}]\n[{"id_experience": 2}]'), "tableau JSON ; celui du portail est mal formé"),
            (Body(b"a;b\n1;2\n"), "colonne obligatoire absente"),
            (Body(b""), "le fichier est vide"),
            (Status(403), "403"),
            (Status(500), "500"),
        ],
    )
    def test_what_is_not_the_file_never_replaces_it(
        self, tmp_path: Path, server: Portal, wrong: Body | Status, said: str
    ) -> None:
        bring(tmp_path, server)
        server.always("api", Status(404))
        server.always("export", wrong)
        with pytest.raises(VigieError) as refused:
            bring(tmp_path, server)
        assert said in str(refused.value)
        assert "\n" not in str(refused.value)
        assert "datasets/liste" in str(refused.value)  # each address that failed is named
        assert in_place(tmp_path) == experiences()
        assert leftovers(tmp_path) == []

    @pytest.mark.parametrize("wrong", [PAGE, fiches()[:-30], b"PK\x03\x04"])
    def test_a_damaged_zip_is_refused(self, tmp_path: Path, server: Portal, wrong: bytes) -> None:
        bring(tmp_path, server)
        server.content["fiches"] = server.content["fiches-3.3"] = wrong
        assert bring(tmp_path, server)["fiches"].state == "kept"
        assert zipfile.ZipFile(tmp_path / "downloads" / "fiches.zip").testzip() is None

    def test_without_anything_from_before_a_missing_reference_fails(self, tmp_path: Path, server: Portal) -> None:
        server.always("structures", Status(404))
        with pytest.raises(VigieError, match="structures : téléchargement impossible"):
            bring(tmp_path, server)
        assert in_place(tmp_path) == experiences()  # the rest came

    def test_no_room_is_said_before_anything_is_written(
        self, tmp_path: Path, server: Portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usage = namedtuple("usage", "total used free")
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(1000, 990, 10))
        with pytest.raises(VigieError, match="pas assez de place"):
            bring(tmp_path, server)

    def test_a_disk_that_fills_up_is_said_and_given_back(
        self, tmp_path: Path, server: Portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(transfer, "drop", lambda _part: None)  # so that the device below stays
        (tmp_path / "downloads").mkdir()
        (tmp_path / "downloads" / "experiences.csv.part").symlink_to("/dev/full")
        server.content["experiences"] = BIG
        with pytest.raises(VigieError, match="est plein : libérez de la place"):
            bring(tmp_path, server)
        assert not (tmp_path / "downloads" / "experiences.csv").exists()

    def test_two_downloads_at_once_are_refused(self, tmp_path: Path, server: Portal) -> None:
        (tmp_path / "downloads").mkdir()
        with download._alone(tmp_path / "downloads"), pytest.raises(VigieError, match="un autre téléchargement"):
            bring(tmp_path, server)


class TestKilled:
    CODE = """
import sys
from pathlib import Path
from data import download
from data.portal import Addresses
download.download(Path(sys.argv[1]), Addresses(*sys.argv[2:]))
"""

    def test_a_killed_download_goes_on_from_its_last_byte(self, tmp_path: Path, server: Portal) -> None:
        server.content["experiences"] = BIG
        server.behave("experiences", Slow(700_000, 20.0))
        addresses = server.addresses
        arguments = [str(tmp_path), addresses.dataset, addresses.explore, addresses.dila]
        process = subprocess.Popen([sys.executable, "-c", self.CODE, *arguments], cwd=ROOT)
        part = tmp_path / "downloads" / "experiences.csv.part"
        limit = time.monotonic() + 60
        try:
            while time.monotonic() < limit and not (part.exists() and part.stat().st_size):
                time.sleep(0.02)
        finally:
            process.kill()
            process.wait()
        held = part.stat().st_size
        assert 0 < held <= 700_000
        assert not (tmp_path / "downloads" / "experiences.csv").exists()
        file = bring(tmp_path, server)["experiences"]
        assert file.state == "resumed"
        assert server.asked("experiences")[-1].headers["range"] == f"bytes={held}-"
        assert in_place(tmp_path) == BIG

    def test_a_whole_part_is_put_in_place_without_asking_again(
        self, tmp_path: Path, server: Portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(sources, "open_source", _killed)
            with pytest.raises(KeyboardInterrupt):
                bring(tmp_path, server)
        assert bring(tmp_path, server)["experiences"].state == "resumed"
        assert len(server.asked("experiences")) == 1

    def test_the_part_of_yesterdays_file_is_not_continued(self, tmp_path: Path, server: Portal) -> None:
        server.content["experiences"] = BIG
        server.always("experiences", Cut(0))
        server.behave("experiences", Cut(400_000))
        server.always("export", Status(404))
        with pytest.raises(VigieError):
            bring(tmp_path, server)
        assert (tmp_path / "downloads" / "experiences.csv.part").stat().st_size == 400_000
        server.constant.clear()
        server.requests.clear()
        server.day, server.content["experiences"] = 2, experiences(25_000)
        assert bring(tmp_path, server)["experiences"].state == "downloaded"
        assert "range" not in server.asked("experiences")[0].headers
        assert in_place(tmp_path) == experiences(25_000)


def _killed(*_args: object) -> None:
    raise KeyboardInterrupt


class TestSurroundings:
    def test_progress_is_told_to_the_page(
        self, tmp_path: Path, server: Portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("VIGIE_PROGRESS", str(tmp_path / "progress.json"))
        bring(tmp_path / "home", server)
        told = json.loads((tmp_path / "progress.json").read_text("utf-8"))
        assert told["step"] == "Fiches service-public.fr"
        assert 0.9 <= told["done"] <= 1.0

    def test_no_bar_away_from_a_terminal(
        self, tmp_path: Path, server: Portal, capfd: pytest.CaptureFixture[str]
    ) -> None:
        bring(tmp_path, server)
        assert capfd.readouterr() == ("", "")

    def test_the_proxy_of_the_environment_is_used(
        self, tmp_path: Path, server: Portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", server.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        server.url = "http://portail.invalid"
        assert bring(tmp_path, server)["experiences"].state == "downloaded"
        assert server.requests[0].path.startswith("http://portail.invalid/api/")

    def test_certificates_that_can_not_be_read_are_said(
        self, tmp_path: Path, server: Portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
        with pytest.raises(VigieError, match="certificat inutilisables"):
            bring(tmp_path, server)

    def test_the_command_prints_one_json_object(
        self, tmp_path: Path, server: Portal, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(download, "Addresses", lambda: server.addresses)
        assert command.main(["download", "--home", str(tmp_path), "--json"]) == 0
        told = json.loads(capfd.readouterr().out)
        keys = {"kind", "path", "url", "bytes", "state", "last_modified", "sha256"}
        assert [set(file) for file in told["files"]] == [keys] * 3
        assert told["duration_s"] >= 0

    def test_a_failure_is_one_line_and_exit_code_1(
        self, tmp_path: Path, server: Portal, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        for kind in ("api", "export"):
            server.always(kind, Status(404))
        monkeypatch.setattr(download, "Addresses", lambda: server.addresses)
        assert command.main(["download", "--home", str(tmp_path), "--json"]) == 1
        out, err = capfd.readouterr()
        assert out == ""
        assert err.strip().splitlines()[-1].startswith("erreur : experiences : téléchargement impossible : ")
        assert "Traceback" not in err

    def test_what_was_downloaded_can_be_ingested_by_the_job(self, tmp_path: Path, server: Portal) -> None:
        bring(tmp_path, server)
        steps = jobs.download_steps(tmp_path)
        assert [step.argv[:2] for step in steps] == [("data", "download"), ("data", "ingest"), ("refresh", "--home")]
        environment = {**os.environ, "VIGIE_HOME": str(tmp_path)}
        ended = subprocess.run(
            [sys.executable, "-m", *steps[1].argv, "--json"],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        assert json.loads(ended.stdout)["loaded"] == 3

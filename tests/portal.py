"""A loopback server that behaves like data.gouv.fr, the Services Publics+ portal and DILA: on good days and bad ones.

`Portal` serves small files at the real paths. Its fields say what it publishes; `behave(kind, *behaviours)` queues what
goes wrong, one behaviour a request of that kind ('api', 'experiences', 'export', 'structures', 'fiches' 3.4,
'fiches-3.3'), then all is well again; `always` never ends. `requests` holds what was asked, in order.
"""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from data.portal import Addresses

PAGE = b"<!DOCTYPE html><html><body>Maintenance</body></html>"
MODIFIED = "Mon, 23 Nov 2026 04:00:00 GMT"


def experiences(rows: int = 3, body: str = "Accueil agréable") -> bytes:
    """A CSV as the portal writes it."""
    lines = ["ID expérience;Date de publication;Titre;Description;Ressenti usager"]
    lines += [f'{n};2026-11-22T10:00:00+01:00;"Avis {n}";"{body}";Positif' for n in range(1, rows + 1)]
    return b"\xef\xbb\xbf" + "\n".join([*lines, ""]).encode()


def structures() -> bytes:
    """A referential of one structure."""
    text = '"Code SP+ de la structure";"Intitulé de la structure";"Intitulé du réseau"\nAB12;Caf du Nord;Caf\n'
    return b"\xef\xbb\xbf" + text.encode()


def fiches() -> bytes:
    """A DILA zip of one fiche."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        xml = (
            '<Publication xmlns:dc="http://purl.org/dc/elements/1.1/" ID="F1" type="Fiche"'
            ' spUrl="https://www.service-public.gouv.fr/particuliers/vosdroits/F1"><dc:title>Passeport</dc:title>'
            "<Introduction><Texte><Paragraphe>Demander un passeport.</Paragraphe></Texte></Introduction></Publication>"
        )
        archive.writestr(zipfile.ZipInfo("F1.xml"), xml)
    return packed.getvalue()


@dataclass(frozen=True)
class Cut:
    """Close the connection after that many bytes."""

    after: int


@dataclass(frozen=True)
class Slow:
    """Send that many bytes, then wait."""

    after: int
    seconds: float


@dataclass(frozen=True)
class Status:
    """Answer an error."""

    code: int
    retry_after: str | None = None


@dataclass(frozen=True)
class Body:
    """Answer other bytes, whole."""

    content: bytes
    kind: str = "application/octet-stream"


@dataclass(frozen=True)
class Republish:
    """Publish another version under the same address, then answer."""

    content: bytes


Behaviour = Cut | Slow | Status | Body | Republish


@dataclass(frozen=True)
class Request:
    """What was asked."""

    kind: str
    path: str
    headers: dict[str, str]


@dataclass
class Portal:
    """What the server publishes, and how it behaves."""

    url: str
    content: dict[str, bytes]
    day: int = 1  # the address of the experiences changes every day
    ranges: bool = True
    etags: bool = True
    checksum: dict[str, str] | None = None  # said by the API instead of the true one
    checksums: bool = True
    chunked: set[str] = field(default_factory=lambda: {"structures", "export"})  # exports are made on the fly
    requests: list[Request] = field(default_factory=list)
    queued: dict[str, list[Behaviour]] = field(default_factory=lambda: defaultdict(list))
    constant: dict[str, Behaviour] = field(default_factory=dict)

    @property
    def addresses(self) -> Addresses:
        """The addresses to download from."""
        return Addresses(f"{self.url}/api/1/datasets/liste/", f"{self.url}/explore/datasets", f"{self.url}/vdd")

    def behave(self, kind: str, *behaviours: Behaviour) -> None:
        """One behaviour for each of the next requests of a kind."""
        self.queued[kind] += behaviours

    def always(self, kind: str, behaviour: Behaviour) -> None:
        """The same behaviour for every request of a kind."""
        self.constant[kind] = behaviour

    def asked(self, kind: str) -> list[Request]:
        """The requests of one kind."""
        return [request for request in self.requests if request.kind == kind]

    def dataset(self) -> bytes:
        """The API's answer of the day."""
        content = self.content["experiences"]
        true = {"type": "sha1", "value": hashlib.sha1(content).hexdigest()}
        resource = {
            "format": "csv",
            "url": f"{self.url}/resources/2026-11-{self.day:02}/experiences.csv",
            "filesize": len(content),
            "last_modified": f"2026-11-{self.day:02}T04:00:00+00:00",
            "checksum": (self.checksum or true) if self.checksums else None,
        }
        return json.dumps({"resources": [{"format": "json", "url": f"{self.url}/big.json"}, resource]}).encode()

    def kind_of(self, path: str) -> str | None:
        """Which file a path is, today; None when nothing is there."""
        return {
            "/api/1/datasets/liste/": "api",
            f"/resources/2026-11-{self.day:02}/experiences.csv": "experiences",
            "/explore/datasets/export-experiences/exports/csv": "export",
            "/explore/datasets/export-structures/exports/csv": "structures",
            "/vdd/3.4/part/zip/vosdroits-latest.zip": "fiches",
            "/vdd/3.3/part/zip/vosdroits-latest.zip": "fiches-3.3",
        }.get(path)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    portal: Portal

    def do_GET(self) -> None:
        portal = self.portal
        kind = portal.kind_of(urlsplit(self.path).path)  # a proxy is asked for the whole address
        headers = {name.lower(): value for name, value in self.headers.items()}
        portal.requests.append(Request(kind or "missing", self.path, headers))
        behaviour = portal.constant.get(kind or "")
        if kind and portal.queued[kind]:
            behaviour = portal.queued[kind].pop(0)
        if kind is None:
            self._answer(404, b"", {})
        elif isinstance(behaviour, Status):
            self._answer(behaviour.code, b"", {"Retry-After": behaviour.retry_after} if behaviour.retry_after else {})
        elif isinstance(behaviour, Body):
            self._answer(200, behaviour.content, {"Content-Type": behaviour.kind})
        else:
            if isinstance(behaviour, Republish):
                portal.content[kind] = behaviour.content
            self._serve(kind, headers, behaviour)

    def _serve(self, kind: str, asked: dict[str, str], behaviour: Behaviour | None) -> None:
        portal = self.portal
        content = portal.dataset() if kind == "api" else portal.content[kind]
        chunked = kind in portal.chunked
        etag = f'"{hashlib.md5(content).hexdigest()}"'
        headers = {"ETag": etag, "Last-Modified": MODIFIED} if portal.etags and not chunked and kind != "api" else {}
        if headers and asked.get("if-none-match") == etag:
            self._answer(304, b"", headers)
            return
        start = 0
        wanted = asked.get("range")
        if wanted and portal.ranges and not chunked and asked.get("if-range", etag) == etag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._answer(206 if start else 200, content[start:], headers, behaviour, chunked)

    def _answer(
        self,
        status: int,
        content: bytes,
        headers: dict[str, Any],
        behaviour: Behaviour | None = None,
        chunked: bool = False,
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header(*(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(content)))))
        self.end_headers()
        try:
            if isinstance(behaviour, (Cut, Slow)):
                self._write(content[: behaviour.after], chunked)
                if isinstance(behaviour, Cut):
                    self.close_connection = True
                    return
                time.sleep(behaviour.seconds)
                content = content[behaviour.after :]
            self._write(content, chunked)
            if chunked:
                self.wfile.write(b"0\r\n\r\n")
        except OSError:  # the client left
            self.close_connection = True

    def _write(self, content: bytes, chunked: bool) -> None:
        if chunked:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(content), content))
        else:
            self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, *_args: object) -> None:
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_args: object) -> None:  # a client that leaves in the middle is what these tests do
        return None


@contextmanager
def serving() -> Iterator[Portal]:
    """A portal on a free port of the loopback address."""
    handler = type("Handler", (_Handler,), {})
    server = _Server(("127.0.0.1", 0), handler)
    content = {"structures": structures(), "fiches": fiches(), "fiches-3.3": fiches()}
    content |= dict.fromkeys(("experiences", "export"), experiences())
    handler.portal = Portal(f"http://127.0.0.1:{server.server_port}", content)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield handler.portal  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

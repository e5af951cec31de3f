"""One file over the network: streamed, resumed where it was cut, checked, tried again when that may help.

The received bytes lie in a `.part` file with the server's validators beside it (`.part.json`), so that a killed process
resumes. The rules it protects: bytes of two versions of a file are never put together (If-Range, and the entity tag and
length of what comes back are compared); a file is handed over only when it is whole; a server that asks to wait is
obeyed.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from data.errors import VigieError
from data.network import Interrupted, Patience, Refused, accept, guarded, refuse_page

_BLOCK = 1 << 20
_SPOILT = 2  # times a file that does not match its checksum is asked for again


class Unchanged(Exception):
    """The server still has the version we know."""


@dataclass(frozen=True)
class Target:
    """A file to fetch, and what its publisher says of it."""

    url: str
    checksum: str | None = None  # 'sha1:…' or 'sha256:…', hexadecimal
    size: int | None = None  # bytes
    published: str | None = None  # date of the file, as the publisher writes it


@dataclass(frozen=True)
class Validators:
    """What a server says of the version of a file it sends."""

    etag: str | None = None
    modified: str | None = None  # Last-Modified


_NONE = Validators()


@dataclass(frozen=True)
class Received:
    """A whole file, checked, in its `.part`."""

    sha256: str
    size: int
    validators: Validators
    resumed: bool  # part of it came from an earlier connection


def fetch(
    client: httpx.Client,
    target: Target,
    part: Path,
    patience: Patience,
    *,
    known: Validators = _NONE,
    tell: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> Received:
    """Bring the file of `target` into `part`, from where it stands. `tell` hears the bytes held and their total.

    Raises Unchanged when the server still has the version `known`, Refused, or VigieError when this machine can't keep
    the file.
    """
    transfer = _Transfer(client, target, part, patience, known, tell)
    transfer.furthest = transfer.size
    return patience.insist(transfer.attempt, lambda: transfer.vain)


def drop(part: Path) -> None:
    """Forget what was received."""
    part.unlink(missing_ok=True)
    _notes(part).unlink(missing_ok=True)


def digests(path: Path, *algorithms: str) -> tuple[str, ...]:
    """Hexadecimal digests of a file, in one pass."""
    hashes = [hashlib.new(name) for name in algorithms]
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            for digest in hashes:
                digest.update(block)
    return tuple(digest.hexdigest() for digest in hashes)


def replace(draft: Path, path: Path) -> None:
    """Put a finished file in place of another, once it is safely on the disk."""
    with draft.open("rb+") as stream:
        os.fsync(stream.fileno())
    os.replace(draft, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write(path: Path, text: str) -> None:
    """Write a small file, whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text, "utf-8")
    os.replace(draft, path)


@dataclass(frozen=True)
class _Notes:
    """What is known of the file whose first bytes are in `.part`."""

    url: str
    checksum: str | None
    etag: str | None
    modified: str | None
    total: int | None


@dataclass
class _Transfer:
    client: httpx.Client
    target: Target
    part: Path
    patience: Patience
    known: Validators
    tell: Callable[[int, int | None], None]
    furthest: int = 0  # bytes ever held
    vain: int = 0  # attempts in a row that went no further
    spoilt: int = 0  # files that did not match what their publisher says
    resumed: bool = False

    @property
    def size(self) -> int:
        """Bytes held."""
        try:
            return self.part.stat().st_size
        except FileNotFoundError:
            return 0

    def attempt(self) -> Received:
        """One connection. Raises Interrupted when another may do better."""
        try:
            with guarded(self.target.url):
                return self._once()
        except Interrupted:
            self.vain = 1 if self.size > self.furthest else self.vain + 1
            self.furthest = max(self.furthest, self.size)
            raise

    def _once(self) -> Received:
        held = self._held()
        if held is not None and held.total == self.size:
            self.resumed = True
            return self._checked(held)
        with self.client.stream("GET", self.target.url, headers=self._headers(held)) as response:
            if response.status_code == 304 and self.known != _NONE:
                raise Unchanged
            if response.status_code == 416 or (response.status_code == 206 and not self._continues(response, held)):
                drop(self.part)
                raise Interrupted(f"{self.target.url} : le serveur ne sait pas reprendre le fichier", after=0.0)
            accept(response, self.target.url, self.patience)
            refuse_page(response, self.target.url)
            if held is None or response.status_code == 200:
                held = self._started(response)
            else:
                self.resumed = True
            self._receive(response, held)
        return self._checked(held)

    def _held(self) -> _Notes | None:
        """The notes of what was received before, when it can be continued with this target."""
        try:
            notes = _Notes(**json.loads(_notes(self.part).read_text("utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        size = self.size
        if not size or (notes.total is not None and size > notes.total):
            return None
        same_version = notes.checksum is not None and notes.checksum == self.target.checksum
        same_address = notes.url == self.target.url and notes.checksum == self.target.checksum
        return notes if same_version or (same_address and _strong(notes)) else None

    def _headers(self, held: _Notes | None) -> dict[str, str]:
        headers = {}
        if self.known.etag:
            headers["If-None-Match"] = self.known.etag
        elif self.known.modified:
            headers["If-Modified-Since"] = self.known.modified
        if held is not None:
            headers["Range"] = f"bytes={self.size}-"
            validator = _strong(held)
            if validator and held.url == self.target.url:
                headers["If-Range"] = validator
        return headers

    def _continues(self, response: httpx.Response, held: _Notes | None) -> bool:
        """Whether the answer is the rest of what is held, and of the same version."""
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip())
        if held is None or found is None:
            return False
        moved = held.url == self.target.url and response.headers.get("ETag", held.etag) != held.etag
        return not moved and int(found[1]) == self.size and found[2] in ("*", str(held.total or found[2]))

    def _started(self, response: httpx.Response) -> _Notes:
        """Start again with the version this answer sends; what was packed on the way can't be continued later."""
        packed = response.headers.get("Content-Encoding", "identity") != "identity"
        length = response.headers.get("Content-Length", "")
        framed = length.isdigit() or "chunked" in response.headers.get("Transfer-Encoding", "").lower()
        if not framed and self.target.checksum is None and self.target.size is None:
            raise Refused(f"{self.target.url} : envoyé sans sa longueur, une coupure ne se verrait pas")
        notes = _Notes(
            self.target.url,
            self.target.checksum,
            etag=None if packed else response.headers.get("ETag"),
            modified=None if packed else response.headers.get("Last-Modified"),
            total=int(length) if length.isdigit() and not packed else None,
        )
        drop(self.part)
        write(_notes(self.part), json.dumps(asdict(notes)))
        self.resumed = False
        return notes

    def _receive(self, response: httpx.Response, notes: _Notes) -> None:
        done = self.size
        if notes.total is not None:
            room = shutil.disk_usage(self.part.parent).free
            if room < notes.total - done:
                raise VigieError(
                    f"pas assez de place sur le disque de {self.part.parent} : {_mb(notes.total - done)} à recevoir,"
                    f" {_mb(room)} libres"
                )
        self.tell(done, notes.total or self.target.size)
        with self.part.open("ab") as out:
            for block in response.iter_bytes():
                out.write(block)
                done += len(block)
                self.tell(done, notes.total or self.target.size)

    def _checked(self, notes: _Notes) -> Received:
        """The received file against its length and its checksum. Raises Interrupted, then Refused when it insists."""
        size = self.size
        algorithm, _, expected = (self.target.checksum or "sha256:").partition(":")
        sha256, found = digests(self.part, "sha256", algorithm) if size else ("", "")
        wrong = None
        if notes.total is not None and size != notes.total:
            wrong = f"{size} octets reçus, {notes.total} annoncés"
        elif expected and found != expected:
            wrong = f"la somme {algorithm} n'est pas celle de l'éditeur"
        elif not expected and self.target.size is not None and size != self.target.size:
            wrong = f"{size} octets reçus, {self.target.size} publiés"
        if wrong is None:
            return Received(sha256, size, Validators(notes.etag, notes.modified), self.resumed)
        drop(self.part)
        self.resumed = False
        self.spoilt += 1
        if self.spoilt > _SPOILT:
            raise Refused(f"{self.target.url} : {wrong}")
        raise Interrupted(f"{self.target.url} : {wrong}")


def _notes(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _strong(notes: _Notes) -> str | None:
    """What `If-Range` may carry: a strong entity tag, or the date of the file."""
    return notes.etag if notes.etag and not notes.etag.startswith("W/") else notes.modified


@contextmanager
def disk(part: Path) -> Iterator[None]:
    """Failures of this machine's disk, in one line each; a full disk is given back what was received."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            drop(part)
            raise VigieError(
                f"le disque de {part.parent} est plein : libérez de la place, puis relancez le téléchargement"
            ) from None
        raise VigieError(f"{part}: {error.strerror}") from None


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f} Mo"

"""Bringing the open data in: today's experiences, structures and fiches, in the `downloads` folder of a home.

The rules it protects: what is in `downloads` is always a whole file that ingest can read, replaced in one instant and
only by such a file; a file that has not changed is not fetched again; when one address fails the next is tried, and
when all do, the error names each.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import logging
import os
import shutil
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
from tqdm import tqdm

from data import cli, settings, sources, transfer
from data.columns import REVIEWS, REVIEWS_REQUIRED, STRUCTURES, STRUCTURES_REQUIRED
from data.errors import BadFile, VigieError
from data.network import Gone, Patience, Refused, ask
from data.portal import FILES, LABELS, Addresses, Find, Kind, offers
from data.transfer import Received, Target, Unchanged, Validators

log = logging.getLogger(__name__)
_SHARE: dict[Kind, float] = {"experiences": 0.9, "structures": 0.04, "fiches": 0.06}  # of the bytes to receive
_TOLD_EVERY = 0.5  # seconds
_TIMEOUT = httpx.Timeout(60.0, connect=15.0)


@dataclass(frozen=True)
class File:
    """One file of the folder, after a download."""

    kind: str
    path: str
    url: str
    bytes: int
    state: str  # 'downloaded' | 'resumed' | 'unchanged' | 'kept' (no address answered: the earlier file stays)
    last_modified: str | None  # ISO 8601, as published
    sha256: str
    error: str | None = None  # why it was kept


@dataclass(frozen=True)
class Receipt:
    """Where the file in place came from, written beside it."""

    url: str
    bytes: int
    sha256: str
    checksum: str | None
    published: str | None
    etag: str | None
    modified: str | None

    def is_of(self, target: Target) -> bool:
        """Whether the publisher describes the very file we have."""
        if target.checksum is not None:
            return target.checksum in (self.checksum, f"sha256:{self.sha256}")
        return target.published is not None and (target.published, target.size or self.bytes) == (
            self.published,
            self.bytes,
        )

    @property
    def last_modified(self) -> str | None:
        """Date of the file, from the publisher or else from the server."""
        if self.published or not self.modified:
            return self.published
        try:
            return parsedate_to_datetime(self.modified).isoformat()
        except ValueError:
            return None


def download(
    home: Path,
    addresses: Addresses | None = None,
    *,
    patience: Patience | None = None,
    timeout: httpx.Timeout | float = _TIMEOUT,
) -> list[File]:
    """Fetch what changed into `<home>/downloads`. Raises VigieError; the files in place then stay as they were.

    Structures or fiches that no address gives today are kept from an earlier day, when there is one.
    """
    folder = Path(home) / "downloads"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VigieError(f"{folder}: {error.strerror}") from None
    files: list[File] = []
    failures: list[str] = []
    with _alone(folder), _client(timeout) as client, _Progress() as progress:
        for kind in FILES:
            progress.begin(kind)
            path = folder / FILES[kind]
            errand = _Errand(
                client, kind, path, addresses or Addresses(), patience or Patience(), progress, _receipt(path)
            )
            try:
                with transfer.disk(errand.part):
                    files.append(errand.run())
            except Refused as error:
                kept = errand.kept(str(error)) if kind != "experiences" else None
                if kept is None:
                    failures.append(str(error))
                else:
                    log.warning("%s; the earlier file is kept", error)
                    files.append(kept)
    if failures:
        raise VigieError(" ; ".join(failures))
    return files


@dataclass(frozen=True)
class _Errand:
    """One kind of file to bring."""

    client: httpx.Client
    kind: Kind
    path: Path
    addresses: Addresses
    patience: Patience
    progress: _Progress
    receipt: Receipt | None

    @property
    def part(self) -> Path:
        """Where the file is received."""
        return self.path.with_name(f"{self.path.name}.part")

    def run(self) -> File:
        refusals = []
        for find in offers(self.kind, self.addresses, lambda url: ask(self.client, url, self.patience)):
            try:
                return self._from(find)
            except Refused as error:
                log.warning("%s", error)
                refusals.append(str(error))
        raise Refused(f"{self.kind} : téléchargement impossible : " + " ; puis ".join(refusals))

    def kept(self, error: str) -> File | None:
        """The file of an earlier day, when there is a sound one."""
        return replace(self._file(self.receipt, "kept"), error=error) if self.receipt else None

    def _from(self, find: Find) -> File:
        target = find()
        try:
            return self._take(target)
        except Gone:  # republished since we asked: the file has a new address
            again = find()
            if again.url == target.url:
                raise
            return self._take(again)

    def _take(self, target: Target) -> File:
        if self.receipt is not None and self.receipt.is_of(target):
            transfer.drop(self.part)
            return self._file(self.receipt, "unchanged")
        if self.receipt is not None and self.receipt.url == target.url:
            try:
                return self._publish(target, self._fetch(target, Validators(self.receipt.etag, self.receipt.modified)))
            except Unchanged:
                transfer.drop(self.part)
                return self._file(self.receipt, "unchanged")
        return self._publish(target, self._fetch(target, Validators()))

    def _fetch(self, target: Target, known: Validators) -> Received:
        return transfer.fetch(self.client, target, self.part, self.patience, known=known, tell=self.progress.tell)

    def _publish(self, target: Target, got: Received) -> File:
        """Put the received file in place, with its receipt, unless the same bytes are there already."""
        self._look(target)
        receipt = Receipt(
            target.url, got.size, got.sha256, target.checksum, target.published,
            got.validators.etag, got.validators.modified,
        )  # fmt: skip
        same = self.receipt is not None and self.receipt.sha256 == got.sha256
        if not same:
            transfer.replace(self.part, self.path)
        transfer.write(_receipt_path(self.path), json.dumps(asdict(receipt), ensure_ascii=False, indent=1))
        transfer.drop(self.part)
        return self._file(receipt, "unchanged" if same else "resumed" if got.resumed else "downloaded")

    def _look(self, target: Target) -> None:
        """Refuse what ingest could not read, before it replaces what it can."""
        try:
            if self.kind == "fiches":
                _zip(self.part)
            else:
                _csv(self.part, self.kind)
        except BadFile as error:
            transfer.drop(self.part)
            raise Refused(f"{target.url} : {str(error).removeprefix(f'{self.part} : ')}") from None

    def _file(self, receipt: Receipt, state: str) -> File:
        return File(self.kind, str(self.path), receipt.url, receipt.bytes, state, receipt.last_modified, receipt.sha256)


def _csv(path: Path, kind: Kind) -> None:
    names, required = (REVIEWS, REVIEWS_REQUIRED) if kind == "experiences" else (STRUCTURES, STRUCTURES_REQUIRED)
    scratch = path.with_name(".scratch")
    shutil.rmtree(scratch, ignore_errors=True)  # a killed process may have left one
    scratch.mkdir()
    try:
        sources.open_source(path, scratch, names, required)
    finally:
        shutil.rmtree(scratch)


def _zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            if not any(Path(name).name.startswith("F") and name.endswith(".xml") for name in archive.namelist()):
                raise BadFile(f"{path} : un zip sans aucune fiche (F*.xml)")
            damaged = archive.testzip()
    except (zipfile.BadZipFile, EOFError, OSError):
        raise BadFile(f"{path} : pas une archive zip, ou une archive endommagée") from None
    if damaged:
        raise BadFile(f"{path} : archive zip endommagée ({damaged})")


def _receipt_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.json")


def _receipt(path: Path) -> Receipt | None:
    """The receipt of the file in place; None when either is missing or when they disagree."""
    try:
        receipt = Receipt(**json.loads(_receipt_path(path).read_text("utf-8")))
        if path.stat().st_size != receipt.bytes or transfer.digests(path, "sha256") != (receipt.sha256,):
            return None
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return receipt


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One download at a time in a folder; the lock goes with the process that holds it."""
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise VigieError(f"un autre téléchargement est en cours dans {folder}") from None
        yield


@contextmanager
def _client(timeout: httpx.Timeout | float) -> Iterator[httpx.Client]:
    """A client that honours the proxy and the certificates of the environment (HTTPS_PROXY, SSL_CERT_FILE…)."""
    headers = {"User-Agent": "Vigie", "Accept-Encoding": "identity"}
    try:
        client = httpx.Client(timeout=timeout, headers=headers, follow_redirects=True, trust_env=True)
    except (OSError, ValueError) as error:
        raise VigieError(f"réglages de proxy ou de certificat inutilisables : {error}") from None
    with client:
        yield client


class _Progress:
    """Where we are: a bar on a terminal, and the file that `VIGIE_PROGRESS` names."""

    def __init__(self) -> None:
        name = os.environ.get("VIGIE_PROGRESS")
        self.file = Path(name) if name else None
        self.kind: Kind = "experiences"
        self.before = 0.0
        self.told = 0.0
        self.bar: tqdm[Any] | None = None

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_error: object) -> None:
        self._close()

    def begin(self, kind: Kind) -> None:
        self._close()
        self.before = sum(_SHARE[earlier] for earlier in list(FILES)[: list(FILES).index(kind)])
        self.kind = kind
        self.bar = tqdm(disable=None, file=sys.stderr, desc=LABELS[kind], unit="o", unit_scale=True, unit_divisor=1000)
        self._write(0.0)

    def tell(self, done: int, total: int | None) -> None:
        """Bytes held of the file under way, and how many there will be."""
        if self.bar is not None:
            self.bar.total = total
            self.bar.update(done - self.bar.n)
        now = time.monotonic()
        if now - self.told >= _TOLD_EVERY:
            self.told = now
            self._write(min(1.0, done / total) if total else 0.0)

    def _write(self, share: float) -> None:
        if self.file is not None:
            done = round(self.before + _SHARE[self.kind] * share, 3)
            transfer.write(self.file, json.dumps({"step": LABELS[self.kind], "done": done}, ensure_ascii=False))

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()


def add_parser(commands: Any) -> None:
    """Declare `download` among the subcommands of `python -m data`."""
    parser = commands.add_parser(
        "download", parents=[cli.options()], help="fetch today's open data into the home's downloads folder"
    )
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> Mapping[str, Any]:
    """`python -m data download`."""
    if not args.debug:
        logging.getLogger("httpx").setLevel(logging.WARNING)
    started = time.perf_counter()
    files = download(settings.load(args.home).home)
    listed = [{key: value for key, value in asdict(file).items() if key != "error" or value} for file in files]
    return {"files": listed, "duration_s": round(time.perf_counter() - started, 3)}


def show(result: Mapping[str, Any]) -> str:
    """The files, for people."""
    lines = [
        f"{file['path']}: {file['state']}, {file['bytes'] / 1e6:.1f} MB, of {file['last_modified'] or 'unknown date'}"
        for file in result["files"]
    ]
    return "\n".join([*lines, f"in {result['duration_s']:.1f} s"])

"""The files a person gives to ingest, opened: what each one is, and a copy DuckDB can read when it can't as it stands.

Owns the recognition of kinds (CSV, gzip, parquet, JSON lines), of delimiters and of encodings. The rules it protects:
what is not such a file is refused in one clear line before anything is written; a byte that is not UTF-8 is read as
cp1252, never dropped.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from data.columns import REVIEWS, REVIEWS_REQUIRED, Header, read_header
from data.errors import BadFile

_BLOCK = 8 << 20
_DELIMITERS = ";,\t|"
_CONTROL = bytes(b for b in range(32) if b not in b"\t\n\r\f")  # none of them in a text
_HANDLER = "vigie-cp1252"
_UNDEFINED = frozenset((0x81, 0x8D, 0x8F, 0x90, 0x9D))  # bytes that cp1252 leaves out
_C1 = re.compile(rb"\xc2[\x80-\x9f]")
_ENTITY = re.compile(rb"&(?:nbsp|amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);")
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


@dataclass(frozen=True)
class Source:
    """A file ready to be read."""

    path: Path  # as given
    readable: Path  # what DuckDB reads: the file itself, or its copy in UTF-8
    kind: Literal["csv", "parquet", "jsonl"]
    header: Header
    width: int  # columns of the file
    sha256: str  # of the file as given
    delimiter: str = ";"
    labels: tuple[str, ...] = ()  # column names as the file spells them
    artefacts: bool = False  # holds cp1252 signs read as latin-1 (U+0080..U+009F)
    entities: bool = False  # holds HTML entities
    reencoded: bool = False  # held bytes that are not UTF-8 text


def open_source(
    path: Path,
    scratch: Path,
    names: Mapping[str, str] = REVIEWS,
    required: Sequence[Mapping[str, str]] = REVIEWS_REQUIRED,
) -> Source:
    """Recognise `path`; copies go to the folder `scratch`. Raises BadFile with what is wrong with the file."""
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except FileNotFoundError:
        raise BadFile(f"{path} : ce fichier n'existe pas") from None
    except OSError as error:
        raise BadFile(f"{path} : lecture impossible ({error.strerror})") from None
    if head.startswith(b"PAR1"):
        return _parquet(path, names, required)
    packed = head.startswith(b"\x1f\x8b")
    if packed:
        with _unpacking(path), gzip.open(path) as stream:
            head = stream.read(4096)
    _refuse_other_kinds(path, head)
    text = _as_utf8(path, scratch, packed)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _jsonl(path, text, names, required)
    return _csv(path, text, names, required)


@dataclass(frozen=True)
class _Text:
    readable: Path
    sha256: str
    artefacts: bool
    entities: bool
    reencoded: bool


class _unpacking:  # noqa: N801 - reads as the statement it is
    """Turns what a damaged gzip raises into one clear error."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, (EOFError, gzip.BadGzipFile, zlib.error)):
            raise BadFile(f"{self.path} : fichier gzip tronqué ou endommagé ; téléchargez-le de nouveau") from None


def _refuse_other_kinds(path: Path, head: bytes) -> None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise BadFile(f"{path} : le fichier est vide")
    if start.startswith(b"PK\x03\x04"):
        raise BadFile(f"{path} : une archive zip, pas un fichier CSV ; décompressez-la d'abord")
    if start.startswith(b"["):
        raise BadFile(
            f"{path} : un tableau JSON ; celui du portail est mal formé, prenez son export csv, jsonl ou parquet"
        )
    if start.startswith(b"<"):
        raise BadFile(f"{path} : une page web ou un document XML, pas un fichier CSV")
    control = sum(head.count(byte) for byte in _CONTROL)
    if start.startswith((b"\xff\xfe", b"\xfe\xff", b"%PDF")) or control * 20 > len(head):
        raise BadFile(f"{path} : pas un fichier CSV (contenu binaire)")


def _as_utf8(path: Path, scratch: Path, packed: bool) -> _Text:
    """One pass over the file: its hash, what must be repaired, and a UTF-8 copy when it can't be read as it stands."""
    digest, artefacts, entities, sound = hashlib.sha256(), False, False, True
    if packed:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    with _unpacking(path), _opened(path, packed) as stream:
        for block in _blocks(stream):
            if not packed:
                digest.update(block)
            sound = sound and _is_sound(block)
            artefacts = artefacts or _C1.search(block) is not None
            entities = entities or _ENTITY.search(block) is not None
    if sound and not packed:
        return _Text(path, digest.hexdigest(), artefacts, entities, False)
    copy = scratch / f"{digest.hexdigest()[:16]}.txt"
    with _opened(path, packed) as stream, copy.open("wb") as out:
        for block in _blocks(stream):
            fixed = block if _is_sound(block) else _reencoded(block)
            artefacts = artefacts or _C1.search(fixed) is not None
            out.write(fixed)
    return _Text(copy, digest.hexdigest(), artefacts, entities, not sound)


def _opened(path: Path, packed: bool) -> BinaryIO:
    return gzip.open(path, "rb") if packed else path.open("rb")  # type: ignore[return-value]


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Blocks that end with a line, so that no character is cut."""
    rest = b""
    while block := stream.read(_BLOCK):
        cut = block.rfind(b"\n") + 1
        if cut:
            yield rest + block[:cut]
            rest = block[cut:]
        else:
            rest += block
    if rest:
        yield rest


def _is_sound(block: bytes) -> bool:
    """Whether a block is UTF-8 text without NUL; Arrow checks it ten times faster than decoding does."""
    if b"\0" in block:
        return False
    ends = pa.array([0, len(block)], pa.int64()).buffers()[1]
    try:
        pa.Array.from_buffers(pa.large_string(), 1, [None, ends, pa.py_buffer(block)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _reencoded(block: bytes) -> bytes:
    """UTF-8 of a block that is not: whole in cp1252, or UTF-8 with stray cp1252 bytes. NUL bytes are taken out."""
    block = block.replace(b"\0", b"")
    if _MULTIBYTE.search(block) is None:
        return block.decode("cp1252", _HANDLER).encode("utf-8")
    return block.decode("utf-8", _HANDLER).encode("utf-8")


def _byte_by_byte(error: UnicodeError) -> tuple[str, int]:
    """Decoding error handler: the bytes at fault as cp1252, or latin-1 where cp1252 has nothing."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(chr(b) if b in _UNDEFINED else bytes((b,)).decode("cp1252") for b in wrong), error.end


codecs.register_error(_HANDLER, _byte_by_byte)


def _csv(path: Path, text: _Text, names: Mapping[str, str], required: Sequence[Mapping[str, str]]) -> Source:
    with text.readable.open(encoding="utf-8-sig", newline="") as stream:
        head = stream.read(1 << 20)
    best: tuple[str, list[str]] = (";", [])
    header = read_header((), names, required)
    for delimiter in _DELIMITERS:
        cells = next(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), [])
        candidate = read_header(cells, names, required)
        if len(candidate.known) > len(header.known) or not best[1]:
            best, header = (delimiter, cells), candidate
    _require(path, header)
    return Source(
        path, text.readable, "csv", header, len(best[1]), text.sha256, best[0], tuple(best[1]),
        text.artefacts, text.entities, text.reencoded,
    )  # fmt: skip


def _jsonl(path: Path, text: _Text, names: Mapping[str, str], required: Sequence[Mapping[str, str]]) -> Source:
    labels: dict[str, None] = {}
    with text.readable.open(encoding="utf-8-sig") as stream:
        for line in stream:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                labels.update(dict.fromkeys(record))
    header = read_header(tuple(labels), names, required)
    _require(path, header)
    return Source(
        path, text.readable, "jsonl", header, len(labels), text.sha256, labels=tuple(labels),
        artefacts=True, entities=True, reencoded=text.reencoded,
    )  # fmt: skip


def _parquet(path: Path, names: Mapping[str, str], required: Sequence[Mapping[str, str]]) -> Source:
    try:
        with duckdb.connect() as db:
            described = db.execute("DESCRIBE SELECT * FROM read_parquet($path)", {"path": str(path)})
            labels = tuple(row[0] for row in described.fetchall())
    except duckdb.Error as error:
        raise BadFile(f"{path} : fichier parquet endommagé ({str(error).splitlines()[0]})") from None
    header = read_header(labels, names, required)
    _require(path, header)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Source(path, path, "parquet", header, len(labels), digest, labels=labels, artefacts=True, entities=True)


def _require(path: Path, header: Header) -> None:
    if header.missing:
        wanted = ", ".join(f"« {label} »" for label in header.missing)
        raise BadFile(f"{path} : colonne obligatoire absente : {wanted} ; est-ce bien l'export du portail ?")

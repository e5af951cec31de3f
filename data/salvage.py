"""Cutting a damaged CSV into records without losing the neighbours of a broken one.

DuckDB's strict reader takes well-formed files at full speed and stops at the first fault; this module is what serves
then. It walks the text with a pattern that matches exactly one well-formed record of the expected width, and where that
fails it gives up one record only: from the fault to the next line that starts a well-formed record. The rule it
protects: every byte of the file belongs to one kept record or to one refused record.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

_LINE_END = r"(?:\r?\n|\r|\Z)"
_BLOCK = 16 << 20


@dataclass(frozen=True)
class Record:
    """One record of a file. Refused when `reason` is set; `raw` then holds its text."""

    line: int  # physical line it starts on, 1-based
    cells: tuple[str, ...] = ()
    reason: str | None = None
    raw: str = ""


def stream(source: TextIO, delimiter: str, width: int, key: int, first_line: int = 1) -> Iterator[Record]:
    """Records of a stream opened with `newline=""` and placed after its header, in blocks of bounded size."""
    pattern, starts = _record(delimiter, width), _start(delimiter, width, key)
    text, line = "", first_line
    while block := source.read(_BLOCK):
        text += block
        cut = _boundary(text, pattern, starts)
        yield from records(text[:cut], delimiter, width, key, line)
        line += _lines(text[:cut])
        text = text[cut:]
    yield from records(text, delimiter, width, key, line)


def records(text: str, delimiter: str, width: int, key: int, first_line: int = 1) -> Iterator[Record]:
    """Records of `text` (the file after its header). `key` is the position of the column that holds an integer id.

    A quoted cell that swallows a whole well-formed record (same width, integer id) lost its closing quote: the record
    inside wins.
    """
    pattern, starts = _record(delimiter, width), _start(delimiter, width, key)
    plain = _record(delimiter, width, inside=r'"')
    position, line = 0, first_line
    while position < len(text):
        match = pattern.match(text, position)
        if match is not None and (inner := _swallowed(text, match, plain, starts)) is not None:
            match, end = None, inner
        elif match is not None:
            end = match.end()
        else:
            end = _next_start(text, position, pattern, starts)
        piece = text[position:end]
        if match is None:
            if piece.strip("\r\n"):
                yield Record(line, reason=_fault(piece, delimiter, width), raw=piece.rstrip("\r\n"))
        elif width > 1 or piece.strip("\r\n"):
            yield Record(line, cells=_cells(piece, delimiter))
        line += _lines(piece)
        position = end


def _record(delimiter: str, width: int, inside: str = "") -> re.Pattern[str]:
    """One record of exactly `width` cells, up to its line end. Possessive: linear time on any input.

    Characters of `inside` are not allowed inside an unquoted cell.
    """
    d = re.escape(delimiter)
    cell = rf'(?>"(?:[^"]|"")*+"|[^"{d}\r\n][^{inside}{d}\r\n]*+|)'
    return re.compile(rf"{cell}(?:{d}{cell}){{{width - 1}}}{_LINE_END}")


def _start(delimiter: str, width: int, key: int) -> re.Pattern[str]:
    """What follows a line end when a record starts there: its cells up to an integer in the key column."""
    d = re.escape(delimiter)
    cell = rf'(?>"(?:[^"]|"")*+"|[^"{d}\r\n][^{d}\r\n]*+|)'
    after = d if key < width - 1 else _LINE_END
    return re.compile(rf'(?<=[\r\n])(?:{cell}{d}){{{key}}}"?\d{{1,18}}(?:\.0+)?"?{after}')


def _swallowed(text: str, match: re.Match[str], plain: re.Pattern[str], starts: re.Pattern[str]) -> int | None:
    """Where a well-formed record starts inside `match`, None when there is none."""
    position = match.start() + 1
    while (inner := starts.search(text, position, match.end())) is not None:
        if plain.match(text, inner.start()):
            return inner.start()
        position = inner.start() + 1
    return None


def _next_start(text: str, position: int, pattern: re.Pattern[str], starts: re.Pattern[str]) -> int:
    """Start of the next record after a fault: a line that starts like one, a well-formed line, or the end."""
    found = starts.search(text, position + 1)
    limit = found.start() if found else len(text)
    line = _line_after(text, position)
    while line < limit:
        candidate = pattern.match(text, line)
        if candidate is not None and text[line : candidate.end()].strip("\r\n") and candidate.end() <= limit:
            return line
        line = _line_after(text, line)
    return limit


def _boundary(text: str, pattern: re.Pattern[str], starts: re.Pattern[str]) -> int:
    """A place near the end of `text` where a record starts; 0 when it can't be told yet."""
    for reach in (1 << 18, 1 << 21, len(text)):
        found = 0
        for start in starts.finditer(text, max(0, len(text) - reach)):
            match = pattern.match(text, start.start())
            if match is not None and match.end() < len(text):
                found = start.start()
        if found:
            return found
    return 0


def _line_after(text: str, position: int) -> int:
    found = re.compile(r"\r?\n|\r").search(text, position)
    return found.end() if found else len(text)


def _cells(piece: str, delimiter: str) -> tuple[str, ...]:
    csv.field_size_limit(1 << 30)
    return tuple(next(csv.reader(io.StringIO(piece.rstrip("\r\n"), newline=""), delimiter=delimiter), ()))


def _lines(piece: str) -> int:
    return len(re.findall(r"\r\n|\n|\r", piece))


def _fault(piece: str, delimiter: str, width: int) -> str:
    if piece.count('"') % 2:
        return "guillemets non refermés"
    found = len(_cells(piece, delimiter))
    return f"{found} colonnes au lieu de {width}" if found != width else "guillemets mal placés"

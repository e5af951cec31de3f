"""What only reading a text can tell of a review: its language, the personal data left in it, words of distress.

These cost a fraction of a millisecond each, so they are kept while the review does not change (same fingerprint, same
version of the rules) and computed for the others, on every core. The rule it protects: the measures of a review are those
of the text it has today.
"""

from __future__ import annotations

import multiprocessing
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from data import personal

VERSION = 1  # of the rules: raise it when one changes, and every review is read again
_CHUNK = 2_000
_ALONE = 4_000  # reviews under which starting other processes costs more than it saves
_WORD = re.compile(r"[a-zà-ÿœæ']+")
_FRENCH = frozenset(
    [
        "le",
        "la",
        "les",
        "un",
        "une",
        "des",
        "de",
        "du",
        "au",
        "aux",
        "et",
        "ou",
        "mais",
        "donc",
        "que",
        "qui",
        "dans",
        "pour",
        "par",
        "sur",
        "avec",
        "sans",
        "est",
        "sont",
        "a",
        "ai",
        "je",
        "j'",
        "il",
        "elle",
        "on",
        "nous",
        "vous",
        "ils",
        "ce",
        "cette",
        "mon",
        "ma",
        "mes",
        "son",
        "sa",
        "ses",
        "ne",
        "pas",
        "plus",
        "très",
        "tout",
        "été",
        "être",
        "avoir",
        "fait",
        "leur",
        "leurs",
        "c'est",
        "d'un",
        "qu'il",
    ]
)
_OTHERS = frozenset(
    [
        "the",
        "of",
        "and",
        "to",
        "in",
        "is",
        "was",
        "for",
        "with",
        "you",
        "this",
        "that",
        "it",
        "they",
        "have",
        "not",
        "are",
        "my",
        "very",
        "el",
        "los",
        "las",
        "por",
        "con",
        "para",
        "una",
        "muy",
        "che",
        "non",
        "per",
        "sono",
        "gli",
        "una",
        "della",
        "der",
        "die",
        "das",
        "und",
        "ich",
        "nicht",
        "ist",
        "mit",
        "ein",
        "eine",
        "zu",
        "den",
    ]
) - {"a", "on", "la", "les", "de", "le"}

Told = tuple[str, list[str], str | None]  # language, kinds of personal data found, cue of distress


def language(text: str) -> str:
    """'français', 'autre' or 'trop court': which function words the text is made of."""
    words = _WORD.findall(text.lower())
    french = sum(word in _FRENCH for word in words)
    others = sum(word in _OTHERS for word in words)
    if french + others < 3:
        return "trop court" if len(words) < 12 else "autre"
    return "français" if french >= others else "autre"


def refresh(
    db: duckdb.DuckDBPyConnection,
    distress: Callable[[str], str | None],
    tell: Callable[[float], None] = lambda _share: None,
) -> int:
    """Bring `review_measures` up to date; returns how many reviews were read. `distress`: the cue in a text, or None.

    `distress` goes to other processes: a function of a module, not a closure. `tell` is told the share done, 0..1.
    """
    db.execute(
        "DELETE FROM review_measures m WHERE version <> $version OR NOT EXISTS"
        " (FROM reviews r WHERE r.id = m.review_id AND r.fingerprint IS NOT DISTINCT FROM m.fingerprint)",
        {"version": VERSION},
    )
    todo = (
        "SELECT id, fingerprint, concat_ws(chr(10), title, body) AS text FROM reviews"
        " WHERE id NOT IN (SELECT review_id FROM review_measures) ORDER BY id"
    )
    count = db.execute(f"SELECT count(*) FROM ({todo})").fetchall()[0][0]
    done = 0
    reader = db.cursor().execute(todo)
    for rows, told in _read(iter(lambda: reader.fetchmany(_CHUNK), []), distress, count):
        _write(db, rows, told)
        done += len(rows)
        tell(done / count)
    return int(count)


def _read(
    chunks: Iterator[list[tuple[int, int, str]]], distress: Callable[[str], str | None], count: int
) -> Iterator[tuple[list[tuple[int, int, str]], list[Told]]]:
    """Each chunk with what its texts tell, in order; at most a few chunks are in memory."""
    if count < _ALONE or (os.cpu_count() or 1) == 1:
        for rows in chunks:
            yield rows, _tell([row[2] for row in rows], distress)
        return
    workers = os.cpu_count() or 1
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        while batch := [rows for _, rows in zip(range(4 * workers), chunks, strict=False)]:
            texts = [[row[2] for row in rows] for rows in batch]
            yield from zip(batch, pool.map(_tell, texts, repeat(distress)), strict=True)


def _tell(texts: Sequence[str], distress: Callable[[str], str | None]) -> list[Told]:
    return [(language(text), [item.kind for item in personal.find(text)], distress(text)) for text in texts]


def _write(db: duckdb.DuckDBPyConnection, rows: list[tuple[int, int, str]], told: list[Told]) -> None:
    frame = pa.table(
        {
            "review_id": pa.array([row[0] for row in rows], pa.int64()),
            "fingerprint": pa.array([row[1] for row in rows], pa.uint64()),
            "version": pa.array([VERSION] * len(rows), pa.int32()),
            "language": pa.array([one[0] for one in told], pa.string()),
            "personal": pa.array([one[1] for one in told], pa.list_(pa.string())),
            "distress": pa.array([one[2] for one in told], pa.string()),
        }
    )
    db.register("told", frame)
    db.execute("INSERT INTO review_measures BY NAME FROM told")
    db.unregister("told")

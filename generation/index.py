"""Building the retrieval index: what `refresh` calls on the snapshot it is making.

Layout of `<artifacts>/retrieval/`: `replies/` and `fiches/` (BM25 matrix, semantic vectors, columns), the LSA
projection, `words.txt` (words of fiches, institutions and places) and `manifest.json`. Everything is numpy or JSON:
no pickle, so an index can be opened by any later version or refused by its number. Memory stays bounded: documents
are read in blocks and kept as term numbers, at most MOST replies are indexed, the most useful and recent.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bm25s
import duckdb
import numpy as np
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from data.warehouse import sql
from generation import text
from generation.retrieval import VERSION

MOST = 200_000  # replies indexed
SAMPLE = 20_000  # documents the latent dimensions are learnt from
DIMENSIONS = 64
TERMS = 40_000
SMALL = 2_000
BLOCK = 2_000
_NAME_WORD = re.compile(r"[a-zà-ÿœæ]{2,}", re.I)


def build_index(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, int]:
    """Index the replies and fiche sections of `connection` under `folder`/retrieval; returns how many of each.

    Replaces an index already there (a refresh copies the artifacts of its parent).
    """
    target = folder / "retrieval"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    vocabulary: dict[str, int] = {}
    for kind in ("replies", "fiches"):
        (target / kind).mkdir()
    replies, reply_rows = _read(
        connection, "indexable_replies", {"most": MOST}, vocabulary, weighed=5, shelf=target / "replies"
    )
    sections, section_rows = _read(connection, "indexable_sections", {}, vocabulary, weighed=2, shelf=target / "fiches")
    structures = _codes(row[2] for row in reply_rows)
    typologies = _codes(row[3] for row in reply_rows)
    fiche_ids = _codes(row[0] for row in section_rows)
    # Few replies (a file without them, a young service): reviews then tell which words are telling.
    spoken = _unanswered(connection, SAMPLE - len(replies), vocabulary) if len(replies) < SAMPLE else []
    learnt = _learn([*replies[:SAMPLE], *sections[:SAMPLE], *spoken], vocabulary, target)
    _shelve(
        target / "replies",
        replies,
        vocabulary,
        learnt,
        {
            "review": np.array([row[0] for row in reply_rows], dtype=np.int64),
            "rank": np.array([row[1] for row in reply_rows], dtype=np.int8),
            "structure": np.array([structures[row[2]] for row in reply_rows], dtype=np.int32),
            "typology": np.array([typologies[row[3]] for row in reply_rows], dtype=np.int32),
            "prior": np.array([row[4] for row in reply_rows], dtype=np.float32),
        },
    )
    _shelve(
        target / "fiches",
        sections,
        vocabulary,
        learnt,
        {
            "fiche": np.array([fiche_ids[row[0]] for row in section_rows], dtype=np.int32),
            "rank": np.array([row[1] for row in section_rows], dtype=np.int16),
        },
    )
    (target / "words.txt").write_text("\n".join(sorted(_known_words(connection))), "utf-8")
    digest = hashlib.blake2b(digest_size=6)
    digest.update(np.array([row[0] for row in reply_rows], dtype=np.int64).tobytes())
    digest.update("".join(fiche_ids).encode())
    manifest = {
        "version": f"retrieval-{VERSION}-{digest.hexdigest()}",
        "replies": len(replies),
        "sections": len(sections),
        "structures": structures,
        "typologies": typologies,
        "fiche_ids": list(fiche_ids),
    }
    (target / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")
    return {"replies": len(replies), "sections": len(sections)}


def _read(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    params: dict[str, Any],
    vocabulary: dict[str, int],
    *,
    weighed: int,
    shelf: Path,
) -> tuple[list[array[int]], list[tuple[Any, ...]]]:
    """Documents of a query (its last column) as arrays of term numbers, and their other columns.

    The columns after the first `weighed` (a text to clean, then others) go to `texts.jsonl` of `shelf`, one line a document, whose starts are kept in
    `starts.npy`: a search shows a text without asking the database for it.
    """
    cursor = connection.cursor()
    cursor.execute(sql(__file__, name), params) if params else cursor.execute(sql(__file__, name))
    documents: list[array[int]] = []
    rows: list[tuple[Any, ...]] = []
    starts = array("q", [0])
    with (shelf / "texts.jsonl").open("wb") as texts:
        while block := cursor.fetchmany(BLOCK):
            for *columns, document in block:
                numbers = (vocabulary.setdefault(term, len(vocabulary)) for term in text.terms(text.clean(document)))
                documents.append(array("i", numbers))
                rows.append(tuple(columns[:weighed]))
                shown = [text.clean(columns[weighed]), *columns[weighed + 1 :]]
                line = json.dumps(shown, ensure_ascii=False).encode() + b"\n"
                starts.append(starts[-1] + texts.write(line))
    cursor.close()
    np.save(shelf / "starts.npy", np.frombuffer(starts, dtype=np.int64))
    return documents, rows


def _unanswered(connection: duckdb.DuckDBPyConnection, most: int, vocabulary: dict[str, int]) -> list[array[int]]:
    """Terms of at most `most` reviews without a reply, of which nothing else is kept."""
    cursor = connection.cursor()
    cursor.execute(sql(__file__, "unanswered_words"), {"most": most})
    documents = []
    while block := cursor.fetchmany(BLOCK):
        for (document,) in block:
            numbers = (vocabulary.setdefault(term, len(vocabulary)) for term in text.terms(text.clean(document)))
            documents.append(array("i", numbers))
    cursor.close()
    return documents


def _codes(values: Iterator[str]) -> dict[str, int]:
    """Number of each distinct value, in order of first appearance."""
    codes: dict[str, int] = {}
    for value in values:
        codes.setdefault(value, len(codes))
    return codes


def _learn(sample: list[array[int]], vocabulary: dict[str, int], target: Path) -> tuple[np.ndarray, np.ndarray]:
    """Inverse document frequencies and LSA components over the whole vocabulary.

    Rows of terms too rare or too common to teach anything stay zero. What queries need is written under `target`.
    """
    counts = _counts(sample, len(vocabulary))
    frequency = np.asarray((counts > 0).sum(axis=0)).ravel()
    idf = np.log((1.0 + len(sample)) / (1.0 + frequency)).astype(np.float32) + 1.0
    least = 2 if len(sample) > SMALL else 1  # a word seen once teaches nothing, unless the whole collection is small
    served = np.flatnonzero(frequency >= least)
    served = np.sort(served[np.argsort(-frequency[served], kind="stable")][:TERMS])
    kept = served[frequency[served] <= max(2, 0.4 * len(sample))]
    components = np.zeros((len(vocabulary), DIMENSIONS), dtype=np.float32)
    size = min(DIMENSIONS, len(kept) - 1, len(sample) - 1)
    if size > 0:
        weighted = _weighted(counts[:, kept], idf[kept])
        _, _, right = randomized_svd(weighted, n_components=size, n_iter=4, random_state=0)
        components[kept, :size] = right.T
    names = {number: term for term, number in vocabulary.items()}
    (target / "terms.json").write_text(
        json.dumps({names[int(n)]: i for i, n in enumerate(served)}, ensure_ascii=False), "utf-8"
    )
    np.save(target / "idf.npy", idf[served])
    np.save(target / "components.npy", components[served])
    return idf, components


def _counts(documents: list[array[int]], width: int) -> sparse.csr_matrix:
    """Documents x terms, raw counts."""
    lengths = np.fromiter((len(document) for document in documents), dtype=np.int64, count=len(documents))
    columns = np.concatenate([np.frombuffer(d, dtype=np.int32) for d in documents if len(d)] or [np.zeros(0, np.int32)])
    pointer = np.concatenate([[0], np.cumsum(lengths)])
    matrix = sparse.csr_matrix((np.ones(len(columns), np.float32), columns, pointer), shape=(len(documents), width))
    matrix.sum_duplicates()
    return matrix


def _weighted(counts: sparse.csr_matrix, idf: np.ndarray) -> sparse.csr_matrix:
    """Sublinear TF-IDF rows of unit length."""
    matrix = counts.tocsr(copy=True)
    matrix.data = 1.0 + np.log(matrix.data)
    matrix = matrix.multiply(idf[np.newaxis, :]).tocsr()
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    norms[norms == 0] = 1.0
    return sparse.diags(1.0 / norms) @ matrix


def _shelve(
    folder: Path,
    documents: list[array[int]],
    vocabulary: dict[str, int],
    learnt: tuple[np.ndarray, np.ndarray],
    columns: dict[str, np.ndarray],
) -> None:
    """Write the BM25 matrix, the semantic vectors and the columns of one kind of document."""
    idf, components = learnt
    for name, values in columns.items():
        np.save(folder / f"{name}.column.npy", values)
    if not documents:
        return
    retriever = bm25s.BM25(k1=1.2, b=0.75)
    retriever.index(([list(document) for document in documents], dict(vocabulary)), show_progress=False)
    retriever.save(folder / "bm25", show_progress=False)
    vectors = np.zeros((len(documents), components.shape[1]), dtype=np.float32)
    for start in range(0, len(documents), BLOCK):
        block = documents[start : start + BLOCK]
        vectors[start : start + len(block)] = _weighted(_counts(block, len(vocabulary)), idf) @ components
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    np.save(folder / "vectors.npy", vectors / np.where(norms == 0, 1.0, norms))


def _known_words(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Words of fiches, institutions and places, folded: a capitalised word outside them may name a person."""
    words: set[str] = set()
    cursor = connection.cursor()
    cursor.execute(sql(__file__, "public_words"))
    while block := cursor.fetchmany(BLOCK):
        for (passage,) in block:
            words.update(text.fold(word) for word in _NAME_WORD.findall(text.clean(passage)))
    cursor.close()
    for expansion in text.acronyms().items():
        words.update(text.fold(word) for part in expansion for word in _NAME_WORD.findall(part))
    return words

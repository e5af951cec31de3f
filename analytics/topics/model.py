"""The topic model that serves: a vocabulary, two levels of centres, and how a review is assigned to them.

Owns the artifact (`model.npz` with numbers, `model.json` with words and names; nothing that runs code) and the
assignment of reviews. Fitting lives in `fit.py`: whoever only assigns never imports BERTopic. The rules it protects: a
damaged model or one of another format is refused by name; a review without enough evidence stays unassigned (-1).
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from analytics.topics import text
from data.errors import VigieError

FORMAT = 2
UNASSIGNED = -1
NGRAMS = (1, 2)
_BATCH = 20_000


class BadModel(VigieError):
    """The topic model on disk is damaged or of another format; `python -m refresh --refit` fits a new one."""


@dataclass(frozen=True)
class Topic:
    """One irritant, or one fine subject when it has a parent."""

    id: int
    label: str
    terms: tuple[str, ...]
    parent: int | None = None
    exemplars: tuple[int, ...] = ()  # review ids of the fitting corpus
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True)
class Assignment:
    """What each review is about; arrays of equal length."""

    irritant: np.ndarray  # int, -1 = unassigned
    subject: np.ndarray  # int, -1 = none
    score: np.ndarray  # float 0..1, cosine to the centre of its irritant
    vectors: np.ndarray  # float32 (reviews, dimensions), unit rows; zero rows for texts without known words


@dataclass(frozen=True)
class TopicModel:
    """Everything needed to assign a review."""

    kind: str  # 'demo' | 'real': the data it was fitted on
    fitted_on: int  # reviews
    last_publication: str  # of the data it was fitted on, ISO date
    irritants: tuple[Topic, ...]
    subjects: tuple[Topic, ...]
    vocabulary: tuple[str, ...]
    idf: np.ndarray  # (words,)
    components: np.ndarray  # (dimensions, words): the SVD
    evidence: np.ndarray  # (irritants, words): log-odds of each word under an irritant against the whole
    centres: np.ndarray  # (irritants, dimensions), unit rows
    subject_centres: np.ndarray  # (subjects, dimensions), unit rows
    threshold: float  # evidence under which a review stays unassigned

    @property
    def version(self) -> str:
        """Identity of the model: its format and a digest of what it assigns with."""
        digest = hashlib.blake2b(digest_size=5)
        for array in (self.idf, self.evidence, self.centres, self.subject_centres):
            digest.update(np.ascontiguousarray(array, dtype=np.float32).tobytes())
        digest.update(json.dumps([self.kind, self.threshold, [t.id for t in self.irritants]]).encode())
        return f"topics-{FORMAT}-{digest.hexdigest()}"

    def weigh(self, keys: Sequence[str]) -> sparse.csr_matrix:
        """TF-IDF rows (sublinear counts, unit length) of reviews given as counted keys."""
        counter = counter_of(self.vocabulary)
        return weights(counter.transform(keys), self.idf)

    def assign(self, texts: Iterable[str]) -> Assignment:
        """Irritant, subject and vector of each review, in batches: memory does not grow with the words."""
        parts = [self._assign(batch) for batch in _batches(texts)]
        if not parts:
            dimensions = self.components.shape[0]
            none = np.empty(0, dtype=np.int64)
            return Assignment(none, none, np.empty(0), np.empty((0, dimensions), dtype=np.float32))
        return Assignment(
            *(np.concatenate([getattr(p, f) for p in parts]) for f in ("irritant", "subject", "score", "vectors"))
        )

    def _assign(self, batch: Sequence[str]) -> Assignment:
        matrix = self.weigh(list(text.counted(batch)))
        vectors = embed(matrix, self.components)
        n = len(batch)
        irritant = np.full(n, UNASSIGNED, dtype=np.int64)
        subject = np.full(n, UNASSIGNED, dtype=np.int64)
        score = np.zeros(n)
        if self.irritants:
            proof = np.asarray(matrix @ self.evidence.T)
            best = proof.argmax(axis=1)
            kept = proof[np.arange(n), best] > self.threshold
            irritant[kept] = np.array([t.id for t in self.irritants])[best[kept]]
            score[kept] = np.clip(np.einsum("ij,ij->i", vectors[kept], self.centres[best[kept]]), 0.0, 1.0)
            self._subjects(vectors, irritant, subject)
        return Assignment(irritant, subject, score, vectors)

    def _subjects(self, vectors: np.ndarray, irritant: np.ndarray, subject: np.ndarray) -> None:
        """Fill `subject` with the nearest fine subject of each review's irritant."""
        parents = np.array([t.parent for t in self.subjects], dtype=np.int64)
        ids = np.array([t.id for t in self.subjects], dtype=np.int64)
        for parent in np.unique(parents):
            rows = np.flatnonzero(irritant == parent)
            own = np.flatnonzero(parents == parent)
            subject[rows] = ids[own][(vectors[rows] @ self.subject_centres[own].T).argmax(axis=1)]

    def save(self, folder: Path) -> None:
        """Write the artifact in `folder` (created); the description goes last, with the numbers' digest."""
        folder.mkdir(parents=True, exist_ok=True)
        numbers = {name: getattr(self, name) for name in _ARRAYS}
        draft = folder / f".model-{os.getpid()}.npz"
        with draft.open("wb") as stream:
            np.savez(stream, **{name: np.asarray(a, dtype=_ARRAYS[name]) for name, a in numbers.items()})
        description = {
            "format": FORMAT,
            "version": self.version,
            "sha256": hashlib.sha256(draft.read_bytes()).hexdigest(),
            "kind": self.kind,
            "fitted_on": self.fitted_on,
            "last_publication": self.last_publication,
            "threshold": self.threshold,
            "irritants": [vars(t) for t in self.irritants],
            "subjects": [vars(t) for t in self.subjects],
            "vocabulary": self.vocabulary,
        }
        os.replace(draft, folder / "model.npz")
        notes = folder / f".model-{os.getpid()}.json"
        notes.write_text(json.dumps(description, ensure_ascii=False), "utf-8")
        os.replace(notes, folder / "model.json")


_ARRAYS = {
    "idf": np.float32,
    "components": np.float32,
    "evidence": np.float32,
    "centres": np.float32,
    "subject_centres": np.float32,
}


def load(folder: Path) -> TopicModel | None:
    """The model of an artifacts folder; None when there is none. Raises BadModel when it can't be trusted."""
    notes = folder / "model.json"
    if not notes.exists():
        return None
    try:
        said = json.loads(notes.read_text("utf-8"))
        if said.get("format") != FORMAT:
            raise BadModel(
                f"{folder}: topic model of format {said.get('format')}, this version reads {FORMAT}; "
                "fit a new one with: python -m refresh --refit"
            )
        content = (folder / "model.npz").read_bytes()
        if hashlib.sha256(content).hexdigest() != said["sha256"]:
            raise ValueError("its numbers are not the ones that were written")
        with np.load(folder / "model.npz", allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in _ARRAYS}
        return TopicModel(
            kind=said["kind"],
            fitted_on=int(said["fitted_on"]),
            last_publication=said["last_publication"],
            irritants=tuple(_topic(t) for t in said["irritants"]),
            subjects=tuple(_topic(t) for t in said["subjects"]),
            vocabulary=tuple(said["vocabulary"]),
            threshold=float(said["threshold"]),
            **arrays,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise BadModel(
            f"{folder}: damaged topic model ({error}); fit a new one with: python -m refresh --refit"
        ) from None


def counter_of(vocabulary: Sequence[str] | None = None, min_df: int = 1, max_df: float = 1.0) -> CountVectorizer:
    """Counts words and pairs of words in reviews given as counted keys; fitted already when given a vocabulary."""
    return CountVectorizer(
        tokenizer=str.split,
        token_pattern=None,
        lowercase=False,
        ngram_range=NGRAMS,
        min_df=min_df,
        max_df=max_df,
        max_features=None if vocabulary is not None else 50_000,
        vocabulary=None if vocabulary is None else list(vocabulary),
        dtype=np.float32,
    )


def weights(counts: sparse.csr_matrix, idf: np.ndarray) -> sparse.csr_matrix:
    """Sublinear TF-IDF with unit rows."""
    matrix = counts.tocsr(copy=True)
    matrix.data = (1 + np.log(matrix.data)).astype(np.float32)
    matrix = matrix.multiply(idf[None, :]).tocsr()
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return (sparse.diags(1 / np.where(length > 0, length, 1)) @ matrix).tocsr().astype(np.float32)


def embed(matrix: sparse.csr_matrix, components: np.ndarray) -> np.ndarray:
    """Dense unit vectors of TF-IDF rows; a row without known words stays zero."""
    return unit(np.asarray(matrix @ components.T, dtype=np.float32))


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows scaled to length one; zero rows stay zero."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(length > 1e-9, length, 1)).astype(np.float32)


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    stream = iter(texts)
    while batch := list(islice(stream, _BATCH)):
        yield batch


def _topic(said: dict[str, Any]) -> Topic:
    return Topic(
        id=int(said["id"]),
        label=str(said["label"]),
        terms=tuple(said["terms"]),
        parent=None if said["parent"] is None else int(said["parent"]),
        exemplars=tuple(int(i) for i in said["exemplars"]),
        x=float(said["x"]),
        y=float(said["y"]),
    )

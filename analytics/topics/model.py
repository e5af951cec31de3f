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

from analytics.topics import embeddings
from analytics.topics.clusters import judged
from analytics.topics.embeddings import Local, NoEmbeddings
from analytics.topics.vectors import Words
from data.errors import VigieError

FORMAT = 2
UNASSIGNED = -1
_BATCH = 20_000


class BadModel(VigieError):
    """The topic model on disk is damaged or of another format; `python -m refresh --refit` fits a new one."""

    other_version = False  # it was fitted by another version of the product, else it is damaged


class OtherVersion(BadModel):
    """The topic model was fitted by another version of the product."""

    other_version = True


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
    named_by: str = "rule"  # 'rule' | 'model': who wrote the title

    @property
    def title(self) -> tuple[str, str]:
        """Title and who wrote it."""
        return self.label, self.named_by


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
    words: Words
    centres: np.ndarray  # (irritants, dimensions), unit rows
    subject_centres: np.ndarray  # (subjects, dimensions), unit rows
    aside: np.ndarray  # (groups without a subject, dimensions), unit rows: reviews nearest to them stay unassigned
    threshold: float  # evidence under which a review stays unassigned
    next_ids: tuple[int, int]  # first irritant id and first subject id never given yet
    local: Local | None = None  # weights that make the vectors; None = `words` does

    @property
    def version(self) -> str:
        """Identity of the model: its format and a digest of what it assigns with."""
        digest = hashlib.blake2b(digest_size=5)
        for array in (self.words.idf, self.words.vectors, self.centres, self.subject_centres, self.aside):
            digest.update(np.ascontiguousarray(array, dtype=np.float32).tobytes())
        digest.update(json.dumps([self.kind, self.threshold, [t.id for t in self.irritants]]).encode())
        digest.update(b"" if self.local is None else self.local.digest.encode())
        return f"topics-{FORMAT}-{digest.hexdigest()}"

    def assign(self, texts: Iterable[str]) -> Assignment:
        """Irritant, subject and vector of each review, in batches: memory does not grow with the words."""
        parts = [self._assign(batch) for batch in _batches(texts)]
        if not parts:
            dimensions = self.centres.shape[1]
            none = np.empty(0, dtype=np.int64)
            return Assignment(none, none, np.empty(0), np.empty((0, dimensions), dtype=np.float32))
        return Assignment(
            *(np.concatenate([getattr(p, f) for p in parts]) for f in ("irritant", "subject", "score", "vectors"))
        )

    def _assign(self, batch: Sequence[str]) -> Assignment:
        vectors, lengths = (self.local or self.words).embed(batch)
        n = len(batch)
        irritant = np.full(n, UNASSIGNED, dtype=np.int64)
        subject = np.full(n, UNASSIGNED, dtype=np.int64)
        score = np.zeros(n)
        if self.irritants:
            best, proof = judged(vectors, lengths, self.centres, self.aside)
            kept = proof > self.threshold
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
        draft = folder / f".model-{os.getpid()}.npz"
        with draft.open("wb") as stream:
            np.savez(
                stream,
                idf=self.words.idf,
                word_vectors=self.words.vectors,
                centres=self.centres,
                subject_centres=self.subject_centres,
                aside=self.aside,
            )
        description = {
            "format": FORMAT,
            "version": self.version,
            "sha256": hashlib.sha256(draft.read_bytes()).hexdigest(),
            "kind": self.kind,
            "fitted_on": self.fitted_on,
            "last_publication": self.last_publication,
            "threshold": self.threshold,
            "next_ids": self.next_ids,
            "irritants": [vars(t) for t in self.irritants],
            "subjects": [vars(t) for t in self.subjects],
            "vocabulary": self.words.vocabulary,
            "embeddings": None if self.local is None else [str(self.local.folder), self.local.digest],
        }
        os.replace(draft, folder / "model.npz")
        notes = folder / f".model-{os.getpid()}.json"
        notes.write_text(json.dumps(description, ensure_ascii=False), "utf-8")
        os.replace(notes, folder / "model.json")


def load(folder: Path) -> TopicModel | None:
    """The model of an artifacts folder; None when there is none. Raises BadModel when it can't be trusted."""
    notes = folder / "model.json"
    if not notes.exists():
        return None
    try:
        said = json.loads(notes.read_text("utf-8"))
        if said.get("format") != FORMAT:
            raise OtherVersion(
                f"{folder} : modèle d'irritants au format {said.get('format')}, cette version lit le format {FORMAT} ; "
                "refaites-le par python -m refresh --refit"
            )
        content = (folder / "model.npz").read_bytes()
        if hashlib.sha256(content).hexdigest() != said["sha256"]:
            raise ValueError("ses nombres ne sont pas ceux qui y ont été écrits")
        with np.load(folder / "model.npz", allow_pickle=False) as stored:
            words = Words(tuple(said["vocabulary"]), stored["idf"], stored["word_vectors"])
            centres, subject_centres, aside = stored["centres"], stored["subject_centres"], stored["aside"]
        return TopicModel(
            kind=said["kind"],
            fitted_on=int(said["fitted_on"]),
            last_publication=said["last_publication"],
            irritants=tuple(_topic(t) for t in said["irritants"]),
            subjects=tuple(_topic(t) for t in said["subjects"]),
            words=words,
            centres=centres,
            subject_centres=subject_centres,
            aside=aside,
            threshold=float(said["threshold"]),
            next_ids=(int(said["next_ids"][0]), int(said["next_ids"][1])),
            local=_local(said.get("embeddings")),
        )
    except NoEmbeddings as error:
        raise BadModel(f"{folder} : {error} ; refaites-le par python -m refresh --refit") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise BadModel(
            f"{folder} : modèle d'irritants endommagé ({error}) ; refaites-le par python -m refresh --refit"
        ) from None


def _local(said: list[str] | None) -> Local | None:
    """The weights a model was fitted with, when they are still the same."""
    if said is None:
        return None
    found = embeddings.opened(Path(said[0]))
    if found.digest != said[1]:
        raise NoEmbeddings(f"{found.folder} : ces poids ne sont pas ceux du modèle d'irritants")
    return found


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
        named_by=str(said.get("named_by", "rule")),
    )

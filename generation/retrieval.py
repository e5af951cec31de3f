"""Retrieval: the past replies and fiche sections nearest to a review, from an index that `refresh` builds.

Two lists (BM25 and latent semantic analysis) are merged by reciprocal-rank fusion (Cormack, Clarke and Buettcher,
SIGIR 2009), then weighted by what is known of a reply: same institution, judged useful, recent. The rules it
protects: a canned, withdrawn or near-duplicate reply is never a source; a review never finds its own reply; the
index is read memory-mapped, so that every process shares one copy and opening it costs milliseconds.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
from scipy import sparse

from data.errors import NotRefreshed
from generation import text
from generation.results import Source

VERSION = 3  # of the index's layout
FUSION = 60.0  # constant of reciprocal-rank fusion
POOL = 60  # candidates kept from each list before fusion
SAME_STRUCTURE, SAME_TYPOLOGY = 1.6, 1.3
NEAR_DUPLICATE = 0.7  # share of common terms above which a second reply adds nothing
QUERY_TERMS = 400
# Weights of the lists that are fused: words and meaning of the review; then, where like reviews were answered, words and
# meaning of those replies. Measured by benchmarks.drafting_retrieval.
ALONE = (1.0, 0.5)
WITH_REPLIES = (0.5, 1.0, 1.0, 1.2)
FEEDBACK, FEEDBACK_TERMS = 20, 50  # nearest replies, and words of theirs, that widen the search of fiches


@dataclass(frozen=True)
class Question:
    """What is searched for. `exclude` is the review being answered: its own reply is not a source."""

    text: str
    typology: str | None = None
    structure_id: str | None = None
    exclude: int | None = None
    without: tuple[str, ...] = ()  # ids of sources that were not wanted


class Index:
    """An opened index. Read-only and safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        folder = folder / "retrieval"
        try:
            self.manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
        except FileNotFoundError:
            raise NotRefreshed("pas encore d'index des réponses sur ces données : lancez python -m refresh") from None
        if not self.manifest["version"].startswith(f"retrieval-{VERSION}-"):
            raise NotRefreshed(
                "l'index des réponses de ces données a été fait par une autre version : lancez python -m refresh"
            )
        self.version: str = self.manifest["version"]
        self._structures: dict[str, int] = self.manifest["structures"]
        self._typologies: dict[str, int] = self.manifest["typologies"]
        self._known = frozenset((folder / "words.txt").read_text("utf-8").split("\n"))
        self.replies = _Shelf(folder / "replies")
        self.fiches = _Shelf(folder / "fiches")
        self._lsa = _Lsa(folder)

    def search(self, question: Question, *, replies: int = 4, fiches: int = 3) -> list[Source]:
        """Nearest fiche sections then replies, best first within each kind; scores lie in 0..1 within a kind."""
        wanted = text.query_terms(f"{question.text}\n{question.typology or ''}")[:QUERY_TERMS]
        if not wanted:
            return []
        past = self._past_replies(question, wanted)
        return [
            *self._search_fiches(question, wanted, self._feedback(past), fiches),
            *self._search_replies(question, wanted, past, replies),
        ]

    def weight(self, term: str) -> float:
        """How telling a search term is: its inverse document frequency."""
        return self._lsa.idf_of(term)

    def likeness(self, wanted: list[str], words: list[str]) -> float:
        """Cosine of the TF-IDF vectors of two lists of terms, 0..1."""
        query, other = self._vector(wanted), self._vector(words)
        norms = sum(v * v for v in query.values()) * sum(v * v for v in other.values())
        return (
            round(sum(value * other.get(term, 0.0) for term, value in query.items()) / norms**0.5, 4) if norms else 0.0
        )

    def _vector(self, terms: list[str]) -> dict[str, float]:
        return {term: (1.0 + math.log(count)) * self.weight(term) for term, count in Counter(terms).items()}

    def knows(self, word: str) -> bool:
        """Whether a word belongs to fiches, institutions or places: one that does not may be a person's name."""
        return text.fold(word) in self._known

    def _search_fiches(self, question: Question, wanted: list[str], learnt: list[str], k: int) -> list[Source]:
        """Sections near the review's words, and near the words of what was answered to its like."""
        shelf = self.fiches
        if not shelf.size or not k:
            return []
        asked = [shelf.lexical(wanted), shelf.semantic(self._lsa.project(wanted))]
        told = [shelf.lexical(learnt), shelf.semantic(self._lsa.project(learnt))] if learnt else []
        weights = WITH_REPLIES if learnt else ALONE
        lists = list(zip(weights, [*asked, *told], strict=True))
        sources: list[Source] = []
        taken: Counter[str] = Counter()
        for row, score in _fused(lists):
            if len(sources) == k:
                break
            fiche: str = self.manifest["fiche_ids"][int(shelf.columns["fiche"][row])]
            if fiche in question.without or taken[fiche] == 2:  # the third section of one fiche says the same
                continue
            taken[fiche] += 1
            body, heading, title, url, links = shelf.shown(row)
            held = dict.fromkeys([url, *(links or ()), *(fact.text for fact in text.contacts(body))])
            whole = text.terms(f"{title} {title} {heading or ''} {body}")
            near = max(self.likeness(wanted, whole), self.likeness(learnt, whole))
            sources.append(
                Source(
                    "fiche",
                    fiche,
                    title,
                    url or "",
                    score,
                    body,
                    tuple(filter(None, held)),
                    near=near,
                    heading=heading or "",
                )
            )
        return sources

    def _past_replies(self, question: Question, wanted: list[str]) -> list[_Past]:
        """The replies nearest to the question, same institution and useful ones first, before any choice."""
        shelf = self.replies
        if not shelf.size:
            return []
        boost = np.array(shelf.columns["prior"], dtype=np.float32)
        typology = self._typologies.get(question.typology or "", -1)
        structure = self._structures.get(question.structure_id or "", -1)
        if typology >= 0:
            boost[shelf.columns["typology"] == typology] *= SAME_TYPOLOGY
        if structure >= 0:
            boost[shelf.columns["structure"] == structure] *= SAME_STRUCTURE
        if question.exclude is not None:
            boost[shelf.columns["review"] == question.exclude] = 0.0
        lists = [(1.0, shelf.lexical(wanted) * boost), (1.0, shelf.semantic(self._lsa.project(wanted)) * boost)]
        return [
            _Past(int(shelf.columns["review"][row]), int(shelf.columns["rank"][row]), score, *shelf.shown(row))
            for row, score in _fused(lists, boost)[:FEEDBACK]
        ]

    def _feedback(self, past: list[_Past]) -> list[str]:
        """The telling words that several of the nearest replies share (pseudo-relevance feedback): replies speak the
        language of fiches better than reviews do."""
        counted = Counter(term for reply in past for term in set(text.terms(reply.body)))
        shared = {term: count * self.weight(term) for term, count in counted.items() if count >= 2}
        return sorted(shared, key=lambda term: (-shared[term], term))[:FEEDBACK_TERMS]

    def _search_replies(self, question: Question, wanted: list[str], past: list[_Past], k: int) -> list[Source]:
        """The best of `past`, near copies left out."""
        sources: list[Source] = []
        kept: list[frozenset[str]] = []
        for reply in past:
            if len(sources) == k:
                break
            id_ = str(reply.review_id) if reply.rank == 1 else f"{reply.review_id}-{reply.rank}"
            words = text.terms(reply.body)
            shape = frozenset(words)
            if (
                id_ in question.without
                or not shape
                or any(len(shape & other) > NEAR_DUPLICATE * len(shape | other) for other in kept)
            ):
                continue
            kept.append(shape)
            same = bool(reply.structure_id) and reply.structure_id == question.structure_id
            sources.append(
                Source(
                    "reply",
                    id_,
                    f"Réponse de {reply.structure or 'structure inconnue'} à « {reply.title or 'sans titre'} »",
                    "",
                    reply.score,
                    reply.body,
                    tuple(dict.fromkeys(fact.text for fact in text.contacts(reply.body))),
                    reply.structure or "",
                    same,
                    same or (bool(reply.typology) and reply.typology == question.typology),
                    self.likeness(wanted, words),
                    reply.verdict or "",
                )
            )
        return sources


@dataclass(frozen=True)
class _Past:
    """A past reply near the question."""

    review_id: int
    rank: int
    score: float
    body: str
    title: str | None
    structure_id: str | None
    structure: str | None
    verdict: str | None
    typology: str | None


class _Shelf:
    """One kind of document: its BM25 matrix, its semantic vectors and its columns, memory-mapped."""

    def __init__(self, folder: Path) -> None:
        self.columns = {path.stem: _mapped(path) for path in folder.glob("*.column.npy")}
        self.columns = {name.removesuffix(".column"): values for name, values in self.columns.items()}
        self.size = len(self.columns["rank"])
        if self.size:
            loaded = bm25s.BM25.load(folder / "bm25", mmap=True, load_corpus=False, show_progress=False)
            self._terms: dict[str, int] = loaded.vocab_dict
            # Documents x terms, on disk: filled by hand, for the constructor would read and copy all of it.
            self._scores = sparse.csc_matrix((self.size, len(loaded.scores["indptr"]) - 1), dtype=np.float32)
            self._scores.data = np.asarray(loaded.scores["data"])
            self._scores.indices = np.asarray(loaded.scores["indices"])
            self._scores.indptr = np.asarray(loaded.scores["indptr"]).astype(self._scores.indices.dtype)
            self._vectors = _mapped(folder / "vectors.npy")
            self._texts = np.asarray(np.memmap(folder / "texts.jsonl", mode="r"))
            self._starts = _mapped(folder / "starts.npy")

    def shown(self, row: int) -> list[Any]:
        """The columns kept to show a document."""
        return list(json.loads(self._texts[self._starts[row] : self._starts[row + 1]].tobytes()))

    def lexical(self, wanted: list[str]) -> np.ndarray:
        """BM25 score of every document."""
        counted = Counter(self._terms[term] for term in wanted if term in self._terms)
        if not counted:
            return np.zeros(self.size, dtype=np.float32)
        counts = np.fromiter(counted.values(), np.float32, len(counted))
        return np.asarray(self._scores[:, list(counted)] @ counts, dtype=np.float32)

    def semantic(self, vector: np.ndarray) -> np.ndarray:
        """Cosine of every document with a projected query, negative ones at zero."""
        # On one thread and in one order: as fast as BLAS on two, half the processor, the same figures on every machine.
        return np.maximum(np.einsum("ij,j->i", self._vectors, vector), 0.0)


def _mapped(path: Path) -> np.ndarray:
    """An array that stays on disk until it is read; a plain view of it, for slicing a memmap is ten times slower."""
    return np.asarray(np.load(path, mmap_mode="r"))


class _Lsa:
    """Projection of a query on the latent dimensions learnt at build time."""

    def __init__(self, folder: Path) -> None:
        self._terms: dict[str, int] = json.loads((folder / "terms.json").read_text("utf-8"))
        self._idf = _mapped(folder / "idf.npy")
        self._rarities = dict(zip(self._terms, self._idf[list(self._terms.values())].tolist(), strict=True))
        self._rarest = max(self._rarities.values(), default=1.0)
        self._components = _mapped(folder / "components.npy")  # terms x dimensions

    def project(self, wanted: list[str]) -> np.ndarray:
        """Unit vector of a query; zeros when none of its terms is known."""
        columns = [self._terms[term] for term in wanted if term in self._terms]
        if not columns:
            return np.zeros(self._components.shape[1], dtype=np.float32)
        ids, counts = np.unique(columns, return_counts=True)
        weights = (1.0 + np.log(counts)) * self._idf[ids]
        vector = weights.astype(np.float32) @ self._components[ids]
        norm = float(np.linalg.norm(vector))
        return vector / norm if norm else vector

    def idf_of(self, term: str) -> float:
        """Inverse document frequency of a term; one that is not served is as rare as can be."""
        return self._rarities.get(term, self._rarest)


def _fused(lists: list[tuple[float, np.ndarray]], boost: np.ndarray | None = None) -> list[tuple[int, float]]:
    """(row, score) of weighted lists of scores, best first; 1 is first on every list, with the strongest boost."""
    fused: dict[int, float] = {}
    for weight, scores in lists:
        for place, row in enumerate(_top(scores, POOL)):
            fused[row] = fused.get(row, 0.0) + weight / (FUSION + place + 1)
    if boost is not None:
        fused = {row: score * float(boost[row]) for row, score in fused.items()}
    peak = sum(weight for weight, _ in lists) / (FUSION + 1) * (1.0 if boost is None else float(boost.max()))
    ranked = sorted(fused.items(), key=lambda item: (-item[1], item[0]))
    return [(row, round(score / peak, 6)) for row, score in ranked]


def _top(scores: np.ndarray, k: int) -> list[int]:
    """Rows of the k best positive scores, best first; ties by row, so that a search repeats itself exactly."""
    k = min(k, len(scores))
    rows = np.argpartition(-scores, k - 1)[:k] if k < len(scores) else np.arange(len(scores))
    rows = rows[scores[rows] > 0]
    return [int(row) for row in rows[np.lexsort((rows, -scores[rows]))]]

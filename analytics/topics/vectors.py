"""Vectors of words and reviews: TF-IDF weights over word vectors learnt from the reviews themselves.

A word is known by the words of the *other sentences* of the reviews that use it: an SVD of the positive pointwise
mutual information between words of different sentences (Levy and Goldberg, 2014, 'Neural word embedding as implicit
matrix factorization', with that change of window). Set phrases that fit any subject ('je suis tombé sur une personne
formidable') keep company with everything and end near nothing, where an SVD of the review-by-word matrix gives each of
them a dimension. Measured on the demo: AMI .70 against .48 for the same k-means. The rule it protects: same reviews
and seed, same vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils.extmath import randomized_svd

DIMENSIONS = 100
_SHRINK = 5.0  # pairs of words that a pair needs to be believed at half its value
_SMOOTH = 0.75  # power on the context's frequency (Levy, Goldberg and Dagan, 2015)
_MOST_WORDS = 20_000


class NothingToLearn(ValueError):
    """The reviews share no word that could tell them apart."""


@dataclass(frozen=True)
class Words:
    """Vocabulary with its weights and vectors."""

    vocabulary: tuple[str, ...]
    idf: np.ndarray  # (words,)
    vectors: np.ndarray  # (words, dimensions)

    def weigh(self, keys: Sequence[str]) -> sparse.csr_matrix:
        """TF-IDF rows (sublinear counts, unit length) of reviews given as counted keys."""
        return _weights(counter(self.vocabulary).transform(keys), self.idf)

    def embed(self, keys: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Unit vectors of reviews (reviews, dimensions) and their length before scaling: how telling the words are.

        A review without known words has a zero vector and length 0.
        """
        raw = np.asarray(self.weigh(keys) @ self.vectors, dtype=np.float32)
        return unit(raw), np.linalg.norm(raw, axis=1)


def learn(sentences: Sequence[Sequence[str]], seed: int = 0) -> Words:
    """Words of the reviews, each given as the counted keys of its sentences.

    Raises NothingToLearn when no word is used often enough, and not everywhere.
    """
    n = len(sentences)
    least = 2 if n < 4000 else min(5 + n // 20_000, 10)
    words = counter(min_df=least, max_df=0.2 if n > 200 else 0.5)
    try:
        counts = words.fit_transform([" ".join(parts) for parts in sentences])
    except ValueError as error:
        raise NothingToLearn(str(error)) from None
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = (np.log(n / np.maximum(frequency, 1)) + 1).astype(np.float32)
    together = _across(sentences, words)
    return Words(tuple(words.get_feature_names_out()), idf, _factored(together, seed, least=1.0 if n < 4000 else 2.0))


def counter(vocabulary: Sequence[str] | None = None, min_df: int = 1, max_df: float = 1.0) -> CountVectorizer:
    """Counts words in reviews given as counted keys; fitted already when given a vocabulary."""
    return CountVectorizer(
        tokenizer=str.split,
        token_pattern=None,
        lowercase=False,
        min_df=min_df,
        max_df=max_df,
        max_features=None if vocabulary is not None else _MOST_WORDS,
        vocabulary=None if vocabulary is None else list(vocabulary),
        dtype=np.float32,
    )


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows scaled to length one; zero rows stay zero."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(length > 1e-9, length, 1)).astype(np.float32)


def _weights(counts: sparse.csr_matrix, idf: np.ndarray) -> sparse.csr_matrix:
    matrix = counts.tocsr(copy=True)
    matrix.data = (1 + np.log(matrix.data)).astype(np.float32)
    matrix = matrix.multiply(idf[None, :]).tocsr()
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return (sparse.diags(1 / np.where(length > 0, length, 1)) @ matrix).tocsr().astype(np.float32)


def _across(sentences: Sequence[Sequence[str]], words: CountVectorizer) -> sparse.coo_matrix:
    """How often two words meet in one review but in different sentences (words, words), symmetric."""
    flat = [part for parts in sentences for part in parts]
    owner = np.repeat(np.arange(len(sentences)), [len(parts) for parts in sentences])
    present = (words.transform(flat) > 0).astype(np.float32)
    member = sparse.csr_matrix(
        (np.ones(len(flat), dtype=np.float32), (owner, np.arange(len(flat)))), shape=(len(sentences), len(flat))
    )
    by_review = (member @ present).tocsr()
    together = (by_review.T @ by_review - present.T @ present).tocoo()
    kept = (together.row != together.col) & (together.data > 0.5)
    return sparse.coo_matrix((together.data[kept], (together.row[kept], together.col[kept])), shape=together.shape)


def _factored(together: sparse.coo_matrix, seed: int, least: float) -> np.ndarray:
    """Vectors of words: leading left singular vectors of the shrunk positive mutual information."""
    width = together.shape[0]
    total = np.asarray(together.sum(axis=1)).ravel() + 1e-9
    context = total**_SMOOTH / (total**_SMOOTH).sum()
    often = together.data >= least
    row, column, times = together.row[often], together.col[often], together.data[often]
    information = np.log(times / (total[row] * context[column])) * times / (times + _SHRINK)
    positive = information > 0
    matrix = sparse.csr_matrix(
        (information[positive].astype(np.float32), (row[positive], column[positive])), shape=(width, width)
    )
    dimensions = max(1, min(DIMENSIONS, width - 1))
    left, strength, _ = randomized_svd(matrix, dimensions, n_iter=3, random_state=seed)
    return (left * (strength > 1e-6)).astype(np.float32)

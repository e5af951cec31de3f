"""How good a clustering is: agreement between seeds, purity, coherence and diversity of its words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from scipy import sparse
from sklearn.metrics import adjusted_mutual_info_score

from analytics.topics import vectors
from analytics.topics.text import Tokens

TOP = 10


def agreement(found: Sequence[np.ndarray]) -> tuple[float, float]:
    """Mean AMI between the seeds' labels: over reviews both assign, and over all (rejected ones a class)."""
    both, every = [], []
    for one_, other in combinations(found, 2):
        kept = (one_ >= 0) & (other >= 0)
        both.append(adjusted_mutual_info_score(one_[kept], other[kept]))
        every.append(adjusted_mutual_info_score(one_, other))
    return (float(np.mean(both)), float(np.mean(every))) if both else (float("nan"), float("nan"))


def purity(truth: np.ndarray, labels: np.ndarray) -> float:
    """Share of assigned reviews that belong to the commonest true irritant of their cluster."""
    kept = labels >= 0
    hits = 0
    for label in np.unique(labels[kept]):
        hits += int(np.bincount(truth[labels == label] + 1).max())
    return hits / max(1, int(kept.sum()))


def weights(tokens: Tokens, labels: np.ndarray) -> tuple[np.ndarray, sparse.csr_matrix]:
    """c-TF-IDF (topics, words), the same formula for every method, and the reviews' words as 0/1."""
    every = vectors.counts(tokens, tokens.keys)
    counts = every[:, np.flatnonzero(np.bincount(every.indices, minlength=every.shape[1]) >= 5)].tocsr()
    used = np.unique(labels[labels >= 0])
    member = sparse.csr_matrix((labels[None, :] == used[:, None]).astype(np.float32))
    tf = np.asarray((member @ counts).todense())
    total = tf.sum(axis=0)
    weight = tf / np.maximum(tf.sum(axis=1, keepdims=True), 1) * np.log(1 + tf.sum() / len(used) / np.maximum(total, 1))
    return weight, (counts > 0).astype(np.float32).tocsr()


def coherence(tokens: Tokens, labels: np.ndarray) -> tuple[float, float]:
    """Mean NPMI of the ten first words of the topics over the corpus' own reviews, and the share of distinct ones."""
    weight, present = weights(tokens, labels)
    tops = np.argsort(-weight, axis=1, kind="stable")[:, :TOP]
    words = np.unique(tops)
    place = {int(w): k for k, w in enumerate(words)}
    narrow = present[:, words]
    together = np.asarray((narrow.T @ narrow).todense()) / len(tokens)
    alone = together.diagonal()
    scores = []
    for top in tops:
        for a, b in combinations((place[int(w)] for w in top), 2):
            joint = together[a, b]
            scores.append(-1.0 if joint == 0 else float(np.log(joint / alone[a] / alone[b]) / -np.log(joint)))
    return float(np.mean(scores)), len(words) / tops.size

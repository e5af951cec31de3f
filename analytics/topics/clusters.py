"""BERTopic's clustering sub-model: irritants by over-clustering, mixture refinement and merging.

Replaces UMAP + HDBSCAN, whose default leaves a third of such reviews out and takes minutes. The steps: spherical
k-means on the SVD vectors finds more groups than wanted; a hard-assignment multinomial mixture over the words (Nigam et
al., 2000, 'Text classification from labeled and unlabeled documents using EM') moves reviews to the group whose words
they use; groups whose words agree are merged (average linkage on cosine) down to the wanted number; the mixture runs
again. The rule it protects: the same reviews and seed give the same clusters.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.preprocessing import normalize

OVER = 3  # groups sought for each irritant wanted, before merging
_SMOOTHING = 40.0  # weight of the whole corpus' words in a group's words
_ROUNDS = 10
_SETTLED = 0.005  # share of reviews still moving under which the mixture has converged
_SAMPLE = 30_000  # reviews the first k-means looks at
REJECTED = 0.10  # share of the fitting reviews with the least evidence, left unassigned


class MixtureClusters:
    """`fit` / `predict` / `labels_`, as BERTopic asks of a clustering model.

    `matrix` holds the TF-IDF rows of the reviews that `fit` receives the vectors of, in the same order. After
    `fit`: `labels_` (-1 = too little evidence), `evidence_` (clusters x words, log-odds), `threshold_`.
    """

    def __init__(self, matrix: sparse.csr_matrix, wanted: int, seed: int = 0) -> None:
        self.matrix = matrix
        self.wanted = wanted
        self.seed = seed
        self.labels_ = np.empty(0, dtype=np.int64)
        self.evidence_ = np.empty((0, matrix.shape[1]))
        self.threshold_ = 0.0

    def fit(self, vectors: np.ndarray, _target: object = None) -> MixtureClusters:
        """Cluster the reviews: `vectors` are their unit SVD vectors (reviews, dimensions)."""
        n = len(vectors)
        random = np.random.default_rng(self.seed)
        sample = vectors if n <= _SAMPLE else vectors[random.choice(n, _SAMPLE, replace=False)]
        groups = min(OVER * self.wanted, max(1, len(sample) // 4))
        start = KMeans(groups, n_init=1, random_state=self.seed).fit(sample)
        labels = self._refined(start.predict(vectors).astype(np.int64))
        if labels.max() + 1 > self.wanted:
            words = normalize(log_odds(self.matrix, labels))
            merged = AgglomerativeClustering(self.wanted, metric="cosine", linkage="average").fit_predict(words)
            labels = self._refined(merged[labels])
        self.evidence_ = log_odds(self.matrix, labels)
        proof = np.asarray(self.matrix @ self.evidence_.T)
        best = proof.max(axis=1)
        self.threshold_ = float(max(np.quantile(best, REJECTED), 0.0))
        self.labels_ = np.where(best > self.threshold_, proof.argmax(axis=1), -1)
        return self

    def predict(self, vectors: np.ndarray) -> np.ndarray:
        """Labels of the fitted reviews (BERTopic calls it on those only)."""
        if len(vectors) != len(self.labels_):
            raise ValueError("new reviews are assigned by TopicModel.assign")
        return self.labels_

    def _refined(self, labels: np.ndarray) -> np.ndarray:
        for _ in range(_ROUNDS):
            _, labels = np.unique(labels, return_inverse=True)
            moved = np.asarray(self.matrix @ log_odds(self.matrix, labels).T).argmax(axis=1)
            share = float((moved != labels).mean())
            labels = moved
            if share < _SETTLED:
                break
        return np.unique(labels, return_inverse=True)[1]


def log_odds(matrix: sparse.csr_matrix, labels: np.ndarray) -> np.ndarray:
    """log P(word | group) - log P(word) of each group (groups, words), shrunk towards 0 for small groups."""
    n = len(labels)
    groups = int(labels.max()) + 1
    member = sparse.csr_matrix((np.ones(n, dtype=np.float32), (labels, np.arange(n))), shape=(groups, n))
    words = np.asarray((member @ matrix).todense(), dtype=np.float64)
    whole = words.sum(axis=0) + 1e-3
    whole /= whole.sum()
    smooth = words + _SMOOTHING * whole
    return (np.log(smooth / smooth.sum(axis=1, keepdims=True)) - np.log(whole)).astype(np.float32)


def subdivided(vectors: np.ndarray, smallest: int, most: int, seed: int) -> np.ndarray:
    """Fine groups of an irritant's reviews, each of at least `smallest`: labels from 0; one group when too few."""
    n = len(vectors)
    wanted = min(most, n // (4 * smallest))
    if wanted < 2:
        return np.zeros(n, dtype=np.int64)
    fitted = KMeans(wanted, n_init=1, random_state=seed).fit(vectors)
    labels = fitted.labels_.astype(np.int64)
    sizes = np.bincount(labels, minlength=wanted)
    keep = np.flatnonzero(sizes >= smallest)
    if len(keep) < wanted:
        centres = fitted.cluster_centers_[keep]
        labels = ((vectors[:, None, :] - centres[None]) ** 2).sum(axis=2).argmin(axis=1) if len(keep) else labels * 0
    return np.unique(labels, return_inverse=True)[1]

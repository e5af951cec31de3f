"""Fitting the topic model: BERTopic with our embeddings, our clusters and our French words.

The only module that imports BERTopic (seconds of cold import), inside the function that fits. BERTopic composes the
sub-models and weighs the terms (c-TF-IDF); what serves afterwards is a plain `TopicModel`. The rules it protects:
accents survive (`language` is not English); ids of topics that are still there survive a refit.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer

from analytics.topics import names, text
from analytics.topics.clusters import MixtureClusters, subdivided
from analytics.topics.model import (
    UNASSIGNED,
    Topic,
    TopicModel,
    counter_of,
    embed,
    unit,
    weights,
)

IRRITANTS = 72  # what a person can hold in mind, when there are reviews enough
MOST_REVIEWS = 100_000  # fitted on at most; the others are assigned
FEWEST_REVIEWS = 20  # under which nothing recurs: every review stays unassigned
_REVIEWS_EACH = 30  # reviews an irritant needs, on average
_DIMENSIONS = 100
_SUBJECT_SIZE = 8
_SUBJECTS_EACH = 8
_EXEMPLARS = 5
_NAMING_SAMPLE = 300
_TERMS = 40


def fit(
    texts: Sequence[str],
    ids: Sequence[int],
    *,
    kind: str,
    last_publication: str,
    previous: TopicModel | None = None,
    seed: int = 0,
) -> TopicModel:
    """A topic model of the reviews (`texts` and `ids` in the same order), at most `MOST_REVIEWS` of them drawn.

    With `previous`, a topic that shares most of its reviews with one of the earlier model keeps its id. Too few
    usable reviews give a model without irritants, that leaves everything unassigned.
    """
    random = np.random.default_rng(seed)
    rows = np.arange(len(texts))
    if len(rows) > MOST_REVIEWS:
        rows = np.sort(random.choice(rows, MOST_REVIEWS, replace=False))
    texts, ids = [texts[i] for i in rows], [ids[i] for i in rows]
    keys = list(text.counted(texts))
    usable = sum(1 for k in keys if k.count(" ") >= 2)
    if usable < FEWEST_REVIEWS:
        return _empty(kind, last_publication, len(texts))
    counter = counter_of(min_df=2 if usable < 6000 else usable // 3000, max_df=0.2 if usable > 200 else 0.5)
    counts = counter.fit_transform(keys)
    idf = TfidfTransformer(norm=None).fit(counts).idf_.astype(np.float32)
    matrix = weights(counts, idf)
    dimensions = min(_DIMENSIONS, matrix.shape[1] - 1, matrix.shape[0] - 1)
    components = TruncatedSVD(dimensions, n_iter=4, random_state=seed).fit(matrix).components_.astype(np.float32)
    vectors = embed(matrix, components)
    clusters = MixtureClusters(matrix, wanted=min(IRRITANTS, max(2, usable // _REVIEWS_EACH)), seed=seed)
    terms = _bertopic(keys, vectors, clusters)
    return _model(
        texts=texts,
        ids=np.asarray(ids, dtype=np.int64),
        vectors=vectors,
        clusters=clusters,
        terms=terms,
        previous=previous,
        seed=seed,
        shared={
            "kind": kind,
            "fitted_on": len(texts),
            "last_publication": last_publication,
            "vocabulary": tuple(counter.get_feature_names_out()),
            "idf": idf,
            "components": components,
            "threshold": clusters.threshold_,
        },
    )


def _bertopic(keys: list[str], vectors: np.ndarray, clusters: MixtureClusters) -> dict[int, list[tuple[str, float]]]:
    """Run BERTopic with the given vectors and clusters; c-TF-IDF terms of each cluster, heaviest first."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from bertopic import BERTopic
    from bertopic.backend import BaseEmbedder
    from bertopic.dimensionality import BaseDimensionalityReduction
    from bertopic.vectorizers import ClassTfidfTransformer

    topic_model = BERTopic(
        language="multilingual",  # English, the default, strips accented letters
        embedding_model=BaseEmbedder(),
        umap_model=BaseDimensionalityReduction(),  # the SVD has reduced already
        hdbscan_model=clusters,
        vectorizer_model=counter_of(),
        ctfidf_model=ClassTfidfTransformer(),
        top_n_words=_TERMS,
        calculate_probabilities=False,
        verbose=False,
    )
    with contextlib.redirect_stdout(None):
        found, _ = topic_model.fit_transform(keys, embeddings=vectors)
    # BERTopic numbers topics by size: follow one review of each back to its cluster.
    number = {
        int(cluster): int(found[int(np.flatnonzero(clusters.labels_ == cluster)[0])]) for cluster in _used(clusters)
    }
    return {cluster: [(w, float(s)) for w, s in topic_model.get_topic(n) if w] for cluster, n in number.items()}


def _used(clusters: MixtureClusters) -> np.ndarray:
    return np.unique(clusters.labels_[clusters.labels_ >= 0])


def _model(
    *,
    texts: Sequence[str],
    ids: np.ndarray,
    vectors: np.ndarray,
    clusters: MixtureClusters,
    terms: dict[int, list[tuple[str, float]]],
    previous: TopicModel | None,
    seed: int,
    shared: dict[str, Any],
) -> TopicModel:
    """Put clusters, fine subjects, names and ids together."""
    random = np.random.default_rng(seed)
    used = _used(clusters)
    members = [np.flatnonzero(clusters.labels_ == c) for c in used]
    centres = unit(np.stack([vectors[m].mean(axis=0) for m in members]))
    fine = [subdivided(vectors[m], _SUBJECT_SIZE, _SUBJECTS_EACH, seed) for m in members]
    groups = [(i, m[f == g]) for i, (m, f) in enumerate(zip(members, fine, strict=True)) for g in range(f.max() + 1)]
    subject_centres = unit(np.stack([vectors[rows].mean(axis=0) for _, rows in groups]))
    old = previous.assign(texts) if previous is not None and previous.irritants else None
    fresh = max((t.id for t in previous.irritants), default=-1) + 1 if previous is not None else 0
    irritant_ids = carried(members, old.irritant if old else None, len(texts), fresh)
    subject_ids = _subject_ids(groups, irritant_ids, old.subject if old else None, len(texts), previous)
    titles = names.named([terms[int(c)] for c in used], [_some(texts, m, random) for m in members])
    places = _map(centres)
    irritants = tuple(
        Topic(
            id=irritant_ids[i],
            label=titles[i].label,
            terms=titles[i].terms,
            exemplars=tuple(int(r) for r in ids[m[np.argsort(-(vectors[m] @ centres[i]), kind="stable")[:_EXEMPLARS]]]),
            x=float(places[i, 0]),
            y=float(places[i, 1]),
        )
        for i, m in enumerate(members)
    )
    subject_titles = _subject_names(texts, groups, members, titles, random)
    subjects = tuple(
        Topic(id=subject_ids[j], label=subject_titles[j].label, terms=subject_titles[j].terms, parent=irritant_ids[i])
        for j, (i, _) in enumerate(groups)
    )
    return TopicModel(
        irritants=irritants,
        subjects=subjects,
        evidence=clusters.evidence_[used],
        centres=centres,
        subject_centres=subject_centres,
        **shared,
    )


def carried(members: Sequence[np.ndarray], old: np.ndarray | None, n: int, fresh: int) -> list[int]:
    """Ids of the new groups: an earlier id where at least half of the smaller side is shared, else a fresh one.

    `members` are row numbers of each group, `old` the earlier id of each of the `n` rows (-1 = none). One to one,
    by the Hungarian method on the numbers of shared rows.
    """
    ids: list[int | None] = [None] * len(members)
    if old is not None:
        known = np.unique(old[old >= 0])
        shared = np.array([[np.count_nonzero(old[m] == k) for k in known] for m in members]).reshape(len(members), -1)
        for i, j in zip(*linear_sum_assignment(-shared), strict=True):
            smaller = min(len(members[i]), int(np.count_nonzero(old == known[j])))
            if shared[i, j] >= 0.5 * smaller:
                ids[i] = int(known[j])
    largest_first = sorted((i for i, id_ in enumerate(ids) if id_ is None), key=lambda i: -len(members[i]))
    for offset, i in enumerate(largest_first):
        ids[i] = fresh + offset
    return [int(id_) for id_ in ids if id_ is not None]


def _subject_ids(
    groups: Sequence[tuple[int, np.ndarray]],
    irritant_ids: Sequence[int],
    old: np.ndarray | None,
    n: int,
    previous: TopicModel | None,
) -> list[int]:
    """Ids of subjects, far above those of irritants: they share one table."""
    base = 100_000
    taken = [t.id for t in previous.subjects] if previous is not None else []
    return carried([rows for _, rows in groups], old, n, max([base - 1, *taken]) + 1)


def _subject_names(
    texts: Sequence[str],
    groups: Sequence[tuple[int, np.ndarray]],
    members: Sequence[np.ndarray],
    titles: Sequence[names.Named],
    random: np.random.Generator,
) -> list[names.Named]:
    """Titles of subjects: the words that set each apart from the other reviews of its irritant."""
    out: list[names.Named] = []
    for i in range(len(members)):
        own = [rows for parent, rows in groups if parent == i]
        if len(own) == 1:
            out.append(titles[i])
            continue
        samples = [_some(texts, rows, random) for rows in own]
        counter = counter_of()
        counts = counter.fit_transform([" ".join(text.counted(sample)) for sample in samples])
        presence = np.asarray(counts.todense())
        share = presence / presence.sum(axis=1, keepdims=True)
        weight = share * np.log((share + 1e-4) / (share.mean(axis=0) + 1e-4))
        words = counter.get_feature_names_out()
        terms = []
        for row in weight:
            best = np.argsort(-row, kind="stable")[:_TERMS]
            terms.append([(str(words[j]), float(row[j])) for j in best])
        out.extend(names.named(terms, samples))
    return out


def _some(texts: Sequence[str], rows: np.ndarray, random: np.random.Generator) -> list[str]:
    chosen = rows if len(rows) <= _NAMING_SAMPLE else random.choice(rows, _NAMING_SAMPLE, replace=False)
    return [texts[int(i)] for i in np.sort(chosen)]


def _map(centres: np.ndarray) -> np.ndarray:
    """Places of the irritants in the plane (n, 2): classical scaling of their cosine distances (Torgerson, 1952)."""
    n = len(centres)
    if n < 3:
        return np.column_stack([np.arange(n, dtype=float), np.zeros(n)])
    distance = np.clip(1 - centres @ centres.T, 0, None)
    centring = np.eye(n) - 1 / n
    values, axes = np.linalg.eigh(-0.5 * centring @ distance**2 @ centring)
    place = axes[:, ::-1][:, :2] * np.sqrt(np.clip(values[::-1][:2], 0, None))
    return place * np.sign(place[np.abs(place).argmax(axis=0), [0, 1]])  # eigenvectors have no sign of their own


def _empty(kind: str, last_publication: str, n: int) -> TopicModel:
    none = np.zeros((0, 1), dtype=np.float32)
    return TopicModel(
        kind=kind,
        fitted_on=n,
        last_publication=last_publication,
        irritants=(),
        subjects=(),
        vocabulary=("-",),
        idf=np.ones(1, dtype=np.float32),
        components=np.zeros((1, 1), dtype=np.float32),
        evidence=none,
        centres=none,
        subject_centres=none,
        threshold=0.0,
    )

"""Fitting the topic model: BERTopic with our embeddings, our clusters and our French words.

The only module that imports BERTopic (seconds of cold import), inside the function that fits. BERTopic composes the
sub-models and weighs the terms (c-TF-IDF); what serves afterwards is a plain `TopicModel`. The rules it protects:
accents survive (`language` is not English); ids of topics that are still there survive a refit.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linear_sum_assignment

from analytics.topics import names, phrases, text, vectors
from analytics.topics.clusters import Known, MergedClusters, pinned, subdivided
from analytics.topics.embeddings import Local
from analytics.topics.model import Assignment, Topic, TopicModel
from analytics.topics.phrases import Phrases
from analytics.topics.vectors import Words, unit

IRRITANTS = 80  # sought when there are reviews enough; groups without a subject are set aside, some tens stay
MOST_REVIEWS = 100_000  # fitted on at most; the others are assigned
FEWEST_REVIEWS = 20  # under which nothing recurs: every review stays unassigned
_REVIEWS_EACH = 30  # reviews an irritant needs, on average
_SUBJECT_SIZE = 8
_SUBJECTS_EACH = 8
FIRST_IDS = (0, 100_000)  # of irritants and of subjects, which share one table: their ids are kept apart
_EXEMPLARS = 5
_OTHER_SIZE = 1.5  # times more reviews than the earlier model was fitted on: clusters no longer start from its own
_NO_WORDS = Words(("-",), np.ones(1, dtype=np.float32), np.zeros((1, 1), dtype=np.float32))
_TERMS = 80  # candidates of c-TF-IDF among which a title is chosen


def fit(
    texts: Sequence[str],
    ids: Sequence[int],
    *,
    kind: str,
    last_publication: str,
    previous: TopicModel | None = None,
    kept: frozenset[int] = frozenset(),
    titler: names.Titler | None = None,
    local: Local | None = None,
    first_ids: tuple[int, int] = FIRST_IDS,
    seed: int = 0,
) -> TopicModel:
    """A topic model of the reviews (`texts` and `ids` in the same order), at most `MOST_REVIEWS` of them drawn.

    With `previous`, a topic that shares most of its reviews with one of the earlier model keeps its id, and an irritant
    its title too; those in `kept` (ids that people edited) are there again whatever the new clusters, as long as any
    review is about them. Without it, ids of irritants and subjects start from `first_ids`. `local` weights make the vectors, else words learnt from the reviews do. `titler` names new irritants; a rule does where it is silent. Too few usable reviews give a
    model without irritants, that leaves everything unassigned.
    """
    fresh = first_ids if previous is None else previous.next_ids
    random = np.random.default_rng(seed)
    rows = np.arange(len(texts))
    if len(rows) > MOST_REVIEWS:
        rows = np.sort(random.choice(rows, MOST_REVIEWS, replace=False))
    texts, ids = [texts[int(i)] for i in rows], [ids[int(i)] for i in rows]
    tokens = text.cut(texts)
    if len(np.unique(tokens.review)) < FEWEST_REVIEWS:
        return _empty(kind, last_publication, len(texts), fresh)
    if local is not None:
        words = _NO_WORDS
        placed, lengths = local.embed(texts)
    else:
        try:
            words = vectors.learn(tokens, seed)
        except vectors.NothingToLearn:
            return _empty(kind, last_publication, len(texts), fresh)
        placed, lengths = words.place(tokens)
    usable = int(np.count_nonzero(lengths))
    if usable < FEWEST_REVIEWS:
        return _empty(kind, last_publication, len(texts), fresh)
    old = previous.assign(texts) if previous is not None and previous.irritants else None
    pins = {id_: np.flatnonzero(old.irritant == id_) for id_ in sorted(kept)} if old is not None else {}
    pins = {id_: found for id_, found in pins.items() if len(found)}
    wanted = min(IRRITANTS, max(2, usable // _REVIEWS_EACH))
    grown = previous is None or len(texts) >= _OTHER_SIZE * previous.fitted_on
    known = None if old is None or previous is None or grown else _known(previous, old)
    clusters = MergedClusters(lengths, wanted, seed, pins=pins, known=known)
    found = phrases.find(tokens, least=max(2, min(5, len(texts) // 1000)))
    terms = composed(found, placed, clusters)
    if not len(_used(clusters)):  # every review says the same
        return _empty(kind, last_publication, len(texts), fresh)
    return _model(
        texts=texts,
        ids=np.asarray(ids, dtype=np.int64),
        placed=placed,
        clusters=clusters,
        found=found,
        terms=terms,
        previous=previous,
        fresh=fresh,
        old=old,
        kept=kept,
        titler=titler,
        seed=seed,
        shared={
            "kind": kind,
            "fitted_on": len(texts),
            "last_publication": last_publication,
            "words": words,
            "local": local,
            "aside": clusters.aside_,
            "threshold": clusters.threshold_,
        },
    )


def _known(previous: TopicModel, old: Assignment) -> Known:
    """Where the earlier model puts each review: among its irritants when it assigned it, or in a group set aside."""
    every = np.concatenate([previous.centres, previous.aside]) if len(previous.aside) else previous.centres
    group = (old.vectors @ every.T).argmax(axis=1)
    kept = (old.irritant >= 0) | ((group >= len(previous.centres)) & old.vectors.any(axis=1))
    return Known(np.where(kept, group, -1), np.arange(len(every)) >= len(previous.centres))


class _Held:
    """BERTopic's vectoriser: its documents are the numbers of the reviews, whose words and phrases are known already."""

    def __init__(self, found: Phrases) -> None:
        self.found = found

    def fit_transform(self, documents: Sequence[str]) -> sparse.csr_matrix:
        """How many reviews of each topic hold each candidate; a topic is the numbers of its reviews."""
        rows = [np.array(document.split(), dtype=np.int64) for document in documents]
        topic = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
        shape = (len(rows), self.found.presence.shape[0])
        member = sparse.csr_matrix((np.ones(len(topic), dtype=np.float32), (topic, np.concatenate(rows))), shape=shape)
        return (member @ self.found.presence).tocsr()

    def get_feature_names_out(self) -> np.ndarray:
        """The candidates, as BERTopic sorts and returns them: by position."""
        return np.arange(len(self.found.names)).astype(str)


def composed(found: Phrases, placed: np.ndarray, clusters: MergedClusters) -> dict[int, list[int]]:
    """Run BERTopic with the given vectors and clusters; candidates of each cluster by c-TF-IDF, heaviest first."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    with _set_aside("umap", "hdbscan", "openai"):
        from bertopic import BERTopic
        from bertopic.backend import BaseEmbedder
        from bertopic.dimensionality import BaseDimensionalityReduction
        from bertopic.vectorizers import ClassTfidfTransformer

    class Composer(BERTopic):
        """BERTopic without its search for representative reviews: ours are those nearest to the centres."""

        def _save_representative_docs(self, documents: Any) -> None:
            self.representative_docs_: dict[int, list[str]] = {}

    topic_model = Composer(
        language="multilingual",  # English, the default, strips accented letters
        embedding_model=BaseEmbedder(),
        umap_model=BaseDimensionalityReduction(),  # the SVD has reduced already
        hdbscan_model=clusters,
        vectorizer_model=_Held(found),
        ctfidf_model=ClassTfidfTransformer(),
        top_n_words=_TERMS,
        calculate_probabilities=False,
        verbose=False,
    )
    with contextlib.redirect_stdout(None):
        numbered, _ = topic_model.fit_transform([str(i) for i in range(len(placed))], embeddings=placed)
    # BERTopic numbers topics by size: follow one review of each back to its cluster.
    number = {
        int(cluster): int(numbered[int(np.flatnonzero(clusters.labels_ == cluster)[0])]) for cluster in _used(clusters)
    }
    return {
        cluster: [int(word) for word, weight in topic_model.get_topic(n) if word and weight > 0]
        for cluster, n in number.items()
    }


@contextlib.contextmanager
def _set_aside(*packages: str) -> Iterator[None]:
    """Import BERTopic without what it takes when installed and we replace: numba compiles UMAP for half a minute."""
    absent = [name for name in packages if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python marks a module that is not there
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def _used(clusters: MergedClusters) -> np.ndarray:
    return np.unique(clusters.labels_[clusters.labels_ >= 0])


def _model(
    *,
    texts: Sequence[str],
    ids: np.ndarray,
    placed: np.ndarray,
    clusters: MergedClusters,
    found: Phrases,
    terms: dict[int, list[int]],
    previous: TopicModel | None,
    fresh: tuple[int, int],
    old: Assignment | None,
    kept: frozenset[int],
    titler: names.Titler | None,
    seed: int,
    shared: dict[str, Any],
) -> TopicModel:
    """Put clusters, fine subjects, names and ids together."""
    used = _used(clusters)
    members = [np.flatnonzero(clusters.labels_ == c) for c in used]
    centres = clusters.centres_[used]
    fine = [subdivided(placed[m], _SUBJECT_SIZE, _SUBJECTS_EACH, seed) for m in members]
    groups = [(i, m[f == g]) for i, (m, f) in enumerate(zip(members, fine, strict=True)) for g in range(f.max() + 1)]
    forced_subjects = _kept_subjects(groups, members, old, kept)
    subject_centres = unit(np.stack([placed[rows].mean(axis=0) for _, rows in groups]))
    place_of = {int(c): i for i, c in enumerate(used)}
    forced = {place_of[j]: id_ for id_, j in clusters.pinned_.items() if j in place_of}
    irritant_ids = carried(members, old.irritant if old else None, fresh[0], forced)
    subject_ids = carried([rows for _, rows in groups], old.subject if old else None, fresh[1], forced_subjects)
    earlier = {t.id: t for t in previous.irritants} if previous is not None else {}
    exemplars = [m[np.argsort(-(placed[m] @ centres[i]), kind="stable")[:_EXEMPLARS]] for i, m in enumerate(members)]
    titles = names.named(
        phrases.telling(found, members, pools=[terms[int(c)] for c in used]),
        [[texts[int(r)] for r in rows] for rows in exemplars],
        known=[earlier[i].title if i in earlier else None for i in irritant_ids],
        titler=titler,
    )
    places = _map(centres)
    irritants = tuple(
        Topic(
            id=irritant_ids[i],
            label=titles[i].label,
            terms=titles[i].terms,
            named_by=titles[i].by,
            exemplars=tuple(int(r) for r in ids[exemplars[i]]),
            x=float(places[i, 0]),
            y=float(places[i, 1]),
        )
        for i in range(len(members))
    )
    subject_titles = _subject_names(found, groups, members, titles)
    subjects = tuple(
        Topic(id=subject_ids[j], label=subject_titles[j].label, terms=subject_titles[j].terms, parent=irritant_ids[i])
        for j, (i, _) in enumerate(groups)
    )
    return TopicModel(
        irritants=irritants,
        subjects=subjects,
        centres=centres,
        subject_centres=subject_centres,
        next_ids=(max(fresh[0] - 1, *irritant_ids) + 1, max(fresh[1] - 1, *subject_ids) + 1),
        **shared,
    )


def _kept_subjects(
    groups: list[tuple[int, np.ndarray]], members: Sequence[np.ndarray], old: Assignment | None, kept: frozenset[int]
) -> dict[int, int]:
    """Give every kept subject a group, adding to `groups` where none stands for it; position of the group -> id."""
    pins = {} if old is None else {id_: np.flatnonzero(old.subject == id_) for id_ in sorted(kept)}
    found, missing = pinned([rows for _, rows in groups], pins)
    for id_ in missing:
        shares = [len(np.intersect1d(pins[id_], m, assume_unique=True)) for m in members]
        parent = int(np.argmax(shares))
        if shares[parent]:
            found[id_] = len(groups)
            groups.append((parent, np.intersect1d(pins[id_], members[parent], assume_unique=True)))
    return {j: id_ for id_, j in found.items()}


def carried(
    members: Sequence[np.ndarray], old: np.ndarray | None, fresh: int, forced: Mapping[int, int] | None = None
) -> list[int]:
    """Ids of the new groups: an earlier id where at least half of the smaller side is shared, else a fresh one.

    `members` are row numbers of each group, `old` the earlier id of each row (-1 = none), `forced` ids given whatever
    is shared, by position. One to one, by the Hungarian method on the numbers of shared rows.
    """
    ids: list[int | None] = [None] * len(members)
    if old is not None:
        known = np.unique(old[old >= 0])
        shared = np.zeros((len(members), len(known)), dtype=np.int64)
        for i, rows in enumerate(members):
            values, times = np.unique(old[rows][old[rows] >= 0], return_counts=True)
            shared[i, np.searchsorted(known, values)] = times
        for i, id_ in (forced or {}).items():
            shared[i, :] = 0
            shared[:, known == id_] = 0
            ids[i] = id_
        for i, j in zip(*linear_sum_assignment(-shared), strict=True):
            smaller = min(len(members[i]), int(np.count_nonzero(old == known[j])))
            if ids[i] is None and shared[i, j] and shared[i, j] >= 0.5 * smaller:
                ids[i] = int(known[j])
    largest_first = sorted((i for i, id_ in enumerate(ids) if id_ is None), key=lambda i: -len(members[i]))
    for offset, i in enumerate(largest_first):
        ids[i] = fresh + offset
    return [int(id_) for id_ in ids if id_ is not None]


def _subject_names(
    found: Phrases,
    groups: Sequence[tuple[int, np.ndarray]],
    members: Sequence[np.ndarray],
    titles: Sequence[names.Named],
) -> list[names.Named]:
    """Titles of subjects: the words that set each apart from the other reviews of its irritant."""
    out: list[names.Named] = []
    for i, rows in enumerate(members):
        own = [part for parent, part in groups if parent == i]
        if len(own) == 1:
            out.append(titles[i])
        else:
            out.extend(names.named(phrases.telling(found, own, around=rows), [()] * len(own)))
    return out


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


def _empty(kind: str, last_publication: str, n: int, fresh: tuple[int, int]) -> TopicModel:
    none = np.zeros((0, 1), dtype=np.float32)
    return TopicModel(
        kind=kind,
        fitted_on=n,
        last_publication=last_publication,
        irritants=(),
        subjects=(),
        words=_NO_WORDS,
        centres=none,
        subject_centres=none,
        aside=none,
        threshold=0.0,
        next_ids=fresh,
    )

"""The three methods, each fit in a process of its own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from analytics.topics import fit, phrases, text
from analytics.topics.clusters import MergedClusters
from benchmarks.topics.corpora import ROOT, Corpus
from benchmarks.topics.scores import weights

METHODS = ("vigie", "kmeans", "bertopic")
CHOICES = ("hdbscan", "ngrams")  # what was tried in place of our clusters, then of our vectors
NAMES = {
    "vigie": "Vigie",
    "bertopic": "BERTopic defaults (UMAP, HDBSCAN)",
    "kmeans": "k-means",
    "hdbscan": "fast_hdbscan on the same vectors (20 dimensions)",
    "ngrams": "k-means on TF-IDF of words and character n-grams, SVD",
}


@dataclass
class Found:
    """What the seeds of one method gave."""

    seconds: list[float] = field(default_factory=list)  # clusters and topics' words, given the vectors
    whole: list[float] = field(default_factory=list)  # from texts to assigned reviews with French names; ours only
    peak_mb: list[float] = field(default_factory=list)
    labels: list[np.ndarray] = field(default_factory=list)  # -1 = rejected


def one(method: str, folder: Path, seed: int) -> dict[str, Any]:
    """Cluster the corpus of `folder` once, in this process: labels go to a file, time and peak memory are returned."""
    texts: list[str] = json.loads((folder / "texts.json").read_text("utf-8"))
    placed, lengths = np.load(folder / "vectors.npy"), np.load(folder / "lengths.npy")
    runs: dict[str, Callable[[], np.ndarray]] = {
        "vigie": lambda: _vigie(texts, placed, lengths, seed),
        "bertopic": lambda: _bertopic(texts, placed),
        "kmeans": lambda: _kmeans(texts, placed, seed),
        "hdbscan": lambda: _hdbscan(placed),
        "ngrams": lambda: _kmeans(texts, _ngrams(texts, placed.shape[1]), seed),
    }
    if method == "bertopic":
        _bertopic(texts[:500] * 2, np.repeat(placed[:500], 2, axis=0))  # numba compiles
    elif method == "hdbscan":
        _hdbscan(placed[:500])
    else:
        fit.fit(texts[:60], range(60), kind="real", last_publication="2025-01-01")  # imports
    began = time.perf_counter()
    labels = runs[method]()
    seconds = time.perf_counter() - began
    whole = seconds
    if method == "vigie":  # what serves: a model from the texts alone, and its assignment of them
        began = time.perf_counter()
        fitted = fit.fit(texts, range(len(texts)), kind="real", last_publication="2025-01-01", seed=seed)
        labels = fitted.assign(texts).irritant
        whole = time.perf_counter() - began
    np.save(folder / f"{method}-{seed}.npy", labels)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "whole": whole, "peak_mb": peak}


def _vigie(texts: Sequence[str], placed: np.ndarray, lengths: np.ndarray, seed: int) -> np.ndarray:
    clusters = MergedClusters(lengths, min(fit.IRRITANTS, len(texts) // 10), seed)
    fit.composed(phrases.find(text.cut(texts), least=5), placed, clusters)
    return clusters.labels_


def _bertopic(texts: Sequence[str], placed: np.ndarray) -> np.ndarray:
    from bertopic import BERTopic

    found, _ = BERTopic(language="multilingual", embedding_model=None).fit_transform(list(texts), embeddings=placed)
    return np.asarray(found)


def _kmeans(texts: Sequence[str], placed: np.ndarray, seed: int) -> np.ndarray:
    from sklearn.cluster import KMeans

    labels = np.asarray(KMeans(min(fit.IRRITANTS, len(texts) // 10), n_init=3, random_state=seed).fit_predict(placed))
    weights(text.cut(texts), labels)  # the others' time holds their words too
    return labels


def _hdbscan(placed: np.ndarray) -> np.ndarray:
    """The dimensions and the least size that served it best on demo seed 11, of 10 or 20 and 15 or 40."""
    import fast_hdbscan
    from sklearn.decomposition import PCA

    narrow = np.ascontiguousarray(PCA(20, random_state=0).fit_transform(placed), dtype=np.float64)  # as its trees ask
    return np.asarray(fast_hdbscan.HDBSCAN(min_cluster_size=15, min_samples=5).fit_predict(narrow))


def _ngrams(texts: Sequence[str], dimensions: int) -> np.ndarray:
    """Vectors by TF-IDF of the counted words and of their runs of 3 to 5 characters, then SVD."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union
    from sklearn.preprocessing import normalize

    words = TfidfVectorizer(min_df=5, max_df=0.2, sublinear_tf=True)
    runs = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), min_df=10, max_df=0.2, sublinear_tf=True, max_features=60_000
    )
    weighed = make_union(words, runs).fit_transform([" ".join(said) for said in text.sentences(texts)])
    return np.asarray(normalize(TruncatedSVD(dimensions, random_state=0).fit_transform(weighed)))


def compared(
    corpus: Corpus, methods: Sequence[str], seeds: int, bar: tqdm[Any], until: float = float("inf")
) -> dict[str, Found]:
    """Every method with every seed, each in a process of its own; none starts that would likely end after `until`."""
    out = {}
    for method in methods:
        found = out[method] = Found()
        took = 0.0
        for seed in range(seeds):
            began = time.monotonic()
            if seed and began + took > until:
                break
            asked = ("--one", method, "--folder", str(corpus.folder), "--one-seed", str(seed))
            told = child(*asked, "--groups", str(fit.IRRITANTS))
            found.seconds.append(told["seconds"])
            found.whole.append(told["whole"])
            found.peak_mb.append(told["peak_mb"])
            found.labels.append(np.load(corpus.folder / f"{method}-{seed}.npy"))
            took = time.monotonic() - began
            bar.update()
    return out


def child(*arguments: str) -> dict[str, Any]:
    """What another process of this benchmark tells."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.topics", *arguments], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    told: dict[str, Any] = json.loads(done.stdout.decode().strip().splitlines()[-1])
    return told

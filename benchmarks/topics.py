"""Topics side by side, on the same texts in one run: ours, BERTopic's defaults, k-means.

    python -m benchmarks.topics [--reviews 20000] [--demo-seed 21] [--seeds 5] [--grow 20000 100000] [--data DIR]

Prints three tables: quality against the demo's true irritants, agreement with what the real sample declares when it is
at hand, and how time and memory grow. All three methods are given the same texts and the same vectors, and their time is
that of the clusters and of the topics' words; what only ours does (its vectors, fine subjects, French names, ids, and the
assignment that serves) is timed apart. Every fit runs in a process of its own, so that its peak memory is its own; numba
compiles UMAP before the clock starts. `--data` names a folder that `python -m data demo` wrote; the default demo seed was never used for tuning.
Exit status 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.metrics import adjusted_mutual_info_score
from tqdm import tqdm

from analytics.topics import fit, phrases, text, vectors
from analytics.topics.clusters import MergedClusters
from analytics.topics.text import Tokens

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT.parent / "shared" / "data" / "experiences-2019-2023.csv"
METHODS = ("vigie", "kmeans", "bertopic")
NAMES = {
    "vigie": "Vigie",
    "bertopic": "BERTopic defaults (UMAP, HDBSCAN)",
    "kmeans": "k-means",
}
PARTS = ("quality", "sample", "refit")
TOP = 10
QUALITY = (
    "method",
    "seeds",
    "s, clusters and words",
    "s, all",
    "peak MB",
    "topics",
    "AMI, all",
    "AMI, assigned",
    "purity",
    "NPMI",
    "diversity",
    "rejected",
    "seeds agree, assigned",
    "seeds agree, all",
)
LIMITS = {100_000: (180.0, None), 1_000_000: (1800.0, 8.0)}  # seconds, GiB


@dataclass
class Found:
    """What the seeds of one method gave."""

    seconds: list[float] = field(default_factory=list)  # clusters and topics' words, given the vectors
    whole: list[float] = field(default_factory=list)  # from texts to assigned reviews with French names; ours only
    peak_mb: list[float] = field(default_factory=list)
    labels: list[np.ndarray] = field(default_factory=list)  # -1 = rejected


@dataclass(frozen=True)
class Corpus:
    """Texts, what they are really about (-1 = no irritant), and the vectors every method but ours is given."""

    texts: list[str]
    truth: np.ndarray
    folder: Path


def one(method: str, folder: Path, seed: int) -> dict[str, Any]:
    """Cluster the corpus of `folder` once, in this process: labels go to a file, time and peak memory are returned."""
    texts: list[str] = json.loads((folder / "texts.json").read_text("utf-8"))
    placed, lengths = np.load(folder / "vectors.npy"), np.load(folder / "lengths.npy")
    runs: dict[str, Callable[[], np.ndarray]] = {
        "vigie": lambda: _vigie(texts, placed, lengths, seed),
        "bertopic": lambda: _bertopic(texts, placed),
        "kmeans": lambda: _kmeans(texts, placed, seed),
    }
    if method == "bertopic":
        _bertopic(texts[:500] * 2, np.repeat(placed[:500], 2, axis=0))  # numba compiles
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
    _weights(text.cut(texts), labels)  # the others' time holds their words too
    return labels


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
            told = _child("--one", method, "--folder", str(corpus.folder), "--one-seed", str(seed))
            found.seconds.append(told["seconds"])
            found.whole.append(told["whole"])
            found.peak_mb.append(told["peak_mb"])
            found.labels.append(np.load(corpus.folder / f"{method}-{seed}.npy"))
            took = time.monotonic() - began
            bar.update()
    return out


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


def _weights(tokens: Tokens, labels: np.ndarray) -> tuple[np.ndarray, sparse.csr_matrix]:
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
    weight, present = _weights(tokens, labels)
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


def quality(corpus: Corpus, found: dict[str, Found]) -> tuple[list[list[str]], dict[str, dict[str, float]]]:
    """One row a method, and the figures the targets are held to."""
    tokens = text.cut(corpus.texts)
    rows, told = [], {}
    for method, runs in found.items():
        every = [adjusted_mutual_info_score(corpus.truth, labels) for labels in runs.labels]
        assigned = [
            adjusted_mutual_info_score(corpus.truth[labels >= 0], labels[labels >= 0]) for labels in runs.labels
        ]
        rejected = [float((labels < 0).mean()) for labels in runs.labels]
        npmi, diversity = coherence(tokens, runs.labels[0])
        both, all_ = agreement(runs.labels)
        told[method] = {
            "seconds": float(np.median(runs.seconds)),
            "ami": float(np.mean(every)),
            "rejected": float(np.mean(rejected)),
            "seeds": both,
        }
        rows.append(
            [
                NAMES[method],
                str(len(runs.labels)),
                f"{np.median(runs.seconds):.1f}",
                f"{np.median(runs.whole):.1f}" if method == "vigie" else "–",
                f"{max(runs.peak_mb):.0f}",
                f"{np.mean([len(np.unique(x[x >= 0])) for x in runs.labels]):.0f}",
                f"{np.mean(every):.3f}",
                f"{np.mean(assigned):.3f}",
                f"{np.mean([purity(corpus.truth, x) for x in runs.labels]):.3f}",
                f"{npmi:.3f}",
                f"{diversity:.2f}",
                f"{100 * np.mean(rejected):.1f} %",
                f"{both:.3f}",
                f"{all_:.3f}",
            ]
        )
    return rows, told


def refitted(corpus: Corpus, published: np.ndarray) -> dict[str, float]:
    """Fit on all but the last two months, refit on everything: shares of the earlier reviews that keep their id."""
    early = np.flatnonzero(published <= published.max() - 61)
    ids = np.arange(len(corpus.texts))
    texts = [corpus.texts[i] for i in early]
    first = fit.fit(texts, ids[early].tolist(), kind="real", last_publication="2025-01-01")
    again = fit.fit(corpus.texts, ids.tolist(), kind="real", last_publication="2025-03-01", previous=first, seed=1)
    before, after = first.assign(texts).irritant, again.assign(texts).irritant
    both = (before >= 0) & (after >= 0)
    return {
        "assigned both times": float((before == after)[both].mean()),
        "assigned before": float((before == after)[before >= 0].mean()),
        "all": float((before == after).mean()),
    }


def demo_corpus(data: Path, folder: Path) -> tuple[Corpus, np.ndarray]:
    """The demo's reviews with their true irritants and their publication day (a number)."""
    truth = json.loads((data / "truth.json").read_text("utf-8"))["reviews"]
    csv.field_size_limit(1 << 24)
    texts, names, days = [], [], []
    with (data / "experiences.csv").open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream, delimiter=";"):
            texts.append(f"{row['Titre']}\n{row['Description']}")
            names.append(truth[row["ID expérience"]]["irritant"] or "")
            days.append(np.datetime64(row["Date de publication"][:10]).astype(int))
    known = {name: k for k, name in enumerate(sorted(set(names) - {""}))}
    labels = np.array([known.get(name, -1) for name in names])
    return _prepared(texts, labels, folder), np.array(days)


def _prepared(texts: list[str], truth: np.ndarray, folder: Path) -> Corpus:
    """Write what the processes read: texts, and the vectors that ours would compute."""
    folder.mkdir(parents=True, exist_ok=True)
    tokens = text.cut(texts)
    placed, lengths = vectors.learn(tokens).place(tokens)
    np.save(folder / "vectors.npy", placed)
    np.save(folder / "lengths.npy", lengths)
    (folder / "texts.json").write_text(json.dumps(texts, ensure_ascii=False), "utf-8")
    return Corpus(texts, truth, folder)


def sample(methods: Sequence[str], folder: Path, bar: tqdm[Any]) -> list[list[str]]:
    """Agreement (AMI over assigned reviews) with what the real sample declares: typologies and business tags."""
    if not SAMPLE.exists():
        return []
    with SAMPLE.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream, delimiter=";"))
    columns = {" ".join(name.split()).lower(): name for name in lines[0]}
    texts = [f"{row['Titre']}\n{row['Description']}" for row in lines]
    corpus = _prepared(texts, np.zeros(len(texts), dtype=int), folder)
    found = compared(corpus, methods, 1, bar)
    rows = []
    for label, name in (("Institution declared", "intitulé typologie 1"), ("Business tags", "tags métiers")):
        if name not in columns:
            continue
        said = np.array([" ".join(row[columns[name]].split()) for row in lines])
        for method, runs in found.items():
            kept = (said != "") & (runs.labels[0] >= 0)
            ami = adjusted_mutual_info_score(said[kept], runs.labels[0][kept]) if kept.sum() > 20 else float("nan")
            rows.append([label, NAMES[method], str(int((said != "").sum())), str(int(kept.sum())), f"{ami:.3f}"])
    return rows


def grown(home: Path) -> dict[str, Any]:
    """The topics step of a refresh on a home just ingested: fit, assign, write; time and peak memory of the process."""
    import refresh

    began = time.perf_counter()
    step = [step for step in refresh.STEPS if step.run is refresh.topics]
    told = refresh.refresh(home, refit=True, steps=step)
    return {
        "seconds": time.perf_counter() - began,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "topics": told["topics"],
        "rejected": told["rejected"] / max(1, told["assigned"] + told["rejected"]),
    }


def growth(sizes: Sequence[int], demo_seed: int, folder: Path) -> tuple[list[list[str]], bool]:
    """One row a size, and whether the limits hold."""
    rows, good = [], True
    for size in sizes:
        out, home = folder / f"demo-{size}", folder / f"home-{size}"
        _run("data", "demo", "--reviews", str(size), "--seed", str(demo_seed), "--out", str(out))
        _run("data", "ingest", str(out / "experiences.csv"), "--home", str(home))
        for file in out.glob("*"):
            file.unlink()
        told = _child("--grown", str(home))
        seconds, gib = told["seconds"], told["peak_mb"] / 1024
        most_s, most_gib = LIMITS.get(size, (None, None))
        good &= (most_s is None or seconds < most_s) and (most_gib is None or gib < most_gib)
        limit = "–" if most_s is None else f"{most_s:.0f} s" + (f", {most_gib:.0f} GiB" if most_gib else "")
        rows.append(
            [f"{size:,}", f"{seconds:.1f}", f"{gib:.2f}", str(told["topics"]), f"{100 * told['rejected']:.1f} %", limit]
        )
    return rows, good


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table."""
    print(f"\n### {title}\n")
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def _child(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.topics", *arguments], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    told: dict[str, Any] = json.loads(done.stdout.decode().strip().splitlines()[-1])
    return told


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)


def targets(told: dict[str, dict[str, float]]) -> list[tuple[str, bool]]:
    """The figures to hold, each with whether it does."""
    ours, checks = told["vigie"], []
    others = [told[m] for m in told if m != "vigie"]
    if "bertopic" in told:
        times = told["bertopic"]["seconds"] / ours["seconds"]
        checks.append(
            (f"at least 10 times faster than BERTopic's defaults, given the vectors: {times:.1f} times", times >= 10)
        )
    if others:
        best = max(o["ami"] for o in others)
        checks.append((f"AMI on all reviews {ours['ami']:.3f}, best of the others {best:.3f}", ours["ami"] >= best))
    checks.append((f"seeds agree: {ours['seeds']:.3f} (.8 wanted)", ours["seeds"] >= 0.8))
    checks.append((f"rejected: {100 * ours['rejected']:.1f} % (15 % at most)", ours["rejected"] <= 0.15))
    return checks


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=int, default=20_000)
    parser.add_argument("--demo-seed", type=int, default=21)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--within", type=float, default=float("inf"), help="seconds after which no seed starts")
    parser.add_argument("--grow", type=int, nargs="*", default=[20_000, 100_000], help="1000000 takes half an hour")
    parser.add_argument("--data", type=Path, help="folder written by python -m data demo")
    parser.add_argument("--one", choices=METHODS, help=argparse.SUPPRESS)
    parser.add_argument("--one-seed", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--grown", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.one:
        print(json.dumps(one(args.one, args.folder, args.one_seed)))
        return 0
    if args.grown:
        print(json.dumps(grown(args.grown)))
        return 0
    good = True
    with tempfile.TemporaryDirectory(prefix="vigie-topics-") as scratch:
        folder = Path(scratch)
        if args.seeds:
            good = _quality(args, folder)
        if args.grow:
            rows, held = growth(args.grow, args.demo_seed, folder)
            good &= held
            table(
                "How time and memory grow (fit, assignment and writing; process peak)",
                ["reviews", "s", "GiB", "irritants", "rejected", "limit"],
                rows,
            )
    return 0 if good else 1


def _quality(args: argparse.Namespace, folder: Path) -> bool:
    until = time.monotonic() + args.within
    data = args.data or folder / "demo"
    if args.data is None:
        _run("data", "demo", "--reviews", str(args.reviews), "--seed", str(args.demo_seed), "--out", str(data))
    corpus, published = demo_corpus(data, folder / "corpus")
    checks: list[tuple[str, bool]] = []
    total = len(args.methods) * (args.seeds * ("quality" in args.parts) + ("sample" in args.parts))
    with tqdm(total=total, disable=None, file=sys.stderr) as bar:
        if "quality" in args.parts:
            rows, told = quality(corpus, compared(corpus, args.methods, args.seeds, bar, until))
            table(
                f"{len(corpus.texts):,} demo reviews ({args.data or f'demo seed {args.demo_seed}'}) "
                "(time: median; memory: highest; the rest: means, NPMI and diversity of the first seed)",
                QUALITY,
                rows,
            )
            checks += targets(told) if "vigie" in args.methods else []
        if "sample" in args.parts and (declared := sample(args.methods, folder / "sample", bar)):
            head = ["what", "method", "filled", "assigned", "AMI"]
            table("Agreement with what 800 real reviews declare (no target)", head, declared)
    if "refit" in args.parts and "vigie" in args.methods:
        kept = refitted(corpus, published)
        print("\nRefit two months later, reviews that keep their irritant: ", end="")
        print(", ".join(f"{100 * share:.1f} % of {name}" for name, share in kept.items()))
        checks.append((f"irritant kept by a refit, of all reviews: {100 * kept['all']:.1f} %", kept["all"] >= 0.9))
    print()
    for words, held in checks:
        print(f"{'held  ' if held else 'MISSED'}  {words}")
    return all(held for _, held in checks)


if __name__ == "__main__":
    sys.exit(main())

"""What the topics step costs as a home grows, and what a refit two months later keeps."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analytics.topics import fit
from benchmarks.topics.corpora import ROOT, Corpus
from benchmarks.topics.methods import child

LIMITS = {100_000: (180.0, None), 1_000_000: (1800.0, 8.0)}  # seconds, GiB


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
        command("data", "demo", "--reviews", str(size), "--seed", str(demo_seed), "--out", str(out))
        command("data", "ingest", str(out / "experiences.csv"), "--home", str(home))
        for file in out.glob("*"):
            file.unlink()
        told = child("--grown", str(home))
        seconds, gib = told["seconds"], told["peak_mb"] / 1024
        most_s, most_gib = LIMITS.get(size, (None, None))
        good &= (most_s is None or seconds < most_s) and (most_gib is None or gib < most_gib)
        limit = "–" if most_s is None else f"{most_s:.0f} s" + (f", {most_gib:.0f} GiB" if most_gib else "")
        rows.append(
            [f"{size:,}", f"{seconds:.1f}", f"{gib:.2f}", str(told["topics"]), f"{100 * told['rejected']:.1f} %", limit]
        )
    return rows, good


def command(*arguments: str) -> None:
    """A command of the product, to its end."""
    subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)

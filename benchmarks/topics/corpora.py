"""The reviews that are clustered: the demo's, whose true irritants are known, and the real sample."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analytics.topics import text, vectors

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT.parent / "shared" / "data" / "experiences-2019-2023.csv"


@dataclass(frozen=True)
class Corpus:
    """Texts, what they are really about (-1 = no irritant), and the vectors every method but ours is given."""

    texts: list[str]
    truth: np.ndarray
    folder: Path


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
    return prepared(texts, labels, folder), np.array(days)


def prepared(texts: list[str], truth: np.ndarray, folder: Path) -> Corpus:
    """Write what the processes read: texts, and the vectors that ours would compute."""
    folder.mkdir(parents=True, exist_ok=True)
    tokens = text.cut(texts)
    placed, lengths = vectors.learn(tokens).place(tokens)
    np.save(folder / "vectors.npy", placed)
    np.save(folder / "lengths.npy", lengths)
    (folder / "texts.json").write_text(json.dumps(texts, ensure_ascii=False), "utf-8")
    return Corpus(texts, truth, folder)

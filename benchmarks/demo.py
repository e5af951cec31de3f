"""Is the demo as hard as the real thing? `python -m benchmarks.demo [--reviews 20000] [--seed 1 2 3]`.

Every figure measured on the demo is worth what the demo is worth. This prints, seed by seed, the properties that the real
open data has and the generator must keep: subjects that plain clustering recovers only in part, texts that do not repeat
each other, real lengths and vocabulary, no column that tells the subject. Exit status 1 when one of them fails.

The reference figures were measured on 800 real reviews; they are measured again when the sample is at hand.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SAMPLE = Path(__file__).resolve().parents[2] / "shared" / "data" / "experiences-2019-2023.csv"
QUANTILES = (0.10, 0.25, 0.50, 0.75, 0.90)
SIZES = (100, 200, 400, 800)
REAL_LENGTHS = (169.9, 266.8, 446.0, 714.5, 1062.2)  # characters of the description, at QUANTILES
REAL_VOCABULARY = (2268.0, 3492.0, 5303.0, 7814.0)  # distinct words, at SIZES (mean of 40 draws)
TOLERANCE = 0.15
RUN = 12  # words
TEXT_COLUMNS = re.compile(r"^(Titre|Description|Réponse structure \d|ID expérience|Pseudonyme usager)$")
_WORD = re.compile(r"[^\W\d_]+")
_TOKEN = re.compile(r"\w+")


@dataclass(frozen=True)
class Check:
    """One line of the table."""

    name: str
    value: str
    wanted: str
    good: bool


def fold(text: str) -> str:
    """Lower case without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))


def read(folder: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The reviews, as text, and the truth."""
    frame = pd.read_csv(folder / "experiences.csv", sep=";", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    truth: dict[str, Any] = json.loads((folder / "truth.json").read_text("utf-8"))
    return frame, truth


def shared_runs(texts: Sequence[str], duplicates: NDArray[np.bool_], run: int = RUN) -> float:
    """Share of the texts outside `duplicates` that have `run` consecutive words in common with another of them."""
    number: dict[str, int] = {}
    hashes, owners = [], []
    multiplier = np.uint64(0x9E3779B97F4A7C15)
    for owner, text in enumerate(texts):
        if duplicates[owner]:
            continue
        words = [number.setdefault(w, len(number) + 1) for w in _TOKEN.findall(fold(text))]
        if len(words) < run:
            continue
        ids = np.array(words, dtype=np.uint64)
        rolled = np.zeros(len(ids) - run + 1, dtype=np.uint64)
        with np.errstate(over="ignore"):
            for k in range(run):
                rolled = (rolled + ids[k : len(ids) - run + 1 + k]) * multiplier
                rolled ^= rolled >> np.uint64(29)
        rolled = np.unique(rolled)
        hashes.append(rolled)
        owners.append(np.full(len(rolled), owner))
    every, who = np.concatenate(hashes), np.concatenate(owners)
    order = np.argsort(every, kind="stable")
    every, who = every[order], who[order]
    same = np.zeros(len(every), dtype=bool)
    twins = every[1:] == every[:-1]
    same[1:] |= twins
    same[:-1] |= twins
    return len(np.unique(who[same])) / int((~duplicates).sum())


def vocabulary(texts: Sequence[str], seed: int = 0, draws: int = 40) -> list[float]:
    """Mean number of distinct words in SIZES texts drawn at random."""
    words = [{w.lower() for w in _WORD.findall(t)} for t in texts]
    rng = np.random.default_rng(seed)
    found = np.zeros(len(SIZES))
    for _ in range(draws):
        order = rng.permutation(len(words))[: SIZES[-1]]
        found += [len(set().union(*(words[i] for i in order[:size]))) for size in SIZES]
    return list(found / draws)


def clustering(texts: Sequence[str], subjects: Sequence[str | None], seed: int) -> float:
    """Adjusted mutual information of TF-IDF + k-means, k the true number of subjects, where a subject exists."""
    from sklearn.cluster import KMeans
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics import adjusted_mutual_info_score

    matrix = TfidfVectorizer(
        strip_accents="unicode", sublinear_tf=True, min_df=5, max_df=0.2, dtype=np.float32
    ).fit_transform(texts)
    known = [k for k, s in enumerate(subjects) if s is not None]
    clusters = len({subjects[k] for k in known})
    labels = KMeans(clusters, n_init=2, max_iter=60, random_state=seed).fit_predict(matrix)
    return float(adjusted_mutual_info_score([subjects[k] for k in known], labels[known]))


def columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Every column but the texts, dates reduced to what could tell something."""
    found = frame[[c for c in frame.columns if not TEXT_COLUMNS.match(c)]].copy()
    published = pd.to_datetime(found["Date de publication"].str[:10])
    replied = pd.to_datetime(found["Date de premiere réponse"].str[:10], errors="coerce")
    written = pd.to_datetime(found["Écrit le"])
    found["Écrit le"] = (published - written).dt.days.astype(str)
    found["Date de publication"] = published.dt.to_period("M").astype(str)
    found["Jour de publication"] = published.dt.day_name()
    days = (replied - published).dt.days
    found["Date de premiere réponse"] = pd.cut(days, [-1, 0, 2, 5, 10, 20, 40, 999]).astype(str)
    for action in ("Date action réalisée", "Date action engagée"):
        found[action] = found[action].ne("").astype(str)
    found = found.astype(object).where(found.notna(), "").astype(str)
    return found.loc[:, found.nunique() > 1]


def telling(frame: pd.DataFrame, subjects: Sequence[str | None], seed: int) -> dict[str, float]:
    """Cross-validated accuracy of guessing the subject: chance, best single column, all columns, the text."""
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import RidgeClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.naive_bayes import CategoricalNB
    from sklearn.preprocessing import OrdinalEncoder

    counts = pd.Series([s for s in subjects if s is not None], dtype=object).value_counts()
    enough = set(counts[counts >= 30].index)
    known = np.array([k for k, s in enumerate(subjects) if s in enough])
    known = np.random.default_rng(seed).permutation(known)[:8000]
    y = np.array([str(subjects[k]) for k in known])
    usable = columns(frame).iloc[known]
    codes = OrdinalEncoder().fit_transform(usable).astype(int)
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)

    def score(model: Any, x: Any) -> float:
        return float(cross_val_score(model, x, y, cv=folds, scoring="accuracy").mean())

    bayes = CategoricalNB(min_categories=codes.max(axis=0) + 1)
    single = {
        name: score(CategoricalNB(min_categories=int(codes[:, [k]].max()) + 1), codes[:, [k]])
        for k, name in enumerate(usable.columns)
    }
    best = max(single, key=lambda name: single[name])
    forest = ExtraTreesClassifier(150, min_samples_leaf=2, n_jobs=2, random_state=seed)
    text = TfidfVectorizer(strip_accents="unicode", sublinear_tf=True, min_df=3, dtype=np.float32).fit_transform(
        (frame["Titre"] + " " + frame["Description"]).iloc[known]
    )
    return {
        "chance": float(counts.max() / counts.sum()),
        f"best column ({best})": single[best],
        "without typologies": max(
            value for name, value in single.items() if "structure" not in name and "ypologie" not in name
        ),
        "all": max(score(bayes, codes), score(forest, codes)),
        "text": score(RidgeClassifier(), text),
    }


def _within(values: Iterable[float], wanted: Iterable[float]) -> bool:
    return all(abs(v / w - 1) <= TOLERANCE for v, w in zip(values, wanted, strict=True))


def _list(values: Iterable[float]) -> str:
    return " ".join(f"{v:.0f}" for v in values)


def effects(frame: pd.DataFrame, truth: dict[str, Any]) -> list[Check]:
    """Delays and verdicts of the two groups of structures, before and after."""
    answered = frame[(frame["Date de premiere réponse"] != "") & (frame["Hors structure"] == "Non")]
    answered = answered[
        ~answered["Réponse structure 1"].str.contains(
            "n'est pas encore en mesure de vous répondre|n'est pas encore en mesure", regex=True
        )
    ]
    published = pd.to_datetime(answered["Date de publication"])
    days = (pd.to_datetime(answered["Date de premiere réponse"]) - published).dt.total_seconds() / 86400
    adopted = pd.to_datetime(answered["ID structure 1"].map(truth["adoption"]), utc=True)
    after = published >= adopted
    late = published >= pd.Timestamp("2024-04-01", tz="UTC")
    means = {
        "before": days[adopted.notna() & ~after].mean(),
        "after": days[after].mean(),
        "other before": days[adopted.isna() & ~late].mean(),
        "other late": days[adopted.isna() & late].mean(),
    }
    verdict = answered["Evaluation  réponse structure 1 par auteur"]
    useful = {
        name: 100 * (verdict[which] == "utile").sum() / max((verdict[which] != "").sum(), 1)
        for name, which in {"before": adopted.notna() & ~after, "after": after}.items()
    }
    att = truth["effect"]["att_delay_days"]
    naive = means["after"] - means["before"]
    return [
        Check("delay of adopters, days", f"{means['before']:.1f} -> {means['after']:.1f}", "about 19 -> 3",
              16 <= means["before"] <= 22 and 2 <= means["after"] <= 4.5),
        Check("delay of the others, days", f"{means['other before']:.1f} -> {means['other late']:.1f}", "no such fall",
              means["other late"] > 0.7 * means["other before"]),
        Check("effect on delay, truth and naive", f"{att:.1f} and {naive:.1f}", "naive overstates", naive < att < -5),
        Check("verdicts utile of adopters, %", f"{useful['before']:.0f} -> {useful['after']:.0f}", "reported",
              True),
        Check("effect on verdicts, truth", f"{truth['effect']['att_useful_points']:.1f} points", "7 to 13",
              7 <= truth["effect"]["att_useful_points"] <= 13),
    ]  # fmt: skip


def measure(folder: Path, seed: int, lengths: Sequence[float], words: Sequence[float]) -> list[Check]:
    """The table of one demo."""
    frame, truth = read(folder)
    entries = [truth["reviews"][i] for i in frame["ID expérience"]]
    subjects = [e["irritant"] for e in entries]
    duplicates = np.array(["duplicate_of" in e for e in entries])
    texts = (frame["Titre"] + " " + frame["Description"]).tolist()
    ami = clustering(texts, subjects, seed)
    runs = shared_runs(frame["Description"].tolist(), duplicates)
    ours = frame["Description"].str.len().quantile(list(QUANTILES)).tolist()
    growth = vocabulary(frame["Description"].tolist())
    loose = sum(e["irritant"] is None or "also" in e for e in entries) / len(entries)
    told = telling(frame, subjects, seed)
    best = next(v for k, v in told.items() if k.startswith("best"))
    kinds = [e["kind"] for e in truth["events"]]
    real = [e for e in truth["events"] if e["kind"] != "decoy"]
    small = sum(len(e["review_ids"]) <= 5 for e in real)
    shares = {c: (frame[c] == "").mean() for c in ("Code INSEE Département usager", "Intitulé Typologie 2",
              "Tags Métiers", "Canaux Typologie 1", "Intitulé Typologie 1")}  # fmt: skip
    wanted = {"Code INSEE Département usager": 0.77, "Intitulé Typologie 2": 0.91, "Tags Métiers": 0.956,
              "Canaux Typologie 1": 0.149, "Intitulé Typologie 1": 0.044}  # fmt: skip
    return [
        Check("AMI of TF-IDF + k-means", f"{ami:.3f}", ".40 to .65", 0.40 <= ami <= 0.65),
        Check(f"reviews sharing {RUN} words", f"{100 * runs:.2f} %", "at most 5 %", runs <= 0.05),
        Check("length quantiles", _list(ours), f"{_list(lengths)} within 15 %", _within(ours, lengths)),
        Check("distinct words at 100…800", _list(growth), f"{_list(words)} within 15 %", _within(growth, words)),
        Check("two subjects or none", f"{100 * loose:.1f} %", "at least 25 %", loose >= 0.25),
        Check("subject guessed by all columns", f"{told['all']:.3f} (chance {told['chance']:.3f}, text {told['text']:.3f})",
              "at most .35", told["all"] <= 0.35),
        *(Check(f"subject guessed by {k}", f"{v:.3f}", "at most .35", v <= 0.35) for k, v in told.items() if k.startswith("best")),
        Check("subject guessed outside institutions", f"{told['without typologies']:.3f}", "chance + .04",
              told["without typologies"] <= told["chance"] + 0.04 and best >= told["chance"]),
        Check("irritants, typologies", f"{len(truth['irritants'])}, {frame['Intitulé Typologie 1'].nunique() - 1}",
              "60, 25 at least", len(truth["irritants"]) >= 60 and frame["Intitulé Typologie 1"].nunique() > 25),
        Check("events: real, of 5 or fewer, decoys", f"{len(real)}, {small}, {kinds.count('decoy')}", "12, a third, 6",
              len(frame) < 20_000 or (len(real) >= 12 and 3 * small >= len(real) and kinds.count("decoy") >= 6)),
        Check("empty columns", " ".join(f"{100 * v:.0f}" for v in shares.values()),
              " ".join(f"{100 * v:.0f}" for v in wanted.values()) + " %",
              all(abs(shares[c] - wanted[c]) < 0.03 for c in wanted)),
        *effects(frame, truth),
    ]  # fmt: skip


def generate(reviews: int, seed: int, out: Path) -> tuple[float, float, float]:
    """Run the generator as a user would; seconds, those of processors, and the largest memory of a process in MiB."""
    command = [sys.executable, "-m", "data", "demo", "--reviews", str(reviews), "--seed", str(seed), "--out", str(out)]
    started = time.perf_counter()
    made = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=Path(__file__).resolve().parents[1])
    _, status, used = os.wait4(made.pid, 0)  # of this child alone, and of its own
    seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"error: {' '.join(command[1:])} failed")
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def reference() -> tuple[Sequence[float], Sequence[float]]:
    """Real lengths and vocabulary: measured on the sample when it is there, else as once measured."""
    if not SAMPLE.exists():
        return REAL_LENGTHS, REAL_VOCABULARY
    with SAMPLE.open(encoding="utf-8-sig", newline="") as stream:
        texts = [row["Description"] for row in csv.DictReader(stream, delimiter=";")]
    return [float(np.quantile([len(t) for t in texts], q)) for q in QUANTILES], vocabulary(texts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table of each seed; 1 when a check fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.demo", description="Hardness of the demo.")
    parser.add_argument("--reviews", type=int, default=20_000)
    parser.add_argument("--seed", type=int, nargs="+", default=[1])
    parser.add_argument("--speed-only", action="store_true", help="generate and time, measure nothing else")
    args = parser.parse_args(arguments)
    lengths, words = reference()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        # All are written before any is read: a child's largest memory starts at its parent's.
        made = {seed: generate(args.reviews, seed, Path(folder) / str(seed)) for seed in args.seed}
        limit = 10.0 * max(1.0, 30 * args.reviews / 1_000_000)
        for seed, (seconds, worked, memory) in made.items():
            checks = [] if args.speed_only else measure(Path(folder) / str(seed), seed, lengths, words)
            spent = f"{seconds:.1f} s ({worked:.1f} s of processor)"
            checks.append(Check("generation", spent, f"under {limit:.0f} s", seconds < limit))
            checks.append(Check("memory of a process", f"{memory:.0f} MiB", "under 600 MiB", memory < 600))
            print(f"\n{args.reviews} reviews, seed {seed}")
            for c in checks:
                print(f"{'PASS' if c.good else 'FAIL'}  {c.name:<42} {c.value:<44} {c.wanted}")
                failed |= not c.good
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

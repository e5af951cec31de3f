"""Is a review sent to the right kind of institution? `python -m benchmarks.routing [--home DIR] [--sample FILE]`.

The router is learnt on four fifths of the reviews and asked about the last fifth: once on a refreshed home (the demo), five
times over on the real sample, which is small. Truth is the declared typology, as the portal's moderators left it. Printed:
accuracy of what it answers and how much it answers (coverage), accuracy if forced to answer everything, beside a plain
logistic regression on TF-IDF (scikit-learn), calibration (expected error and a table by confidence), and the pairs it
confuses most.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from data import settings, snapshots
from generation import routing, text
from generation.routing import Router

SAMPLE = Path(__file__).resolve().parents[2] / "shared" / "data" / "experiences-2019-2023.csv"
FOLDS = 5
BINS = ((0.0, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01))


@dataclass(frozen=True)
class Answer:
    """What the router said of a held-out review."""

    truth: str
    best: str  # the likeliest, whether it abstained or not
    confidence: float
    abstained: bool
    three: tuple[str, ...]


def opened_home(home: Path) -> duckdb.DuckDBPyConnection:
    """The reviews and structures of a home's snapshot, in memory."""
    connection = duckdb.connect()
    file = snapshots.file_of(home, snapshots.current(home))
    connection.execute(f"ATTACH '{file}' AS home (READ_ONLY)")
    connection.execute(
        "CREATE TABLE reviews AS SELECT * FROM home.reviews; CREATE TABLE structures AS FROM home.structures"
    )
    return connection


def held_out(connection: duckdb.DuckDBPyConnection, fold: int, most: int) -> tuple[list[Answer], float]:
    """Answers on a fifth of the reviews, and the accuracy of the plain classifier on the same."""
    connection.execute("ALTER TABLE reviews RENAME TO every_review")
    try:
        connection.execute(
            "CREATE TABLE reviews AS SELECT * FROM every_review WHERE hash(id::VARCHAR) % $folds <> $fold",
            {"folds": FOLDS, "fold": fold},
        )
        rows = connection.execute(
            "SELECT concat_ws(chr(10), title, left(body, 3000)), typology, department FROM every_review "
            "WHERE hash(id::VARCHAR) % $folds = $fold AND typology IS NOT NULL AND NOT coalesce(out_of_structure, false) "
            "ORDER BY hash(id) LIMIT $most",
            {"folds": FOLDS, "fold": fold, "most": most},
        ).fetchall()
        with tempfile.TemporaryDirectory() as folder:
            routing.train(connection, Path(folder))
            router = Router(Path(folder))
            known = set(router.labels)
            asked = [row for row in rows if row[1] in known]
            answers = []
            for document, typology, department in asked:
                route = router.route(document, department=department)
                told = [route.typology] if route.typology else []
                three = tuple(dict.fromkeys([*told, *(name for name, _ in route.alternatives)]))[:3]
                best = three[0] if three else ""
                answers.append(Answer(typology, best, route.confidence, route.abstained, three))
        learnt = connection.execute(
            "SELECT concat_ws(chr(10), title, left(body, 3000)), typology FROM reviews "
            "WHERE list_contains($known, typology) ORDER BY hash(id) LIMIT $most",
            {"known": sorted(known), "most": 8_000},
        ).fetchall()
    finally:
        connection.execute("DROP TABLE IF EXISTS reviews")
        connection.execute("ALTER TABLE every_review RENAME TO reviews")
    return answers, plain(learnt, [(row[0], row[1]) for row in asked])


def plain(learnt: list[tuple[str, str]], asked: list[tuple[str, str]]) -> float:
    """Accuracy of a logistic regression on TF-IDF."""
    vectorizer = TfidfVectorizer(analyzer=text.terms, sublinear_tf=True, min_df=2)
    model = LogisticRegression(C=10, max_iter=200)
    model.fit(vectorizer.fit_transform([document for document, _ in learnt]), [label for _, label in learnt])
    told = model.predict(vectorizer.transform([document for document, _ in asked]))
    return float(np.mean([told == label for told, (_, label) in zip(told, asked, strict=True)]))


def report(title: str, answers: list[Answer], baseline: float) -> None:
    """Print the measures of `answers`."""
    answered = [answer for answer in answers if not answer.abstained]
    share = len(answered) / len(answers)
    print(f"\n{title}: {len(answers)} held-out reviews, {len({answer.truth for answer in answers})} typologies")
    print(f"  answers {share:.1%} of them, right {_right(answered):.1%} of the time")
    print(f"  forced to answer all: {_right(answers):.1%}; plain logistic regression: {baseline:.1%}; "
          f"right one among its first three: {np.mean([a.truth in a.three for a in answers]):.1%}")  # fmt: skip
    error = 0.0
    print(f"  {'confidence':>12}{'reviews':>9}{'said':>8}{'right':>8}")
    for low, high in BINS:
        inside = [answer for answer in answers if low <= answer.confidence < high]
        if inside:
            said = float(np.mean([answer.confidence for answer in inside]))
            error += len(inside) / len(answers) * abs(said - _right(inside))
            print(f"  {f'{low:.1f}-{min(high, 1.0):.1f}':>12}{len(inside):9}{said:8.1%}{_right(inside):8.1%}")
    print(f"  expected calibration error: {error:.3f}")
    confused = Counter((answer.truth, answer.best) for answer in answered if answer.best != answer.truth)
    total = Counter(answer.truth for answer in answered)
    print("  confused most (when it answers):")
    for (truth, best), count in confused.most_common(12):
        print(f"    {count:4} of {total[truth]:4}  {truth} -> {best}")


def ceiling(connection: duckdb.DuckDBPyConnection, truth: Path) -> float:
    """Share right of who knew each demo review's irritant and always said its most frequent typology."""
    irritants = {id_: review["irritant"] for id_, review in json.loads(truth.read_text("utf-8"))["reviews"].items()}
    by_irritant: dict[str | None, Counter[str]] = {}
    for id_, typology in connection.execute(
        "SELECT id::VARCHAR, typology FROM reviews WHERE typology IS NOT NULL AND NOT coalesce(out_of_structure, false)"
    ).fetchall():
        by_irritant.setdefault(irritants.get(id_), Counter())[typology] += 1
    best = sum(counts.most_common(1)[0][1] for counts in by_irritant.values())
    return best / sum(counts.total() for counts in by_irritant.values())


def _right(answers: Iterable[Answer]) -> float:
    answers = list(answers)
    return float(np.mean([answer.best == answer.truth for answer in answers])) if answers else float("nan")


def of_sample(sample: Path, home: Path) -> duckdb.DuckDBPyConnection:
    """The real sample, ingested as the product does, in memory."""
    from data import ingest

    ingest.ingest([sample], home=home)
    return opened_home(home)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routing", description=__doc__)
    parser.add_argument("--home", type=Path, help="a home with reviews (default: VIGIE_HOME)")
    parser.add_argument(
        "--truth", type=Path, help="truth.json of that home's demo: how right one can be is then printed"
    )
    parser.add_argument("--sample", type=Path, default=SAMPLE)
    parser.add_argument("--most", type=int, default=3_000, help="held-out reviews asked about")
    args = parser.parse_args(argv)
    connection = opened_home(settings.load(args.home).home)
    report("home", *held_out(connection, 0, args.most))
    if args.truth:
        print(f"  known irritant, its most frequent typology: {ceiling(connection, args.truth):.1%} "
              "(the demo spreads each irritant over several kinds of institution)")  # fmt: skip
    connection.close()
    if not args.sample.exists():
        print(f"{args.sample} is not there: the real sample is not measured")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        connection = of_sample(args.sample, Path(folder))
        folds = [held_out(connection, fold, args.most) for fold in range(FOLDS)]
        answers = [answer for found, _ in folds for answer in found]
        baseline = sum(len(found) * share for found, share in folds) / len(answers)
        report("real sample", answers, baseline)
        connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Is a review sent to the right kind of institution? `python -m benchmarks.routing [--home DIR] [--sample FILE]`.

The router is learnt on four fifths of the reviews and asked about the last fifth: once on a refreshed home (the demo), five
times over on the real sample, which is small. Truth is the declared typology, as the portal's moderators left it; on the
demo also, with its truth.json, the kinds of institution in charge of the review's irritant: authors declare one of several,
or a wrong one. Printed: accuracy of what it answers and how much it answers (coverage), accuracy if forced to answer
everything, beside a plain logistic regression on TF-IDF (scikit-learn), calibration (expected error and a table by
confidence), and the pairs it confuses most.
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

from data import institutions, settings, snapshots
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
    neighbours: tuple[str, ...]
    warned: bool  # told that the declared kind looks wrong
    charge: frozenset[str]  # kinds in charge of the review's irritant; empty when that is not known
    plain: str  # what the plain classifier says

    def among(self) -> bool:
        """Whether the declared kind is the one answered or a neighbour of it."""
        return self.truth in (self.best, *self.neighbours)


def opened_home(home: Path) -> duckdb.DuckDBPyConnection:
    """The reviews and structures of a home's snapshot, in memory."""
    connection = duckdb.connect()
    file = snapshots.file_of(home, snapshots.current(home))
    connection.execute(f"ATTACH '{file}' AS home (READ_ONLY)")
    connection.execute(
        "CREATE TABLE reviews AS FROM home.reviews; CREATE TABLE replies AS FROM home.replies; "
        "CREATE TABLE structures AS FROM home.structures"
    )
    return connection


def held_out(
    connection: duckdb.DuckDBPyConnection, fold: int, most: int, charge: dict[int, frozenset[str]]
) -> list[Answer]:
    """Answers on a fifth of the reviews."""
    connection.execute("ALTER TABLE reviews RENAME TO every_review")
    try:
        connection.execute(
            "CREATE TABLE reviews AS SELECT * FROM every_review WHERE hash(id::VARCHAR) % $folds <> $fold",
            {"folds": FOLDS, "fold": fold},
        )
        rows = connection.execute(
            "SELECT concat_ws(chr(10), title, left(body, 3000)), typology, department, id FROM every_review "
            "WHERE hash(id::VARCHAR) % $folds = $fold AND typology IS NOT NULL AND NOT coalesce(out_of_structure, false) "
            "ORDER BY hash(id) LIMIT $most",
            {"folds": FOLDS, "fold": fold, "most": most},
        ).fetchall()
        with tempfile.TemporaryDirectory() as folder:
            routing.train(connection, Path(folder))
            router = Router(Path(folder))
            known = set(router.labels)
            asked = [row for row in rows if row[1] in known]
            routes = [router.route(row[0], declared=row[1], department=row[2]) for row in asked]
        learnt = connection.execute(
            "SELECT concat_ws(chr(10), title, left(body, 3000)), typology FROM reviews "
            "WHERE list_contains($known, typology) ORDER BY hash(id) LIMIT $most",
            {"known": sorted(known), "most": 8_000},
        ).fetchall()
    finally:
        connection.execute("DROP TABLE IF EXISTS reviews")
        connection.execute("ALTER TABLE every_review RENAME TO reviews")
    others = plain(learnt, [row[0] for row in asked])
    answers = []
    for (_, typology, _, id_), route, other in zip(asked, routes, others, strict=True):
        told = [route.typology] if route.typology else []
        three = tuple(dict.fromkeys([*told, *(name for name, _ in route.alternatives)]))[:3]
        best = three[0] if three else ""
        warned, own = bool(route.warning), charge.get(id_, frozenset())
        answers.append(
            Answer(typology, best, route.confidence, route.abstained, three, route.neighbours, warned, own, other)
        )
    return answers


def plain(learnt: list[tuple[str, str]], asked: list[str]) -> list[str]:
    """What a logistic regression on TF-IDF says."""
    vectorizer = TfidfVectorizer(analyzer=text.terms, sublinear_tf=True, min_df=2)
    model = LogisticRegression(C=10, max_iter=200)
    model.fit(vectorizer.fit_transform([document for document, _ in learnt]), [label for _, label in learnt])
    return [str(told) for told in model.predict(vectorizer.transform(asked))]


def report(title: str, answers: list[Answer]) -> None:
    """Print the measures of `answers`."""
    answered = [answer for answer in answers if not answer.abstained]
    print(f"\n{title}: {len(answers)} held-out reviews, {len({answer.truth for answer in answers})} typologies")
    print(f"  answers {len(answered) / len(answers):.1%} of them, {np.mean([bool(a.neighbours) for a in answered]):.1%} of "
          "those with neighbours of the same matter")  # fmt: skip
    print(
        f"  the declared kind is the one answered: {_right(answered):.1%}; that one or a neighbour: {_among(answered):.1%}"
    )
    print(f"  forced to answer all: {_right(answers):.1%}; plain logistic regression: "
          f"{np.mean([a.plain == a.truth for a in answers]):.1%}; right one among its first three: "
          f"{np.mean([a.truth in a.three for a in answers]):.1%}")  # fmt: skip
    if any(answer.charge for answer in answers):
        in_charge(answers)
    error = 0.0
    print(f"  {'confidence':>12}{'reviews':>9}{'said':>8}{'right':>8}")
    for low, high in BINS:
        inside = [answer for answer in answers if low <= answer.confidence < high]
        if inside:
            said = float(np.mean([answer.confidence for answer in inside]))
            error += len(inside) / len(answers) * abs(said - _among(inside))
            print(f"  {f'{low:.1f}-{min(high, 1.0):.1f}':>12}{len(inside):9}{said:8.1%}{_among(inside):8.1%}")
    print(f"  expected calibration error: {error:.3f}")
    confused = Counter((answer.truth, answer.best) for answer in answered if not answer.among())
    total = Counter(answer.truth for answer in answered)
    print("  confused most (when it answers, neighbours left out):")
    for (truth, best), count in confused.most_common(12):
        print(f"    {count:4} of {total[truth]:4}  {truth} -> {best}")


def in_charge(answers: list[Answer]) -> None:
    """Print the measures against the kinds of institution in charge of each review's irritant."""
    known = [answer for answer in answers if answer.charge]
    answered = [answer for answer in known if not answer.abstained]
    warned = [answer for answer in known if answer.warned]
    wrong = [answer for answer in known if answer.truth not in answer.charge]
    print(f"  of the {len(known)} that speak of a known irritant, {1 - len(wrong) / len(known):.1%} were declared to a kind in "
          f"charge of it; it answers {len(answered) / len(known):.1%}, "
          f"with a kind in charge {np.mean([a.best in a.charge for a in answered]):.1%} of the time "
          f"(forced: {np.mean([a.best in a.charge for a in known]):.1%}; plain logistic regression: "
          f"{np.mean([a.plain in a.charge for a in known]):.1%})")  # fmt: skip
    if warned:
        print(f"  declared institution doubted: {len(warned)} times, rightly "
              f"{np.mean([a.truth not in a.charge for a in warned]):.1%} of the time")  # fmt: skip


def charges(truth: Path | None) -> dict[int, frozenset[str]]:
    """Kinds in charge of the irritant of each demo review, under their names in use."""
    if truth is None:
        return {}
    told = json.loads(truth.read_text("utf-8"))
    names = institutions.Institutions()
    kinds = {
        id_: frozenset(names.name(kind) or kind for kind in irritant["typologies"])
        for id_, irritant in told["irritants"].items()
    }
    return {int(id_): kinds[r["irritant"]] for id_, r in told["reviews"].items() if r["irritant"]}


def _right(answers: Iterable[Answer]) -> float:
    answers = list(answers)
    return float(np.mean([answer.best == answer.truth for answer in answers])) if answers else float("nan")


def _among(answers: Iterable[Answer]) -> float:
    answers = list(answers)
    return float(np.mean([answer.among() for answer in answers])) if answers else float("nan")


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
        "--truth", type=Path, help="truth.json of that home's demo: who is in charge of each review is then known"
    )
    parser.add_argument("--sample", type=Path, default=SAMPLE)
    parser.add_argument("--most", type=int, default=3_000, help="held-out reviews asked about")
    args = parser.parse_args(argv)
    connection = opened_home(settings.load(args.home).home)
    report("home", held_out(connection, 0, args.most, charges(args.truth)))
    connection.close()
    if not args.sample.exists():
        print(f"{args.sample} is not there: the real sample is not measured")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        connection = of_sample(args.sample, Path(folder))
        folds = [held_out(connection, fold, args.most, {}) for fold in range(FOLDS)]
        report("real sample", [answer for found in folds for answer in found])
        connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

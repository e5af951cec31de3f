"""As known on a day: every figure of a warehouse that went on loading files is the one it gave on that day.

Three files are loaded, each with its analysis; a copy of the home is kept after each. The same question asked of the last
home, as known on an earlier day, and of the home of that day, must have the same answer: for every function of `analytics`
that reads the warehouse. The irritant of each review is given by rule, as a model in service would.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields as parts_of
from dataclasses import is_dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

import analytics
from analytics import (
    comparison,
    delay_alerts,
    delay_groups,
    delays,
    dimensions,
    fields,
    first_seen,
    impact,
    irritants,
    lineage,
    overview,
    pace,
    past,
    ranking,
    remedies,
    reviews,
    strengths,
    supervision,
    trends,
    waiting,
    waits,
    watching,
)
from analytics.signals import engine, record
from data.filters import Filters
from data.metadata import BY_NAME
from data.warehouse import Warehouse, open_current
from tests import files_of_days
from tests.files_of_days import DAYS

ALL, YEAR = Filters(), Filters(start=date(2023, 3, 1), end=date(2024, 3, 20))
SOME = Filters(typologies=("Préfecture",), sentiments=("Négatif",))


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[Warehouse, Warehouse]]]:
    """For each earlier day: the last home as known on it, and the home of that day."""
    homes = files_of_days.homes(tmp_path_factory.mktemp("known"))
    now = open_current(homes[-1])
    then = [open_current(home) for home in homes[:-1]]
    yield [(past.known_on(now, day), one) for day, one in zip(DAYS, then, strict=False)]
    for one in (now, *then):
        one.close()


def plain(value: Any) -> Any:
    """What two answers are compared by: numbers, texts, lists and dicts; frames by their rows."""
    if isinstance(value, pd.DataFrame):
        return [plain(one) for one in value.to_dict("records")]
    if isinstance(value, pd.Series):
        return [plain(one) for one in value.to_dict().items()]
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: plain(getattr(value, part.name)) for part in parts_of(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(one) for one in value)
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return None if np.isnan(value) else pytest.approx(value, rel=1e-9, abs=1e-12)
    return None if value is None or value is pd.NaT else value


def each(ask: Callable[..., Any], *asked: Any) -> Callable[[Warehouse], Any]:
    """The same question with several arguments, in turn."""
    return lambda w: [ask(w, *(one if isinstance(one, tuple) else (one,))) for one in asked]


def by_filters(ask: Callable[..., Any]) -> Callable[[Warehouse], Any]:
    return each(ask, ALL, YEAR, SOME)


def of_irritant(ask: Callable[..., Any]) -> Callable[[Warehouse], Any]:
    return each(ask, (0, ALL), (1, YEAR), (3, SOME))


def of_signals(ask: Callable[..., Any]) -> Callable[[Warehouse], Any]:
    return lambda w: [ask(w, signal) for signal in record.published(w)]


# Read by the analysis in service, and said so: where a review would have been routed is not rebuilt; what reading a text
# found is of the text as it is now.
NOT_REBUILT = {
    "routed_typology",
    "routed_confidence",
    "routed_elsewhere",
    "language",
    "personal_kinds",
    "personal_count",
    "distress",
}
ASKED = [
    BY_NAME[name]
    for name in ("sentiment", "typology", "tags_1", "author_verdict_1", "copies", "words", "urgency", "delay_days")
]
VOLUMES: tuple[trends.Measure, ...] = ("volume", "negative", "answered", "delay", "useful")
ANSWERS: dict[str, Callable[[Warehouse], Any]] = {
    "comparison.irritants": lambda w: comparison.irritants(w, YEAR, SOME),
    "comparison.vocabulary": lambda w: comparison.vocabulary(
        w, Filters(end=date(2023, 9, 1)), Filters(start=date(2023, 9, 2))
    ),
    "delay_alerts.of": by_filters(delay_alerts.of),
    "delay_groups.by": each(
        delay_groups.by, *[(f, d) for f in (ALL, YEAR) for d in ("structure", "typology", "irritant")]
    ),
    "delay_groups.compared": lambda w: delay_groups.compared(w, ALL, "typology", ["Préfecture", "France Travail"]),
    "delay_groups.late": by_filters(delay_groups.late),
    "delay_groups.monthly": by_filters(delay_groups.monthly),
    "delay_groups.report": delay_groups.report,
    "delay_groups.structures": by_filters(delay_groups.structures),
    "delays.cases": by_filters(delays.cases),
    "delays.curve": by_filters(delays.curve),
    "delays.end_of": by_filters(delays.end_of),
    "delays.restricted": by_filters(delays.restricted),
    "delays.selected": lambda w: delays.selected(w, YEAR, "written", "working").lengths,
    "delays.summary": by_filters(delays.summary),
    "dimensions.load": dimensions.load,
    "fields.count": lambda w: [fields.count(w, field, fields.Wanted()) for field in ASKED],
    "fields.filled": lambda w: [fields.filled(w, field) for field in ASKED],
    "fields.known": fields.known,
    "fields.of_review": lambda w: [_shown(fields.of_review(w, id_)) for id_ in (1, 8, 10, 50)],
    "fields.over_time": lambda w: [fields.over_time(w, field) for field in ASKED],
    "fields.reviews": lambda w: fields.reviews(w, BY_NAME["improvement"], fields.Wanted(), 20, 0),
    "fields.spread": lambda w: [fields.spread(w, f) for f in ASKED if f.kind == "number"],
    "fields.values": lambda w: [fields.values(w, f) for f in ASKED if f.kind == "category"],
    "first_seen.by_structure": by_filters(first_seen.by_structure),
    "impact.store.adopted_on": each(impact.adopted_on, "s0", "s1", "s2", "s3"),
    "impact.store.adopters": impact.adopters,
    "impact.store.estimates": impact.estimates,
    "impact.store.report": impact.report,
    "impact.store.use": each(impact.use, None, "s1"),
    "irritants.blocks": by_filters(irritants.blocks),
    "irritants.chart_map": irritants.chart_map,
    "irritants.detail": of_irritant(irritants.detail),
    "irritants.emblematic": of_irritant(irritants.emblematic),
    "irritants.evolution": of_irritant(irritants.evolution),
    "irritants.helpful": of_irritant(irritants.helpful),
    "irritants.label": each(irritants.label, 0, 9),
    "irritants.listing": by_filters(irritants.listing),
    "irritants.neighbours": each(irritants.neighbours, 0, 1),
    "irritants.unassigned": by_filters(irritants.unassigned),
    "irritants.where": of_irritant(irritants.where),
    "lineage.of": lambda w: [
        (told.value, told.steps[-1]) for f in (ALL, YEAR) for told in (lineage.of(w, n, f) for n in lineage.FIGURES)
    ],
    "lineage.source": lineage.source,
    "overview.board": by_filters(overview.board),
    "overview.changes": by_filters(overview.changes),
    "overview.last_month": by_filters(overview.last_month),
    "pace.of_structure": each(pace.of_structure, "s0", "s1", "s9"),
    "ranking.criteria": by_filters(ranking.criteria),
    "remedies.effect": lambda w: remedies.effect(w, 0, date(2023, 9, 1), ALL),
    "remedies.published": of_irritant(remedies.published),
    "remedies.to_consider": of_irritant(remedies.to_consider),
    "reviews.by_ids": lambda w: reviews.by_ids(w, list(range(1, 95))),
    "reviews.count": lambda w: [
        reviews.count(w, f, words=words) for f in (ALL, SOME) for words in ("", "autre titre", '"titre 14"')
    ],
    "reviews.one": each(reviews.one, 1, 8, 90),
    "reviews.page": lambda w: reviews.page(w, ALL, words="titre", order="endorsed"),
    "signals.engine.detect": lambda w: engine.detect(w, date.fromisoformat(w.snapshot.last_publication)),
    "signals.record.alike": of_signals(record.alike),
    "signals.record.evolution": of_signals(record.evolution),
    "signals.record.institutions": of_signals(record.institutions),
    "signals.record.one": of_signals(lambda w, signal: record.one(w, signal.id)),
    "signals.record.published": by_filters(record.published),
    "signals.record.reviews": of_signals(record.reviews),
    "signals.record.rising": record.rising,
    "signals.record.watched": record.watched,
    "strengths.listing": by_filters(strengths.listing),
    "strengths.praised": strengths.praised,
    "strengths.teams": by_filters(strengths.teams),
    "supervision.control_chart": each(supervision.control_chart, "s1"),
    "supervision.drifting": by_filters(supervision.drifting),
    "supervision.stock": each(supervision.stock, (ALL, 30), (SOME, 15)),
    "trends.by": each(trends.by, (ALL, "typology"), (YEAR, "irritant")),
    "trends.deseasonalised": lambda w: trends.deseasonalised(w, ALL, "volume", "month"),
    "trends.explain": each(trends.explain, (YEAR, "negative", "typology")),
    "trends.figures": by_filters(trends.figures),
    "trends.reference": lambda w: trends.reference(w, YEAR, YEAR.previous(), "month", 12),
    "trends.series": each(trends.series, *[(f, "month", m) for f in (ALL, YEAR) for m in VOLUMES]),
    "trends.split": each(trends.split, (ALL, "month", "typology"), (ALL, "month", "irritant")),
    "trends.told": each(trends.told, (YEAR, "negative")),
    "waiting.by_structure": lambda w: waiting.by_structure(w, waiting.Wanted(ALL)),
    "waiting.figures": lambda w: waiting.figures(w, waiting.Wanted(ALL)),
    "waiting.late": lambda w: waiting.late(w, waiting.Wanted(ALL)),
    "waiting.page": lambda w: waiting.page(w, waiting.Wanted(ALL)),
    "waiting.structures_of": lambda w: waiting.structures_of(w, range(1, 95)),
    "waits.of": waits.of,
    "watching.series": lambda w: watching.series(w, ["autre titre", "guichet"], ALL, "month"),
    "watching.suggested": lambda w: watching.suggested(w, ["Un guichet fermé", "Le guichet est loin"]),
}
OF_NOW = {  # not figures of the reviews: what is loaded, run or decided now, or SQL alone
    "digest.run", "impact.desk.pilot", "irritants.changes", "irritants.joined", "irritants.named_by", "irritants.refused",
    "lineage.known_from", "past.known_on", "past.told_from", "quality.completeness", "quality.loads", "quality.personal",
    "quality.problems", "quality.refreshes", "quality.refused", "quality.withdrawn", "quality.years",
    "signals.engine.background", "waiting.cued", "words.any_condition", "words.condition", "words.indexed", "words.written_then",
}  # fmt: skip


def _shown(frame: pd.DataFrame) -> pd.DataFrame:
    told = {BY_NAME[name].label for name in NOT_REBUILT}
    return frame[~frame["label"].isin(told)]


TABLES = ("reviews", "replies", "review_typologies", "review_versions", "reply_versions", "typology_versions", "topics",
          "ingests", "signals")  # fmt: skip


@pytest.mark.parametrize("place", [0, 1], ids=["first file", "second file"])
@pytest.mark.parametrize("table", [*TABLES, "review_metadata"])
def test_a_table_as_known_on_a_day_holds_what_it_held(
    opened: list[tuple[Warehouse, Warehouse]], table: str, place: int
) -> None:
    known, then = opened[place]
    own = {"reviews": "* EXCLUDE (fingerprint)", "review_metadata": f"* EXCLUDE ({', '.join(sorted(NOT_REBUILT))})"}
    query = f"SELECT {own.get(table, '*')} FROM (SELECT * FROM {table}) ORDER BY ALL"
    assert plain(known.frame(query)) == plain(then.frame(query))


def test_every_question_that_reads_the_warehouse_is_asked_here() -> None:
    found = set()
    for module in pkgutil.walk_packages(analytics.__path__, "analytics."):
        if module.name.endswith("__main__"):
            continue
        for name, function in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            if function.__module__ == module.name and not name.startswith("_"):
                asked = next(iter(inspect.signature(function).parameters.values()), None)
                if asked is not None and "Warehouse" in str(asked.annotation):
                    found.add(f"{module.name.removeprefix('analytics.')}.{name}")
    assert found == set(ANSWERS) | OF_NOW


@pytest.mark.parametrize("place", [0, 1], ids=["first file", "second file"])
@pytest.mark.parametrize("name", ANSWERS)
def test_a_figure_as_known_on_a_day_is_the_one_given_on_that_day(
    opened: list[tuple[Warehouse, Warehouse]], name: str, place: int
) -> None:
    known, then = opened[place]
    assert plain(ANSWERS[name](known)) == plain(ANSWERS[name](then))

"""What changed since last month: irritants and institutions that rose or fell more than chance explains.

The rule it protects: a sentence on the first page names a change that is neither the general movement of volumes nor
the luck of small numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from analytics import strengths, trends
from analytics.trends import Figures
from data.filters import Filters, narrowed
from data.warehouse import Warehouse, sql

WEEKS = 4
LEAST = 10  # reviews over both months under which nothing is said
CERTAIN = 0.05  # false discovery rate among everything compared


@dataclass(frozen=True)
class Change:
    """One irritant or institution whose share of the reviews moved between two months of four weeks."""

    kind: Literal["irritant", "strength", "institution"]  # a strength is a subject that is mostly praised
    key: str  # irritant id as text, or typology
    label: str
    n_now: int
    n_before: int
    expected: float  # reviews now, had it followed the movement of all reviews
    p: float  # chance of a gap this large without any change
    certain: bool  # kept among everything compared, at a false discovery rate of `CERTAIN`

    @property
    def rose(self) -> bool:
        """Whether it weighs more than the month before."""
        return self.n_now > self.expected


@dataclass(frozen=True)
class Board:
    """What the first page shows of a selection."""

    now: Figures
    before: Figures | None  # the period of equal length just before; None for an open period
    year: Figures | None  # volume and feelings 52 weeks earlier; None for an open period
    weeks: pd.DataFrame  # trends.series by week
    changes: list[Change]


def board(warehouse: Warehouse, filters: Filters) -> Board:
    """The first page of a selection."""
    before, year = filters.previous(), filters.year_before()
    return Board(
        trends.figures(warehouse, filters),
        trends.figures(warehouse, before) if before else None,
        trends.figures(warehouse, year, "negative") if year else None,
        trends.series(warehouse, filters, "week"),
        changes(warehouse, filters),
    )


def last_month(warehouse: Warehouse, filters: Filters) -> Filters:
    """The same question on the last four weeks of the selection."""
    last = date.fromisoformat(warehouse.snapshot.last_publication[:10])
    end = min(filters.end or last, last)
    return replace(filters, start=end - timedelta(weeks=WEEKS) + timedelta(days=1), end=end)


def changes(warehouse: Warehouse, filters: Filters, most: int = 6) -> list[Change]:
    """What moved most between the four weeks before the last four and the last four, surest first, at most `most`.

    Each value's count among both months is compared with the share of reviews that the last month holds (exact binomial
    test); `certain` ones are kept by the Benjamini-Hochberg rule.
    """
    now = last_month(warehouse, filters)
    before = now.previous()
    if before is None or before.end is None:
        return []
    irritants = sql(__file__, "overview_irritants") if warehouse.has("topics") else ""
    query = sql(__file__, "overview_changes").replace("/*irritants*/", irritants)
    both = replace(now, start=before.start)
    rows = warehouse.rows(*narrowed(query, both, {"middle": before.end}))
    rows = [row for row in rows if row[3] + row[4] >= LEAST and row[5] and row[6]]
    if not rows:
        return []
    share = rows[0][5] / (rows[0][5] + rows[0][6])
    tests = [float(stats.binomtest(row[3], row[3] + row[4], share).pvalue) for row in rows]
    certain = stats.false_discovery_control(np.array(tests)) <= CERTAIN
    praised = {str(id_) for id_ in strengths.praised(warehouse)}
    found = [
        Change(
            "strength" if kind == "irritant" and key in praised else kind,
            key,
            label,
            n_now,
            n_before,
            n_before * all_now / all_before,
            p,
            bool(sure),
        )
        for (kind, key, label, n_now, n_before, all_now, all_before), p, sure in zip(rows, tests, certain, strict=True)
    ]
    return sorted(found, key=lambda c: (c.p, c.kind, c.key))[:most]

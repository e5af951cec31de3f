"""Structures by months: the table on which what AI changed is estimated, before and after each adoption.

The rule it protects: a review counts as "after" by the day its structure adopted, whether or not its own reply used AI
(intention to treat), and nothing recent enters whose outcome is not known yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.impact.adoption import PROGRAMME_START, Adoption

LEADS = (-4, -3, -2, -1)  # quarters before adoption that are tested; earlier ones are the reference
LAST_LAG = 4  # quarters after adoption; the last holds the later ones too
CONTROL = -99  # relative quarter of a structure that never adopted


@dataclass(frozen=True)
class Panel:
    """Sums of an outcome by structure, month and quarter since adoption.

    `cells` has one row per (unit, month, quarter, after): `rows` observations, their weight `n` (as many, unless they
    were given weights) and their weighted `total`. `unit` numbers the structures and `month` the months, both from 0; `quarter` is relative to adoption (0 holds its first three months),
    `CONTROL` for a structure that never adopted.
    """

    cells: pd.DataFrame
    structures: pd.DataFrame  # structure_id, network, adopter, cohort (adoption quarter); the row number is `unit`
    months: int

    @property
    def adopters(self) -> int:
        """Structures seen both before and after their adoption."""
        found = self.cells.groupby("unit")["after"].nunique()
        return int((found == 2).sum())

    @property
    def controls(self) -> int:
        """Structures that never adopted."""
        return int((~self.structures["adopter"]).sum())


def dated(followed: pd.DataFrame, adoption: Adoption) -> pd.DataFrame:
    """`followed` with `after`, `quarter` and `near`; reviews of unclear structures and of unclear days are left out.

    `near` marks the reviews that the day of adoption was read from: the last one answered without a draft, the first one
    answered with, and those between, which by that very choice have no reply.

    For a structure whose first drafted reply is the first one that could tell, the days between the programme's start
    and then are neither before nor after.
    """
    rows = followed[followed["structure_id"].notna() & ~followed["structure_id"].isin(adoption.unclear)].copy()
    known = adoption.structures.set_index("structure_id")
    adopted = rows["structure_id"].map(known["adopted_on"]) if len(known) else pd.Series(pd.NaT, index=rows.index)
    adopted = pd.to_datetime(adopted)
    early = rows["structure_id"].map(known["early"]).eq(True) if len(known) else pd.Series(False, index=rows.index)
    if adoption.seen_from is not None:
        told = adoption.seen_from.normalize()
        opened = min(pd.Timestamp(PROGRAMME_START), told)
        begun = adopted.mask(early & (adopted < told), told)
        until = adopted.mask(early & (adopted > opened), opened)
    else:
        begun = until = adopted
    published = rows["published_at"]
    rows["after"] = published >= begun
    rows = rows[adopted.isna() | rows["after"] | (published < until)]
    since = (rows["published_at"] - adopted.loc[rows.index]).dt.days
    quarter = np.clip(np.floor(since.to_numpy(dtype=np.float64) / 91), -90, LAST_LAG)
    rows["quarter"] = np.where(np.isnan(quarter), CONTROL, quarter).astype(int)
    rows.loc[rows["after"] & (rows["quarter"] < 0), "quarter"] = 0
    day = adopted.loc[rows.index]
    rows["adopter"] = day.notna()
    without = (
        pd.to_datetime(rows["structure_id"].map(known["last_without"])) if len(known) else pd.Series(pd.NaT, rows.index)
    )
    answers = rows[rows["after"] & rows["answered"]].groupby("structure_id")["published_at"].min()
    first_answers = rows["structure_id"].map(answers) if len(answers) else pd.Series(pd.NaT, index=rows.index)
    given = rows["structure_id"].map(known["declared"]).eq(True) if len(known) else pd.Series(False, index=rows.index)
    rows["near"] = (
        rows["adopter"]
        & ~given
        & (rows["published_at"] >= without.fillna(day))
        & (rows["published_at"] <= first_answers)
    )
    rows["untouched_until"] = until.loc[rows.index]
    rows["cohort"] = ("adoption " + day.dt.year.astype("string") + "-" + day.dt.quarter.astype("string")).fillna(
        "jamais"
    )
    return rows


def backdated(rows: pd.DataFrame, days: int = 182) -> pd.DataFrame:
    """The time before adoption alone, as if each structure had adopted `days` earlier: nothing can have changed then."""
    before = rows[~rows["after"]].copy()
    imagined = before["untouched_until"] - pd.Timedelta(days=days)
    since = (before["published_at"] - imagined).dt.days.to_numpy(dtype=np.float64)
    before["after"] = since >= 0
    quarter = np.clip(np.floor(since / 91), -90, LAST_LAG)
    before["quarter"] = np.where(np.isnan(quarter), CONTROL, quarter).astype(int)
    return before


def build(rows: pd.DataFrame, outcome: NDArray[np.float64], weight: NDArray[np.float64] | None = None) -> Panel:
    """The panel of `outcome`, one value a row of `rows` (from `dated`); rows where it is missing are left out.

    `weight` says how much each row counts, 1 by default; rows of no weight are left out too.
    """
    often = np.ones(len(outcome)) if weight is None else weight
    kept = ~np.isnan(outcome) & (often > 0)
    rows, outcome, often = rows[kept], outcome[kept], often[kept]
    unit, _ = pd.factorize(rows["structure_id"])
    month = (rows["published_at"].dt.year * 12 + rows["published_at"].dt.month).to_numpy(dtype=np.int64)
    month = month - month.min(initial=month[0]) if len(month) else month
    quarter, after = rows["quarter"].to_numpy(dtype=np.int64), rows["after"].to_numpy(dtype=np.int64)
    months = int(month.max(initial=-1)) + 1
    shape = (max(unit.max(initial=0) + 1, 1), max(months, 1), LAST_LAG - CONTROL + 1, 2)
    found, cell = np.unique(np.ravel_multi_index((unit, month, quarter - CONTROL, after), shape), return_inverse=True)
    cells = pd.DataFrame(dict(zip(("unit", "month", "quarter", "after"), np.unravel_index(found, shape), strict=True)))
    cells["quarter"] += CONTROL
    cells["after"] = cells["after"].astype(bool)
    cells["rows"] = np.bincount(cell, minlength=len(found))
    cells["n"] = np.bincount(cell, weights=often, minlength=len(found))
    cells["total"] = np.bincount(cell, weights=often * outcome, minlength=len(found))
    structures = rows[["structure_id", "network", "adopter", "cohort"]].drop_duplicates("structure_id")
    return Panel(cells, structures.reset_index(drop=True), months)


def standing_for(rows: pd.DataFrame, kept: NDArray[np.bool_]) -> NDArray[np.float64]:
    """A weight for each `kept` row: 1 before adoption; after, as many as its structure has reviews for each one kept.

    Those published too lately for their outcome to be known are spoken for by earlier ones of the same structure: without
    it, structures that adopted first, the slowest ones, would count more than their share.
    """
    after = rows["after"].to_numpy(dtype=bool)
    unit, _ = pd.factorize(rows["structure_id"])
    every, known = (
        np.bincount(unit[after], minlength=unit.max(initial=0) + 1),
        np.bincount(unit[after & kept], minlength=unit.max(initial=0) + 1),
    )
    times = every / np.maximum(known, 1)
    return np.where(after, times[unit], 1.0)[kept]


def observable(rows: pd.DataFrame, last: date, horizon: int) -> NDArray[np.bool_]:
    """Rows published at least `horizon` days before the end of the last publication day."""
    limit = pd.Timestamp(last) + pd.Timedelta(days=1 - horizon)
    return (rows["published_at"] <= limit).to_numpy()

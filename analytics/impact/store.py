"""Estimates computed once by refresh, kept in the snapshot (`impact`, `adoption`), read by the page and the command.

The rule it protects: an effect is written only when enough structures stand on both sides of the comparison; otherwise
it is NULL and a caveat says why. Raw before and after are kept beside it, never instead of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.impact import adoption as adoptions
from analytics.impact import caveats, differences, panel
from analytics.impact.adoption import Adoption
from analytics.impact.differences import Estimate, Kind, Study
from data.warehouse import Warehouse, sql

Floats = NDArray[np.float64]

HORIZON = 120  # days a review is followed before it enters: nearly every reply that comes has come
NETWORK_OBSERVATIONS = 100  # after adoption, for an estimate of its own
_METHOD = (
    "Différence de différences à adoption échelonnée, par imputation : niveau propre à chaque structure et mouvement "
    "de chaque mois, appris sur les structures sans IA ou pas encore équipées ; {form} ; intervalle à 95 % par "
    f"rééchantillonnage des structures ({differences.DRAWS} tirages)."
)
_FORMS = {"ratio": "niveaux et mouvements se multiplient", "gap": "niveaux et mouvements s'additionnent"}


@dataclass(frozen=True)
class Measure:
    """One outcome: its name in the table, how levels and months combine, from how many observations a structure has
    a level of its own.
    """

    name: str
    kind: Kind
    least: int


DELAY = Measure("delay", "ratio", 3)  # days from publication to the first reply, of replies within HORIZON
RESTRICTED = Measure("restricted", "ratio", 3)  # mean of min(delay, 60) of all reviews, those unanswered counting 60
ANSWERED = Measure("answered", "gap", 30)  # share answered within HORIZON, in points
SATISFACTION = Measure("satisfaction", "gap", 30)  # share of "utile" among author verdicts, in points
RESTRICTED_DAYS = 60
COLUMNS = ["measure", "slice", "before", "after", "effect", "low", "high", "method", "n", "caveats"]


def estimate(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill the tables `impact` and `adoption` (data/sql/schema_derived.sql) of a snapshot being written."""
    followed = connection.execute(sql(__file__, "followed")).df()
    last = connection.execute("SELECT max(published_on) FROM reviews").fetchall()[0][0]
    found = adoptions.find(followed)
    connection.register("found_adoption", found.structures[["structure_id", "adopted_on", "replies", "with_ai"]])
    connection.execute("DELETE FROM adoption")
    connection.execute(
        "INSERT INTO adoption SELECT structure_id, adopted_on::DATE, replies, with_ai FROM found_adoption"
    )
    connection.unregister("found_adoption")
    lines = _estimates(followed, found, last)
    connection.execute("DELETE FROM impact")
    marks = ", ".join(f"${name}" for name in COLUMNS)
    connection.executemany(
        f"INSERT INTO impact ({', '.join(COLUMNS)}) VALUES ({marks})",
        [{name: _plain(line.get(name)) for name in COLUMNS} for line in lines],
    )


def report(warehouse: Warehouse) -> dict[str, Any]:
    """The object of `python -m analytics impact --json`; effects are null, with a caveat, before any refresh."""
    empty = dict.fromkeys(("before", "after", "effect", "low", "high", "method"), None) | {"n": 0}
    if not warehouse.has("impact"):
        return {"delay": empty, "satisfaction": empty, "adoption": [], "caveats": [caveats.NOT_REFRESHED]}
    table = estimates(warehouse)
    whole = table[table["slice"] == "all"].set_index("measure")
    answer: dict[str, Any] = {}
    doubts: list[str] = []
    for name in (DELAY.name, SATISFACTION.name):
        if name not in whole.index:
            answer[name] = dict(empty)
            continue
        row = whole.loc[name]
        answer[name] = {key: _plain(row[key]) for key in empty}
        doubts += [c for c in row["caveats"] if c not in doubts]
    adopted = adopters(warehouse)
    answer["adoption"] = [{key: _plain(value) for key, value in row.items()} for row in adopted.to_dict("records")]
    return answer | {"caveats": doubts}


def estimates(warehouse: Warehouse) -> pd.DataFrame:
    """Every estimate: measure, slice ('all', 'quarter:-2', 'network:…'), before, after, effect, low, high, method, n,
    caveats. Empty before a refresh.
    """
    if not warehouse.has("impact"):
        return pd.DataFrame(columns=COLUMNS)
    return warehouse.frame(f"SELECT {', '.join(COLUMNS)} FROM impact")


def adopters(warehouse: Warehouse) -> pd.DataFrame:
    """Structures that adopted: structure_id, name, network, adopted_on, replies, with_ai (since then), oldest first."""
    if not warehouse.has("adoption"):
        return pd.DataFrame(columns=["structure_id", "name", "network", "adopted_on", "replies", "with_ai"])
    return warehouse.frame(sql(__file__, "adoption"))


def use(warehouse: Warehouse) -> pd.DataFrame:
    """Real replies by month of the review: `month`, `replies`, `as_proposed` (100 % of the draft kept), `kept` (50 % and
    more), `reworked` (less), `without` (no draft).
    """
    frame = warehouse.frame(sql(__file__, "use"))
    frame["month"] = pd.to_datetime(frame["month"])
    return frame


def _estimates(followed: pd.DataFrame, found: Adoption, last: date | None) -> list[dict[str, Any]]:
    rows = panel.dated(followed, found)
    dated = bool(rows["days"].notna().any())
    ripe = rows[panel.observable(rows, last, HORIZON)] if last is not None else rows.head(0)
    in_time = (ripe["answered"] & (ripe["days"] <= HORIZON)).to_numpy()
    outcomes = {
        DELAY: (ripe, ripe["days"].where(in_time).to_numpy(dtype=np.float64)),
        RESTRICTED: (ripe, _restricted(ripe)),
        ANSWERED: (ripe, 100.0 * in_time),
        SATISFACTION: (rows, 100 * rows["useful"].where(rows["answered"]).to_numpy(dtype=np.float64)),
    }
    studies: dict[Measure, Study | None] = {}
    raws: dict[Measure, tuple[float, float]] = {}
    reasons: dict[Measure, list[str]] = {}
    for measure, (kept, values) in outcomes.items():
        raws[measure] = _raw(kept, values)
        if not dated and measure is not SATISFACTION:
            studies[measure], reasons[measure] = None, [caveats.UNDATED]
            continue
        table = panel.build(kept, values)
        reasons[measure] = caveats.too_thin(table, found)
        studies[measure] = None if reasons[measure] else differences.study(table, measure.kind, least=measure.least)
    delay, answered, restricted = (studies[m] for m in (DELAY, ANSWERED, RESTRICTED))
    doubts = {
        **reasons,
        DELAY: reasons[DELAY]
        or caveats.of_delays(delay, answered, restricted, found, horizon=HORIZON, cut=RESTRICTED_DAYS),
        SATISFACTION: reasons[SATISFACTION] or caveats.of_verdicts(studies[SATISFACTION], rows),
    }
    lines: list[dict[str, Any]] = []
    for measure, study in studies.items():
        lines += _lines(measure, study, raws[measure], doubts[measure])
    return lines


def _raw(rows: pd.DataFrame, values: Floats) -> tuple[float, float]:
    """Means of the adopters before and after, as they are."""
    adopter, after = rows["adopter"].to_numpy(dtype=bool), rows["after"].to_numpy(dtype=bool)
    known = ~np.isnan(values)
    sides = (values[known & adopter & ~after], values[known & after])
    return tuple(float(side.mean()) if len(side) else np.nan for side in sides)  # type: ignore[return-value]


def _lines(measure: Measure, study: Study | None, raw: tuple[float, float], doubts: list[str]) -> list[dict[str, Any]]:
    method = _METHOD.format(form=_FORMS[measure.kind])
    whole = {
        "measure": measure.name,
        "slice": "all",
        "before": raw[0],
        "after": raw[1],
        "method": method,
        "caveats": doubts,
    }
    if study is None:
        return [whole | {"effect": None, "low": None, "high": None, "n": 0}]
    refused = study.parallel_p is not None and study.parallel_p < caveats.REFUSED
    lines = [whole | _numbers(study.overall)]
    if refused:
        lines[0] |= {"effect": None, "low": None, "high": None}
    for quarter, found in sorted(study.quarters.items()):
        lines.append({"measure": measure.name, "slice": f"quarter:{quarter}", "method": method} | _numbers(found))
    for network, found in study.networks.items():
        if found.n >= NETWORK_OBSERVATIONS and not refused:
            lines.append({"measure": measure.name, "slice": f"network:{network}", "method": method} | _numbers(found))
    return lines


def _numbers(found: Estimate) -> dict[str, Any]:
    return {"effect": found.effect, "low": found.low, "high": found.high, "n": found.n}


def _restricted(rows: pd.DataFrame) -> Floats:
    days = rows["days"].where(rows["answered"]).clip(upper=RESTRICTED_DAYS)
    return days.fillna(RESTRICTED_DAYS).to_numpy(dtype=np.float64)


def _plain(value: Any) -> Any:
    if isinstance(value, str | list) or value is None:
        return value
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp | date):
        return pd.Timestamp(value).date().isoformat()
    return round(float(value), 6) if isinstance(value, float) else int(value)

"""Estimates computed once by refresh, kept in the snapshot (`impact`, `adoption`), read by the page and the command; as
known on a past day, they are estimated again from what was known.

The rule it protects: an effect is written only when it may be stated; otherwise it is NULL and a caveat says why. Raw
before and after are kept beside it, never instead of it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb
import pandas as pd

from analytics.impact import adoption as adoptions
from analytics.impact import caveats, outcomes
from analytics.impact.differences import Estimate
from analytics.impact.outcomes import DELAY, MAIN, SATISFACTION, Found, Outcome
from data.warehouse import Warehouse, sql

NETWORK_OBSERVATIONS = 100  # after adoption, for an estimate of its own
_METHOD = (
    "Différence de différences à adoption échelonnée, par imputation : niveau propre à chaque structure et mouvement "
    "de chaque mois, appris sur les structures sans IA ou pas encore équipées ; {form} ; intervalle à 95 % d'après l'erreur "
    "de chaque structure (fonctions d'influence, quantile de Student)."
)
_FORMS = {"ratio": "niveaux et mouvements se multiplient", "gap": "niveaux et mouvements s'additionnent"}
_BUDGET_S = 60.0  # to read every review as known on a past day
_KEPT = 4  # past days whose estimates a process keeps
_asking = threading.Lock()
_found: OrderedDict[str, tuple[pd.DataFrame, pd.DataFrame]] = OrderedDict()
COLUMNS = ["measure", "slice", "before", "after", "effect", "low", "high", "method", "n", "caveats"]


def estimate(connection: duckdb.DuckDBPyConnection, declared: Mapping[str, date] | None = None) -> None:
    """Fill the tables `impact` and `adoption` (data/sql/schema_derived.sql) of a snapshot being written.

    `declared`: adoption days given by an administrator, by structure id; they replace what the file shows.
    """
    followed = connection.execute(sql(__file__, "followed")).df()
    last = connection.execute("SELECT max(published_on) FROM reviews").fetchall()[0][0]
    adopted, lines = _estimated(followed, last, declared)
    connection.register("found_adoption", adopted)
    connection.execute("DELETE FROM adoption")
    connection.execute(
        "INSERT INTO adoption SELECT structure_id, adopted_on::DATE, replies, with_ai, declared FROM found_adoption"
    )
    connection.unregister("found_adoption")
    connection.execute("DELETE FROM impact")
    marks = ", ".join(f"${name}" for name in COLUMNS)
    connection.executemany(
        f"INSERT INTO impact ({', '.join(COLUMNS)}) VALUES ({marks})",
        [{name: _plain(line.get(name)) for name in COLUMNS} for line in lines],
    )


def _estimated(
    followed: pd.DataFrame, last: date, declared: Mapping[str, date] | None
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Structures that adopted, and the rows of `impact`."""
    found = adoptions.find(followed, declared)
    lines: list[dict[str, Any]] = []
    everything = outcomes.everything(followed, found, last)
    said = {
        DELAY: caveats.of_delays(everything, found),
        SATISFACTION: caveats.of_verdicts(everything),
    }
    for outcome, answer in everything.items():
        lines += _lines(outcome, answer, said.get(outcome, list(answer.reasons)))
    return found.structures, lines


def _again(warehouse: Warehouse) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`adoption` and `impact` of what was known on a past day, estimated again; the last few asked for are kept."""
    with _asking:
        if warehouse.snapshot.id not in _found:
            followed = warehouse.frame(sql(__file__, "followed"), budget_s=_BUDGET_S)
            declared = {
                s: day for s, day in warehouse.rows("SELECT structure_id, adopted_on FROM adoption WHERE declared")
            }
            lines: list[dict[str, Any]] = []
            if followed.empty:
                adopted = adoptions.find(followed).structures
            else:
                adopted, lines = _estimated(followed, date.fromisoformat(warehouse.snapshot.last_publication), declared)
            rows = [{name: _plain(line.get(name)) for name in COLUMNS} for line in lines]
            _found[warehouse.snapshot.id] = adopted, pd.DataFrame(rows, columns=COLUMNS)
            while len(_found) > _KEPT:
                _found.popitem(last=False)
        return _found[warehouse.snapshot.id]


def report(warehouse: Warehouse) -> dict[str, Any]:
    """The object of `python -m analytics impact --json`; effects are null, with a caveat, before any refresh."""
    empty = dict.fromkeys(("before", "after", "effect", "low", "high", "method"), None) | {"n": 0}
    if not warehouse.has("impact"):
        return {"delay": empty, "satisfaction": empty, "adoption": [], "caveats": [caveats.NOT_REFRESHED]}
    table = estimates(warehouse)
    whole = table[table["slice"] == "all"].set_index("measure")
    answer: dict[str, Any] = {}
    doubts: list[str] = []
    for name in (outcome.name for outcome in MAIN):
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
    """Every estimate: measure, slice, before, after, effect, low, high, method, n, caveats. Empty before a refresh.

    Slices: 'all'; 'raw' (the plain gap); 'quarter:-2' (around adoption); 'check:bootstrap|mix|placebo|series|never|not_yet';
    'cohort:8096' (year x 4 + quarter - 1) and 'exposure:1' (quarters since) by group-time effects; 'network:…'; 'paths'
    (the chance of such different paths before adoption, as effect).
    """
    if not warehouse.has("impact"):
        return pd.DataFrame(columns=COLUMNS)
    if warehouse.known_on is not None:
        return _again(warehouse)[1]
    return warehouse.frame(f"SELECT {', '.join(COLUMNS)} FROM impact")


def adopters(warehouse: Warehouse) -> pd.DataFrame:
    """Structures that adopted: structure_id, name, network, adopted_on, replies, with_ai (since then),
    declared, oldest first.
    """
    if not warehouse.has("adoption"):
        names = ["structure_id", "name", "network", "adopted_on", "replies", "with_ai", "declared"]
        return pd.DataFrame(columns=names)
    if warehouse.known_on is not None:
        return _named(warehouse, _again(warehouse)[0])
    return warehouse.frame(sql(__file__, "adoption"))


def adopted_on(warehouse: Warehouse, structure: str) -> date | None:
    """The day a structure adopted; None when that is not known."""
    if warehouse.known_on is not None:
        found = adopters(warehouse).set_index("structure_id")["adopted_on"]
        return pd.Timestamp(found[structure]).date() if structure in found else None
    if not warehouse.has("adoption"):
        return None
    rows = warehouse.rows("SELECT adopted_on FROM adoption WHERE structure_id = $id", {"id": structure})
    return rows[0][0] if rows else None


def _named(warehouse: Warehouse, adopted: pd.DataFrame) -> pd.DataFrame:
    """Adoptions with the names of the structures, in the order of `sql/adoption.sql`."""
    names = warehouse.frame("SELECT id AS structure_id, coalesce(public_name, name) AS name, network FROM structures")
    frame = adopted.merge(names, on="structure_id", how="left")
    frame["name"] = frame["name"].fillna(frame["structure_id"])
    columns = ["structure_id", "name", "network", "adopted_on", "replies", "with_ai", "declared"]
    return frame.sort_values(["adopted_on", "structure_id"], ignore_index=True)[columns]


def use(warehouse: Warehouse, structure: str | None = None) -> pd.DataFrame:
    """Real replies by month of the review: `month`, `replies`, `as_proposed` (100 % of the draft kept), `kept` (50 % and
    more), `reworked` (less), `without` (no draft); of everybody, or of one structure.
    """
    frame = warehouse.frame(sql(__file__, "use"), {"structure": structure})
    frame["month"] = pd.to_datetime(frame["month"])
    return frame


def _lines(outcome: Outcome, found: Found, doubts: list[str]) -> list[dict[str, Any]]:
    """Rows of the table `impact`: the whole, then its parts; the effect of the whole is absent when it is refused."""
    method = _METHOD.format(form=_FORMS[outcome.kind])
    whole: dict[str, Any] = {
        "measure": outcome.name, "slice": "all", "before": found.raw_before, "after": found.raw_after, "method": method,
        "caveats": doubts, "effect": None, "low": None, "high": None, "n": 0,
    }  # fmt: skip
    if found.study is None:
        return [whole]
    refused = found.refused is not None
    overall = _numbers(found.study.overall)
    parts: list[tuple[str, Estimate]] = [(f"quarter:{q}", e) for q, e in sorted(found.study.quarters.items())]
    parts += [(f"check:{name}", e) for name, e in found.checks.items()]
    if found.groups is not None:
        parts += [(f"cohort:{g}", e) for g, e in found.groups.cohorts.items()]
        parts += [(f"exposure:{x}", e) for x, e in found.groups.exposure.items()]
    if not refused:
        networks = found.study.networks.items()
        parts += [(f"network:{name}", e) for name, e in networks if e.n >= NETWORK_OBSERVATIONS]
    if found.study.parallel_p is not None:  # kept as an estimate is: its value, no bounds
        p = found.study.parallel_p
        parts.append(("paths", Estimate(p, p, p, 0)))
    gap = found.raw_after - found.raw_before
    parts.append(("raw", Estimate(gap, *found.raw_interval, found.study.overall.n)))
    lines = [whole | ({"n": found.study.overall.n} if refused else overall)]
    return lines + [{"measure": outcome.name, "slice": name, "method": method} | _numbers(e) for name, e in parts]


def _numbers(found: Estimate) -> dict[str, Any]:
    return {"effect": found.effect, "low": found.low, "high": found.high, "n": found.n}


def _plain(value: Any) -> Any:
    if isinstance(value, str | list | bool) or value is None:
        return value
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp | date):
        return pd.Timestamp(value).date().isoformat()
    return round(float(value), 6) if isinstance(value, float) else int(value)

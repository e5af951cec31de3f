"""Where a figure comes from: the file, the rows that count, those left out and why.

A lineage is a list of steps, from the rows of the file to the figure; each says what it left out. The rule it protects: what
is left out adds up, step by step, and the last step is the very number that the other pages show (same function).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from analytics import delays, trends
from data.filters import Filters, narrowed
from data.warehouse import Warehouse, sql


@dataclass(frozen=True)
class Step:
    """What is left after one step, and what it left out: (French reason, how many)."""

    name: str
    kept: int
    out: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Lineage:
    """One figure and its way from the file."""

    figure: str  # French name
    value: float | None
    unit: str  # 'avis', '%' (value 0..1), 'jours'
    rule: str  # French: how the value comes from what is left
    steps: tuple[Step, ...]
    query: str  # the SQL that tells it
    sources: tuple[str, ...] = field(default=())  # files, with the moment they were loaded


@dataclass(frozen=True)
class Source:
    """The load behind the snapshot."""

    files: str
    sha256: str
    ran_at: str
    read: int
    refused: tuple[tuple[str, int], ...]  # kinds of refusal and their counts
    loaded: int


def source(warehouse: Warehouse) -> Source | None:
    """The last load; None for a snapshot that no command made."""
    rows = warehouse.rows(
        "SELECT array_to_string(files, ', '), array_to_string(sha256, ', '), strftime(ran_at, '%d/%m/%Y %H:%M'), read, loaded"
        " FROM ingests ORDER BY ran_at DESC LIMIT 1"
    )
    if not rows:
        return None
    refused = warehouse.rows(
        "SELECT CASE WHEN starts_with(reason, 'ID expérience répété') THEN 'numéro répété : la dernière ligne est gardée'"
        " WHEN regexp_matches(reason, ' absent(e|s)?$') THEN 'numéro, date ou texte absent'"
        " WHEN contains(reason, ' illisible : ') THEN 'numéro ou date illisible' ELSE 'ligne cassée' END AS why, count(*)"
        " FROM refused GROUP BY why ORDER BY 2 DESC, 1"
    )
    files, digests, ran_at, read, loaded = rows[0]
    if read - loaded != sum(n for _, n in refused):  # the lines themselves are kept of the last load alone
        refused = [("lignes refusées", read - loaded)]
    return Source(files, digests, ran_at, int(read), tuple((why, int(n)) for why, n in refused), int(loaded))


def of(warehouse: Warehouse, name: str, filters: Filters) -> Lineage:
    """The lineage of a figure of `FIGURES`. Raises KeyError."""
    return FIGURES[name](warehouse, filters)


def _counts(warehouse: Warehouse, filters: Filters) -> tuple[dict[str, int], str]:
    query = delays.measured(as_it_stood=True) + sql(__file__, "lineage")
    asked, params = narrowed(query, filters, {"end": delays.end_of(warehouse, filters)})
    row = warehouse.frame(asked, params).iloc[0]
    return {str(name): int(row[name]) for name in row.index}, query


def _start(warehouse: Warehouse, counts: dict[str, int]) -> tuple[Step, ...]:
    """From the file to the selection."""
    load = source(warehouse)
    steps: list[Step] = []
    if load is not None:
        steps.append(Step("Lignes lues dans le fichier", load.read))
        steps.append(Step("Avis chargés", load.loaded, load.refused))
        if warehouse.known_on is not None:
            since = (("parus depuis, ou retirés depuis", load.loaded - counts["every"]),)
            steps.append(Step("Avis connus ce jour-là", counts["every"], since))
    steps.append(
        Step(
            "Avis de la sélection", counts["n"], (("hors de la période ou des filtres", counts["every"] - counts["n"]),)
        )
    )
    return tuple(steps)


def _volume(warehouse: Warehouse, filters: Filters) -> Lineage:
    counts, query = _counts(warehouse, filters)
    return Lineage(
        "Avis publiés", counts["n"], "avis", "On compte les avis de la sélection.", _start(warehouse, counts), query
    )


def _negative(warehouse: Warehouse, filters: Filters) -> Lineage:
    counts, query = _counts(warehouse, filters)
    found = trends.figures(warehouse, filters)
    steps = (
        *_start(warehouse, counts),
        Step("Avis au ressenti déclaré", counts["felt"], (("ressenti non renseigné", counts["n"] - counts["felt"]),)),
        Step(
            "Avis négatifs", counts["negative"], (("ressenti neutre ou positif", counts["felt"] - counts["negative"]),)
        ),
    )
    rule = "Avis négatifs, divisés par les avis au ressenti déclaré."
    return Lineage("Part d'avis négatifs", found.negative_share, "%", rule, steps, query)


def _answerable(counts: dict[str, int]) -> Step:
    return Step(
        "Avis qu'une structure peut traiter", counts["answerable"], (("« Hors structure »", counts["outside"]),)
    )


def _answered(warehouse: Warehouse, filters: Filters) -> Lineage:
    counts, query = _counts(warehouse, filters)
    found = trends.figures(warehouse, filters)
    out = (
        ("réponse type du programme : ce n'est pas une réponse", counts["canned"]),
        ("répondus après la fin de la période", counts["later"]),
        ("sans réponse", counts["answerable"] - counts["answered"] - counts["canned"] - counts["later"]),
    )
    steps = (*_start(warehouse, counts), _answerable(counts), Step("Avis vraiment répondus", counts["answered"], out))
    rule = "Avis vraiment répondus, divisés par ceux qu'une structure peut traiter."
    return Lineage("Taux de réponse", found.answered_share, "%", rule, steps, query)


def _delay(warehouse: Warehouse, filters: Filters) -> Lineage:
    counts, query = _counts(warehouse, filters)
    found = delays.summary(warehouse, filters)
    out = (
        ("réponse type du programme : ce n'est pas une réponse", counts["canned"]),
        ("répondus après la fin de la période", counts["later"]),
        ("sans réponse", counts["answerable"] - counts["answered"] - counts["canned"] - counts["later"]),
    )
    dated = (("réponse sans date", counts["undated"]), ("réponse datée avant la publication", counts["early"]))
    steps = (
        *_start(warehouse, counts),
        _answerable(counts),
        Step("Avis vraiment répondus", counts["answered"], out),
        Step("Réponses au délai connu", counts["timed"], dated),
    )
    rule = "Valeur du milieu des délais connus, de la publication à la première réponse, avis en attente non compris."
    return Lineage("Délai médian des réponses", found.median_days, "jours", rule, steps, query)


def _useful(warehouse: Warehouse, filters: Filters) -> Lineage:
    counts, query = _counts(warehouse, filters)
    found = trends.figures(warehouse, filters)
    steps = (
        *_start(warehouse, counts),
        Step(
            "Avis dont l'auteur a jugé une réponse",
            counts["judging"],
            (("aucun verdict, ou sur une réponse type, ou plus tard", counts["n"] - counts["judging"]),),
        ),
        Step("Verdicts (un avis peut en porter plusieurs)", counts["judged"]),
        Step("Verdicts « utile »", counts["useful"], (("« pas utile »", counts["judged"] - counts["useful"]),)),
    )
    return Lineage(
        "Réponses jugées utiles",
        found.useful_share,
        "%",
        "Verdicts « utile », divisés par tous les verdicts.",
        steps,
        query,
    )


FIGURES: dict[str, Callable[[Warehouse, Filters], Lineage]] = {
    "Avis publiés": _volume,
    "Part d'avis négatifs": _negative,
    "Taux de réponse": _answered,
    "Délai médian des réponses": _delay,
    "Réponses jugées utiles": _useful,
}


def known_from(warehouse: Warehouse) -> date | None:
    """Day of the first load whose history is kept; None when none is."""
    rows = warehouse.rows("SELECT min(seen_at)::DATE FROM ingests")
    return rows[0][0] if rows else None

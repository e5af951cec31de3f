"""Whether the data can be trusted: what was loaded, refused, repaired, withdrawn, and how full each field is.

The rule it protects: a check that passed is shown as well as one that failed; nothing is told of a load that is not in
the snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from data.metadata import BY_NAME
from data.warehouse import Warehouse

REPAIRS = frozenset({"repaired_bytes", "cp1252_artefact", "html_entity", "decimal_code"})
CHECKS: dict[str, tuple[str, ...]] = {  # French name of a constraint -> kinds of problems that break it
    "Chaque avis a un numéro, une date de publication et un texte": ("missing_value", "unreadable_value"),
    "Chaque numéro d'avis est unique": ("repeated_id",),
    "Chaque ligne du fichier a la bonne forme": ("broken_record",),
    "Les valeurs sont parmi celles attendues": ("unexpected_value",),
    "Les dates sont lisibles": ("unreadable_date",),
    "Les dates se suivent : écriture, publication, réponse": ("dates_out_of_order",),
    "Les nombres sont lisibles": ("unreadable_number",),
    "Les taux sont entre 0 et 100": ("out_of_range",),
    "Les structures citées sont au référentiel": ("unknown_structure",),
    "Toutes les colonnes attendues sont là": ("missing_column",),
    "Aucune colonne inconnue": ("unknown_column",),
}


@dataclass(frozen=True)
class Check:
    """One constraint and what the last load said of it."""

    name: str
    broken: int  # lines, values or columns; 0 = it holds


def loads(warehouse: Warehouse, most: int = 20) -> pd.DataFrame:
    """The last loads, newest first: `ran_at` (UTC), `files`, counts, `duration_s`."""
    return warehouse.frame(
        "SELECT ran_at, array_to_string(files, ', ') AS files, read, loaded, inserted, updated, unchanged, rejected,"
        " coalesce(withdrawn, 0) AS withdrawn, duration_s FROM ingests ORDER BY ran_at DESC LIMIT $most",
        {"most": most},
    )


def refreshes(warehouse: Warehouse, most: int = 20) -> pd.DataFrame:
    """The last refreshes, newest first: `ran_at` (UTC), `duration_s`, counts."""
    if not warehouse.has("refreshes"):
        return pd.DataFrame()
    return warehouse.frame(
        "SELECT ran_at, duration_s, topics, assigned, rejected, signals FROM refreshes ORDER BY ran_at DESC LIMIT $most",
        {"most": most},
    )


def problems(warehouse: Warehouse) -> pd.DataFrame:
    """What the last load found: `column_name`, `kind`, `count`, `examples`, commonest first."""
    return warehouse.frame(
        "SELECT column_name, kind, count, array_to_string(examples, ' · ') AS examples FROM problems "
        "WHERE ingest_id = (SELECT id FROM ingests ORDER BY ran_at DESC LIMIT 1) ORDER BY count DESC, column_name, kind"
    )


def checks(found: pd.DataFrame) -> list[Check]:
    """Every constraint, from the frame of `problems`."""
    counted = found.groupby("kind")["count"].sum().to_dict() if len(found) else {}
    return [Check(name, int(sum(counted.get(kind, 0) for kind in kinds))) for name, kinds in CHECKS.items()]


def refused(warehouse: Warehouse, most: int = 500) -> pd.DataFrame:
    """The first refused lines of the last load: `file`, `line`, `reason`."""
    return warehouse.frame("SELECT file, line, reason FROM refused ORDER BY file, line LIMIT $most", {"most": most})


def withdrawn(warehouse: Warehouse) -> int:
    """Reviews the portal took back since the first load."""
    if not warehouse.has("withdrawals"):
        return 0
    return int(warehouse.rows("SELECT coalesce(sum(reviews), 0) FROM withdrawals")[0][0])


def years(warehouse: Warehouse) -> pd.DataFrame:
    """Reviews by year of publication: `year`, `n`, `answered_share`, oldest first."""
    return warehouse.frame(
        "SELECT year(published_on) AS year, count(*) AS n, count(first_reply_at) / count(*) AS answered_share"
        " FROM reviews GROUP BY year ORDER BY year"
    )


def completeness(warehouse: Warehouse) -> pd.DataFrame:
    """Share (0..1) of the reviews of each year that fill a field: one row a field, `field`, then a column a year."""
    if not warehouse.has("completeness"):
        return pd.DataFrame()
    frame = warehouse.frame(
        "SELECT field, year(month)::VARCHAR AS year, sum(filled) / sum(reviews) AS share FROM completeness GROUP BY ALL"
    )
    if frame.empty:
        return frame
    wide = frame.pivot(index="field", columns="year", values="share")
    return wide.reindex([name for name in BY_NAME if name in wide.index]).rename_axis(None, axis=1).reset_index()


def personal(warehouse: Warehouse) -> pd.DataFrame:
    """Personal data found in published texts: `kind`, `reviews` that hold some."""
    if not warehouse.has("review_metadata"):
        return pd.DataFrame()
    return warehouse.frame(
        "SELECT kind, count(*) AS reviews FROM (SELECT unnest(personal_kinds) AS kind FROM review_metadata)"
        " GROUP BY kind ORDER BY reviews DESC, kind"
    )

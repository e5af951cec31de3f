"""A small world of reviews for the detectors: two networks, four structures, three irritants, a steady background.

`build` fills a DuckDB connection with two years of reviews as ingest and refresh leave them; `add` plants more.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from data import snapshots

SQL = Path(snapshots.__file__).with_name("sql")
LAST = date(2025, 6, 29)  # a Sunday
WEEKS = 104
STRUCTURES = {  # id: network, typology, parent, active, mailbox
    "root": ("Impôts", "Direction", None, True, "direction@example.org"),
    "sip1": ("Impôts", "SIP", "root", True, "sip1@example.org"),
    "sip2": ("Impôts", "SIP", "root", False, "sip2@example.org"),
    "caf1": ("Famille", "CAF", None, True, "caf1@example.org"),
    "caf2": ("Famille", "CAF", None, True, None),
}
IRRITANTS = {0: "Taxe foncière", 1: "Aide au logement", 2: "Accueil téléphonique"}
RATES = {  # reviews a week of each irritant
    "sip1": (2.0, 0.05, 0.5),
    "sip2": (1.0, 0.05, 0.5),
    "caf1": (0.05, 2.0, 0.5),
    "caf2": (0.05, 1.0, 0.5),
}
DEPARTMENTS = ("59", "62", None, None, None)
WORDS = ("avis", "dossier", "courrier", "réponse", "agent", "site", "appel", "montant", "délai", "guichet", "loyer")


def build(seed: int = 0, weeks: int = WEEKS) -> duckdb.DuckDBPyConnection:
    """Background reviews (two years of them), without any event."""
    connection = duckdb.connect()
    connection.execute((SQL / "schema.sql").read_text("utf-8"))
    connection.execute((SQL / "schema_derived.sql").read_text("utf-8"))
    connection.executemany(
        "INSERT INTO structures (id, network, typology, name, parent_id, active, mailbox) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(key, net, kind, key.upper(), parent, on, box) for key, (net, kind, parent, on, box) in STRUCTURES.items()],
    )
    connection.executemany(
        "INSERT INTO topics (id, level, label, terms, size, model) VALUES (?, 'irritant', ?, ['mot'], 0, 'test')",
        list(IRRITANTS.items()),
    )
    random = np.random.default_rng(seed)
    rows = []
    for week in range(weeks):
        for structure, rates in RATES.items():
            for irritant, rate in enumerate(rates):
                for _ in range(random.poisson(rate)):
                    day = LAST - timedelta(days=7 * week + int(random.integers(7)))
                    text = " ".join(random.choice(WORDS, 30))
                    rows.append((day, structure, irritant, text, DEPARTMENTS[int(random.integers(5))]))
    rows.sort(key=lambda row: row[0])
    _insert(connection, rows)
    return connection


def add(
    connection: duckdb.DuckDBPyConnection,
    n: int,
    *,
    structure: str,
    irritant: int,
    end: date = LAST,
    days: int = 6,
    text: str | None = None,
    department: str | None = None,
) -> list[int]:
    """Plant `n` reviews over the `days` up to `end`; returns their ids."""
    random = np.random.default_rng(n)
    rows = []
    for i in range(n):
        day = end - timedelta(days=i % days)
        rows.append((day, structure, irritant, text or " ".join(random.choice(WORDS, 30)), department))
    return _insert(connection, rows)


def _insert(connection: duckdb.DuckDBPyConnection, rows: list[tuple]) -> list[int]:
    first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM reviews").fetchall()[0][0]
    frame = pd.DataFrame(rows, columns=["published_on", "structure_id", "irritant", "body", "department"])
    frame["id"] = range(first, first + len(frame))
    frame["published_on"] = pd.to_datetime(frame["published_on"])
    frame["network"] = [STRUCTURES[place][0] for place in frame["structure_id"]]
    frame["typology"] = [STRUCTURES[place][1] for place in frame["structure_id"]]
    connection.register("planted", frame)
    connection.execute(
        "INSERT INTO reviews BY NAME SELECT id, published_on + INTERVAL 9 HOUR AS published_at, published_on::DATE AS"
        " published_on, 'Titre' AS title, body, 'Négatif' AS sentiment, network, typology, structure_id,"
        " upper(structure_id) AS structure, department::VARCHAR AS department, irritant FROM planted"
    )
    connection.execute("INSERT INTO review_topics SELECT id, irritant, NULL, 0.5 FROM planted")
    connection.unregister("planted")
    return [int(i) for i in frame["id"]]

"""How long search takes: `python -m benchmarks.search [--reviews 1000000] [--data DIR | --home DIR]`.

Writes the demo's reviews as an ingest would keep them (the columns that search reads), builds the index of words, and
asks the questions of the page, count and first page together, on a warm file. `--data`
names a folder that `python -m data demo` wrote; `--home` a refreshed home, whose index is there already (that of
`python -m benchmarks.queries --big DIR`). Exit status 1 when a question takes 300 ms or more with the index.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb

from analytics import reviews, words
from data import snapshots
from data.filters import Filters
from data.warehouse import Warehouse, sql

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS = (
    *("chèque énergie", "délai", "impôts", "rendez-vous préfecture attente", "zeppelin", "CŒUR", "l'été"),
    *(
        '"carte grise"',
        '"de la"',
        '"je n’ai pas"',
        '"titre de séjour"',
        '"rendez-vous en préfecture"',
        '"ma carte gris"',
    ),
    *(
        '"je n\'ai toujours pas reçu ma carte"',
        '"chèque énergie" "mon fournisseur"',
        '"tapage nocturne"',
        '"grise carte"',
    ),
    *("a", "de", "pré", "de la le", "je n'ai pas reçu ma carte grise depuis le mois de mars"),
)
LIMIT_MS = 300.0
_LOAD = """
INSERT INTO reviews BY NAME
SELECT "ID expérience"::BIGINT AS id, "Titre" AS title, "Description" AS body, "Ressenti usager" AS sentiment,
    "Date de publication"::TIMESTAMP AS published_at, "Date de publication"::TIMESTAMP::DATE AS published_on
FROM read_csv($file, delim=';', quote='"', all_varchar=true, header=true, parallel=false) LIMIT $most
"""


def prepared(home: Path, file: Path, most: int) -> float:
    """Publish a snapshot with the reviews and their index; seconds to index."""
    with snapshots.building(home) as work:
        connection = duckdb.connect(str(work.file))
        for name in ("schema", "schema_derived"):
            connection.execute(sql(snapshots.__file__, name))
        connection.execute(_LOAD, {"file": str(file), "most": most})
        began = time.perf_counter()
        words.build(connection)
        seconds = time.perf_counter() - began
        held, last = connection.execute("SELECT count(*), max(published_on) FROM reviews").fetchall()[0]
        connection.close()
        work.publish(demo=True, last_publication=str(last), reviews=held, refreshed=False)
    return seconds


def timed(warehouse: Warehouse, typed: str, runs: int) -> tuple[float, float, int]:
    """Median milliseconds of count and first page, those of processor (all threads together), and the reviews found."""
    found, taken, spent = 0, [], []
    for _ in range(runs):
        words.ANSWERS.clear()  # as the first person who asks it
        began, worked = time.perf_counter(), time.process_time()
        found = reviews.count(warehouse, Filters(), words=typed)
        reviews.page(warehouse, Filters(), words=typed)
        taken.append(1000 * (time.perf_counter() - began))
        spent.append(1000 * (time.process_time() - worked))
    return statistics.median(taken), statistics.median(spent), found


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; 1 when a question is too slow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=int, default=1_000_000)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args(argv)
    slow = False
    with tempfile.TemporaryDirectory(prefix="vigie-search-") as scratch:
        home, told = args.home, ""
        if home is None:
            folder = args.data or Path(scratch) / "demo"
            if args.data is None:
                command = ["-m", "data", "demo", "--reviews", str(args.reviews), "--seed", "21", "--out", str(folder)]
                subprocess.run([sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
            home = Path(scratch) / "home"
            told = f"; index built in {prepared(home, folder / 'experiences.csv', args.reviews):.1f} s"
        snapshot = snapshots.current(home)
        file, held = snapshots.file_of(home, snapshot), snapshot.reviews
        indexed = Warehouse(home, snapshot)
        rows = [(typed, *timed(indexed, typed, args.runs)) for typed in QUESTIONS]
        indexed.close()
        print(f"\n{held:,} reviews{told}, file of {file.stat().st_size / 1e6:,.0f} MB\n")
        print("| asked | reviews found | ms | of processor |")
        print("|---|---|---|---|")
        for typed, ms, cpu, found in rows:
            slow |= ms >= LIMIT_MS
            print(f"| {typed} | {found:,} | {ms:.0f} | {cpu:.0f} |")
    print(f"\n{'MISSED' if slow else 'held'}: every question under {LIMIT_MS:.0f} ms")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())

"""What is wrong with the data, counted: repaired values, broken constraints, columns that came or went.

The rule it protects: nothing is silently fixed. A value outside its accepted list is kept as published and reported;
a date or number that can't be read is NULL and reported; a repaired text is reported with the reviews it touches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from data import structures
from data.columns import LONG_TEXTS, REVIEWS, SLOTS, label_of
from data.fiches import Loaded as FichesLoaded
from data.sources import Source

EXAMPLES = 3
_BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160)"
_POINTS = [chr(b) for b in range(0x80, 0xA0)]
_CP1252 = [bytes((b,)).decode("cp1252", "ignore") for b in range(0x80, 0xA0)]
_DEFINED = [(point, sign) for point, sign in zip(_POINTS, _CP1252, strict=True) if sign]
_LOST = "".join(point for point, sign in zip(_POINTS, _CP1252, strict=True) if not sign)
_C1_FROM = "'" + "".join(point for point, _ in _DEFINED) + _LOST + "'"
_C1_TO = "'" + "".join(sign for _, sign in _DEFINED).replace("'", "''") + "'"

_C1 = r"[\x{80}-\x{9f}]"

_POLARITY = ("Positif", "Neutre", "Négatif")
_ACCEPTED: Mapping[str, tuple[str, ...]] = {
    "state": ("A traiter", "Traitées", "Traitée"),
    "status": ("Expérience en attente de réponse", "Expérience avec réponse"),
    "posted_as": ("La personne concernée", "Un proche de la personne concernée", "Un agent de médiation"),
    "sentiment": _POLARITY,
    "accessibility": _POLARITY,
    "information": _POLARITY,
    "relation": _POLARITY,
    "responsiveness": _POLARITY,
    "simplicity": _POLARITY,
    "out_of_structure": ("Oui", "Non"),
    "improvement": ("Oui", "Non"),
    **{f"verdict_{n}": ("utile", "pas utile") for n in SLOTS},
}
_DATES = ("written", "first_reply", "action_started", "action_done")
_NUMBERS = ("endorsements", *(f"{name}_{n}" for name in ("useful", "useless", "ai_similarity") for n in SLOTS))
_CODES = ("id", "department", "region", *(f"postcode_{n}" for n in SLOTS))
_KEPT = "row NOT IN (SELECT row FROM scratch.refused WHERE row IS NOT NULL)"


@dataclass(frozen=True)
class Cleaned:
    """How the raw text of a column is read: trimmed, repaired. Repairs the files don't need cost nothing."""

    artefacts: bool
    entities: bool

    def sql(self, name: str) -> str:
        """Expression of the clean value of a raw column; NULL when empty.

        Most values need nothing, and trimming reads every character of a text: cheap tests of both ends come first.
        """
        touched = [f"{name} < '!'", f"starts_with({name}, chr(160))"]
        touched += [f"ends_with({name}, chr({code}))" for code in (32, 10, 13, 9, 160)]
        text = name
        if name in LONG_TEXTS:
            touched.append(f"contains({name}, chr(13))")
            text = f"unix_lines({text})"
        if self.entities:
            touched.append(f"contains({name}, '&')")
            text = f"without_entities({text})"
        if self.artefacts:
            touched.append(f"regexp_matches({name}, '{_C1}')")
            text = f"translate({text}, {_C1_FROM}, {_C1_TO})"
        return f"CASE WHEN {' OR '.join(touched)} THEN nullif(trim({text}, {_BLANKS}), '') ELSE {name} END"


@dataclass(frozen=True)
class Problem:
    """One kind of defect of one column. `examples` are values, or ids of reviews where the value is a text."""

    column: str  # portal's id of the column, or what the problem is about
    kind: str
    count: int
    examples: tuple[str, ...] = ()


def run(db: duckdb.DuckDBPyConnection, opened: Sequence[Source], cleaned: Cleaned) -> list[Problem]:
    """Every problem of the reviews, by column then kind."""
    found = [
        *_headers(opened), *_repairs(db, opened), *_values(db, cleaned), *_dates(db), *_structures(db), *_refusals(db)
    ]  # fmt: skip
    return sorted(found, key=lambda p: (p.column, p.kind))


def of_references(given: structures.Loaded | None, given_fiches: FichesLoaded | None) -> list[Problem]:
    """What the referential and the fiches given with the reviews lost."""
    found = []
    if given is not None and given.refused:
        found.append(Problem("structures", "refused", given.refused))
    if given_fiches is not None and given_fiches.refused:
        found.append(Problem("fiches", "refused", len(given_fiches.refused), tuple(given_fiches.refused[:EXAMPLES])))
    return found


def _headers(opened: Sequence[Source]) -> Iterator[Problem]:
    unknown = Counter(label for source in opened for label in source.header.unknown)
    yield from (Problem(label, "unknown_column", count) for label, count in unknown.items())
    absent = Counter(name for source in opened for name in source.header.absent)
    yield from (Problem(label_of(name), "missing_column", count) for name, count in absent.items())
    reencoded = [source.path.name for source in opened if source.reencoded]
    if reencoded:
        yield Problem("file", "repaired_bytes", len(reencoded), tuple(reencoded[:EXAMPLES]))


def _repairs(db: duckdb.DuckDBPyConnection, opened: Sequence[Source]) -> Iterator[Problem]:
    if any(source.artefacts for source in opened):
        yield from _where(db, list(REVIEWS.values()), "cp1252_artefact", f"regexp_matches(@, '{_C1}')")
    if any(source.entities for source in opened):
        yield from _where(db, list(REVIEWS.values()), "html_entity", "contains(@, '&') AND without_entities(@) <> @")
    yield from _where(db, list(_CODES), "decimal_code", "regexp_full_match(@, '[0-9]+[.,]0+')")


def _where(db: duckdb.DuckDBPyConnection, columns: Sequence[str], kind: str, condition: str) -> Iterator[Problem]:
    """Columns of the raw text where a condition (on `@`) holds, with ids as examples."""
    holds = {column: condition.replace("@", column) for column in columns}
    counted = ", ".join(f"count(*) FILTER ({held})" for held in holds.values())
    counts = db.execute(f"SELECT {counted} FROM scratch.raw").fetchall()[0]
    for column, count in zip(columns, counts, strict=True):
        if count:
            query = f"SELECT id FROM scratch.raw WHERE {holds[column]} ORDER BY rowid LIMIT {EXAMPLES}"
            examples = tuple(str(id_) for (id_,) in db.execute(query).fetchall())
            yield Problem(label_of(column), kind, count, examples)


def _values(db: duckdb.DuckDBPyConnection, cleaned: Cleaned) -> Iterator[Problem]:
    rules = [
        *((column, "unexpected_value", f"value NOT IN {accepted!r}") for column, accepted in _ACCEPTED.items()),
        *((column, "unreadable_date", "moment(value) IS NULL") for column in _DATES),
        *((column, "unreadable_number", "number_of(value) IS NULL") for column in _NUMBERS),
        *((f"ai_similarity_{n}", "out_of_range", "number_of(value) NOT BETWEEN 0 AND 100") for n in SLOTS),
    ]
    for column, kind, condition in rules:
        query = (
            f"SELECT value, count(*) FROM (SELECT rowid AS row, {cleaned.sql(column)} AS value FROM scratch.raw)"
            f" WHERE value IS NOT NULL AND {condition} AND {_KEPT} GROUP BY value ORDER BY 2 DESC, 1"
        )
        if rows := db.execute(query).fetchall():
            examples = tuple(value[:60] for value, _ in rows[:EXAMPLES])
            yield Problem(label_of(column), kind, sum(count for _, count in rows), examples)


def _dates(db: duckdb.DuckDBPyConnection) -> Iterator[Problem]:
    for column, condition in (
        ("date_de_publication", "written_on > published_on"),
        ("date_de_premiere_reponse", "first_reply_at < published_at"),
        ("date_action_realisee", "action_done < action_started"),
    ):
        count, examples = db.execute(
            f"SELECT count(*), list(id ORDER BY id)[:{EXAMPLES}] FROM reviews WHERE {condition}"
        ).fetchall()[0]
        if count:
            yield Problem(column, "dates_out_of_order", count, tuple(str(e) for e in examples))


def _structures(db: duckdb.DuckDBPyConnection) -> Iterator[Problem]:
    if not db.execute("SELECT 1 FROM structures LIMIT 1").fetchall():
        return
    rows = db.execute(
        "SELECT rank, structure_id, count(*) FROM replies ANTI JOIN structures ON replies.structure_id = structures.id"
        " WHERE structure_id IS NOT NULL GROUP BY ALL ORDER BY 3 DESC, 2"
    ).fetchall()
    for n in SLOTS:
        mine = [(code, count) for rank, code, count in rows if rank == n]
        if mine:
            examples = tuple(code for code, _ in mine[:EXAMPLES])
            yield Problem(f"id_structure_{n}", "unknown_structure", sum(count for _, count in mine), examples)


def _refusals(db: duckdb.DuckDBPyConnection) -> Iterator[Problem]:
    rows = db.execute("SELECT reason, line FROM scratch.refused ORDER BY file, line, row").fetchall()
    kinds = Counter(_kind(reason) for reason, _ in rows)
    for kind, count in kinds.items():
        examples = [reason for reason, _ in rows if _kind(reason) == kind][:EXAMPLES]
        yield Problem("row", kind, count, tuple(examples))


def _kind(reason: str) -> str:
    if reason.startswith("ID expérience répété"):
        return "repeated_id"
    if reason.endswith((" absent", " absente", " absents")):
        return "missing_value"
    return "unreadable_value" if " illisible : " in reason else "broken_record"

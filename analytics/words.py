"""Finding reviews by the words they hold: an index of words in the snapshot, read in order.

`build` writes the table `review_words` (word, review), sorted by word, so that a word or its beginning is a short range
(and `word_sample`, in the order of reviews, for comparisons); `condition` turns what a person typed into SQL over it. Before a refresh (or after an ingest, until the next one) there
is no index and the same words are looked for in the texts, slower. The rules it protects: accents and case never
matter; every word is needed; a word is found by its beginning; words in quotes must follow each other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import duckdb

from analytics.topics import text
from data.warehouse import Warehouse, sql

MOST_WORDS = 12
SAMPLED = 100_000  # reviews whose words comparisons count, about: more of them change no verdict
_BETWEEN = r"[^a-z0-9à-öø-ÿœ\p{M}]"  # what may stand between two words
_SPELT = {  # a letter and those it is the folded form of, composed or not
    letter: f"[{letter}{accented}]\\p{{M}}*"
    for letter, accented in {
        "a": "àâäáãå", "c": "ç", "e": "éèêë", "i": "îïíì", "n": "ñ", "o": "ôöóòõ", "u": "ùûüú", "y": "ÿý",
    }.items()
}  # fmt: skip
_TOKEN = re.compile(r"[a-z0-9]+")
_QUOTED = re.compile(r"[\"«“]([^\"»”]*)[\"»”]")
FOLDED = "regexp_replace(lower(strip_accents(replace(replace(concat_ws(' ', r.title, r.body), 'œ', 'oe'), 'Œ', 'oe'))), '[^a-z0-9]+', ' ', 'g')"


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the index of the snapshot being made, and the sample of it that comparisons count."""
    connection.execute(sql(__file__, "review_words"))
    sample(connection)


def sample(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the sample of the index that comparisons count."""
    (reviews,) = connection.execute("SELECT count(*) FROM reviews").fetchall()[0]
    query = sql(__file__, "word_sample").format(one_in=one_in(reviews))
    connection.execute(query, {"common": sorted(text.stop_words())})


def one_in(reviews: int) -> int:
    """Of how many reviews one is in the sample of words, for a snapshot of so many."""
    return max(1, reviews // SAMPLED)


def tokens(words: str) -> list[str]:
    """Folded words of what a person typed, quotes ignored, without repeats; single letters only when nothing else."""
    found = list(dict.fromkeys(_TOKEN.findall(fold(words))))
    return ([t for t in found if len(t) > 1] or found)[:MOST_WORDS]


def phrases(words: str) -> list[str]:
    """Folded phrases given in quotes."""
    found = (" ".join(_TOKEN.findall(fold(quoted))) for quoted in _QUOTED.findall(words))
    return [phrase for phrase in found if " " in phrase][:MOST_WORDS]


def condition(warehouse: Warehouse, words: str, prefix: str = "w") -> tuple[str, dict[str, str]]:
    """SQL condition on the alias `r` of `reviews`, and its parameters; TRUE when nothing was typed."""
    if not words.strip():
        return "TRUE", {}
    found = tokens(words)
    if not found:
        return "FALSE", {}
    parts, values = [], {}
    indexed = warehouse.has("review_words")
    for k, token in enumerate(found):
        name = f"{prefix}{k}"
        values[name] = token
        if indexed:
            values[f"{name}_end"] = token + "\uffff"
            parts.append(f"SELECT w.review_id FROM review_words AS w WHERE w.word >= ${name} AND w.word < ${name}_end")
        else:
            parts.append(f"contains(' ' || {FOLDED}, ' ' || ${name})")
    whole = " AND ".join(f"r.id IN ({part})" if indexed else part for part in parts)
    for k, phrase in enumerate(phrases(words)):  # texts are read for reviews that hold the words, never for all
        name = f"{prefix}p{k}"
        values[name] = _pattern(phrase) if indexed else phrase
        if indexed:
            both = " INTERSECT ".join(parts)
            whole += (
                f" AND r.id IN (SELECT x.id FROM reviews AS x JOIN ({both}) AS c ON c.review_id = x.id"
                f" WHERE CASE WHEN c.review_id <> -1 THEN regexp_matches(concat_ws(' ', x.title, x.body), ${name}) END)"
            )
        else:
            whole = f"CASE WHEN {whole} THEN contains(' ' || {FOLDED}, ' ' || ${name}) ELSE FALSE END"
    return f"({whole})", values


def _pattern(phrase: str) -> str:
    """A folded phrase as a pattern over texts as people wrote them."""
    text = "".join(_SPELT.get(letter, letter) for letter in phrase)
    for pair, ligature in (("oe", "œ"), ("ae", "æ")):
        text = text.replace(
            "".join(_SPELT[letter] for letter in pair), f"(?:{pair}|{ligature}|{_SPELT[pair[0]]}{_SPELT[pair[1]]})"
        )
    return f"(?i)(?:^|{_BETWEEN}){text.replace(' ', _BETWEEN + '+')}"


def any_condition(warehouse: Warehouse, expressions: Sequence[str]) -> tuple[str, dict[str, str]]:
    """SQL condition for reviews that hold all the words of one of the expressions; FALSE without any word."""
    parts: list[str] = []
    values: dict[str, str] = {}
    for k, expression in enumerate(expressions):
        if tokens(expression):
            part, given = condition(warehouse, expression, prefix=f"x{k}w")
            parts.append(part)
            values |= given
    return ("(" + " OR ".join(parts) + ")" if parts else "FALSE"), values


def fold(text: str) -> str:
    """Lower case without accents, ligatures opened."""
    opened = text.lower().replace("œ", "oe").replace("æ", "ae")
    return "".join(c for c in unicodedata.normalize("NFD", opened) if not unicodedata.combining(c))

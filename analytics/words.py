"""Finding reviews by the words they hold: an index in the snapshot, read in order.

`build` writes three tables (and `word_sample`, in the order of reviews, for comparisons): `vocabulary` numbers the words
in alphabetical order, so that a word or its beginning is a range of numbers; `review_places` numbers the reviews;
`review_words` holds each use of a word, with the word that follows, sorted, so that a word, a beginning or a pair of
neighbours is a short range. `condition` turns what a person typed into SQL over them: each word becomes a bit a review.
Before a refresh (or after an ingest, until the next one) there is no index and the same words are looked for in the
texts, slower. The rules it protects: accents and case never matter; every word is needed; a word is found by its
beginning; words in quotes must follow each other; texts are never read when there is an index.
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
_LETTERS = 40  # of a word that count
_PHRASE = 100  # words of a phrase that count
_TOKEN = re.compile(r"[a-z0-9]+")
_QUOTED = re.compile(r"[\"«“]([^\"»”]*)[\"»”]")
FOLDED = "lower(strip_accents(replace(replace(lower(concat_ws(' ', r.title, r.body)), 'œ', 'oe'), 'æ', 'ae')))"
_SPACED = f"regexp_replace({FOLDED}, '[^a-z0-9]+', ' ', 'g')"
_READ = f"' ' || regexp_replace({_SPACED}, '([a-z0-9]{{{_LETTERS}}})[a-z0-9]+', '\\1', 'g')"  # a text, its words cut


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the index of the snapshot being made, and the sample of it that comparisons count."""
    connection.execute(sql(__file__, "review_words").format(folded=FOLDED, letters=_LETTERS))
    sample(connection)


def sample(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the sample of the index that comparisons count."""
    (reviews,) = connection.execute("SELECT count(*) FROM reviews").fetchall()[0]
    query = sql(__file__, "word_sample").format(one_in=one_in(reviews))
    connection.execute(query, {"common": sorted(text.stop_words())})


def one_in(reviews: int) -> int:
    """Of how many reviews one is in the sample of words, for a snapshot of so many."""
    return max(1, reviews // SAMPLED)


def indexed(warehouse: Warehouse) -> bool:
    """Whether the snapshot holds the index."""
    return warehouse.has("review_places")


def tokens(words: str) -> list[str]:
    """Folded words of what a person typed, quotes ignored, without repeats; single letters only when nothing else."""
    found = list(dict.fromkeys(token[:_LETTERS] for token in _TOKEN.findall(fold(words))))
    return ([t for t in found if len(t) > 1] or found)[:MOST_WORDS]


def phrases(words: str) -> list[list[str]]:
    """Folded words of each phrase given in quotes, two words at least."""
    found = [[token[:_LETTERS] for token in _TOKEN.findall(fold(quoted))] for quoted in _QUOTED.findall(words)]
    return [phrase[:_PHRASE] for phrase in found if len(phrase) > 1][:MOST_WORDS]


def condition(warehouse: Warehouse, words: str) -> tuple[str, dict[str, int | str]]:
    """SQL condition on the alias `r` of `reviews`, and its parameters; TRUE when nothing was typed."""
    return any_condition(warehouse, [words]) if words.strip() else ("TRUE", {})


def any_condition(warehouse: Warehouse, expressions: Sequence[str]) -> tuple[str, dict[str, int | str]]:
    """SQL condition for reviews that hold all the words of one of the expressions; FALSE without any word."""
    asked = [(tokens(expression), phrases(expression)) for expression in expressions]
    asked = [one for one in asked if one[0]]
    if not asked:
        return "FALSE", {}
    return _indexed(warehouse, asked) if indexed(warehouse) else _read(asked)


_Asked = Sequence[tuple[list[str], list[list[str]]]]  # the words and the phrases of each expression


def _read(asked: _Asked) -> tuple[str, dict[str, int | str]]:
    """The condition over texts; phrases are looked for in those that hold the words."""
    values: dict[str, int | str] = {}
    parts = []
    for found, quoted in asked:
        held = []
        for begun in [*found, *map(" ".join, quoted)]:
            held.append(f"contains({_READ}, ' ' || $w{len(values)})")
            values[f"w{len(values)}"] = begun
        parts.append(" AND ".join(held))
    return f"({' OR '.join(parts)})", values


def _indexed(warehouse: Warehouse, asked: _Asked) -> tuple[str, dict[str, int | str]]:
    """The condition over the index: a bit a review for each word and phrase, in one pass over the reviews."""
    index = _Index(warehouse, asked)
    tests = []
    for found, quoted in asked:
        told = {word for phrase in quoted for word in phrase}
        alone = [
            w for w in found if not any(other.startswith(w) for other in told.union(found) - {w}) and w not in told
        ]
        bits = [index.begun(word) for word in alone] + [index.phrase(phrase) for phrase in quoted]
        if all(bits):
            tests.append(f"get_bit((SELECT {' & '.join(map(str, bits))}), p.place) = 1")
    if not tests:
        return "FALSE", {}
    return f"r.id IN (SELECT p.review_id FROM review_places AS p WHERE {' OR '.join(tests)})", index.values


class _Index:
    """SQL of the bits of words and phrases; a word that no review holds gives None."""

    def __init__(self, warehouse: Warehouse, asked: _Asked) -> None:
        self.values: dict[str, int | str] = {}
        typed = {word for found, quoted in asked for word in [*found, *(w for phrase in quoted for w in phrase)]}
        rows = warehouse.rows(sql(__file__, "vocabulary"), {"typed": sorted(typed)})
        self._ranges = {word: (first, last) for word, _, first, last, _ in rows}
        self._ids = {word: id_ for word, id_, *_ in rows if id_ is not None}
        self._last = rows[0][-1] if rows else 0

    def begun(self, word: str) -> str | None:
        """Reviews that hold a word with this beginning."""
        if word not in self._ranges:
            return None
        first, last = map(self._value, self._ranges[word])
        return self._bits(f"review_words WHERE word BETWEEN {first} AND {last}")

    def phrase(self, words: Sequence[str]) -> str | None:
        """Reviews where these words follow each other, the last one by its beginning.

        Each pair of neighbours tells where the phrase would begin; it does begin where all of them say so.
        """
        *exact, begun = words
        if begun not in self._ranges or not all(word in self._ids for word in exact):
            return None
        told = []
        for k in sorted({*range(0, len(exact) - 1, 2), len(exact) - 1}):
            following = self._ranges[begun] if k == len(exact) - 1 else (self._ids[words[k + 1]],) * 2
            word, first, last = map(self._value, (self._ids[words[k]], *following))
            told.append(
                f"SELECT place, position - {k} AS start FROM review_words"
                f" WHERE word = {word} AND next BETWEEN {first} AND {last}"
            )
        together = f"GROUP BY place, start HAVING count(*) = {len(told)}"
        return self._bits(f"(SELECT place FROM ({' UNION ALL '.join(told)}) {together})")

    def _bits(self, places: str) -> str:
        return f"(SELECT bitstring_agg(place, 0, {int(self._last)}) FROM {places})"

    def _value(self, number: int) -> str:
        name = f"w{len(self.values)}"
        self.values[name] = number
        return f"${name}"


def fold(text: str) -> str:
    """Lower case without accents, ligatures opened."""
    opened = unicodedata.normalize("NFD", text.lower().replace("œ", "oe").replace("æ", "ae"))
    return "".join(c for c in opened if not unicodedata.category(c).startswith("M")).lower()

"""Finding reviews by the words they hold: an index in the snapshot, read in order.

`build` writes three tables (and `word_sample`, in the order of reviews, for comparisons): `vocabulary` numbers the words
in alphabetical order, so that a word or its beginning is a range of numbers; `review_places` numbers the reviews;
`review_words` holds each use of a word, with the word that follows, sorted, so that a word, a beginning or a pair of
neighbours is a short range. `condition` turns what a person typed into SQL: each word, found there, is a bit a review.
Before a refresh (or after an ingest, until the next one) there is no index and the same words are looked for in the
texts, slower. The rules it protects: accents and case never matter; every word is needed; a word is found by its
beginning; words in quotes must follow each other; texts are never read when there is an index.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import duckdb
import numpy as np

from analytics.topics import text
from data.warehouse import Warehouse, sql

MOST_WORDS = 12
SAMPLED = 100_000  # reviews whose words comparisons count, about: more of them change no verdict
_LETTERS = 40  # of a word that count
_PHRASE = 100  # words of a phrase that count
_KEPT = 32  # answers kept for a snapshot: an eighth of a byte a review each
_TOKEN = re.compile(r"[a-z0-9]+")
_QUOTED = re.compile(r"[\"«“]([^\"»”]*)[\"»”]")
_WRITTEN = "replace(concat_ws(' ', r.title, r.body), chr(0), ' ')"  # strip_accents stops at such a character
FOLDED = f"lower(strip_accents(replace(replace(lower({_WRITTEN}), 'œ', 'oe'), 'æ', 'ae')))"
_SPACED = f"regexp_replace({FOLDED}, '[^a-z0-9]+', ' ', 'g')"
_READ = f"' ' || regexp_replace({_SPACED}, '([a-z0-9]{{{_LETTERS}}})[a-z0-9]+', '\\1', 'g')"  # a text, its words cut


_Asked = tuple[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]], ...]  # the words and the phrases of each expression
_Condition = tuple[str, dict[str, Any]]
# A count and its pages ask the same: the last answers of each snapshot.
ANSWERS: WeakKeyDictionary[Warehouse, dict[_Asked, _Condition]] = WeakKeyDictionary()


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


def condition(warehouse: Warehouse, words: str) -> _Condition:
    """SQL condition on the alias `r` of `reviews`, and its parameters; TRUE when nothing was typed."""
    return any_condition(warehouse, [words]) if words.strip() else ("TRUE", {})


def any_condition(warehouse: Warehouse, expressions: Sequence[str]) -> _Condition:
    """SQL condition for reviews that hold all the words of one of the expressions; FALSE without any word."""
    read = ((tuple(tokens(expression)), tuple(map(tuple, phrases(expression)))) for expression in expressions)
    asked = tuple(one for one in read if one[0])
    if not asked:
        return "FALSE", {}
    if not indexed(warehouse):
        return _read(asked)
    known = ANSWERS.setdefault(warehouse, {})
    if asked not in known:
        if len(known) == _KEPT:
            known.clear()
        found = _Index(warehouse, asked).condition()
        known[asked] = found if warehouse.known_on is None else _as_written_then(found, _read(asked))
    return known[asked]


def _read(asked: _Asked) -> _Condition:
    """The condition over texts."""
    values: dict[str, str] = {}
    parts = []
    for found, quoted in asked:
        held = []
        for begun in [*found, *map(" ".join, quoted)]:
            held.append(f"contains({_READ}, ' ' || $w{len(values)})")
            values[f"w{len(values)}"] = begun
        parts.append(" AND ".join(held))
    return f"({' OR '.join(parts)})", values


def _as_written_then(found: _Condition, read: _Condition) -> _Condition:
    """As known on a past day: what the index finds, the texts that changed since being read as they were (`analytics.past`)."""
    changed = "SELECT review_id FROM rewritten"
    texts = f"SELECT r.id FROM reviews AS r JOIN rewritten AS w ON w.review_id = r.id WHERE {read[0]}"
    return f"(({found[0]}) AND r.id NOT IN ({changed}) OR r.id IN ({texts}))", {**found[1], **read[1]}


def written_then(warehouse: Warehouse) -> str:
    """SQL of the sampled words (`review_id`, `word`) of the texts that changed since a past day, read as they were."""
    return (
        f"SELECT DISTINCT id AS review_id, left(word, {_LETTERS}) AS word FROM ("
        f"SELECT r.id, unnest(regexp_extract_all({FOLDED}, '[a-z0-9]+')) AS word"
        " FROM reviews AS r JOIN rewritten AS w ON w.review_id = r.id)"
        f" WHERE id % {one_in(warehouse.snapshot.reviews)} = 0 AND length(word) > 2 AND NOT regexp_full_match(word, '[0-9]+')"
    )


class _Index:
    """The index asked some words and phrases: a bit for each place of a review."""

    def __init__(self, warehouse: Warehouse, asked: _Asked) -> None:
        self.warehouse, self.asked = warehouse, asked
        typed = {word for found, quoted in asked for words in (found, *quoted) for word in words}
        rows = warehouse.rows(sql(__file__, "vocabulary"), {"typed": sorted(typed)})
        self._ranges = {word: (first, last) for word, _, first, last, _ in rows}
        self._ids = {word: id_ for word, id_, *_ in rows if id_ is not None}
        self._last = max((row[-1] for row in rows), default=0) | 7  # whole bytes

    def condition(self) -> _Condition:
        """The reviews found, or the others when these are fewer."""
        found = self._found()
        if found is None:
            return "FALSE", {}
        most = 2 * int(np.bitwise_count(found).sum()) > self._last
        these = f"SELECT review_id FROM review_places WHERE get_bit($found::BLOB::BIT, place) = {int(not most)}"
        return f"r.id {'NOT IN' if most else 'IN'} ({these})", {"found": found.tobytes()}

    def _found(self) -> np.ndarray | None:
        """Bits of the reviews that hold all the words of one of the expressions, first place first; None without any."""
        wanted = [needed for one in self.asked if None not in (needed := self._needed(*one))]
        sources = list(dict.fromkeys(source for needed in wanted for source in needed))
        if not sources:
            return None
        bits = [f"(SELECT bitstring_agg(place, 0, {self._last})::BLOB FROM {source})" for source in sources]
        nothing = bytes((self._last + 1) // 8)
        (row,) = self.warehouse.rows(f"SELECT {', '.join(bits)}")
        held = {s: np.frombuffer(b or nothing, np.uint8) for s, b in zip(sources, row, strict=True)}
        together = [np.bitwise_and.reduce([held[s] for s in needed]) for needed in wanted]
        every = np.bitwise_or.reduce(together)
        return every if every.any() else None

    def _needed(self, found: Sequence[str], quoted: Sequence[Sequence[str]]) -> list[str | None]:
        """Where an expression's words and phrases are, but for words that others of them imply."""
        told = {word for phrase in quoted for word in phrase}
        longer = told.union(found)
        alone = [w for w in found if w not in told and not any(o != w and o.startswith(w) for o in longer)]
        return [*map(self._begun, alone), *map(self._phrase, quoted)]

    def _begun(self, word: str) -> str | None:
        """The uses of words with this beginning; None when there is no such word."""
        if word not in self._ranges:
            return None
        first, last = self._ranges[word]
        return f"review_words WHERE word BETWEEN {first} AND {last}"

    def _phrase(self, words: Sequence[str]) -> str | None:
        """Where these words follow each other, the last one by its beginning; None when one of them is nowhere.

        Each pair of neighbours tells where the phrase would begin; it does begin where all of them say so.
        """
        *exact, begun = words
        if begun not in self._ranges or not all(word in self._ids for word in exact):
            return None
        told = []
        for k in sorted({*range(0, len(exact) - 1, 2), len(exact) - 1}):
            first, last = self._ranges[begun] if k == len(exact) - 1 else (self._ids[words[k + 1]],) * 2
            told.append(
                f"SELECT place, position - {k} AS start FROM review_words"
                f" WHERE word = {self._ids[words[k]]} AND next BETWEEN {first} AND {last}"
            )
        agreeing = f"GROUP BY place, start HAVING count(*) = {len(told)}"
        return f"(SELECT place FROM ({' UNION ALL '.join(told)}) {agreeing})"


def fold(text: str) -> str:
    """Lower case without accents, ligatures opened."""
    opened = unicodedata.normalize("NFD", text.lower().replace("œ", "oe").replace("æ", "ae"))
    return "".join(c for c in opened if not unicodedata.category(c).startswith("M")).lower()

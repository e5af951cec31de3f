"""French words of a review, as the topic model counts them and as a person reads them.

Owns tokenisation, stop words, stems and acronyms (a written-out name counts as its acronym: 'caisse d'allocations
familiales' is CAF). Two forms of each word are kept: the key that is counted (Snowball
stem without accents, so that 'déclarée' and 'declarer' agree) and the surface that is shown (real words, accents kept).
Reviews are cut once, into numbers (`Tokens`): whatever counts words afterwards is arithmetic. The rule it protects:
nothing shown to a person is ever a stem.
"""

from __future__ import annotations

import csv
import itertools
import re
import unicodedata
from array import array
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import Stemmer

_HERE = Path(__file__).parent
_LETTER = "a-zà-öø-ÿœ"
_TOKEN = re.compile(
    r"(?:l|d|j|n|m|t|s|c|qu|jusqu|lorsqu|puisqu|quelqu|presqu|quoiqu|aujourd)'"
    rf"|[{_LETTER}][{_LETTER}0-9]*(?:-(?!(?:[ldjnmtsc]|qu)')[{_LETTER}][{_LETTER}0-9]*)*"
    r'|[.!?;:\n\r()]+|[,«»"/]|\d+'
)
_BREAKS, _PAUSES = frozenset(".!?;:\n\r()"), frozenset(',«»"/0123456789')
SMALL, PAUSE, BREAK = -1, -2, -3  # in place of a key: a stop word, a comma or a number, the end of a sentence
_FAR = 3  # small words between the two words of a pair
_LONG_RUN = re.compile(r"(.)\1{3,}")
_LONGEST = 30  # characters: anything longer is an address, a token or noise
_STEMMER = Stemmer.Stemmer("french")


def fold(text: str) -> str:
    """Lower case, no accents, ligatures opened: for comparing only."""
    opened = text.lower().replace("œ", "oe").replace("æ", "ae").replace("’", "'")
    return "".join(c for c in unicodedata.normalize("NFD", opened) if not unicodedata.combining(c))


def clean(text: str) -> str:
    """Lower case, plain apostrophes, one space; long runs of a letter shortened ('nulllll')."""
    flat = unicodedata.normalize("NFC", text).lower().replace("’", "'").replace("\xa0", " ")
    return _LONG_RUN.sub(r"\1\1", flat)


@cache
def stop_words() -> frozenset[str]:
    """Folded words that say nothing about a subject."""
    return frozenset(fold(word) for word in (_HERE / "stopwords.txt").read_text("utf-8").split())


@cache
def key(word: str) -> str:
    """What is counted for a lower-case word: its folded stem, '' for a stop word."""
    folded = fold(word)
    if len(word) < 2 or len(word) > _LONGEST or folded in stop_words():
        return ""
    if folded in _acronyms()[0]:
        return folded
    stem = fold(_STEMMER.stemWord(word))
    return stem[:-1] if len(stem) > 4 and stem.endswith("s") else stem  # the stemmer keeps the s of 'revenus'


@dataclass(frozen=True)
class Tokens:
    """Reviews cut into words, as numbers. Each review ends with a break."""

    surfaces: tuple[str, ...]  # distinct words as shown, acronyms in capitals
    keys: tuple[str, ...]  # distinct counted keys
    key_of: np.ndarray  # (surfaces,) position in `keys`, or SMALL, PAUSE, BREAK
    words: np.ndarray  # (tokens,) position in `surfaces`
    starts: np.ndarray  # (reviews + 1,) first token of each review

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def counted(self) -> np.ndarray:
        """Positions of the tokens that are counted, in order."""
        return np.flatnonzero(self.key_of[self.words] >= 0)

    @cached_property
    def key(self) -> np.ndarray:
        """Key of each counted token."""
        return self.key_of[self.words[self.counted]]

    @cached_property
    def review(self) -> np.ndarray:
        """Review of each counted token."""
        return np.searchsorted(self.starts, self.counted, side="right") - 1

    @cached_property
    def sentence(self) -> np.ndarray:
        """Sentence of each counted token, numbered over all reviews."""
        return np.cumsum(self.key_of[self.words] == BREAK)[self.counted]

    def written(self, first: int, last: int) -> str:
        """The text from one token to another, as people wrote it."""
        return _joined(self.surfaces[int(w)] for w in self.words[first : last + 1])


def cut(texts: Iterable[str]) -> Tokens:
    """The words of reviews, with written-out names replaced by their acronym."""
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    words, starts = array("i"), array("q", [0])
    for text in texts:
        flat = f"{unicodedata.normalize('NFC', text).lower().replace('’', chr(39))}\n"
        words.extend(map(numbers.__getitem__, _TOKEN.findall(flat)))
        starts.append(len(words))
    raw = list(numbers)
    found, begins = _shortened(raw, np.frombuffer(words, dtype=np.int32), np.frombuffer(starts, dtype=np.int64))
    counted: dict[str, int] = {}
    codes = np.empty(len(raw), dtype=np.int32)
    names = _acronyms()[0]
    for i, word in enumerate(raw):
        if word[0] in _BREAKS:
            codes[i] = BREAK
        elif word[0] in _PAUSES:
            codes[i] = PAUSE
        else:
            raw[i] = _LONG_RUN.sub(r"\1\1", word)
            own = "" if word.endswith("'") else key(raw[i])
            codes[i] = counted.setdefault(own, len(counted)) if own else SMALL
            raw[i] = names.get(own, raw[i])
    return Tokens(tuple(raw), tuple(counted), codes, found, begins)


def _shortened(raw: list[str], words: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Words and starts once each written-out name is its acronym, longest names first; `raw` gains the acronyms."""
    place = {word: i for i, word in enumerate(raw)}
    folded: dict[str, list[int]] = {}
    for i, word in enumerate(raw):
        folded.setdefault(fold(word), []).append(i)
    out, kept = words.copy(), np.ones(len(words), dtype=bool)
    for phrase, acronym in _acronyms()[1]:
        if not all(part in folded for part in phrase):
            continue
        at = np.flatnonzero(np.isin(out, folded[phrase[0]]) & kept)
        for step, part in enumerate(phrase[1:], 1):
            at = at[at + step < len(out)]
            at = at[np.isin(out[at + step], folded[part]) & kept[at + step]]
        if len(at):
            if acronym not in place:
                place[acronym] = len(raw)
                raw.append(acronym)
            out[at] = place[acronym]
            for step in range(1, len(phrase)):
                kept[at + step] = False
    return out[kept], np.concatenate([[0], np.cumsum(kept)])[starts]


def sentences(texts: Iterable[str]) -> Iterator[list[str]]:
    """The counted keys of each sentence of each review, joined by spaces; sentences without any are left out."""
    tokens = cut(texts)
    bounds = np.searchsorted(tokens.counted, tokens.starts)
    for first, last in itertools.pairwise(bounds):
        parts: dict[int, list[str]] = {}
        for own, sentence in zip(tokens.key[first:last], tokens.sentence[first:last], strict=True):
            parts.setdefault(int(sentence), []).append(tokens.keys[int(own)])
        yield [" ".join(part) for part in parts.values()]


def surfaces(texts: Iterable[str], wanted: Container[str] | None = None) -> dict[str, Counter[str]]:
    """How people write each key and each pair of neighbouring keys ('declar revenu' -> 'déclaration de revenus').

    A pair's surface is the text between its first and last word, small words included. Only `wanted` ones, if given.
    """
    tokens = cut(texts)
    stop = np.cumsum(tokens.key_of[tokens.words] <= PAUSE)
    seen: dict[str, Counter[str]] = {}
    previous: tuple[str, int] | None = None
    for at, own in zip(tokens.counted.tolist(), tokens.key.tolist(), strict=True):
        name = tokens.keys[own]
        if wanted is None or name in wanted:
            seen.setdefault(name, Counter())[tokens.written(at, at)] += 1
        if previous is not None and at - previous[1] <= _FAR + 1 and stop[at] == stop[previous[1]]:
            pair = f"{previous[0]} {name}"
            if wanted is None or pair in wanted:
                seen.setdefault(pair, Counter())[tokens.written(previous[1], at)] += 1
        previous = (name, at)
    return seen


def _joined(words: Iterable[str]) -> str:
    return " ".join(words).replace("' ", "'")


@cache
def _acronyms() -> tuple[dict[str, str], Sequence[tuple[tuple[str, ...], str]]]:
    """Acronym by folded acronym; the folded words of each written-out name with its folded acronym, longest first."""
    with (_HERE / "acronyms.csv").open(encoding="utf-8", newline="") as stream:
        rows = [(row["acronym"], row["expansion"]) for row in csv.DictReader(stream)]
    phrases = {tuple(_TOKEN.findall(fold(clean(expansion)))): fold(acronym) for acronym, expansion in rows}
    return {fold(a): a for a, _ in rows}, sorted(phrases.items(), key=lambda item: (-len(item[0]), item[0]))

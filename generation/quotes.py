"""What a reply takes word for word from its sources: whole sentences, with their place and where they come from.

The rule it protects: a quote is a whole sentence of a source; a few words in common are none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from generation import text
from generation.results import Source

LEAST = 25  # characters from which a sentence of a source found in a reply is a quote


@dataclass(frozen=True)
class Quote:
    """Characters `start` to `end` of a reply, a sentence of `source`."""

    start: int
    end: int
    source: Source


def quotes(reply: str, sources: Iterable[Source]) -> tuple[Quote, ...]:
    """The quotes of `reply` in order of place, none over another: the longest wins, then the first source."""
    found: list[Quote] = []
    sentences = [(sentence.text, source) for source in sources for sentence in text.sentences(source.text)]
    for sentence, source in sorted(sentences, key=lambda one: -len(one[0])):
        if len(sentence) < LEAST:
            break
        start = reply.find(sentence)
        while start >= 0:
            end = start + len(sentence)
            if all(end <= other.start or other.end <= start for other in found):
                found.append(Quote(start, end, source))
            start = reply.find(sentence, end)
    return tuple(sorted(found, key=lambda quote: quote.start))

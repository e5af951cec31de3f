"""The grammar of one reply: figures, `@`, `/` and brackets can only be copied from the sources.

A GBNF grammar that llama.cpp applies at each token. The rule it protects: with it, an address, a phone number or an
amount that no source holds can't be written at all. Built from escaped literals of the sources, never from the
review; its size is bounded, because llama.cpp trusts the grammar it is given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from generation import text
from generation.results import Source

MOST = 150  # literals
LONGEST = 200  # characters of one literal
_FIGURE = re.compile(r"\d+(?:[ .,:/\u00a0\u202f-]?\d+)*(?:er|e)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

# A fact is followed by a character that can't prolong it: "8" then ".5" would be a new figure.
_RULES = """root ::= txt* (fact after txt*)* (fact "."?)?
txt ::= [^0-9@/\\\\<>|#*_{}\\[\\]\\x00-\\x09\\x0b-\\x1f] | cite
after ::= [.,:;)] [ \\n] | [^0-9@/\\\\<>|#*_{}\\[\\].,:;)\\x00-\\x09\\x0b-\\x1f] | cite
"""


def literals(sources: Iterable[Source]) -> list[str]:
    """Addresses, e-mails, phones and figures of the sources, longest first."""
    found: dict[str, None] = {}
    for source in sources:
        passage = f"{source.title}\n{source.text}"
        for fact in text.contacts(passage):
            found.setdefault(fact.text)
        for link in source.links:
            found.setdefault(link)
        for match in _FIGURE.finditer(passage):
            found.setdefault(match.group())
    kept = [item for item in found if 0 < len(item) <= LONGEST and not _CONTROL.search(item)]
    return sorted(kept[:MOST], key=lambda item: (-len(item), item))


def grammar(sources: tuple[Source, ...]) -> str:
    """GBNF text of the grammar of a reply over `sources`."""
    facts = [json.dumps(item, ensure_ascii=False) for item in literals(sources)] or ['"Service-Public"']
    cites = [f'"[{number}]"' for number in range(1, len(sources) + 1)] or ['" "']
    return f"{_RULES}fact ::= {' | '.join(facts)}\ncite ::= {' | '.join(cites)}\n"

"""What a model is told once for a kind of institution: the fiches it is most asked about, and replies that helped.

It is the stable part of the prompt, the same for every review of that kind, so that a model reads it once and keeps
it (see `models.llama`). The rules it protects: public text only, personal data masked; no phone or mailbox of one
institution reaches another; a review never finds its own reply here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace

from data import personal
from data.warehouse import Warehouse, sql
from generation import text
from generation.results import Source
from generation.retrieval import Index, Question

ASKED = 12  # recent reviews that tell which fiches a kind of institution needs
FICHES, EXAMPLES = 4, 2
CANDIDATES = 30  # useful replies looked at
SHORT, LONG = 250, 900  # characters of an example
_CLOSING = re.compile(r"\n?[^\n.!?]*\b(?:cordialement|salutations|bien à vous)\b.*", re.I | re.S)


@dataclass(frozen=True)
class Briefing:
    """Fiche sections then past replies, the most useful first."""

    kind: str  # typology; '' when it is not known
    fiches: tuple[Source, ...] = ()
    examples: tuple[Source, ...] = ()

    def without(self, review_id: int | None, unwanted: Collection[str] = ()) -> Briefing:
        """The same, less the reply made to `review_id` and the sources `unwanted`, with no more examples than are
        shown."""
        own = str(review_id)
        kept = [one for one in self.examples if one.id.split("-", 1)[0] != own and one.id not in unwanted]
        fiches = tuple(one for one in self.fiches if one.id not in unwanted)
        return replace(self, fiches=fiches, examples=tuple(kept[:EXAMPLES]))


def of(warehouse: Warehouse, index: Index, typology: str | None) -> Briefing:
    """The briefing on institutions of `typology`; empty when it is not known. One more example than is shown."""
    if not typology:
        return Briefing("")
    return Briefing(typology, _fiches(warehouse, index, typology), _examples(warehouse, typology))


def _fiches(warehouse: Warehouse, index: Index, typology: str) -> tuple[Source, ...]:
    """The section found most surely for recent reviews, of each of the fiches found most often."""
    found: dict[str, dict[str, tuple[float, Source]]] = defaultdict(dict)
    for title, body in warehouse.rows(sql(__file__, "asked_lately"), {"typology": typology, "most": ASKED}):
        asked = personal.mask(text.clean(f"{title or ''}\n{body or ''}"))
        for source in index.search(Question(asked, typology), replies=0):
            weight, _ = found[source.id].get(source.heading, (0.0, source))
            found[source.id][source.heading] = (weight + source.near * source.score, source)
    ranked = sorted(found.values(), key=lambda sections: -sum(weight for weight, _ in sections.values()))
    best = (max(sections.values(), key=lambda section: section[0])[1] for sections in ranked[:FICHES])
    return tuple(replace(source, score=1.0) for source in best)


def _examples(warehouse: Warehouse, typology: str) -> tuple[Source, ...]:
    """Replies judged useful that give nobody's phone, mailbox or name, without their signature."""
    examples: list[Source] = []
    rows = warehouse.rows(sql(__file__, "useful_examples"), {"typology": typology, "most": CANDIDATES})
    for review_id, rank, title, structure, body in rows:
        passage = personal.mask(_CLOSING.sub("", text.clean(body)).strip())
        if not SHORT <= len(passage) <= LONG or "[" in passage:
            continue
        if any(fact.kind != "link" for fact in text.contacts(passage)) or text.fold(structure) in text.fold(passage):
            continue
        name = f"Réponse de {structure or 'structure inconnue'} à « {title or 'sans titre'} »"
        id_ = str(review_id) if rank == 1 else f"{review_id}-{rank}"
        links = tuple(dict.fromkeys(fact.text for fact in text.contacts(passage)))
        examples.append(
            Source("reply", id_, name, "", 1.0, passage, links, structure or "", same_kind=True, verdict="utile")
        )
        if len(examples) > EXAMPLES:
            break
    return tuple(examples)

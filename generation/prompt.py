"""The prompt: what is asked of a model, from versioned French templates, within a token budget.

The stable part comes first (charter, fiches and examples of the kind of institution: the first message; then the
institution and its record) so that a server or llama.cpp can reuse its prefix; the review comes last, fenced, as data. The rules it protects: the budget is
kept by dropping the least useful source, never by cutting a sentence; the stable part never depends on the review;
the review's personal data were masked before it reaches this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from data.errors import VigieError
from generation import templates, text
from generation.briefing import Briefing
from generation.institution import Institution
from generation.results import Asked, Source
from generation.templates import Template

REPLY_TOKENS = 450
STABLE_TOKENS = 1_300  # of the first message
PASSAGE = 700  # characters of a source in the first message
REVIEW_CHARACTERS = 3_000
TEMPERATURE = 0.2
_FENCE = re.compile(r"-{4,}")


class TooLong(VigieError):
    """Even the review alone is more than the model can read: another model serves, and the agent is told."""


@dataclass(frozen=True)
class Prompt:
    """All a model needs to write one reply. The extractive model reads the fields, the others the messages."""

    version: str
    messages: tuple[dict[str, str], ...]
    review: str  # masked
    sentiment: str | None
    institution: Institution | None
    sources: tuple[Source, ...]  # those kept within the budget, in the order of their numbers (1, 2…)
    weight: Callable[[str], float]  # how telling a search term is
    knows: Callable[[str], bool]  # whether a word is public (not perhaps a person's name)
    max_tokens: int = REPLY_TOKENS
    temperature: float = TEMPERATURE
    shared: str = ""  # start of the second message that the institution alone decides: public text

    def parameters(self) -> dict[str, Any]:
        """What must be kept, with the seed, the messages and the sources, to make the draft again."""
        return {
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "template": self.version,
            "review": self.review,
            "sentiment": self.sentiment,
            "institution": asdict(self.institution) if self.institution else None,
        }

    @classmethod
    def of_record(
        cls, record: Mapping[str, Any], *, weight: Callable[[str], float], knows: Callable[[str], bool]
    ) -> Prompt:
        """The prompt of a stored draft, from its record alone. Raises KeyError when the record is too old to tell."""
        kept = record["parameters"]
        answering = Institution(**kept["institution"]) if kept["institution"] else None
        return cls(
            record["prompt_version"],
            tuple(dict(message) for message in record["prompt"]),
            kept["review"],
            kept["sentiment"],
            answering,
            tuple(Source(**{**source, "links": tuple(source["links"])}) for source in record["sources"]),
            weight,
            knows,
            kept["max_tokens"],
            kept["temperature"],
        )


def compose(
    asked: Asked,
    institution: Institution | None,
    sources: list[Source],
    *,
    count: Callable[[str], int],
    budget: int,
    passage: int,
    weight: Callable[[str], float],
    knows: Callable[[str], bool],
    briefing: Briefing | None = None,
    patience: int | None = None,
    template: Template | None = None,
) -> Prompt:
    """The prompt of `asked` (already masked) that fits in `budget` tokens as `count` counts them.

    A source gives at most `passage` characters, in whole sentences. `patience`: tokens the second message should not
    exceed (a slow model); the nearest fiche stays above it, never above `budget`. `template`: a version of the prompt, that
    which serves by default otherwise.

    Raises TooLong when even the review alone does not fit.
    """
    template = template or templates.default()
    review = review_of(asked)
    told, system = _stable(template, briefing, count, min(STABLE_TOKENS, budget // 2))
    known = {(source.kind, source.id, source.heading) for source in told}
    kept = [
        replace(source, text=_whole_sentences(source.text, passage))
        for source in sources
        if (source.kind, source.id, source.heading) not in known
    ]
    if briefing is not None:  # the record's number is then the same for every review of the institution
        kept.sort(key=lambda source: source.kind != "structure")
    first = count(system)
    while True:
        user = _user(template, review, asked, institution, kept, already=len(told))
        size = count(user)
        bearable = patience is None or size <= patience or sum(source.kind != "structure" for source in kept) <= 1
        if first + size <= budget and bearable:
            break
        if not kept and told:  # a review that leaves no room: only the charter stays
            told, system = _stable(template, None, count, budget)
            first = count(system)
            continue
        if not kept:
            raise TooLong(
                f"L’avis ne tient pas dans ce que le modèle peut lire ({budget} jetons) : augmentez "
                f"VIGIE_MODEL_CONTEXT."
            )
        kept.remove(_least_useful(kept))
    messages = ({"role": "system", "content": system}, {"role": "user", "content": user})
    records = [source for source in kept if source.kind == "structure"]
    bare = _user(template, "", Asked(""), institution, records, already=len(told))
    shared = user[: next((place for place, (a, b) in enumerate(zip(user, bare, strict=False)) if a != b), 0)]
    return Prompt(
        template.version, messages, review, asked.sentiment, institution, (*told, *kept), weight, knows, shared=shared
    )


def review_of(asked: Asked) -> str:
    """The review as a model is shown it."""
    return _whole_sentences(_fenced("\n".join(filter(None, [asked.title, asked.text]))), REVIEW_CHARACTERS)


def _stable(
    template: Template, briefing: Briefing | None, count: Callable[[str], int], most: int
) -> tuple[list[Source], str]:
    """The sources of the first message, in the order of their numbers, and its text of at most `most` tokens.

    The last example goes first, then the last fiche; the charter stays whatever its size.
    """
    fiches = list(briefing.fiches) if briefing else []
    examples = list(briefing.examples) if briefing else []
    while True:
        told = [replace(source, text=_whole_sentences(source.text, PASSAGE)) for source in (*fiches, *examples)]
        numbered = _numbered(told, 0)
        values = {
            "kind": briefing.kind if briefing else "",
            "known": numbered["fiche"],
            "examples": numbered["reply"],
        }
        system = template.first(values)
        if not told or count(system) <= most:
            return told, system
        (examples or fiches).pop()


def _user(
    template: Template,
    review: str,
    asked: Asked,
    institution: Institution | None,
    sources: list[Source],
    *,
    already: int,
) -> str:
    numbered = _numbered(sources, already)
    values = {
        "institution": institution.name if institution else "l'administration concernée",
        "review": review,
        "sentiment": asked.sentiment,
        "instruction": _fenced(asked.instruction),
        "fiches": numbered["fiche"],
        "structures": numbered["structure"],
        "replies": numbered["reply"],
    }
    return template.second(values)


def _numbered(sources: list[Source], already: int) -> dict[str, list[dict[str, Any]]]:
    """Sources by kind, each with its number; `already` numbers are taken."""
    numbered: dict[str, list[dict[str, Any]]] = {"fiche": [], "structure": [], "reply": []}
    for number, source in enumerate(sources, already + 1):
        numbered[source.kind].append({**asdict(source), "number": number, "text": _fenced(source.text)})
    return numbered


def _least_useful(sources: list[Source]) -> Source:
    """Past replies go first, then fiches; the structure's record is short and goes last."""
    order = {"reply": 0, "fiche": 1, "structure": 2}
    return min(sources, key=lambda source: (order[source.kind], source.score))


def _fenced(passage: str) -> str:
    """Text that can't close the fence around the review."""
    return _FENCE.sub("---", text.clean(passage))


def _whole_sentences(passage: str, most: int) -> str:
    """The first sentences of a passage that fit in `most` characters; one sentence at least."""
    cut = text.sentences(passage)
    end = 0
    for sentence in cut:
        if sentence.end > most and end:
            break
        end = sentence.end
    return passage[:end]

"""The prompt: what is asked of a model, from versioned French templates, within a token budget.

The stable part comes first (charter, institution, fiches) so that a server or llama.cpp can reuse its prefix; the
review comes last, fenced, as data. The rules it protects: the budget is kept by dropping the least useful source,
never by cutting a sentence; the review's personal data were masked before it reaches this module.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from data.errors import VigieError
from generation import text
from generation.institution import Institution
from generation.results import Asked, Source

TEMPLATES = Path(__file__).parent / "prompts"
NAME = "reply-1"
REPLY_TOKENS = 450
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

    def parameters(self) -> dict[str, Any]:
        """What must be kept, with the seed and the messages, to make the draft again."""
        return {"max_tokens": self.max_tokens, "temperature": self.temperature, "template": self.version}

    def prefix_key(self) -> str:
        """Same key, same first message: drafts sorted by it share a computed prefix."""
        return hashlib.blake2b(self.messages[0]["content"].encode(), digest_size=6).hexdigest()


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(  # plain text, never HTML: nothing to escape
        loader=jinja2.FileSystemLoader(TEMPLATES), undefined=jinja2.StrictUndefined, trim_blocks=True, autoescape=False
    )


@cache
def version(name: str = NAME) -> str:
    """Name of the template and hash of its text: an edit without a new name still shows."""
    digest = hashlib.blake2b(digest_size=4)
    for part in ("system", "user"):
        digest.update((TEMPLATES / f"{name}.{part}.j2").read_bytes())
    return f"{name}-{digest.hexdigest()}"


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
) -> Prompt:
    """The prompt of `asked` (already masked) that fits in `budget` tokens as `count` counts them.

    A source gives at most `passage` characters, in whole sentences.

    Raises TooLong when even the review alone does not fit.
    """
    review = _whole_sentences(_fenced("\n".join(filter(None, [asked.title, asked.text]))), REVIEW_CHARACTERS)
    kept = [replace(source, text=_whole_sentences(source.text, passage)) for source in sources]
    while True:
        messages = _render(review, asked, institution, kept)
        if sum(count(message["content"]) for message in messages) <= budget:
            break
        if not kept:
            raise TooLong(
                f"L’avis ne tient pas dans ce que le modèle peut lire ({budget} jetons) : augmentez "
                f"VIGIE_MODEL_CONTEXT."
            )
        kept.remove(_least_useful(kept))
    return Prompt(version(), messages, review, asked.sentiment, institution, tuple(kept), weight, knows)


def _render(
    review: str, asked: Asked, institution: Institution | None, sources: list[Source]
) -> tuple[dict[str, str], ...]:
    numbered: dict[str, list[dict[str, Any]]] = {"fiche": [], "structure": [], "reply": []}
    for number, source in enumerate(sources, 1):
        numbered[source.kind].append({**asdict(source), "number": number, "text": _fenced(source.text)})
    values = {
        "institution": institution.name if institution else "l'administration concernée",
        "review": review,
        "sentiment": asked.sentiment,
        "instruction": _fenced(asked.instruction),
        "fiches": numbered["fiche"],
        "structures": numbered["structure"],
        "replies": numbered["reply"],
    }
    environment = _environment()
    return (
        {"role": "system", "content": environment.get_template(f"{NAME}.system.j2").render(values).strip()},
        {"role": "user", "content": environment.get_template(f"{NAME}.user.j2").render(values).strip()},
    )


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

"""What drafting hands to pages, commands and the worker: frozen records, JSON-ready, with no behaviour of their own.

The rule they protect: a draft carries all that is needed to judge it and to make it again (sources with their text,
model, prompt version, parameters, seed); nothing about it has to be looked up elsewhere.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["high", "medium", "low"]


@dataclass(frozen=True)
class Source:
    """A text a reply may lean on."""

    kind: Literal["fiche", "reply", "structure"]
    id: str  # fiche id, review id of the reply ('12' or '12-2' for a second structure), structure id
    title: str
    url: str  # '' when it has no page of its own
    score: float  # higher is nearer; comparable within one search only
    text: str  # the passage retrieved
    links: tuple[str, ...] = ()  # every web address, phone and e-mail it holds
    structure: str = ""  # who wrote it (replies)
    same_structure: bool = False  # the institution asked wrote it
    same_kind: bool = False  # an institution of the same typology wrote it
    near: float = 0.0  # likeness of the passage and the review, 0..1, comparable between searches
    verdict: str = ""  # the author's verdict on the reply: 'utile' | 'pas utile' | ''
    heading: str = ""  # of the section (fiches)


@dataclass(frozen=True)
class Contact:
    """Whom to call, now."""

    number: str
    name: str
    hours: str


@dataclass(frozen=True)
class Escalation:
    """A review that must not be answered by a machine: why, and whom a person in danger can call."""

    reason: str  # French, one sentence
    cue: str  # the words that raised it
    contacts: tuple[Contact, ...]


@dataclass(frozen=True)
class Route:
    """Which kind of institution should answer."""

    typology: str | None  # None when it abstains
    confidence: float  # calibrated probability that the review is for `typology`, or for it or one of `neighbours`
    alternatives: tuple[tuple[str, float], ...]  # next best, with their probabilities
    abstained: bool
    reason: str  # French, one sentence
    warning: str = ""  # the declared institution looks wrong; '' when it does not
    neighbours: tuple[str, ...] = ()  # other kinds that the same matter is sent to, when no single one stands out


@dataclass(frozen=True)
class Finding:
    """Something to look at in a draft."""

    check: str
    severity: Severity  # 'high' must be resolved or justified before sending
    span: tuple[int, int] | None  # characters of the reply; None when it is about the whole
    message: str  # French: what it is and what to do


@dataclass(frozen=True)
class Draft:
    """A proposed reply and its whole provenance. With an escalation, `reply` is empty."""

    reply: str
    sources: tuple[Source, ...]
    cited: tuple[str, ...]  # ids of the sources the reply uses, apart from those retrieved
    findings: tuple[Finding, ...]
    escalation: Escalation | None
    route: Route | None
    model: str
    model_sha256: str  # '' when the model has no file
    prompt_version: str
    prompt: tuple[dict[str, str], ...]  # messages as sent, personal data masked
    parameters: dict[str, Any]
    seed: int
    tokens: dict[str, int]  # {'prompt', 'reply'}
    timings: dict[str, float]  # seconds: route, retrieve, model, first, checks, total
    notice: str = ""  # French: why another model than the one asked served
    cut: bool = False  # stopped before its end
    snapshot: str = ""
    review_id: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The JSON object of the command line; contract keys first."""
        record = asdict(self)
        for source in record["sources"]:
            source["links"] = list(source["links"])
        return record


@dataclass(frozen=True)
class Asked:
    """What is to be answered: a review of the snapshot, or a text typed by someone."""

    text: str
    title: str = ""
    sentiment: str | None = None  # 'Positif' | 'Neutre' | 'Négatif', declared
    typology: str | None = None  # declared
    structure_id: str | None = None
    structure: str = ""
    department: str | None = None
    review_id: int | None = None
    instruction: str = ""  # what the agent asks of the draft ("plus court", "parler du délai"); never from the review
    without: tuple[str, ...] = ()  # ids of sources the agent does not want

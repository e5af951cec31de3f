"""The words of the demo: subjects, sentences and fiches read from `lexicon/*.toml` and compiled once.

The rule it protects: a subject is known by its words alone. Subjects share institutions, tags and channels, and those of
`nouveautes.toml` stay out of ordinary weeks, so that only planted events bring them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.demo.templates import Card, Compiler
from data.demo.variants import Pieces, speaker

FOLDER = Path(__file__).parent / "lexicon"
NOVELTIES = "nouveautes"
COMMON = "commun"
# What a review brings: its place, its institution and (STORY) its own course of events.
GIVEN = frozenset(
    ("commune", "dept", "rue", "signe", "organisme", "annee", "montant", "reference", "mail", "tel", "adresse")
)
STORY = frozenset(("date", "temps", "delai", "mois", "affaire"))
_KINDS = ("openings", "contexts", "journeys", "feelings", "praises", "neutrals", "suggestions", "asks", "closings", "alone",
          "titles")  # fmt: skip
Vary = Callable[[str], Pieces]
_SPOKEN = ("titles", "good_titles", "complaints", "details", "remarks", "praises", "neutrals", "asks")


@dataclass(frozen=True)
class Irritant:
    """One subject of reviews and everything people say about it."""

    id: str
    label: str
    typologies: tuple[str, ...]
    fiches: tuple[str, ...]  # slugs
    weight: float
    mood: tuple[float, float, float]  # chances of negative, neutral, positive
    season: tuple[float, ...]  # twelve monthly multipliers
    tags: tuple[str, ...]
    channels: tuple[str, ...]
    novel: bool  # only planted events bring it
    matters: tuple[str, ...]  # what it is about, as its authors name it in any sentence
    sentences: dict[str, tuple[Card, ...]]  # by kind: titles, complaints, … answers


@dataclass(frozen=True)
class Fiche:
    """One fiche of the demo; its fields are what the DILA file will hold."""

    slug: str
    title: str
    theme: str
    description: str
    intro: str
    sections: tuple[tuple[str, str], ...]
    services: tuple[str, ...]
    where: tuple[str, ...]
    questions: tuple[str, ...]
    references: tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """Every subject (ordinary ones first), the common sentences and the fiches."""

    irritants: tuple[Irritant, ...]
    common: dict[str, tuple[Card, ...]]  # by kind, as `openings.any`, `journeys.calls`, `replies.thanks`
    abbreviations: dict[str, list[str]]  # of words, by those who write as in a text message
    fiches: tuple[Fiche, ...]

    @property
    def ordinary(self) -> int:
        """How many subjects come in ordinary weeks; the rest are novelties."""
        return sum(not i.novel for i in self.irritants)


def load(folder: Path = FOLDER) -> Lexicon:
    """Read and compile the lexicon. Raises ValueError naming the sentence that can't be compiled."""
    files = {p.stem: tomllib.loads(p.read_text("utf-8")) for p in sorted(folder.glob("*.toml"))}
    shared = files[COMMON]
    slots: dict[str, list[str]] = shared["slots"]
    people = Compiler(slots, GIVEN | STORY, vary=(vary := speaker(shared["noise"]["typos"])))
    staff = Compiler({**slots, **shared["staff"]}, GIVEN, often=False)
    common = {
        f"{kind}.{part}": tuple((staff if kind == "replies" else people).card(text) for text in sentences)
        for kind in (*_KINDS, "replies")
        for part, sentences in shared[kind].items()
    }
    irritants = [
        _irritant(entry, people, staff, vary, stem == NOVELTIES)
        for stem, content in files.items()
        for entry in content.get("irritant", ())
    ]
    irritants.sort(key=lambda i: i.novel)
    fiches = [_fiche(entry) for content in files.values() for entry in content.get("fiche", ())]
    return Lexicon(tuple(irritants), common, shared["noise"]["abbreviations"], tuple(fiches))


def _irritant(entry: dict[str, Any], everyone: Compiler, offices: Compiler, vary: Vary, novel: bool) -> Irritant:
    local = entry.get("slots", {})
    people = Compiler(local, parent=everyone, vary=vary, prefix=f"{entry['id']}.", often=not novel)
    staff = Compiler(local, parent=offices, prefix=f"{entry['id']}.", often=False)
    sentences = {kind: tuple(people.card(s) for s in entry[kind]) for kind in _SPOKEN}
    sentences["answers"] = tuple(staff.card(s) for s in entry["answers"])
    mood = entry["mood"]
    return Irritant(
        id=entry["id"],
        label=entry["label"],
        typologies=tuple(entry["typologies"]),
        fiches=tuple(entry["fiches"]),
        weight=float(entry["weight"]),
        mood=(mood[0], mood[1], mood[2]),
        season=tuple(float(m) for m in entry.get("season", (1.0,) * 12)),
        tags=tuple(entry["tags"]),
        channels=tuple(entry["channels"]),
        novel=novel,
        matters=tuple(entry["matters"]),
        sentences=sentences,
    )


def _fiche(entry: dict[str, Any]) -> Fiche:
    return Fiche(
        slug=entry["slug"],
        title=entry["title"],
        theme=entry["theme"],
        description=entry["description"],
        intro=entry["intro"],
        sections=tuple((heading, body) for heading, body in entry["sections"]),
        services=tuple(entry["services"]),
        where=tuple(entry["where"]),
        questions=tuple(entry["questions"]),
        references=tuple(entry["references"]),
    )

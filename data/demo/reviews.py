"""Reviews of one chunk of weeks, written, with the truth about each of them.

The rule it protects: a chunk depends on the seed and on its weeks alone, never on who computes it or on what was computed
before, so the file's bytes do not change with the number of processes.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import numpy as np

from data.demo import draws, prose, replies
from data.demo.draws import Answers, Drawn
from data.demo.events import Planned
from data.demo.lexicon import Irritant, Lexicon
from data.demo.prose import Pen
from data.demo.rows import Answer, Review, Words, at, row
from data.demo.story import Story, reference, street, telephone
from data.demo.templates import Draw, Scene
from data.demo.territory import Department
from data.demo.world import World, generator

_WOMEN = (
    "Marie", "Sylvie", "Nathalie", "Isabelle", "Sandrine", "Fatima", "Claire", "Julie", "Camille", "Léa", "Chantal",
    "Monique", "Françoise", "Gwenaëlle", "Aïcha", "Inès", "Élodie", "Aurélie", "Martine", "Colette", "Odile", "Vanessa",
    "Priscilla", "Samira", "Christelle", "Valérie", "Joëlle", "Audrey", "Mélanie", "Tatiana", "Noémie",
)  # fmt: skip
_MEN = (
    "Jean", "Patrick", "Michel", "Philippe", "Karim", "Mohamed", "Thomas", "Nicolas", "Antoine", "Hugo", "Gérard",
    "Bernard", "Yann", "Moussa", "Sofiane", "Romain", "Guillaume", "Serge", "Ludovic", "Kevin", "Dominique", "Bruno",
    "Hervé", "Marc", "Fabien", "Wassim", "Bastien",
)  # fmt: skip
_RECENT = 60  # reviews among which somebody's message sent again is found
_AGAIN = 0.009  # share of ordinary reviews that are one


@dataclass(frozen=True)
class Job:
    """A chunk to write."""

    weeks: range
    first_id: int
    planned: tuple[Planned, ...]  # planted reviews of those weeks


@dataclass(frozen=True)
class Chunk:
    """Rows of some weeks, ready to write, and what the truth says of them."""

    rows: bytes
    truth: bytes  # entries of truth.json's "reviews", joined by ",\n"
    events: dict[int, list[int]]  # rank of the event: its review ids
    delay_change: tuple[float, int]  # days added by AI over the replies it touched, and how many
    useful_change: tuple[int, int]  # verdicts "utile" gained over the verdicts it touched, and how many


@dataclass(frozen=True)
class _Written:
    """A text that may be sent again."""

    rank: int
    id: int
    title: str
    body: str


def chunk(world: World, lexicon: Lexicon, links: Mapping[str, tuple[str, str]], job: Job) -> Chunk:
    """Write the reviews of a job. `links` gives the title and address of a fiche by slug."""
    rng = generator(world.seed, 4, job.weeks.start)
    drawn = draws.draw(world, rng, job.weeks, job.planned)
    again = _sent_again(rng, drawn)
    answers = draws.answer(world, rng, drawn)
    source = random.Random(int(rng.integers(0, 2**62)))
    writer = _Writer(world, lexicon, links, source.random)
    return writer.write(drawn, answers, again, job)


def _sent_again(rng: np.random.Generator, drawn: Drawn) -> dict[int, int]:
    """Ordinary reviews that repeat a recent one, by its rank: they take its subject, institution and mood."""
    ordinary = np.flatnonzero(drawn.plan < 0)
    found: dict[int, int] = {}
    chance, which = rng.random(len(drawn.day)), rng.random(len(drawn.day))
    for place, k in enumerate(ordinary.tolist()):
        recent = ordinary[max(0, place - _RECENT) : place]
        if chance[k] < _AGAIN and len(recent):
            twin = int(recent[int(which[k] * len(recent))])
            if twin in found:
                continue
            found[k] = twin
            for column in (drawn.irritant, drawn.also, drawn.typology, drawn.structure, drawn.mood):
                column[k] = column[twin]
    return found


class _Writer:
    """Finds the words of reviews, one after the other, from one source of chance."""

    def __init__(self, world: World, lexicon: Lexicon, links: Mapping[str, tuple[str, str]], draw: Draw) -> None:
        self.world = world
        self.lexicon = lexicon
        self.links = links
        self.draw = draw
        self.words = Words(world)
        self.midnight = datetime.combine(world.start, time())
        self.mailbox = {s.id: s.mailbox for s in world.structures}

    def write(self, drawn: Drawn, answers: Answers, again: Mapping[int, int], job: Job) -> Chunk:
        """Rows and truth of reviews in publication order."""
        lines: list[str] = []
        truths: list[str] = []
        events: dict[int, list[int]] = {}
        texts: dict[int, _Written] = {}  # recent ordinary ones, by rank
        copied: dict[int, _Written] = {}  # first text of each event
        for k, number in enumerate(drawn.plan.tolist()):
            plan = job.planned[number] if number >= 0 else None
            original = None
            if plan is not None and plan.copy:
                original = copied.get(plan.event)
            elif k in again:
                original = texts[again[k]]
            review, subjects = self._review(drawn, answers, (k, job.first_id + k), plan, original)
            done = _Written(k, review.id, review.title, review.body)
            if plan is None:
                texts[k] = done
                texts.pop(k - 3 * _RECENT, None)
            elif plan.event >= 0:
                events.setdefault(plan.event, []).append(review.id)
                copied.setdefault(plan.event, done)
            lines.append(row(self.words, review, self.draw))
            truths.append(_truth(review.id, subjects, bool(answers.drafted[k]), original))
        return Chunk(
            rows="".join(lines).encode("utf-8"),
            truth=",\n".join(truths).encode("utf-8"),
            events=events,
            delay_change=answers.delay_change,
            useful_change=answers.useful_change,
        )

    def _review(
        self, drawn: Drawn, answers: Answers, ranks: tuple[int, int], plan: Planned | None, original: _Written | None
    ) -> tuple[Review, tuple[Irritant | None, Irritant | None]]:
        """One review and its subjects; the text of `original` sent again when there is one."""
        world, draw = self.world, self.draw
        k, review_id = ranks
        published = self.midnight + timedelta(days=int(drawn.day[k]), seconds=int(drawn.second[k]))
        mood, structure = int(drawn.mood[k]), int(drawn.structure[k])
        subject = world.irritants[drawn.irritant[k]] if drawn.irritant[k] >= 0 else None
        also = world.irritants[drawn.also[k]] if drawn.also[k] >= 0 else None
        place = world.structures[structure]
        home = (
            place.department if not place.national and draw() < 0.88 else world.places[at(world.place_chances, draw())]
        )
        if plan is not None and plan.place >= 0:
            home = world.places[plan.place]
        who = self.words.spoken(int(drawn.typology[k]), published.date(), draw)
        feminine = draw() < 0.56
        story = Story(published.date(), mood == prose.POSITIVE, draw)
        given = {**story.given, "tel": telephone}
        scene = Scene(given, feminine, self._memory(home, structure, who, published.year))
        names = _WOMEN if feminine else _MEN
        scene.memory["signe"] = names[int(draw() * len(names))]
        pen = Pen(self.lexicon, draw, scene)
        given["affaire"] = pen.matter
        if original is not None:
            title, body = original.title, _touched(original.body, draw)
        else:
            pen.about(subject)
            title = pen.title(subject, mood)
            body = pen.body(subject, also, mood, prose.style(draw))
        pseudonym = _pseudonym(scene.memory["signe"], home.code, draw)
        answer = None
        if answers.answered[k]:
            if answers.canned[k]:
                text = replies.canned(pen)
            else:
                drafted = bool(answers.drafted[k])
                scene.memory["organisme"] = self.words.formal(int(drawn.typology[k]), published.date())
                text = replies.reply(pen, subject, mood, name=pseudonym, drafted=drafted, links=self.links)
            verdict = ("utile" if answers.useful[k] else "pas utile") if answers.judged[k] else ""
            replied = self.midnight + timedelta(seconds=round(float(answers.reply[k]) * 86400))
            answer = Answer(replied, text, int(answers.similarity[k]), verdict)
        review = Review(
            id=review_id,
            published=published,
            title=title,
            body=body,
            pseudonym=pseudonym,
            mood=mood,
            subject=subject,
            typology=int(drawn.typology[k]),
            structure=structure,
            outside=bool(drawn.outside[k]),
            unnamed=bool(drawn.unnamed[k]),
            home=home,
            located=draw() < 0.23 or (plan is not None and plan.place >= 0),
            answer=answer,
        )
        return review, (subject, also)

    def _memory(self, home: Department, structure: int, who: str, year: int) -> dict[str, str]:
        """What a review's sentences have in common from the start."""
        draw, world = self.draw, self.world
        place = world.structures[structure]
        return {
            "commune": home.towns[int(draw() * len(home.towns))],
            "dept": home.name,
            "rue": street(draw),
            "organisme": who,
            "reference": reference(draw),
            "annee": str(year - 1 - int(3 * draw() ** 2)),
            "adresse": f"{1 + int(draw() * 90)} {street(draw)}",
            "mail": place.mailbox or self.mailbox[place.parent],
        }


def _truth(review: int, subjects: tuple[Irritant | None, Irritant | None], ai: bool, original: _Written | None) -> str:
    """Entry of a review in truth.json: the contract's keys, then its second subject and the review it repeats."""
    subject, also = subjects
    name = f'"{subject.id}"' if subject else "null"
    more = (f', "also": "{also.id}"' if also else "") + (f', "duplicate_of": {original.id}' if original else "")
    return f'"{review}": {{"irritant": {name}, "ai": {"true" if ai else "false"}{more}}}'


def _pseudonym(name: str, code: str, draw: Draw) -> str:
    form = draw()
    if form < 0.35:
        return name
    if form < 0.55:
        return f"{name}{code}"
    if form < 0.70:
        return f"{name} {'ABCDEFGHJKLMNOPRSTV'[int(draw() * 19)]}."
    if form < 0.80:
        return name.lower() + str(int(draw() * 90 + 10))
    return "Anonyme" if form < 0.92 else name.upper()


def _touched(text: str, draw: Draw) -> str:
    """A text sent again: a word or two changed at its ends, sometimes nothing."""
    u = draw()
    if u < 0.3:
        return text
    if u < 0.65:
        return (
            text
            + (" Merci.", " Toujours pas de réponse.", " Cordialement", " Je renvoie mon message.")[int(draw() * 4)]
        )
    return "Bonjour, " + text[:1].lower() + text[1:]

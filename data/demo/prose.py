"""What people write: a review's title and text, put together from compiled sentences.

Owns lengths, moods, registers, slips of the keyboard, the way paragraphs break and the order in which a story is told:
who speaks, what was asked, what went wrong, where it leads, what they want. The rule it protects: a text agrees with the
sentiment its author declared and keeps to its subjects, and its length follows the real distribution.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from data.demo.lexicon import Irritant, Lexicon
from data.demo.templates import Card, Draw, Scene, sentence

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2
_MOOD = ("negative", "neutral", "positive")

# Quantiles of the length of real descriptions, in characters.
_LENGTH_AT = (0.0, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 0.999, 1.0)
_LENGTH = tuple(math.log(x) for x in (55, 127, 170, 267, 446, 714, 1062, 1600, 2500, 4500, 7800))
_ACCENTS = str.maketrans("àâäéèêëîïôöûüùçÀÂÉÈÊÎÔÛÇ", "aaaeeeeiioouuucAAEEEIOUC")
_NEAR = {"a": "z", "z": "e", "e": "r", "r": "t", "t": "y", "u": "i", "i": "o", "o": "p", "s": "d", "d": "f", "l": "m",
         "m": "l", "n": "b", "v": "c", "c": "x", "p": "o", "q": "s", "g": "h", "b": "n", "é": "e", "è": "é", "à": "a",
         "ê": "é", "ç": "c", "ù": "u", "ô": "o", "î": "i"}  # fmt: skip
# Words that link a sentence to the one before, by mood, and those that open a second subject.
_CONNECTORS = (
    (
        "De plus,", "En plus,", "En outre,", "Par ailleurs,", "D'autre part,", "De surcroît,", "Qui plus est,",
        "Et puis,", "Malheureusement,", "Hélas,", "Manque de chance,", "Apparemment,", "Visiblement,", "Manifestement,",
        "Évidemment,", "Bien sûr,", "Naturellement,", "Forcément,", "Sans surprise,", "Curieusement,", "Bizarrement,",
        "Le pire :", "Pire encore,", "Surtout,", "D'ailleurs,", "Du reste,", "Au passage,", "Pour couronner le tout,",
        "Et", "À noter :", "Pour info,", "Pour information,", "Précision :",
        "Autre précision :", "Honnêtement,", "Franchement,", "Sincèrement,", "À vrai dire,", "Concrètement,",
        "En pratique,", "Dans les faits,", "En réalité,", "J'insiste :",
    ),
    (
        "Par ailleurs,", "Et", "D'ailleurs,", "À noter :", "Précision :", "Pour information,", "En outre,", "Sinon,",
        "À ma connaissance,", "Sauf erreur,", "Pour info,", "Autre précision :", "En pratique,", "Au passage,",
        "Sur ce point,", "Concrètement,",
    ),
    (
        "De plus,", "En plus,", "En outre,", "Par ailleurs,", "D'ailleurs,", "Surtout,", "Franchement,",
        "Honnêtement,", "Sincèrement,", "À noter :", "Cerise sur le gâteau,", "Et", "Pour une fois,",
        "Sans exagérer,", "Concrètement,", "En pratique,", "Autre point fort :", "Détail appréciable :", "Pour info,",
        "Qui plus est,", "De surcroît,", "Et puis,", "Bonne surprise :", "Heureusement,", "Au passage,",
        "Pour être juste,", "Il faut le dire,",
    ),
)  # fmt: skip
# Words that open the end of a story, and what makes one sentence of two short ones.
_CONCLUSIONS = (
    "Bref,", "Au final,", "Finalement,", "En résumé,", "Pour résumer,", "En clair,", "Au bout du compte,",
    "Tout compte fait,",
)  # fmt: skip
_JOINTS = (", et ", ", et ", " ; ")
_LINKS = (
    "Autre problème :", "Deuxième sujet :", "Autre chose :", "Autre souci :", "J'en profite :",
    "Et ce n'est pas tout.", "Autre démarche, autre difficulté.", "Second point :", "Et un problème de plus :",
)  # fmt: skip
_LINKS_GOOD = (
    "Autre point positif :",
    "Autre démarche réussie :",
    "Et aussi :",
    "Par ailleurs :",
)
# Sentences that a connector can precede: their first word is no name, and takes a small letter.
_LINKABLE = re.compile(
    r"(J'|J’|Je |On |Le |La |L'|Les |Mon |Ma |Mes |Il |Un |Une |Aucun|Personne |Nous |Ce |Cette |C'est |À |Au )"
)
# What a story is made of, by mood: chances of a sentence of the subject's own kinds, or of one that anybody could say.
_BEATS = (
    (("complaints", 0.36), ("details", 0.51), ("remarks", 0.92), ("anybody", 1.0)),
    (("neutrals", 0.38), ("details", 0.54), ("complaints", 0.62), ("remarks", 0.85), ("anybody", 1.0)),
    (("praises", 0.68), ("anybody", 1.0)),
)
ANY_MATTER = (
    "mon dossier",
    "ma demande",
    "ma démarche",
    "ma situation",
    "mon problème",
    "cette démarche",
    "cette affaire",
    "mon cas",
)
_FIRST = ("complaints", "neutrals", "praises")
_TOPICS = ("calls", "letters", "papers", "website", "visits", "agents", "waiting")
_LIVES = ("distance", "work", "internet", "relative", "money", "moving", "health")
_TRIES = 12  # draws before a sentence that is rarely said is said all the same
_NAMED = 0.6  # chance that a common sentence names the matter rather than "my request"
_LINKED = 0.42  # chance that a sentence opens on a word that links it to the one before
_JOINED = 0.4  # chance that two short sentences of a subject make one
_SHORT = 75  # characters of such a sentence
_BEAT = 60  # characters of a sentence, on average
_UNSTOPPED = 0.55  # chance that a paragraph ends without its full stop
_LONG = 900  # characters from which a text tells more of its author's life


@dataclass(frozen=True)
class Style:
    """How one person types."""

    slips: float  # share of words with a slip
    lower: bool  # no capitals, little punctuation
    plain: bool  # no accents
    joined: bool  # no apostrophes
    loud: bool  # exclamation marks and capitals
    short: bool  # abbreviations of text messages
    breaks: str  # between paragraphs: ' ', newlines, or '' when tag stripping glued them


def style(draw: Draw) -> Style:
    """Draw a way of typing."""
    care = draw()
    slips = 0.0 if care < 0.25 else 0.018 if care < 0.70 else 0.052
    form = draw()
    paragraphs = draw()
    breaks = "\n" if paragraphs < 0.20 else "\n\n" if paragraphs < 0.36 else "" if paragraphs < 0.56 else " "
    return Style(
        slips=slips,
        lower=form < 0.06,
        plain=0.06 <= form < 0.13,
        joined=0.13 <= form < 0.18,
        loud=0.18 <= form < 0.25,
        short=0.25 <= form < 0.29 or form < 0.02,
        breaks=breaks,
    )


class Deck:
    """Sentences of one kind, dealt without repeats within a review."""

    def __init__(self, cards: tuple[Card, ...], draw: Draw) -> None:
        self._cards = cards
        self._draw = draw
        self._at = int(draw() * len(cards)) if cards else 0
        step = 1 + int(draw() * max(len(cards) - 1, 1))
        while cards and math.gcd(step, len(cards)) != 1:
            step += 1
        self._step = step
        self.left = len(cards)

    def deal(self) -> Card | None:
        """Next sentence, rare ones often cut short or passed over; None when none is left."""
        while self.left:
            self.left -= 1
            card = said(self._cards[self._at], self._draw)
            self._at = (self._at + self._step) % len(self._cards)
            if card is not None:
                return card
        return None


def said(card: Card, draw: Draw) -> Card | None:
    """A sentence, or None, as often as it is said."""
    return card if card.chance >= 1.0 or draw() < card.chance else None


def length(draw: Draw, mood: int) -> float:
    """Target length of a text, in characters; satisfied people write less."""
    u = draw()
    k = min(bisect_right(_LENGTH_AT, u) - 1, len(_LENGTH) - 2)
    share = (u - _LENGTH_AT[k]) / (_LENGTH_AT[k + 1] - _LENGTH_AT[k])
    target = math.exp(_LENGTH[k] + share * (_LENGTH[k + 1] - _LENGTH[k]))
    return target * (1.03, 0.96, 0.83)[mood]


class Pen:
    """What one person writes one review with: the words there are, chance, and what the review is about."""

    def __init__(self, lexicon: Lexicon, draw: Draw, scene: Scene) -> None:
        self.lexicon = lexicon
        self.draw = draw
        self.scene = scene
        self.matters: tuple[str, ...] = ANY_MATTER

    def matter(self, draw: Draw) -> str:
        """What the review is about, named in one of the ways its authors have."""
        matters = self.matters if draw() < _NAMED else ANY_MATTER
        return matters[int(draw() * len(matters))]

    def about(self, subject: Irritant | None) -> None:
        """From now on the review speaks of this subject."""
        self.matters = subject.matters if subject is not None else ANY_MATTER

    def say(self, cards: tuple[Card, ...]) -> str:
        """One sentence of a kind."""
        draw = self.draw
        for _ in range(_TRIES):
            card = said(cards[int(draw() * len(cards))], draw)
            if card is not None:
                break
        return sentence(card or cards[int(draw() * len(cards))], draw, self.scene)

    def title(self, subject: Irritant | None, mood: int) -> str:
        """A title that tells the mood right: of the subject as a rule when the text complains, vaguer otherwise."""
        draw = self.draw
        own = subject.sentences["good_titles" if mood == POSITIVE else "titles"] if subject is not None else ()
        if own and draw() < (0.8, 0.4, 0.35)[mood]:
            text = self.say(own)
        else:
            text = self.say(self.lexicon.common[f"titles.{_MOOD[mood]}"])
        return text.upper() if draw() < 0.05 else text

    def body(self, subject: Irritant | None, second: Irritant | None, mood: int, how: Style) -> str:
        """The text of a review on no subject, one or two."""
        draw = self.draw
        target = length(draw, mood)
        self.about(subject)
        paragraphs: list[list[str]] = [[]]
        if draw() < 0.5:
            opening = self._common("openings", mood)
            paragraphs[0].append(opening)
            if not how.breaks:
                paragraphs.append([])
            target -= len(opening) + 1
        closing = self._common("closings", mood) if target > 160 and draw() < 0.42 else ""
        target -= len(closing)
        wishes = self._wishes(subject, mood, target)
        target -= sum(len(w) + 1 for w in wishes)
        lives = int(draw() < 0.3) if target > 300 else 0
        for life in _shuffled(_LIVES, draw)[: lives + int(target > _LONG)] if mood != POSITIVE else ():
            text = self.say(self.lexicon.common[f"contexts.{life}"])
            paragraphs[0].append(text)
            target -= len(text) + 1
        subjects: list[Irritant | None] = [subject] if second is None else [subject, second]
        for rank, one in enumerate(subjects):
            if rank:
                links = _LINKS if mood != POSITIVE else _LINKS_GOOD
                paragraphs.append([links[int(draw() * len(links))]])
            self.about(one)
            self._tell(one, mood, target / len(subjects), paragraphs)
        if wishes:
            if sum(map(len, paragraphs[-1])) > 300:
                paragraphs.append([])
            paragraphs[-1] += wishes
        if closing:
            if how.breaks != " " and draw() < 0.7:
                paragraphs.append([])
            paragraphs[-1].append(closing)
        texts = [typed(" ".join(p), how, self.lexicon.abbreviations, draw) for p in paragraphs if p]
        if not how.breaks:  # the portal strips line breaks, and many lines end without a stop
            texts[:-1] = [t.rstrip(".,") if draw() < _UNSTOPPED else t for t in texts[:-1]]
        return how.breaks.join(texts)

    def _common(self, kind: str, mood: int) -> str:
        """A sentence anybody says, of this mood or of any."""
        common = self.lexicon.common
        own = common.get(f"{kind}.{_MOOD[mood]}")
        return self.say(own if own is not None and self.draw() < 0.4 else common[f"{kind}.any"])

    def _wishes(self, subject: Irritant | None, mood: int, target: float) -> list[str]:
        """How a story ends: what it does to the author, what they suggest, what they ask."""
        draw, common = self.draw, self.lexicon.common
        told: list[str] = []
        if target > 230 and mood == NEGATIVE and draw() < 0.35:
            told.append(self.say(common["journeys.consequences"]))
        feelings = Deck(common[f"feelings.{_MOOD[mood]}"], draw)
        for least in (170, _LONG):
            if target > least and draw() < 0.55 and (card := feelings.deal()):
                text = sentence(card, draw, self.scene)
                if least < _LONG and mood != NEUTRAL and draw() < _LINKED and _LINKABLE.match(text):
                    text = f"{_CONCLUSIONS[int(draw() * len(_CONCLUSIONS))]} {text[0].lower()}{text[1:]}"
                told.append(text)
        if target > 500 and mood != POSITIVE and draw() < 0.22:
            told.append(self.say(common["suggestions.any"]))
        if target > 190 and mood != POSITIVE and draw() < 0.5:
            told.append(
                self.say(subject.sentences["asks"] if subject is not None and draw() < 0.8 else common["asks.any"])
            )
        return told

    def _tell(self, subject: Irritant | None, mood: int, target: float, paragraphs: list[list[str]]) -> None:
        """What happened about one subject, in about `target` characters, appended to the paragraphs.

        The subject first, then what anybody does about such a thing: one does not go back and forth between them.
        """
        draw = self.draw
        connectors, first, short = list(_CONNECTORS[mood]), True, False
        opens = bool(paragraphs[-1]) and paragraphs[-1][-1].endswith(":")
        for text, own in self._beats(subject, mood, target):
            follows = f"{text[0].lower()}{text[1:]}" if _LINKABLE.match(text) else ""
            small = own and len(text) < _SHORT and text.endswith(".")
            if small and short and follows and draw() < _JOINED:
                joint = _JOINTS[int(draw() * len(_JOINTS))]
                paragraphs[-1][-1] = f"{paragraphs[-1][-1][:-1]}{joint}{follows}"
                short = False
                continue
            short = small
            told = text
            if first and opens and follows:
                told = follows
            elif not first and connectors and draw() < _LINKED and follows:
                told, short = f"{connectors.pop(int(draw() * len(connectors)))} {follows}", False
            if len(paragraphs[-1]) > 2 and draw() < 0.3:
                paragraphs.append([])
            paragraphs[-1].append(told)
            first = False

    def _beats(self, subject: Irritant | None, mood: int, target: float) -> Iterator[tuple[str, bool]]:
        """Sentences of a story in about `target` characters, and whether each is the subject's own."""
        draw, anybody, size = self.draw, self._anybody(mood), 0
        if subject is not None:
            *own, _ = _BEATS[mood]
            most = own[-1][1]
            decks = {kind: Deck(subject.sentences[kind], draw) for kind, _ in own}
            others = sum(draw() > most for _ in range(int(target / _BEAT)))
            kind = _FIRST[mood]
            while size == 0 or size + 30 < target - others * _BEAT:
                if (card := decks[kind].deal()) is not None:
                    text = sentence(card, draw, self.scene)
                    yield text, True
                    size += len(text) + 1
                elif not any(deck.left for deck in decks.values()):
                    break
                u = most * draw()
                kind = next(k for k, up_to in own if u < up_to)
        while size == 0 or size + 30 < target:
            if (card := next(anybody, None)) is None:
                return
            text = sentence(card, draw, self.scene)
            yield text, False
            size += len(text) + 1

    def _anybody(self, mood: int) -> Iterator[Card]:
        """Sentences that are about no subject in particular, those of one topic together."""
        draw, common = self.draw, self.lexicon.common
        yield from _dealt(Deck(common[f"alone.{_MOOD[mood]}"], draw), 1 if draw() < 0.4 else 0)
        if mood != NEGATIVE:
            yield from _dealt(Deck(common["praises.any" if mood == POSITIVE else "neutrals.any"], draw), 99)
            return
        for topic in _shuffled(_TOPICS, draw):
            yield from _dealt(Deck(common[f"journeys.{topic}"], draw), 1 + int(draw() * 2.6))
        yield from _dealt(Deck(common["journeys.consequences"], draw), 3)


def _dealt(deck: Deck, most: int) -> Iterator[Card]:
    for _ in range(most):
        card = deck.deal()
        if card is None:
            return
        yield card


def _shuffled(values: tuple[str, ...], draw: Draw) -> list[str]:
    return sorted(values, key=lambda _: draw())


def typed(text: str, how: Style, abbreviations: dict[str, list[str]], draw: Draw) -> str:
    """A paragraph as this person's keyboard left it."""
    if how.short:
        text = _TOKEN.sub(lambda m: _shortened(m[0], abbreviations, draw), text)
    if how.slips:
        count = len(text) / 6 * how.slips
        count = int(count) + (draw() < count % 1)
        for _ in range(count):
            text = _slip(text, draw)
    if how.lower:
        text = text.lower().replace(". ", "  " if draw() < 0.2 else ". ")
    elif how.loud:
        text = text.replace(" !", " !!!").replace(".", " !", 1) if draw() < 0.6 else text.replace(". ", "... ", 2)
    if how.plain:
        text = text.translate(_ACCENTS)
    elif how.joined:
        text = text.replace("'", "").replace("’", "")
    return text


def _slip(text: str, draw: Draw) -> str:
    """One slip: a letter doubled, dropped, swapped with the next, or its neighbour on the keyboard."""
    if len(text) < 8:
        return text
    at = 1 + int(draw() * (len(text) - 4))
    here = text[at]
    if not (here.islower() and text[at + 1].islower() and text[at - 1].isalpha()):
        return text
    what = draw()
    if what < 0.3:
        return text[:at] + text[at + 1 :]
    if what < 0.5:
        return text[:at] + here + text[at:]
    if what < 0.75:
        return text[:at] + text[at + 1] + here + text[at + 2 :]
    return text[:at] + _NEAR.get(here, here) + text[at + 1 :]


_TOKEN = re.compile(r"[\w'’-]+")


def _shortened(word: str, abbreviations: dict[str, list[str]], draw: Draw) -> str:
    """A word as in a text message, more often than not."""
    short = abbreviations.get(word)
    return short[int(draw() * len(short))] if short and draw() < 0.7 else word

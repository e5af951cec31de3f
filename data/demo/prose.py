"""What people write: a review's title and text, put together from compiled sentences.

Owns lengths, moods, registers, slips of the keyboard and the way paragraphs break. The rule it protects: a text agrees
with the sentiment its author declared and keeps to its subjects, and its length follows the real distribution.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from data.demo.lexicon import Irritant, Lexicon
from data.demo.templates import Draw, Parts, Scene, sentence
from data.demo.variants import ASIDES

MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
          "novembre", "décembre")  # fmt: skip
NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2

# Quantiles of the length of real descriptions, in characters.
_LENGTH_AT = (0.0, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 0.999, 1.0)
_LENGTH = tuple(math.log(x) for x in (55, 127, 170, 267, 446, 714, 1062, 1600, 2500, 4500, 7800))
_ACCENTS = str.maketrans("àâäéèêëîïôöûüùçÀÂÉÈÊÎÔÛÇ", "aaaeeeeiioouuucAAEEEIOUC")
_NEAR = {"a": "z", "z": "e", "e": "r", "r": "t", "t": "y", "u": "i", "i": "o", "o": "p", "s": "d", "d": "f", "l": "m",
         "m": "l", "n": "b", "v": "c", "c": "x", "p": "o", "q": "s", "g": "h", "b": "n", "é": "e", "è": "é", "à": "a",
         "ê": "é", "ç": "c", "ù": "u", "ô": "o", "î": "i"}  # fmt: skip
# Kinds of sentences by mood, with their cumulated chances; those of the common lexicon are the same for all subjects.
_KINDS = (
    (("complaints", 0.48), ("details", 0.75), ("generic_complaints", 0.87), ("feelings_negative", 0.93), ("contexts", 0.96),
     ("digressions", 0.98), ("suggestions", 1.0)),
    (("neutrals", 0.32), ("details", 0.56), ("complaints", 0.66), ("generic_neutrals", 0.80), ("feelings_neutral", 0.88),
     ("contexts", 0.93), ("digressions", 0.95), ("suggestions", 1.0)),
    (("praises", 0.44), ("generic_praises", 0.70), ("feelings_positive", 0.86), ("contexts", 0.95), ("digressions", 1.0)),
)  # fmt: skip
_NO_SUBJECT = (
    (("generic_complaints", 0.48), ("feelings_negative", 0.66), ("contexts", 0.84), ("digressions", 0.94), ("suggestions", 1.0)),
    (("generic_neutrals", 0.40), ("feelings_neutral", 0.58), ("contexts", 0.78), ("digressions", 0.90), ("suggestions", 1.0)),
    (("generic_praises", 0.50), ("feelings_positive", 0.72), ("contexts", 0.88), ("digressions", 1.0)),
)  # fmt: skip
_FAR = 0.22
_LONG, _VERY_LONG = 8, 14  # spaces of a sentence from which people interrupt themselves, and twice
_JOINT = re.compile(
    r", | (?=(?:pour|afin|sans|avec|dans|par|depuis|après|avant|chez|sur|mais|et|ou|alors|quand|car|sauf|au|aux|puis"
    r"|que|qui|comme|vers|contre|entre|pendant|malgré|jusqu'à|dès|faute|lorsque|parce|tandis|où) )|(?<![\d€]) (?=à (?!\d))"
)
_EMPTY = ("empty_negative", "empty_neutral", "empty_positive")
_TITLES = ("vague_titles_negative", "vague_titles_neutral", "vague_titles_positive")
_CONNECTORS = (
    "De plus,", "Par ailleurs,", "En outre,", "Pour couronner le tout,", "Là-dessus,", "Bref,", "Résultat,", "Et puis,",
    "Autre point :", "Je précise :", "Du reste,", "D'ailleurs,", "À côté de ça,", "Entre-temps,", "Sur ce,", "Et",
    "Je signale aussi :", "Détail :", "Au passage,", "Enfin bref,", "Pour info,", "PS :", "Bon,", "Alors voilà,",
    "Il faut savoir une chose :", "Pour la petite histoire,", "Je le dis tout net :", "Soyons précis :",
    "Ce qui est sûr :", "Je ne l'invente pas :", "C'est comme ça :", "Voilà où j'en suis :", "Et pour tout dire,",
    "À ce que j'ai vu,", "De ce que j'en sais,", "Ce jour-là,", "Et là,", "Vous me direz,", "Il y a pire :",
    "Et ce n'est pas tout :", "Je passe sur le reste :", "Je le redis,", "Comme je l'ai dit,", "Bon à savoir :",
    "Je ne suis pas seul :", "Que dire de plus ?", "Et puis c'est tout,", "Ce n'est qu'un avis :", "À part ça,",
    "Le plus beau :", "J'oubliais :", "Pour être clair,", "À bien y penser,", "Tout de même,", "Cela dit,",
)  # fmt: skip
_LINKS = (
    "Autre chose.", "J'en profite pour parler d'un autre souci.", "Deuxième sujet.", "Rien à voir, mais tant que j'y suis :",
    "Pendant que je vous tiens, un second point.", "Et ce n'est pas fini.", "Second problème :", "Par la même occasion :",
    "Dans un tout autre registre.", "Autre démarche, autre aventure.", "À part ça :", "Je passe à la suite.",
    "2e point :", "Il y a aussi ceci.", "Comme un malheur n'arrive jamais seul :", "Toujours avec vos services :",
)  # fmt: skip
_FIRST = ("complaints", "neutrals", "praises")


def random_values() -> dict[str, Callable[[Draw], str]]:
    """Functions that make the values a lexicon does not list: dates, amounts, telephone numbers kept for fiction."""

    def date(draw: Draw) -> str:
        day = 1 + int(draw() * 28)
        return f"le {'1er' if day == 1 else day} {MONTHS[int(draw() * 12)]}"

    def montant(draw: Draw) -> str:
        amount = int(math.exp(3.2 + 5.0 * draw()))
        cents = f",{int(draw() * 100):02d}" if draw() < 0.3 else ""
        return f"{amount // 1000} {amount % 1000:03d}{cents} €" if amount >= 1000 else f"{amount}{cents} €"

    def tel(draw: Draw) -> str:
        return f"01 99 00 {int(draw() * 100):02d} {int(draw() * 100):02d}"

    return {"date": date, "montant": montant, "tel": tel}


def street(draw: Draw) -> str:
    """A street any town has."""
    kind = ("rue", "avenue", "allée", "impasse", "place", "chemin")[int(draw() * 6)]
    name = ("des Lilas", "du Moulin", "Pasteur", "des Écoles", "de la Gare", "Jean Moulin", "du Lavoir", "des Acacias",
            "de Verdun", "Gambetta", "du Stade", "des Vignes")[int(draw() * 12)]  # fmt: skip
    return f"{kind} {name}"


@dataclass(frozen=True)
class Style:
    """How one person types."""

    slips: float  # share of words with a slip
    lower: bool  # no capitals, little punctuation
    plain: bool  # no accents
    joined: bool  # no apostrophes
    loud: bool  # exclamation marks and capitals
    breaks: str  # between paragraphs: ' ', newlines, or '' when tag stripping glued them


def style(draw: Draw) -> Style:
    """Draw a way of typing."""
    care = draw()
    slips = 0.0 if care < 0.28 else 0.011 if care < 0.76 else 0.038
    form = draw()
    paragraphs = draw()
    breaks = "\n" if paragraphs < 0.20 else "\n\n" if paragraphs < 0.36 else "" if paragraphs < 0.56 else " "
    return Style(
        slips=slips,
        lower=form < 0.06,
        plain=0.06 <= form < 0.10,
        joined=0.10 <= form < 0.16,
        loud=0.16 <= form < 0.24,
        breaks=breaks,
    )


class Deck:
    """Sentences of one kind, dealt without repeats within a review."""

    def __init__(self, cards: tuple[Parts, ...], draw: Draw) -> None:
        self._cards = cards
        self._at = int(draw() * len(cards)) if cards else 0
        step = 1 + int(draw() * max(len(cards) - 1, 1))
        while cards and math.gcd(step, len(cards)) != 1:
            step += 1
        self._step = step
        self.left = len(cards)

    def deal(self) -> Parts:
        """Next sentence; call only while some are `left`."""
        self.left -= 1
        card = self._cards[self._at]
        self._at = (self._at + self._step) % len(self._cards)
        return card


def length(draw: Draw, mood: int) -> float:
    """Target length of a text, in characters; satisfied people write less."""
    u = draw()
    k = min(bisect_right(_LENGTH_AT, u) - 1, len(_LENGTH) - 2)
    share = (u - _LENGTH_AT[k]) / (_LENGTH_AT[k + 1] - _LENGTH_AT[k])
    target = math.exp(_LENGTH[k] + share * (_LENGTH[k + 1] - _LENGTH[k]))
    return target * (1.08, 1.0, 0.86)[mood]


class Pen:
    """What one person writes one review with: the words there are, chance, and what the review is about."""

    def __init__(self, lexicon: Lexicon, draw: Draw, scene: Scene) -> None:
        self.lexicon = lexicon
        self.draw = draw
        self.scene = scene

    def say(self, cards: tuple[Parts, ...]) -> str:
        """One sentence of a kind."""
        return sentence(cards[int(self.draw() * len(cards))], self.draw, self.scene)

    def title(self, subject: Irritant | None, mood: int) -> str:
        """A title: of the subject when the text complains, vaguer otherwise so that it does not tell the mood wrong."""
        draw = self.draw
        if subject is not None and (mood == NEGATIVE or (mood == NEUTRAL and draw() < 0.5)) and draw() < 0.8:
            text = self.say(subject.sentences["titles"])
        else:
            text = self.say(self.lexicon.common[_TITLES[mood]])
        return text.upper() if draw() < 0.05 else text

    def body(self, subject: Irritant | None, second: Irritant | None, mood: int, how: Style) -> str:
        """The text of a review on no subject, one or two."""
        common, draw = self.lexicon.common, self.draw
        target = length(draw, mood)
        paragraphs: list[list[str]] = [[]]
        size = 0
        if draw() < 0.42:
            opening = self._broken(self.say(common["openings"]))
            paragraphs[0].append(opening)
            size += len(opening) + 1
        closing = ""
        if target > 220 and draw() < 0.45:
            closing = self.say(common["closings"])
            size += len(closing) + 1
        subjects: list[Irritant | None] = [subject] if second is None else [subject, second]
        for rank, one in enumerate(subjects):
            until = target * (0.55 if len(subjects) == 2 and rank == 0 else 1.0)
            if rank:
                link = _LINKS[int(draw() * len(_LINKS))]
                paragraphs.append([link])
                size += len(link) + 1
            size = self._fill(one, mood, (size, until), paragraphs)
        if closing:
            if how.breaks != " " and draw() < 0.7:
                paragraphs.append([])
            paragraphs[-1].append(closing)
        return how.breaks.join(typed(" ".join(p), how, draw) for p in paragraphs if p)

    def _fill(self, subject: Irritant | None, mood: int, sizes: tuple[int, float], paragraphs: list[list[str]]) -> int:
        """Add sentences on one subject, from a size to a target; returns the size reached."""
        draw = self.draw
        size, target = sizes
        decks: dict[str, Deck] = {}
        kinds = _KINDS[mood] if subject is not None else _NO_SUBJECT[mood]
        kind = _FIRST[mood] if subject is not None else _EMPTY[mood] if draw() < 0.3 else kinds[0][0]
        asked = subject is None or mood == POSITIVE or draw() < 0.45
        first = True
        while first or size + 30 < target:
            deck = decks.get(kind)
            if deck is None:
                local = subject.sentences.get(kind) if subject is not None else None
                deck = decks[kind] = Deck(local if local is not None else self.lexicon.common[kind], draw)
            if deck.left:
                text = self._broken(sentence(deck.deal(), draw, self.scene))
                if not first and draw() < 0.30:
                    text = f"{_CONNECTORS[int(draw() * len(_CONNECTORS))]} {text[0].lower()}{text[1:]}"
                if len(paragraphs[-1]) > 2 and draw() < 0.28:
                    paragraphs.append([])
                paragraphs[-1].append(text)
                size += len(text) + 1
            elif all(k in decks and not decks[k].left for k, _ in kinds):
                break
            first = False
            u = draw()
            kind = next(k for k, up_to in kinds if u < up_to)
            if not asked and size > 0.6 * target:
                kind, asked = "asks", True
        return size

    def _broken(self, text: str) -> str:
        """A sentence as it is when short; interrupted once or twice when long."""
        words = text.count(" ")
        if words >= _VERY_LONG:
            return self._interrupted(self._interrupted(text, 0.67), 0.33)
        return self._interrupted(text, 0.5) if words >= _LONG else text

    def _interrupted(self, text: str, around: float) -> str:
        """A long sentence with something slipped in `around` a share of its length: a day, an aside, a witness."""
        draw = self.draw
        middle = len(text) * (around - 0.08 + 0.16 * draw())
        places = [m.start() for m in _JOINT.finditer(text, 8, max(len(text) - 8, 8))]
        if draw() < 0.4:
            insert = ASIDES[int(draw() * len(ASIDES))]
        else:
            insert = self.say(self.lexicon.common["inserts"])
            insert = insert[:1].lower() + insert[1:]
        if not places:
            return f"{text[:-1]} ({insert}){text[-1]}"
        at = min(places, key=lambda p: abs(p - middle))
        if at < middle - _FAR * len(text):
            half = int(middle)
            text = text[:half] + _slip(text[half:], draw)
        if text[at] == ",":
            return f"{text[:at]}, {insert}{text[at:]}"
        if draw() < 0.6:
            return f"{text[:at]}, {insert},{text[at:]}"
        return f"{text[:at]} ({insert}){text[at:]}"


def typed(text: str, how: Style, draw: Draw) -> str:
    """A paragraph as this person's keyboard left it."""
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

"""What people write: a review's title and text, put together from compiled sentences.

Owns lengths, moods, registers, slips of the keyboard and the way paragraphs break. The rule it protects: a text agrees
with the sentiment its author declared and keeps to its subjects, and its length follows the real distribution.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from data.demo.lexicon import Irritant, Lexicon
from data.demo.templates import Card, Draw, Scene, sentence

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
    (("complaints", 0.43), ("details", 0.65), ("generic_complaints", 0.88), ("feelings_negative", 0.95), ("contexts", 0.97),
     ("digressions", 0.975), ("suggestions", 1.0)),
    (("neutrals", 0.32), ("details", 0.56), ("complaints", 0.66), ("generic_neutrals", 0.80), ("feelings_neutral", 0.88),
     ("contexts", 0.92), ("digressions", 0.93), ("suggestions", 1.0)),
    (("praises", 0.44), ("generic_praises", 0.74), ("feelings_positive", 0.92), ("contexts", 0.97), ("digressions", 1.0)),
)  # fmt: skip
_NO_SUBJECT = (
    (("generic_complaints", 0.48), ("feelings_negative", 0.72), ("contexts", 0.86), ("digressions", 0.91), ("suggestions", 1.0)),
    (("generic_neutrals", 0.46), ("feelings_neutral", 0.68), ("contexts", 0.83), ("digressions", 0.90), ("suggestions", 1.0)),
    (("generic_praises", 0.58), ("feelings_positive", 0.86), ("contexts", 0.95), ("digressions", 1.0)),
)  # fmt: skip
_EMPTY = ("empty_negative", "empty_neutral", "empty_positive")
_TITLES = ("vague_titles_negative", "vague_titles_neutral", "vague_titles_positive")
_CONNECTORS = (
    "De plus,", "Par ailleurs,", "En outre,", "Là-dessus,", "Et puis,", "Autre point :", "Je précise :", "D'ailleurs,",
    "À côté de ça,", "Entre-temps,", "Et", "Je signale aussi :", "Au passage,", "Enfin bref,", "Pour info,",
    "Ajoutez à cela :", "En plus,", "Pour la petite histoire,", "Soyons précis :", "Franchement,", "Honnêtement,",
    "Évidemment,", "Et là,", "Comme je l'ai dit,", "Apparemment,", "J'oubliais :", "Pour être clair,", "Cela dit,",
    "À vrai dire,", "Ensuite,", "Finalement,", "Pour finir,", "Au final,", "Bien sûr,",
)  # fmt: skip
_WORSE = (
    "Pour couronner le tout,", "Bref,", "Résultat,", "Pire,", "Forcément,", "Il y a pire :", "Et ce n'est pas tout :",
    "Je le redis,", "Je ne suis pas seul :", "Le plus beau :", "Hélas,", "Depuis,", "Maintenant,", "Et évidemment,",
)  # fmt: skip
_LINKS = (
    "Autre chose.", "J'en profite pour un autre souci.", "Deuxième sujet.", "Rien à voir, mais :", "Second point.",
    "Et ce n'est pas fini.", "Second problème :", "Par la même occasion :", "Autre démarche.", "À part ça :",
    "Je passe à la suite.", "2e point :", "Il y a aussi ceci.", "Toujours avec vos services :", "Autre sujet :",
    "Pendant que j'y suis :", "Et en plus :", "Deuxième souci :", "Sinon :", "Autre démarche, autre problème.",
)  # fmt: skip
_FIRST = ("complaints", "neutrals", "praises")
# Where a kind of sentence stands in a story: who speaks, what happened, what it does to them, what they want.
_STAGE = {"contexts": 0.5, "feelings_negative": 2.0, "feelings_neutral": 2.0, "feelings_positive": 2.0,
          "suggestions": 2.5, "asks": 3.0}  # fmt: skip


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
    slips = 0.0 if care < 0.30 else 0.006 if care < 0.76 else 0.02
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
    """A sentence, or its short form, or None, as often as each is said."""
    if card.chance >= 1.0 or draw() < card.chance:
        return card
    return said(card.short, draw) if card.short is not None else None


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

    def say(self, cards: tuple[Card, ...]) -> str:
        """One sentence of a kind."""
        draw = self.draw
        for _ in range(3):
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
            text = self.say(self.lexicon.common[_TITLES[mood]])
        return text.upper() if draw() < 0.05 else text

    def body(self, subject: Irritant | None, second: Irritant | None, mood: int, how: Style) -> str:
        """The text of a review on no subject, one or two."""
        common, draw = self.lexicon.common, self.draw
        target = length(draw, mood)
        paragraphs: list[list[str]] = [[]]
        size = 0
        if draw() < 0.42:
            opening = self.say(common["openings"])
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
        """Add sentences on one subject, from a size to a target, in the order of a story; returns the size reached."""
        draw = self.draw
        size, target = sizes
        decks: dict[str, Deck] = {}
        kinds = _KINDS[mood] if subject is not None else _NO_SUBJECT[mood]
        kind = _FIRST[mood] if subject is not None else _EMPTY[mood] if draw() < 0.3 else kinds[0][0]
        asked = subject is None or mood == POSITIVE or draw() < 0.45
        told: list[tuple[float, str]] = []
        while not told or size + 30 < target:
            deck = decks.get(kind)
            if deck is None:
                local = subject.sentences.get(kind) if subject is not None else None
                deck = decks[kind] = Deck(local if local is not None else self.lexicon.common[kind], draw)
            card = deck.deal()
            if card is not None:
                text = sentence(card, draw, self.scene)
                size += len(text) + 1
                told.append((_STAGE.get(kind, 1.0) + (0.4 * draw() if told else 0.0), text))
                if kind == "digressions":
                    deck.left = 0
            elif all(k in decks and not decks[k].left for k, _ in kinds):
                break
            u = draw()
            kind = next(k for k, up_to in kinds if u < up_to)
            if not asked and size > 0.6 * target:
                kind, asked = "asks", True
        told.sort(key=lambda pair: pair[0])
        links = _CONNECTORS + _WORSE if mood == NEGATIVE else _CONNECTORS
        for rank, (stage, text) in enumerate(told):
            linked = rank > 0 and 1.0 <= stage < 2.0 and draw() < 0.33
            if len(paragraphs[-1]) > 2 and draw() < 0.28:
                paragraphs.append([])
            link = f"{links[int(draw() * len(links))]} " if linked else ""
            paragraphs[-1].append(f"{link}{text[0].lower()}{text[1:]}" if link else text)
        return size


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

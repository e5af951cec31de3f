"""What institutions answer, in the portal's manner: paragraphs glued by tag stripping, a signature, sometimes a fiche.

The rule it protects: a reply answers the subject of its review, and the canned non-reply is nobody's answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from data.demo.lexicon import Irritant
from data.demo.prose import NEGATIVE, POSITIVE, Deck, Pen
from data.demo.templates import sentence

_EMPATHY = ("replies.empathy_negative", "replies.empathy_neutral", "replies.empathy_positive")
_OWN = re.compile(r"\b([mM])(on|a|es)\b(?= [a-zà-ÿ])")


def canned(pen: Pen) -> str:
    """DITP's non-reply: the institution is not on the platform yet."""
    return pen.say(pen.lexicon.common["replies.canned"])


def reply(
    pen: Pen, subject: Irritant | None, mood: int, *, name: str, drafted: bool, links: Mapping[str, tuple[str, str]]
) -> str:
    """A public reply. `links` gives the title and address of a fiche by slug; drafted replies cite one more often."""
    common, draw = pen.lexicon.common, pen.draw
    glue = draw()
    gap = "" if glue < 0.45 else "\n\n" if glue < 0.70 else "\n" if glue < 0.90 else "&nbsp;"
    paragraphs = [f"Bonjour {name}," if name != "Anonyme" and draw() < 0.75 else pen.say(common["replies.greetings"])]
    first = pen.say(common["replies.thanks"])
    if draw() < 0.85:
        first += " " + pen.say(common[_EMPATHY[mood]])
    paragraphs.append(first)
    if subject is not None and (mood != POSITIVE or draw() < 0.3):
        deck = Deck(subject.sentences["answers"], draw)
        count = 2 + int(draw() * 3) + (1 if drafted else 0)
        cards = [card for card in (deck.deal() for _ in range(count)) if card is not None]
        paragraphs.append(" ".join(_addressed(sentence(card, draw, pen.scene)) for card in cards))
    if mood != POSITIVE and draw() < 0.5:
        paragraphs.append(_addressed(pen.say(common["replies.steps"])))
    if subject is not None and mood != POSITIVE and draw() < (0.5 if drafted else 0.2):
        title, url = links[subject.fiches[int(draw() * len(subject.fiches))]]
        paragraphs.append(f"La fiche « {title} » détaille la démarche : {url}")
    if draw() < 0.25:
        paragraphs.append(_addressed(pen.say(common["replies.contacts"])))
    if mood == NEGATIVE and draw() < 0.4:
        paragraphs.append(pen.say(common["replies.apologies"]))
    paragraphs.append(pen.say(common["replies.closings"]))
    if draw() < 0.7:
        paragraphs.append(pen.say(common["replies.signatures"]))
    return gap.join(paragraphs)


def _addressed(text: str) -> str:
    """What the author calls mine is yours in the reply."""
    return _OWN.sub(lambda m: ("V" if m[1] == "M" else "v") + ("os" if m[2] == "es" else "otre"), text)

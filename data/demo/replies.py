"""What institutions answer, in the portal's manner: paragraphs glued by tag stripping, a signature, sometimes a fiche.

The rule it protects: a reply answers the subject of its review, and the canned non-reply is nobody's answer.
"""

from __future__ import annotations

from collections.abc import Mapping

from data.demo.lexicon import Irritant, Lexicon
from data.demo.prose import NEGATIVE, POSITIVE, Deck
from data.demo.templates import Draw, Scene, sentence

def canned(lexicon: Lexicon, draw: Draw, scene: Scene) -> str:
    """DITP's non-reply: the institution is not on the platform yet."""
    cards = lexicon.common["reply_canned"]
    return sentence(cards[int(draw() * len(cards))], draw, scene)


def reply(
    lexicon: Lexicon,
    subject: Irritant | None,
    mood: int,
    name: str,
    drafted: bool,
    links: Mapping[str, tuple[str, str]],
    draw: Draw,
    scene: Scene,
) -> str:
    """A public reply. `links` gives the title and address of a fiche by slug; drafted replies cite one more often."""
    common = lexicon.common
    glue = draw()
    gap = "" if glue < 0.45 else "\n\n" if glue < 0.70 else "\n" if glue < 0.90 else "&nbsp;"

    def one(kind: str) -> str:
        cards = common[kind]
        return sentence(cards[int(draw() * len(cards))], draw, scene)

    paragraphs = [f"Bonjour {name}," if draw() < 0.7 else one("reply_greetings")]
    first = one("reply_thanks")
    if draw() < 0.85:
        first += " " + one(("reply_empathy_negative", "reply_empathy_neutral", "reply_empathy_positive")[mood])
    paragraphs.append(first)
    if subject is not None and (mood != POSITIVE or draw() < 0.3):
        deck = Deck(subject.sentences["answers"], draw)
        count = 2 + int(draw() * 3) + (1 if drafted else 0)
        answers = [sentence(deck.deal(), draw, scene) for _ in range(min(count, deck.left))]
        paragraphs.append(" ".join(answers))
    if mood != POSITIVE and draw() < 0.5:
        paragraphs.append(one("reply_steps"))
    if subject is not None and mood != POSITIVE and draw() < (0.5 if drafted else 0.2):
        title, url = links[subject.fiches[int(draw() * len(subject.fiches))]]
        paragraphs.append(f"La fiche « {title} » détaille la démarche : {url}")
    if draw() < 0.25:
        paragraphs.append(one("reply_contacts"))
    if mood == NEGATIVE and draw() < 0.4:
        paragraphs.append(one("reply_apologies"))
    paragraphs.append(one("reply_closings"))
    if draw() < 0.7:
        paragraphs.append(one("reply_signatures"))
    return gap.join(paragraphs)

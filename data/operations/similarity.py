"""How much of a draft is left in a reply, on the scale the portal publishes.

`similarity` is 0-100, 100 = sent as proposed, as in the portal's « Taux de similarité réponse IA ». The portal says
what the figure is, not how it computes it; the measure here is the usual one: normalised Indel similarity, 100 × 2M ⁄ T
where M is the length of the longest common subsequence of characters and T the length of both texts (rapidfuzz's
`ratio`). Texts are compared as a reader sees them: Unicode NFC, runs of white space as one space, ends trimmed; case,
accents and punctuation count.
"""

from __future__ import annotations

import unicodedata

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein


def similarity(draft: str, sent: str) -> float:
    """Similarity of the text sent to the draft, 0-100, rounded to a tenth. Two empty texts are alike."""
    return round(fuzz.ratio(_read(draft), _read(sent)), 1)


def characters_changed(draft: str, sent: str) -> int:
    """Fewest characters to add, remove or replace to go from the draft to the text sent (Levenshtein, 1966)."""
    return int(Levenshtein.distance(_read(draft), _read(sent)))


def as_proposed(draft: str, sent: str) -> bool:
    """Whether the draft was sent untouched, white space apart."""
    return _read(draft) == _read(sent)


def _read(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())

"""Reviews about a few plain subjects, for the topic model: enough shared words to learn from, no two texts alike."""

from __future__ import annotations

import numpy as np

THEMES = {
    "passeport": (
        ("passeport", "mairie", "empreintes", "photo", "renouvellement", "consulat", "voyage", "timbre", "identité"),
        "Renouvellement de passeport",
    ),
    "logement": (
        ("logement", "loyer", "bailleur", "allocation", "caution", "quittance", "aide", "locataire", "appartement"),
        "Aide au logement refusée",
    ),
    "impôts": (
        ("impôt", "déclaration", "revenus", "taxe", "prélèvement", "fiscal", "avis", "abattement", "foyer"),
        "Déclaration de revenus bloquée",
    ),
    "retraite": (
        ("retraite", "trimestres", "carrière", "pension", "relevé", "caisse", "cotisations", "départ", "réversion"),
        "Relevé de carrière incomplet",
    ),
}
FILLERS = ("Je reste sans nouvelle de {}.", "On me parle de {} puis de {}.", "Mon {} est perdu.", "Il manque {} et {}.")


def corpus(n: int, seed: int = 0) -> tuple[list[str], list[int]]:
    """`n` reviews (a title line, then sentences) and the number of the theme of each."""
    random = np.random.default_rng(seed)
    texts, themes = [], []
    for _ in range(n):
        theme = int(random.integers(len(THEMES)))
        words, title = list(THEMES.values())[theme]
        sentences = []
        for _ in range(4):
            pattern = str(random.choice(FILLERS))
            sentences.append(pattern.format(*random.choice(words, pattern.count("{}"), replace=False)))
        texts.append(title + "\n" + " ".join(sentences))
        themes.append(theme)
    return texts, themes

"""The embedded drafter: no file to install, a courteous reply assembled from what was retrieved, in milliseconds.

It chooses whole sentences of past well-rated replies that speak in general terms, and of official fiches, and sets them
between a greeting, an acknowledgement that fits the declared sentiment and a closing. The rules it protects: it executes
nothing (a review's instructions are only words to compare); it copies no sentence that may tell a past case, a name, a date
or a file number; each figure or address it writes comes, word for word, from a source.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from generation import text
from generation.models.base import Run
from generation.prompt import Prompt
from generation.results import Source

_THANKS = {
    "Positif": (
        "Nous vous remercions d’avoir pris le temps de partager cette expérience positive.",
        "Merci d’avoir pris le temps de nous faire part de votre satisfaction.",
        "Nous vous remercions chaleureusement pour votre témoignage.",
    ),
    "Négatif": (
        "Nous vous remercions d’avoir partagé votre expérience et regrettons les difficultés que vous décrivez.",
        "Merci d’avoir pris le temps de nous écrire ; nous sommes désolés de lire les difficultés que vous rencontrez.",
        "Nous vous remercions pour votre témoignage et regrettons sincèrement que cette démarche se passe ainsi.",
    ),
    "Neutre": (
        "Nous vous remercions d’avoir pris le temps de partager votre expérience.",
        "Merci pour votre témoignage, que nous avons lu avec attention.",
        "Nous vous remercions de nous avoir fait part de votre situation.",
    ),
}
_PRAISE = (
    "Votre message est un encouragement pour les agents qui vous ont accompagné.",
    "Un tel retour est précieux pour les équipes qui accueillent et conseillent les usagers chaque jour.",
)
# What the review complains of (folded text) and the sentence that shows it was understood. The first that holds serves.
_THEMES = (
    (
        r"desagreable|mepris|impoli|irrespect|agressi|hautain|mal re[cç]u|mal accueilli|incorrect|comportement",
        "Nous regrettons que vous n’ayez pas trouvé auprès de vos interlocuteurs l’écoute que vous attendiez.",
    ),
    (
        r"injoignable|ne repond|raccroch|plateforme telephonique|standard|personne au (?:bout|telephone)|impossible de (?:joindre|avoir)|jamais au telephone",
        "Nous comprenons la lassitude que peut causer la difficulté à joindre un interlocuteur.",
    ),
    (
        r"mot de passe|connexion|me connecter|identifiant|bug|message d'erreur|plante|site (?:ne|est)|en ligne|franceconnect|dematerialis",
        "Nous mesurons combien une démarche en ligne qui n’aboutit pas peut être décourageante.",
    ),
    (
        r"\battend|attente|delai|toujours (?:pas|rien|en cours)|retard|depuis \w+ (?:mois|semaines|ans)|sans reponse|aucune reponse|relanc",
        "Nous comprenons que l’attente que vous décrivez soit difficile à vivre.",
    ),
    (
        r"rembours|trop[- ]?percu|indu\b|paiement|prelev|versement|verse|somme|facture|amende",
        "Nous comprenons l’inquiétude que cette situation peut causer.",
    ),
    (
        r"compliqu|complexe|document|piece|papier|justificatif|parcours du combattant|labyrinthe|incomprehensible",
        "Nous comprenons que le nombre d’étapes et de pièces demandées puisse sembler lourd.",
    ),
)
_COMPLAINT = re.compile("|".join(pattern for pattern, _ in _THEMES))
_PUBLIC_SPACE = "Cet espace étant public et les avis anonymes, votre dossier personnel ne peut pas y être examiné."
_LEADS = (
    "Pour avancer dans votre démarche, voici ce qui peut vous être utile.",
    "Voici les informations qui peuvent vous aider.",
    "Quelques indications peuvent vous être utiles.",
)
_CLOSINGS = (
    "Nous vous remercions de votre confiance.",
    "Nous espérons que ces informations vous seront utiles.",
    "Nous vous remercions d’aider à faire progresser les services publics.",
)

# A sentence that tells a past case, promises, or speaks for someone else must not be copied (folded text).
_CASE = re.compile(
    r"\b(?:nous|j)[ ']?(?:avons|ai|allons|vais|reviendrons|vous (?:rappellerons|contacterons|adresserons))\b|\bnous (?:ne )?(?:vous )?\w+(?:erons|irons|drons)\b"
    r"|\b(?:a|ont|avait|avaient) ete\b|\bvous avez (?!la possibilite|le droit|droit|besoin|acces|egalement la possibilite|toujours la possibilite|aussi la possibilite)"
    r"|\bvous (?:nous )?(?:precisez|indiquez|evoquez|signalez|decrivez|mentionnez|dites|expliquez|etiez|aviez|soulignez|etes (?:dans|en attente|bloque|toujours))"
    r"|\bvotre (?:fils|fille|enfant|mari|femme|conjoint|epou\w+|mere|pere|compagn\w+|collegue|ami\w*|belle-\w+|beau-\w+|neveu|niece|frere|s.ur)\b"
    r"|\b(?:dans votre cas|apres verification|bien recu|a la lecture|a ce jour|actuellement|votre demande (?:du|est|a)|votre dossier (?:du|est|a|semble|fait|sera)|ci-joint|ci-dessous|cliquant|cliquez ici|le cas evoque|votre message|votre courrier|votre interlocut)"
    r"|\b(?:monsieur|madame|mme|mlle) [a-z]|^(?:bonjour|bonsoir|cher|chere|madame|monsieur|cordialement|bien cordialement|bien a vous|sinceres|respectueusement)\b"
    r"|\b(?:desole|navre|regrett|excus|remerci|merci|temoignage|comprenons|compren[ds]\b|sensible|satisfait|ravi|souhaitons|esper(?:ons|ant)|restons|confiance|prenons acte|conscient|felicit)"
    r"|\b(?:voxusagers|je donne mon avis|services? publics? ?\+|plateforme|equipe)"
)
_ADVICE = re.compile(
    r"\b(?:pouvez|invitons|conseill\w+|recommand\w+|possible de|possibilite|suffit|consult\w+|contact\w+|adress\w+|rendre|rendez-vous|deposer|saisir|"
    r"reclamation|mediat\w+|conciliat\w+|demarche|formulaire|en ligne|rubrique|espace|messagerie|site|numero|telephone|signaler|justificatif\w*|"
    r"piece\w*|demande|delai|transmettre|envoyer|fournir|joindre|verifier|n'hesitez)\b"
)
_DANGLING = re.compile(r"^(?:il|elle|ils|elles|ce|cette|cet|ces|celui|celle|ceci|cela|en effet|toutefois|cependant|par ailleurs|de plus|ainsi|donc|mais|or|sinon|dans ce cas|au final|en outre|et|ou|si c'est|lequel|laquelle|y|en)\b")
_DIGIT = re.compile(r"\d")
_CAPITAL = re.compile(r"(?<=[\s'’(«])[A-ZÀ-Ý][A-Za-zÀ-ÿœ-]+")


@dataclass(frozen=True)
class _Choice:
    """A sentence worth quoting, where it comes from and how near it is to the review."""

    sentence: str
    source: Source
    score: float


class Extractive:
    """Assembles a reply from sentences of the sources. Stateless: one instance may serve every thread."""

    id = "extractive-1"
    sha256 = ""
    context = 32_000

    def count(self, text: str) -> int:
        """Tokens, as characters over four: nothing is sent to a model, the budget only has to be there."""
        return len(text) // 4

    def stream(self, prompt: Prompt, run: Run) -> Iterator[str]:
        """The reply, a sentence at a time. The same prompt and seed give the same reply."""
        run.prompt_tokens = sum(self.count(message["content"]) for message in prompt.messages)
        for piece in _pieces(prompt, random.Random(run.seed)):
            if run.stop.is_set():
                run.finish = "cancelled"
                return
            run.reply_tokens += self.count(piece) + 1
            yield piece
        run.finish = "stop"

    def close(self) -> None:
        """Nothing is held."""


def _pieces(prompt: Prompt, chance: random.Random) -> Iterator[str]:
    sentiment = prompt.sentiment if prompt.sentiment in _THANKS else "Neutre"
    folded = text.fold(prompt.review)
    praised = sentiment == "Positif" and not _COMPLAINT.search(folded)
    yield "Bonjour,\n\n"
    yield chance.choice(_THANKS[sentiment])
    if praised:
        yield " " + chance.choice(_PRAISE)
    elif sentiment != "Positif" and (understood := _understood(folded)):
        yield " " + understood
    advice = [] if praised else _from_replies(prompt)
    quotes = [] if praised else _from_fiches(prompt)
    if not praised:
        yield "\n\n"
        if sentiment == "Négatif":
            yield _PUBLIC_SPACE + " "
        if advice or quotes:
            yield chance.choice(_LEADS)
    for choice in advice:
        yield " " + choice.sentence
    for title, url, chosen in quotes:
        yield f"\n\nD’après la fiche officielle « {title} » : " + " ".join(chosen)
        if url:
            yield f"\nLien : {url}"
    if not praised and (turn := _where_to_turn(prompt, advice)):
        yield ("\n\n" if advice or quotes else "") + turn
    yield "\n\n" + chance.choice(_CLOSINGS)
    yield f"\n\nBien cordialement,\n{prompt.institution.name if prompt.institution else 'Le service concerné'}"


def _understood(folded: str) -> str:
    """The sentence that fits the theme named most often; '' when none is named."""
    counted = [(len(re.findall(pattern, folded)), -place, sentence) for place, (pattern, sentence) in enumerate(_THEMES)]
    best = max(counted)
    return best[2] if best[0] else ""


def _nearness(prompt: Prompt, wanted: set[str], sentence: str) -> tuple[float, int]:
    """Weight of the terms shared with the review, tempered by length, and how many are shared."""
    own = set(text.terms(sentence))
    shared = own & wanted
    return sum(prompt.weight(term) for term in shared) / (len(own) + 4) ** 0.5, len(shared)


def _from_replies(prompt: Prompt) -> list[_Choice]:
    """At most three general sentences of advice, from replies of the same institution or of its kind."""
    wanted = set(text.query_terms(prompt.review))
    choices: list[_Choice] = []
    for source in prompt.sources:
        if source.kind != "reply" or source.verdict == "pas utile":
            continue
        for sentence in text.sentences(source.text):
            if not _general(sentence.text, source, prompt):
                continue
            near, shared = _nearness(prompt, wanted, sentence.text)
            if shared or source.same_structure:
                trust = 1.5 if source.same_structure else 1.0
                trust *= 1.2 if source.verdict == "utile" else 1.0
                choices.append(_Choice(sentence.text, source, (near + 0.5) * trust * (0.5 + source.score)))
    return _distinct(choices, 3)


def _general(sentence: str, source: Source, prompt: Prompt) -> bool:
    """Whether a sentence of a past reply can be said to anyone: no case, no name, no date, no figure of unknown origin."""
    folded = text.fold(sentence)
    if not 40 <= len(sentence) <= 320 or sentence[-1] not in ".!" or _CASE.search(folded) or _DANGLING.match(folded):
        return False
    if not _ADVICE.search(folded):
        return False
    rest = sentence
    for fact in reversed(text.contacts(sentence)):
        if not source.same_structure and fact.kind != "link":
            return False  # another institution's phone or mailbox
        rest = rest[: fact.start] + rest[fact.end :]
    if _DIGIT.search(rest):
        return False
    own_name = set(text.terms(prompt.institution.name)) if prompt.institution else set()
    others = set(text.terms(source.structure)) - own_name
    if not source.same_structure and others & set(text.terms(sentence)):
        return False  # names the institution that wrote it
    return all(prompt.knows(word) or set(text.terms(word)) <= own_name for word in _CAPITAL.findall(rest))


def _from_fiches(prompt: Prompt) -> list[tuple[str, str, list[str]]]:
    """(title, address, sentences) of at most two fiches that speak of the review's subject, three sentences in all."""
    wanted = set(text.query_terms(prompt.review))
    by_fiche: dict[str, list[_Choice]] = {}
    for source in prompt.sources:
        if source.kind != "fiche":
            continue
        titled, about = _nearness(prompt, wanted, f"{source.title} {source.heading}")
        for place, sentence in enumerate(text.sentences(source.text)):
            folded = text.fold(sentence.text)
            if not 40 <= len(sentence.text) <= 320 or sentence.text[-1] not in ".!" or _DANGLING.match(folded):
                continue
            near, shared = _nearness(prompt, wanted, sentence.text)
            if shared >= (2 if about else 3):
                score = (near + 0.5 * titled) * (0.5 + source.score) - 0.01 * place
                by_fiche.setdefault(source.id, []).append(_Choice(sentence.text, source, score))
    ranked = sorted(by_fiche.values(), key=lambda choices: -max(choice.score for choice in choices))[:2]
    quotes = []
    for choices, most in zip(ranked, (2, 1), strict=False):
        best = _distinct(choices, most)
        quotes.append((best[0].source.title, best[0].source.url, [choice.sentence for choice in best]))
    return quotes


def _distinct(choices: list[_Choice], most: int) -> list[_Choice]:
    """The best choices that do not repeat one another."""
    kept: list[_Choice] = []
    for choice in sorted(choices, key=lambda choice: -choice.score):
        own = set(text.terms(choice.sentence))
        if all(len(own & set(text.terms(other.sentence))) <= 0.5 * len(own) for other in kept):
            kept.append(choice)
        if len(kept) == most:
            break
    return kept


def _where_to_turn(prompt: Prompt, advice: list[_Choice]) -> str:
    """One sentence on whom to contact, from the institution's record; '' when the advice already gives a contact."""
    if prompt.institution is None or any(text.contacts(choice.sentence) for choice in advice):
        return ""
    institution = prompt.institution
    if institution.website:
        return f"Pour un suivi personnalisé, vous pouvez vous adresser à {institution.name} : {institution.website}"
    if institution.address:
        return f"Pour un suivi personnalisé, vous pouvez vous adresser à {institution.name}, {institution.address}."
    return f"Pour un suivi personnalisé, vous pouvez vous adresser directement à {institution.name}."

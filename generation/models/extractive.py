"""The embedded drafter: no file to install, a courteous reply assembled from what was retrieved, in milliseconds.

It chooses whole sentences of past well-rated replies that speak in general terms, and of official fiches, and sets
them between a greeting, an acknowledgement that fits the declared sentiment and a closing. The rules it protects: it
executes nothing (a review's instructions are only words to compare); it copies no sentence that may tell a past
case, a name, a date or a file number; each figure or address it writes comes, word for word, from a source.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from generation import checks, text
from generation.models.base import Run
from generation.prompt import Prompt
from generation.results import Source

NEAR_ENOUGH = 0.12  # likeness of a fiche and the review under which the fiche speaks of something else
NEARER = 0.18  # likeness a fiche needs when its title shares no word with the review
SECOND = 0.75  # a second fiche must be nearly as near as the first
POINTED = 0.075  # likeness from which a fiche is pointed to, though no sentence of it is worth quoting…
TELLING = 0.45  # … when what it is about shares with the review a word this rare, of the rarest

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
        r"injoignable|ne repond|raccroch|plateforme telephonique|standard|personne au (?:bout|telephone)"
        r"|impossible de (?:joindre|avoir)|jamais au telephone",
        "Nous comprenons la lassitude que peut causer la difficulté à joindre un interlocuteur.",
    ),
    (
        r"mot de passe|connexion|me connecter|identifiant|bug|message d'erreur|plante|site (?:ne|est)|en ligne"
        r"|franceconnect|dematerialis",
        "Nous mesurons combien une démarche en ligne qui n’aboutit pas peut être décourageante.",
    ),
    (
        r"\battend|attente|delai|toujours (?:pas|rien|en cours)|retard|depuis \w+ (?:mois|semaines|ans)|sans reponse"
        r"|aucune reponse|relanc",
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
    "Nous vous remercions d’aider à faire progresser les services publics.",
)
_HELPFUL = (*_CLOSINGS, "Nous espérons que ces informations vous seront utiles.")

# A sentence that tells a past case, promises, or speaks for someone else must not be copied (folded text).
_CASE = re.compile(
    r"\b(?:nous|j)[ ']?(?:avons|ai|allons|vais|reviendrons|vous (?:rappellerons|contacterons|adresserons))\b"
    r"|\bnous (?:ne )?(?:vous )?\w+(?:erons|irons|drons)\b"
    r"|\b(?:a|ont|avait|avaient) ete\b|\bvous avez (?!la possibilite|le droit|droit|besoin|acces"
    r"|egalement la possibilite|toujours la possibilite|aussi la possibilite)"
    r"|\bvous (?:nous )?(?:precisez|indiquez|evoquez|signalez|decrivez|mentionnez|dites|expliquez|etiez|aviez"
    r"|soulignez|etes (?:dans|en attente|bloque|toujours))"
    r"|\bvotre (?:fils|fille|enfant|mari|femme|conjoint|epou\w+|mere|pere|compagn\w+|collegue|ami\w*|belle-\w+"
    r"|beau-\w+|neveu|niece|frere|s.ur)\b"
    r"|\b(?:dans votre cas|en cours|s'agissant|nous ne pouvons|nos services peuvent|concernant la|apres verification"
    r"|bien recu|a la lecture|a ce jour|actuellement|votre demande (?:du|est|a)|votre dossier (?:du|est|a|semble"
    r"|fait|sera)|ci-joint|ci-dessous|cliquant|cliquez ici|le cas evoque|votre message|votre courrier|votre interlocut)"
    r"|\b(?:monsieur|madame|mme|mlle) [a-z]|^(?:bonjour|bonsoir|cher|chere|madame|monsieur|cordialement"
    r"|bien cordialement|bien a vous|sinceres|respectueusement)\b"
    r"|\b(?:desole|navre|regrett|excus|remerci|merci|temoignage|comprenons|compren[ds]\b|sensible|satisfait|ravi"
    r"|souhaitons|esper(?:ons|ant)|restons|confiance|prenons acte|conscient|felicit)"
    r"|\b(?:voxusagers|je donne mon avis|services? publics? ?\+|plateforme|equipe)|^votre \w+ (?:est|a|de|vous|nous"
    r"|permet)\b"
    r"|\b(?:prendra|mettra|assurera|fera|sera|seront|pourra|recevrez|ainsi|ensuite|ses|leurs?|celui-ci|celle-ci"
    r"|ceux-ci)\b"
)
_ADVICE = re.compile(
    r"\b(?:(?:vous )?(?:pouvez|pourrez|devez) (?!pas)|vous (?:invitons|conseill\w+|recommand\w+|suggerons)"
    r"|possible de|(?:avez|possibilite) (?:la possibilite )?de|"
    r"il (?:suffit|convient|faut)|n'hesitez|(?:consultez|contactez|adressez|rendez-vous|connectez-vous|joignez"
    r"|deposez|saisissez|verifiez|signalez|munissez)\b|"
    r"(?:vous trouverez|disponibles?|accessible|joignable)s?)"
)
_DANGLING = re.compile(
    r"^(?:il|elle|ils|elles|ce|cette|cet|ces|celui|celle|ceci|cela|en effet|toutefois|cependant|par ailleurs|de plus"
    r"|ainsi|donc|mais|or|sinon|dans ce cas|au final|en outre|et|ou|si c'est|lequel|laquelle|y|en)\b"
)
_WHOLE = re.compile(r"[A-ZÀ-Ý«].*[.!]", re.S)  # a whole sentence, not an item of a list
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
    patience: int | None = None

    def count(self, text: str) -> int:
        """Tokens, as characters over four: nothing is sent to a model, the budget only has to be there."""
        return len(text) // 4

    def stream(self, prompt: Prompt, run: Run) -> Iterator[str]:
        """The reply, a sentence at a time. The same prompt and seed give the same reply."""
        run.prompt_tokens = sum(self.count(message["content"]) for message in prompt.messages)
        for piece in _pieces(prompt, random.Random(f"{run.seed} {prompt.review}")):
            if run.stop.is_set():
                run.finish = "cancelled"
                return
            run.reply_tokens += self.count(piece) + 1
            yield piece
        run.finish = "stop"

    def close(self) -> None:
        """Nothing is held."""


def _pieces(prompt: Prompt, chance: random.Random) -> Iterator[str]:
    """The reply's sentences with the spaces and blank lines that go before each."""
    for number, paragraph in enumerate(_paragraphs(prompt, chance)):
        for place, sentence in enumerate(paragraph):
            yield ("" if not number else "\n\n") + sentence if not place else " " + sentence


def _paragraphs(prompt: Prompt, chance: random.Random) -> Iterator[list[str]]:
    sentiment = prompt.sentiment if prompt.sentiment in _THANKS else "Neutre"
    folded = text.fold(prompt.review)
    praised = sentiment == "Positif" and not _COMPLAINT.search(folded)
    yield ["Bonjour,"]
    opening = [chance.choice(_THANKS[sentiment])]
    if praised:
        yield [*opening, chance.choice(_PRAISE)]
        yield [chance.choice(_CLOSINGS)]
    else:
        if sentiment != "Positif" and (understood := _understood(folded)):
            opening.append(understood)
        yield opening
        advice, quotes = _from_replies(prompt), _from_fiches(prompt)
        body = [_PUBLIC_SPACE] if sentiment == "Négatif" else []
        if advice:
            body += [chance.choice(_LEADS), *(choice.sentence for choice in advice)]
        if body:
            yield body
        for title, url, chosen in quotes:
            quote = [f"D’après la fiche officielle « {title} » : {chosen[0]}", *chosen[1:]]
            if url:
                quote[-1] += f"\nLien : {url}"
            yield quote
        if not quotes and (fiche := _pointed_to(prompt)):
            yield [f"La fiche officielle « {fiche.title} » peut vous éclairer.\nLien : {fiche.url}"]
        if turn := _where_to_turn(prompt, advice):
            yield [turn]
        yield [chance.choice(_HELPFUL if advice or quotes else _CLOSINGS)]
    yield [f"Bien cordialement,\n{prompt.institution.name if prompt.institution else 'Le service concerné'}"]


def _understood(folded: str) -> str:
    """The sentence that fits the theme named most often; '' when none is named."""
    counted = [
        (len(re.findall(pattern, folded)), -place, sentence) for place, (pattern, sentence) in enumerate(_THEMES)
    ]
    best = max(counted)
    return best[2] if best[0] else ""


def _wanted(prompt: Prompt) -> set[str]:
    """Words to look for: the review's, and those that several replies to its like share."""
    answered = Counter(
        term for source in prompt.sources if source.kind == "reply" for term in set(text.terms(source.text))
    )
    return set(text.query_terms(prompt.review)) | {term for term, count in answered.items() if count >= 2}


def _nearness(prompt: Prompt, wanted: set[str], sentence: str) -> tuple[float, int]:
    """Weight of the terms shared with the review, tempered by length, and how many are shared."""
    own = set(text.terms(sentence))
    shared = own & wanted
    return sum(prompt.weight(term) for term in shared) / (len(own) + 4) ** 0.5, len(shared)


def _from_replies(prompt: Prompt) -> list[_Choice]:
    """At most three general sentences of advice, from replies of the same institution or of its kind."""
    wanted = _wanted(prompt)
    choices: list[_Choice] = []
    for source in prompt.sources:
        if source.kind != "reply" or not source.same_kind or source.verdict == "pas utile":
            continue
        for sentence in text.sentences(source.text):
            if not _general(sentence.text, source, prompt):
                continue
            near, shared = _nearness(prompt, wanted, sentence.text)
            if shared >= (1 if source.same_structure else 2):
                trust = 1.5 if source.same_structure else 1.0
                trust *= 1.2 if source.verdict == "utile" else 1.0
                choices.append(_Choice(sentence.text, source, (near + 0.5) * trust * (0.5 + source.score)))
    return _distinct(choices, 3)


def _general(sentence: str, source: Source, prompt: Prompt) -> bool:
    """Whether a sentence of a past reply can be said to anyone: no case, name, date or figure of unknown origin."""
    folded = text.fold(sentence)
    if (
        not 40 <= len(sentence) <= 320
        or not _WHOLE.fullmatch(sentence)
        or _CASE.search(folded)
        or _DANGLING.match(folded)
    ):
        return False
    if not _ADVICE.search(folded) or checks.wordings(sentence):
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
    wanted = _wanted(prompt)
    nearest = max((source.near for source in prompt.sources if source.kind == "fiche"), default=0.0)
    by_fiche: dict[str, list[_Choice]] = {}
    for source in prompt.sources:
        if source.kind != "fiche" or source.near < NEAR_ENOUGH:
            continue
        titled, about = _nearness(prompt, wanted, f"{source.title} {source.heading}")
        if source.near < max(SECOND * nearest, 0.0 if about else NEARER):
            continue
        for place, sentence in enumerate(text.sentences(source.text)):
            folded = text.fold(sentence.text)
            if not 40 <= len(sentence.text) <= 320 or not _WHOLE.fullmatch(sentence.text) or _DANGLING.match(folded):
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


def _pointed_to(prompt: Prompt) -> Source | None:
    """The nearest fiche, when it is about the review's subject though no sentence of it answers; else None."""
    own = set(text.query_terms(prompt.review))
    rare = TELLING * prompt.weight("")  # no term is rarer than one that is not served
    first = next((source for source in prompt.sources if source.kind == "fiche"), None)
    if first is None or not first.url or first.near < POINTED:
        return None
    about = own.intersection(text.terms(f"{first.title} {first.heading}"))
    return first if any(prompt.weight(term) >= rare for term in about) else None


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
    where = institution.website or institution.address
    place = f" ({where})" if where else ""
    return f"Pour un suivi personnalisé, adressez-vous à votre interlocuteur habituel : {institution.name}{place}."

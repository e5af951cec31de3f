"""Emergency and distress cues: reviews no machine may answer, and whom the person can call now.

Plain rules, readable by the people who answer for them. The rule they protect: a person who speaks of ending their
life, of violence or of a child in danger is read by a human first. Figures of speech ("un suicide administratif",
"maltraitance institutionnelle") are named one by one, and raise nothing by themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from generation.results import Contact, Escalation
from generation.text import fold

SUICIDE_LINE = Contact("3114", "numéro national de prévention du suicide", "gratuit, 24 h/24 et 7 j/7")
WOMEN_LINE = Contact("3919", "Violences Femmes Info", "gratuit et anonyme, 24 h/24 et 7 j/7")
CHILD_LINE = Contact("119", "Allô enfance en danger", "gratuit, 24 h/24 et 7 j/7")
ELDER_LINE = Contact("3977", "contre les maltraitances envers les personnes âgées ou handicapées", "tous les jours")
POLICE = Contact("17", "police ou gendarmerie, danger immédiat", "24 h/24")
EUROPE = Contact("112", "numéro d’urgence européen (114 par SMS)", "24 h/24")
SAMU = Contact("15", "SAMU, urgence médicale", "24 h/24")


@dataclass(frozen=True)
class _Rule:
    """Cues of one danger, what makes them a figure of speech, and whom to call."""

    reason: str
    cues: re.Pattern[str]
    figurative: re.Pattern[str]
    contacts: tuple[Contact, ...]


def _pattern(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{part})" for part in parts))


_CHILD = r"(?:enfants?|fils|fille|filles|bebe|mineure?s?|petits?-enfants?|ados?|nourrisson)"
_PARTNER = r"(?:mari|conjoint|ex|compagnon|concubin|epoux|copain|pere|beau-pere|femme|compagne|epouse)"

# Patterns are matched on folded text (lower case, no accents, straight apostrophes).
_RULES = (
    _Rule(
        "La personne évoque le suicide ou l’envie de mourir : un agent doit lire cet avis avant toute réponse.",
        _pattern(
            r"\bsuicid\w*",
            r"\b(?:mettre|met|mettrai|mettrais) fin a (?:mes|ses|leurs) jours",
            r"\ben finir\b",
            r"\bplus (?:envie|la force|le gout|le courage) de vivre",
            r"\b(?:envie|prefere|preferer|prefererais|voudrais|veux|souhaite) (?:de )?mourir",
            r"\bme (?:pendre|jeter (?:sous|par)|immoler|foutre en l'air|supprimer|tuer)\b",
            r"\bm'immoler",
            r"\b(?:idees|pensees) noires",
            r"\bpasser a l'acte",
            r"\b(?:disparaitre|partir) (?:pour de bon|pour toujours|definitivement)",
            r"\blaissez[- ]moi mourir",
        ),
        _pattern(
            r"suicide\w* (?:administratif|social|economique|financier|politique|professionnel|commercial|fiscal"
            r"|collectif|assiste)\w*",
            r"\b(?:c'est|serait|relever?|releve) (?:du|un vrai|un) suicide\b(?! (?:de|d'|qui))",
            r"\bs'(?:est|etait) suicidee?\b",
            r"\bprevention du suicide",
            r"\ben finir avec\b(?! (?:la|ma|cette|l) ?'?(?:vie|existence))",
            r"\bpour en finir\b(?:,| il| elle| on| le| la)",
            r"\bme tuer (?:a la tache|au travail|a (?:\w+ ){0,3}\w+er\b)",
            r"\bme supprimer (?:mon|ma|mes|le|la|les|l'|un|une)",
            r"\b(?:va|vont|vas|allez|veut|veulent) me supprimer",
            r"\bdelais? (?:va|vont) me tuer",
        ),
        (SUICIDE_LINE, SAMU, EUROPE),
    ),
    _Rule(
        "L’avis parle d’un enfant qui peut être en danger : un agent doit le lire avant toute réponse.",
        _pattern(
            rf"\b{_CHILD}\b[^.!?\n]{{0,40}}\b(?:en danger|battue?s?|frappee?s?|maltraitee?s?|abusee?s?|violee?s?"
            rf"|agressee?s?|secouee?s?)\b",
            rf"\b(?:frappe|bat|maltraite|secoue|abuse de|viole|enleve|enlevement d[e'])\b[^.!?\n]{{0,20}}\b{_CHILD}\b",
            rf"\bmaltraitances?\b[^.!?\n]{{0,25}}\b{_CHILD}\b",
            r"\b(?:inceste|pedophil\w+|enfance en danger)\b",
        ),
        _pattern(
            rf"\bviole[^.!?\n]{{0,12}}\b(?:droits?|interets?)\b[^.!?\n]{{0,20}}{_CHILD}",
            rf"{_CHILD}\b[^.!?\n]{{0,20}}\bfrappee?s? (?:de |d'|par )(?:nullite|une? (?:amende|penalite|decision"
            rf"|retard|mesure|retenue))",
            r"en danger de perdre",
        ),
        (CHILD_LINE, POLICE, EUROPE),
    ),
    _Rule(
        "L’avis parle de violences subies : un agent doit le lire avant toute réponse.",
        _pattern(
            r"\bviolences? (?:conjugales?|intrafamiliales?|familiales?|sexuelles?|physiques?|sexistes?|domestiques?)",
            rf"\b{_PARTNER}\b[^.!?\n]{{0,30}}\b(?:me|m'a|l'a|la) ?(?:frappe\w*|bat|battue?|violente\w*|menace\w*"
            rf"|tabasse\w*|etrangle\w*|viole\w*|sequestre\w*)\b",
            r"\bfemmes? battues?\b",
            r"\bje suis (?:battue|frappee|violentee|sequestree)\b",
            r"\b(?:j'ai ete|elle a ete|m'a|ai ete) (?:violee?|etranglee?|sequestree?|tabassee?|poignardee?)\b",
            r"\b(?:un|mon|le|d'un|de) viol\b",
            r"\bagressions? sexuelles?",
            r"\bmenaces? de mort\b",
            r"\bmenace[esz]? de me tuer",
            r"\b(?:il|elle|mari|ex|conjoint|voisin|compagnon) (?:va|veut|voulait|a voulu|a tente de|a essaye de"
            r"|menace de) (?:me|nous|la|le) tuer",
        ),
        _pattern(
            r"\bviol (?:de|du|des) (?:mes |mon |ma |nos |la |le |l'|son |ses )?(?:droits?|lois?|vie privee"
            r"|reglement\w*|donnees|secret|domicile|constitution|code|principe\w*)",
            r"\bfrappee? (?:de |d'|par )(?:nullite|plein fouet|une? (?:amende|penalite|decision|interdiction|taxe))",
        ),
        (WOMEN_LINE, POLICE, EUROPE),
    ),
    _Rule(
        "L’avis parle d’une personne âgée ou handicapée maltraitée : un agent doit le lire avant toute réponse.",
        _pattern(
            r"\bmaltraitances?\b[^.!?\n]{0,40}\b(?:ehpad|maison de retraite|personnes? agees?|mere|pere|grand-mere"
            r"|grand-pere|handicape\w*)\b",
            r"\b(?:mere|pere|grand-mere|grand-pere|resident\w*)\b[^.!?\n]{0,30}\b(?:est|sont|etait"
            r"|a ete) (?:maltraitee?s?|battue?s?|frappee?s?)\b",
        ),
        _pattern(r"\bmaltraitances? (?:administrative|institutionnelle|sociale|fiscale|numerique)s?"),
        (ELDER_LINE, POLICE, EUROPE),
    ),
    _Rule(
        "L’avis décrit un danger immédiat : un agent doit le lire avant toute réponse.",
        _pattern(
            r"\b(?:je suis|nous sommes|elle est|il est|sont) en danger\b",
            r"\bdanger (?:de mort|immediat|imminent|vital)",
            r"\burgence vitale",
            r"\ben train de mourir",
            r"\bappel au secours\b|\bau secours\b[^.!?\n]{0,30}\b(?:danger|mourir|tuer)\b",
            r"\bje vais (?:le|la|les|vous|tous les|tout) (?:tuer|buter|crever|descendre|faire sauter)\b",
        ),
        _pattern(
            r"\ben danger (?:de|d'|financier|economique)(?!\s*(?:mort|vie))",
            r"\b(?:entreprise|activite|emploi|retraite|dossier|commerce|budget)s?\b[^.!?\n]{0,20}\ben danger",
        ),
        (POLICE, EUROPE, SAMU),
    ),
)


def cue(text: str) -> str | None:
    """The words of `text` that ask for a human now, or None."""
    found = assess(text)
    return found.cue if found else None


def assess(text: str) -> Escalation | None:
    """What in `text` asks for a human now, or None. The first rule that holds gives the reason; contacts add up."""
    folded = fold(text)
    raised: list[tuple[_Rule, str]] = []
    for rule in _RULES:
        spared = [match.span() for match in rule.figurative.finditer(folded)]
        for match in rule.cues.finditer(folded):
            if not any(start < match.end() and match.start() < end for start, end in spared):
                raised.append((rule, match.group().strip()))
                break
    if not raised:
        return None
    contacts = tuple(dict.fromkeys(contact for rule, _ in raised for contact in rule.contacts))
    return Escalation(raised[0][0].reason, raised[0][1], contacts)

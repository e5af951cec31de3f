"""Checks of a reply, before an agent reads it and again on what the agent sends.

The rule they protect: every address, phone, e-mail, date, amount, deadline and legal reference comes from a source
or from the structure's record; nothing is promised, admitted or told of a person in the State's name without a human
seeing it. A finding underlines the words and says what to do; it never rewrites the reply. `high` must be resolved
or justified.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from data import personal
from generation import text
from generation.facts import facts
from generation.institution import Institution
from generation.quotes import quotes
from generation.results import Finding, Severity, Source

SHORT, LONG = 150, 2_500  # characters
COPIED_WORDS = 9  # a run of words this long is a copy

_FACTS: dict[str, tuple[str, Severity, str]] = {
    "link": ("link", "high", "Cette adresse web ne vient d’aucune source : vérifiez-la ou retirez-la."),
    "mail": ("mail", "high", "Cette adresse électronique ne vient d’aucune source : vérifiez-la ou retirez-la."),
    "phone": ("phone", "high", "Ce numéro de téléphone ne vient d’aucune source : vérifiez-le ou retirez-le."),
    "date": ("date", "medium", "Cette date ne vient d’aucune source : vérifiez-la ou retirez-la."),
    "amount": ("amount", "high", "Ce montant ne vient d’aucune source : vérifiez-le ou retirez-le."),
    "deadline": ("deadline", "high", "Ce délai ne vient d’aucune source : vérifiez-le ou retirez-le."),
    "legal": ("legal", "high", "Cette référence juridique ne vient d’aucune source : vérifiez-la ou retirez-la."),
}

_PRIVATE = ("personal_data", "Donnée personnelle : la réponse est publique, retirez-la.")
_ADDRESS = (
    "address",
    "Cette adresse postale ne vient ni d’une fiche ni du service : vérifiez-la ; retirez-la si c’est celle de la personne.",
)

# (check, severity, pattern over the raw text, what to do)
_WORDINGS: tuple[tuple[str, Severity, str, str], ...] = (
    (
        "promise",
        "high",
        r"\b(?:nous (?:allons|pouvons d[ée]j[àa]) (?:vous |imm[ée]diatement |rapidement )*(?:rembours\w+"
        r"|indemnis\w+|accord\w+|annul\w+|r[ée]tabli\w+|vers\w+|d[ée]bloqu\w+|r[ée]gularis\w+)"
        r"|nous (?:vous )?(?:rembourserons|indemniserons|accorderons|annulerons|garantissons|verserons"
        r"|r[ée]tablirons|assurons que)"
        r"|vous (?:serez|allez [êe]tre) (?:bient[ôo]t |prochainement |rapidement "
        r"|int[ée]gralement )?(?:rembours[ée]|indemnis[ée]|d[ée]dommag[ée]|pay[ée]|exon[ée]r[ée])\w*"
        r"|nous nous engageons (?:[àa]|formellement)|c[’']est promis|nous vous promettons"
        r"|(?:le|la|votre|un) (?:versement|remboursement|paiement|virement|indemnisation|r[ée]gularisation) (?:sera|va [êe]tre|est"
        r" d[ée]j[àa]|partira|arrivera)|nous proc[ée]derons (?:[àa]|au)"
        r"|votre (?:dossier|demande|situation|titre|pension|allocation|aide) (?:sera|va [êe]tre) (?:accept"
        r"|accord|r[ée]gl|trait|valid|vers|d[ée]bloqu|r[ée]gularis|prioris|prioritaire)\w*"
        r"|(?:sera|seront|allez) (?:en priorit[ée]|traité[es]* en priorit[ée]))",
        "Cette phrase engage le service : retirez la promesse, ou justifiez-la.",
    ),
    (
        "promise",
        "medium",
        r"\b(?:nous (?:vous (?:rappellerons|recontacterons|contacterons|tiendrons inform\w+|r[ée]pondrons)"
        r"|reviendrons vers vous|allons (?:vous )?(?:rappeler|contacter|transmettre|saisir|intervenir"
        r"|faire le n[ée]cessaire))"
        r"|(?:un|votre) (?:conseiller|agent|conciliateur|gestionnaire|interlocuteur) (?:vous (?:rappellera"
        r"|contactera|recontactera)|va vous|prendra contact|reviendra)"
        # any other future of "nous": "-erons" without an accent is never a present ("nous espérons" is)
        r"|nous (?:(?:vous|y|en|le|la|les|lui|leur) )*(?:ferons|tiendrons|prendrons|mettrons|\w{3,}erons"
        r"|(?!encadrons|engendrons|poudrons|cadrons)\w{3,}drons"
        r"|(?!re?tirons|d[ée]sirons|admirons|attirons|inspirons|aspirons|respirons)\w{3,}irons)\b"
        r"|comptez sur nous|nous ne manquerons pas de"
        r"|vous (?:recevrez|toucherez|percevrez|obtiendrez|aurez (?:une r[ée]ponse|gain)|serez (?:contact|rappel|recontact|inform)\w+)"
        r"|(?:vous |lui |y )?(?:sera|seront) (?:bient[ôo]t |prochainement |rapidement |aussit[ôo]t )?"
        r"(?!utile)\w+(?:[ée]e?s?|ie?s?|ue?s?|ite?s?|rte?s?)\b"
        r"|dans les plus brefs d[ée]lais|dans les meilleurs d[ée]lais)",
        "Cette phrase annonce une suite : ne la gardez que si le service l’assure.",
    ),
    (
        "admission",
        "high",
        r"\b(?:nous (?:reconnaissons|admettons) (?:notre|une|avoir|que)|(?:erreur|faute|n[ée]gligence|manquement"
        r"|d[ée]faillance|dysfonctionnement)s? (?:de|dans|au sein de) (?:notre|nos)\b"
        r"|notre (?:erreur|faute|n[ée]gligence|responsabilit[ée]|manquement|d[ée]faillance)|nous (?:sommes"
        r"|avons [ée]t[ée]) (?:seuls |enti[èe]rement |pleinement )?(?:responsables|fautifs|en tort)"
        r"|(?:nous avons|nos (?:services|agents|[ée]quipes) ont|notre (?:service|agent|[ée]quipe) a|l[’'](?:agent|"
        r"administration) a) (?:commis|fait) une (?:erreur|faute)"
        r"|(?:nos (?:services|agents)|notre (?:service|agent)) (?:sont|est) (?:seuls? |enti[èe]rement )?(?:en tort|responsable"
        r"|fautif)s?|(?:l[’']agent|le conseiller|la conseill[èe]re|notre \w+|nos \w+) (?:a|ont) eu tort"
        r"|de notre fait\b|coupables?\b|(?:la caisse|l[’']administration|notre \w+|nos \w+) (?:a|ont) (?:mal \w+|manqu[ée]"
        r"|oubli[ée]|omis|perdu|[ée]gar[ée]|tard[ée]|failli)"
        r"|vous avez (?:tout [àa] fait |parfaitement "
        r"|enti[èe]rement )?raison|nous aurions d[ûu]|ill[ée]gal\w* de notre part)",
        "Cette phrase reconnaît une faute au nom du service : reformulez sans vous prononcer sur le dossier.",
    ),
    (
        "template",
        "high",
        r"\{\{.*?\}\}|\{%.*?%\}|<\|[^|>\n]{0,40}\|>|\[/?INST\]|<</?SYS>>|</?s>"
        r"|\[(?:nom|pr[ée]nom|date|adresse|montant|num[ée]ro|service|[àa] compl[ée]ter|ins[ée]rer|lien|url|votre"
        r"|t[ée]l[ée]phone|compte|immatriculation|signature)[^\]\n]{0,40}\]|_{4,}|\bX{3,}\b|\bTODO\b|lorem ipsum",
        "Du texte de modèle est resté dans la réponse : complétez-le ou retirez-le.",
    ),
    (
        "template",
        "high",
        r"\b(?:en tant qu[e’'] ?(?:une? )?(?:mod[èe]le|ia|intelligence artificielle|assistant)|(?:je suis"
        r"|comme) une (?:ia|intelligence artificielle)|mes (?:consignes|instructions)|charte de r[ée]ponse"
        r"|avis [àa] traiter|documents? (?:num[ée]rot[ée]s?|fournis?)|r[ée]dig(?:ez|er) la r[ée]ponse"
        r"|system prompt|as an ai)\b"
        r"|^(?:voici )?(?:la |ma )?r[ée]ponse(?: \w+){0,2} ?:|^(?:assistant|r[ée]ponse|objet|user|system)(?: \w+){0,2} ?:|mod[èe]le de langage",
        "Des consignes de rédaction sont restées dans la réponse : retirez-les.",
    ),
    (
        "tone",
        "medium",
        r"(?<![\w-])(?:tu|te|toi|t[’']\w+|tes|ton (?:dossier|avis|message|cas|compte|espace)|ta (?:demande|situation|lettre)"
        r"|salut|coucou|bisous|bises|cordialement vôtre)(?![\w-])",
        "Le ton n’est pas celui d’un service public : vouvoyez et restez neutre.",
    ),
    (
        "tone",
        "medium",
        r"\b(?:ridicules?|stupides?|absurdes?|idiote?s?|n[’']importe quoi|n[’'](?:aviez|avez) qu[’'][àa]|calmez-vous|d[ée]brouillez-vous"
        r"|tant pis|vous exag[ée]rez|mauvaise foi|menteu\w+|c[’']est (?:de )?votre faute|il fallait (?:y penser|le savoir|lire)"
        r"|ce n[’']est pas notre probl[èe]me|arr[êe]tez de|cessez de|inutile de vous plaindre|sans fondement|ne vous plaignez|votre probl[èe]me, pas|c[’']est votre probl[èe]me"
        r"|pu[ée]ril\w*|grotesque|franchement|vous n[’']avez rien compris|soyez raisonnable|vous devriez avoir honte)\b",
        "Ces mots peuvent blesser : restez neutre, dites ce que la personne peut faire.",
    ),
    (
        "markup",
        "high",
        r"<(?:[a-z!/][^<>\n]{0,200})>"
        r"|\*\*|^#{1,4} |!?\[[^\]\n]*\]\([^)\n]*\)|javascript:|data:[a-z]+/|[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]",
        "La réponse contient du balisage ou des caractères cachés : retirez-les.",
    ),
    (
        "source_mark",
        "medium",
        r"\[\d{1,2}\]",
        "Un renvoi de source est resté dans le texte : retirez-le avant l’envoi.",
    ),
)

_GREETING = re.compile(r"^\s*(?:bonjour|madame|monsieur|bonsoir|chère? )", re.I)
_NAMED_GREETING = re.compile(
    r"^\s*(?:bonjour|bonsoir|chère?|madame|monsieur|mme|m\.)[ \u00a0]+(?!madame\b|monsieur\b|mesdames\b|et\b"
    r"|à\b)(?P<name>[\w.'’-]+)",
    re.I,
)
_CLOSING = re.compile(r"\b(?:cordialement|salutations|bien à vous|respectueusement|cordiales|considération)\b", re.I)
_PAST_CASE = re.compile(
    r"\b(?:votre (?:dossier|demande|courrier) (?:du|est|a|fait|semble|sera)\b|votre (?:fils|fille|mari|epouse"
    r"|conjoint|mere|pere)|vous (?:nous )?(?:precisez|indiquez|evoquez|signalez|expliquez)|"
    r"nous avons (?:bien )?(?:recu|traite|verse|constate|contacte)|a ete (?:traite|verse|valide|envoye|transmis)\w*"
    r"|dans votre cas|apres verification)"
)
_OBLIGATION = re.compile(
    r"\b(?:devez|doit|doivent|devra|faut|obligatoire\w*|gratuit\w*|interdit\w*|droit a|a droit|exige\w*|necessaire"
    r"|automatiquement|toujours|jamais|d'office|reserve\w* (?:a|aux)|seule?s? (?:les?|la|peuvent|peut)"
    r"|refuse\w*|exclu\w*|dispense\w*|a condition|sous condition|uniquement)\b"
)

# Institutions a reply may confuse: how each is written (folded), one name a line.
_INSTITUTIONS = {
    "CAF": r"\bcaf\b|allocations familiales",
    "CPAM": r"\bcpam\b|\bameli\b|assurance maladie",
    "CARSAT": r"\bcarsat\b",
    "CNAV": r"\bcnav\b|assurance retraite",
    "MSA": r"\bmsa\b|mutualite sociale agricole",
    "URSSAF": r"\burssaf\b",
    "CESU": r"\bcesu\b|\bpajemploi\b",
    "France Travail": r"france travail|pole emploi",
    "ANTS": r"\bants\b|france titres",
    "ANTAI": r"\bantai\b",
    "DGFiP": r"\bdgfip\b|finances publiques|service des impots",
    "préfecture": r"\b(?:sous-)?prefecture\b",
    "gendarmerie": r"\bgendarmerie\b",
    "police": r"\bcommissariat\b|police nationale",
    "douane": r"\bdouanes?\b",
    "CROUS": r"\bcrous\b",
    "MDPH": r"\bmdph\b",
    "ANAH": r"\banah\b|maprimerenov",
    "AGIRC-ARRCO": r"agirc|arrco",
    "OFII": r"\bofii\b",
    "CNAM": r"\bcnam\b",
    "CNAF": r"\bcnaf\b",
}
_NAMED = {name: re.compile(pattern) for name, pattern in _INSTITUTIONS.items()}


def check(
    reply: str, sources: Iterable[Source], institution: Institution | None, review: str = ""
) -> tuple[Finding, ...]:
    """Findings on `reply`, in order of place, those on the whole last. Milliseconds; no model is asked."""
    sources = tuple(sources)
    if not reply.strip():
        return (Finding("length", "high", None, "La réponse est vide : écrivez-la avant l’envoi."),)
    found = [
        *_facts(reply, sources, institution, review),
        *_wordings(reply),
        *_personal(reply, sources, institution),
        *_institutions(reply, sources, institution, review),
        *_past_cases(reply, sources),
        *_unsupported(reply, sources),
        *_form(reply, institution),
    ]
    return tuple(sorted(found, key=lambda finding: finding.span or (len(reply), len(reply))))


def _facts(reply: str, sources: tuple[Source, ...], institution: Institution | None, review: str) -> Iterator[Finding]:
    record = institution.source() if institution else None
    given: dict[str, set[str]] = {}
    for source in (*sources, *((record,) if record else ())):
        for fact in facts(f"{source.title}\n{source.text}\n" + "\n".join(source.links) + f"\n{source.url}"):
            given.setdefault(fact.kind, set()).add(fact.key)
        for link in source.links:  # as recorded: a short number is one without any context
            given.setdefault("phone", set()).add(text.phone_key(link))
    hosts = {key.split("/")[0] for key in given.get("link", set())}
    written = {(fact.kind, fact.key) for fact in facts(review)}
    for fact in facts(reply):
        if fact.key in given.get(fact.kind, set()) or (fact.kind == "link" and fact.key in hosts):
            continue
        check_, severity, message = _FACTS[fact.kind]
        if (fact.kind, fact.key) in written:
            severity, message = "low", "Repris de l’avis, sans source officielle : gardez-le seulement s’il est utile."
        yield Finding(check_, severity, (fact.start, fact.end), message)


def wordings(reply: str) -> list[Finding]:
    """Promises, admissions, tone, leftovers and markup: what can be judged on the words alone."""
    return list(_wordings(reply))


def _wordings(reply: str) -> Iterator[Finding]:
    for check_, severity, pattern, message in _WORDINGS:
        for match in re.finditer(pattern, reply, re.I | re.M):
            yield Finding(check_, severity, match.span(), message)


def _personal(reply: str, sources: tuple[Source, ...], institution: Institution | None) -> Iterator[Finding]:
    judged = [(fact.start, fact.end) for fact in text.contacts(reply)]  # contacts are judged against the sources
    official = "\n".join(source.text for source in sources if source.kind != "reply")
    official = text.fold(f"{official}\n{institution.address if institution else ''}")
    for found in personal.find(reply):
        public = text.fold(found.text.split(". ")[0]) in official  # a pattern may run on into the next sentence
        if not public and not any(start < found.end and found.start < end for start, end in judged):
            check_, message = _ADDRESS if found.kind == "address" else _PRIVATE
            yield Finding(check_, "high", (found.start, found.end), message)
    if match := _NAMED_GREETING.search(reply):
        yield Finding(
            "personal_data", "medium", match.span("name"), "La réponse nomme l’auteur de l’avis : écrivez « Bonjour, »."
        )


def _institutions(
    reply: str, sources: tuple[Source, ...], institution: Institution | None, review: str
) -> Iterator[Finding]:
    if institution is None:
        return
    expected = text.fold(f"{institution.name} {institution.typology} {review}")
    officials = text.fold(" ".join(f"{s.title} {s.text}" for s in sources if s.kind != "reply"))
    folded = text.fold(reply)
    if len(folded) != len(reply):  # a ligature shifted the places: findings stand on the whole
        return
    signature = folded.rfind("cordialement")
    own = {
        name
        for name, pattern in _NAMED.items()
        if pattern.search(text.fold(f"{institution.name} {institution.typology}"))
    }
    for name, pattern in _NAMED.items():
        if name in own or pattern.search(expected):
            continue
        for match in pattern.finditer(folded):
            if 0 <= signature < match.start():
                yield Finding(
                    "institution",
                    "high",
                    match.span(),
                    f"La signature nomme {name} au lieu de {institution.name} : corrigez-la.",
                )
            elif not pattern.search(officials):
                yield Finding(
                    "institution",
                    "medium",
                    match.span(),
                    f"{name} n’est ni l’institution qui répond ni citée par l’avis : vérifiez.",
                )


def _past_cases(reply: str, sources: tuple[Source, ...]) -> Iterator[Finding]:
    """Sentences copied from a past reply that tell of its author's case."""
    runs = {run for source in sources if source.kind == "reply" for run in _runs(source.text)}
    for sentence in text.sentences(reply):
        if _PAST_CASE.search(text.fold(sentence.text)) and runs.intersection(_runs(sentence.text)):
            yield Finding(
                "past_case", "high", (sentence.start, sentence.end),
                "Phrase copiée d’une réponse faite à une autre personne : retirez ce qui tient à son dossier.",
            )  # fmt: skip


def _runs(passage: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.fold(passage))
    return {tuple(words[i : i + COPIED_WORDS]) for i in range(len(words) - COPIED_WORDS + 1)}


def _unsupported(reply: str, sources: tuple[Source, ...]) -> Iterator[Finding]:
    """Sentences that state a rule no source speaks of. Marked, never removed."""
    told = [sentence.text for source in sources for sentence in text.sentences(source.text)]
    said = [set(text.terms(sentence)) for sentence in told]
    taken = quotes(reply, sources)
    for sentence in text.sentences(reply):
        if any(sentence.start <= quote.start and quote.end <= sentence.end for quote in taken):
            continue  # quoted, after a few words that say of what
        own = set(text.terms(sentence.text))
        if len(own) >= 4 and _OBLIGATION.search(text.fold(sentence.text)):
            support = max((len(own & other) / len(own) for other in said), default=0.0)
            if support < 0.5:
                yield Finding(
                    "unsupported", "medium", (sentence.start, sentence.end),
                    "Aucune source ne dit cette règle : vérifiez-la, ou renvoyez vers la fiche.",
                )  # fmt: skip


def _form(reply: str, institution: Institution | None) -> Iterator[Finding]:
    if not _GREETING.search(reply):
        yield Finding("greeting", "medium", None, "La réponse ne salue pas : commencez par « Bonjour, ».")
    closing = None
    for closing in _CLOSING.finditer(reply):  # noqa: B007  the last one counts
        pass
    if closing is None:
        yield Finding(
            "closing", "medium", None, "Il manque la formule de politesse : terminez par « Bien cordialement, »."
        )
    elif not reply[closing.end() :].strip(" ,.\n"):
        name = institution.name if institution else "le nom du service"
        yield Finding("signature", "medium", None, f"La réponse n’est pas signée : ajoutez « {name} ».")
    if len(reply) < SHORT:
        yield Finding("length", "low", None, "Réponse très courte : dites au moins ce que la personne peut faire.")
    elif len(reply) > LONG:
        yield Finding("length", "low", None, "Réponse très longue : gardez l’essentiel et renvoyez vers les fiches.")
    for start, end in _foreign(reply):
        yield Finding("language", "high", (start, end), "Ce passage ne semble pas écrit en français : réécrivez-le.")
    for first in _repeated(reply):
        yield Finding("repetition", "low", first, "Cette phrase est répétée : gardez-la une fois.")


# Words that only French has among its neighbours, and words of those that French has not.
_FRENCH = frozenset(["les", "des", "du", "au", "aux", "et", "est", "sont", "être", "dans", "pour", "par", "avec", "sur", "vous", "nous",
                     "votre", "vos", "notre", "nos", "qui", "cette", "ces", "ne", "pas", "une", "ou", "mais", "donc", "leur"])  # fmt: skip
_OTHERS = frozenset((text.REFERENCE / "other_languages.txt").read_text("utf-8").split()) - _FRENCH


def _foreign(reply: str) -> Iterator[tuple[int, int]]:
    """Paragraphs with more words of another language than of French."""
    for match in re.finditer(r"[^\n]+", reply):
        words = re.findall(r"[a-zà-ÿ]+", match.group().lower())
        foreign = sum(word in _OTHERS for word in words)
        if len(words) >= 6 and foreign >= 3 and foreign > sum(word in _FRENCH for word in words):
            yield match.span()


def _repeated(reply: str) -> Iterator[tuple[int, int]]:
    seen: set[str] = set()
    for sentence in text.sentences(reply):
        key = " ".join(text.terms(sentence.text))
        if key in seen and len(key) > 20:
            yield sentence.start, sentence.end
        seen.add(key)

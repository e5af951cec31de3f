"""The layout of experiences.csv: the portal's header, and one line of it for one review.

The rule it protects: the header is the portal's, double spaces and odd capitals included, and a column that is not text
does not tell the subject: what people tick and what agents tag is drawn almost apart from what was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from data.demo.lexicon import Irritant
from data.demo.networks import RENAMED, renamed
from data.demo.structures import TRAY, TRAY_NAME
from data.demo.templates import Draw
from data.demo.territory import Department
from data.demo.world import Floats, World

HEADER = (
    "ID expérience", "Etat expérience", "Statut de l'expérience", "Écrit le", "Date de publication",
    "Date de premiere réponse", "Pseudonyme usager", "Titre", "Description", "Posté comme", "Ressenti usager",
    "Code INSEE Département usager", "Intitulé département usager", "Intitulé région usager",
    "Code INSEE Région usager", "Pays", "Démarches saisies par usager",
    "Intitulé Typologie 1", "Code Postal typologie 1", "Pays Typologie  1", "Canaux Typologie 1",
    "Tags métier typologie 1",
    "Intitulé Typologie 2", "Code Postal typologie 2", "Pays Typologie 2", "Canaux Typologie 2",
    "Tags métier typologie 2",
    "Intitulé Typologie 3", "Code Postal typologie 3", "Pays Typologie 3", "Canaux Typologie 3",
    "Tags métier typologie 3",
    "Hors structure",
    "ID structure 1", "Intitulé structure 1", "Statut réponse structure 1", "Réponse structure 1",
    "Taux de similarité réponse IA structure 1", "Evaluation utile réponse structure 1 par visiteurs",
    "Evaluation inutile réponse structure 1 par visiteurs", "Evaluation  réponse structure 1 par auteur",
    "ID structure 2", "Intitulé structure 2", "Statut réponse structure 2", "Réponse structure 2",
    "Taux de similarité réponse IA structure 2", "Evaluation utile réponse structure 2 par visiteurs",
    "Evaluation inutile réponse structure 2 par visiteurs", "Evaluation  réponse structure 2 par auteur",
    "ID structure 3", "Intitulé structure  3", "Statut réponse structure 3", "Réponse structure 3",
    "Taux de similarité réponse IA structure 3", "Evaluation utile réponse structure 3 par visiteurs",
    "Evaluation inutile réponse structure 3 par visiteurs", "Evaluation  réponse structure 3 par auteur",
    "Accessibilité", "Information/Explication", "Relation", "Réactivité", "Simplicité/Complexité",
    "Expériences Similaires", "Amélioration de service à considérer", "Action", "Date action réalisée",
    "Date action engagée", "Tags Métiers",
)  # fmt: skip
SENTIMENTS = ("Négatif", "Neutre", "Positif")
_POSTED = ("La personne concernée", "Un proche de la personne concernée", "Un agent de médiation")
_CHANNELS = ("Démarche en ligne", "Accueil", "Compte ou espace personnel", "Téléphone", "Courrier", "E-mail",
             "Tchat (messagerie instantanée)", "Visio/Video", "Réseaux Sociaux")  # fmt: skip
_COUNTRIES = ("Belgique", "Suisse", "Allemagne", "Royaume-uni", "Espagne", "Canada", "Maroc", "États-unis", "Portugal",
              "Sénégal", "Italie", "Algérie", "Luxembourg")  # fmt: skip
# Chance that the tag is filled, then of Négatif, Neutre, Positif when it is, for negative, neutral and positive reviews.
_POLARITY = (
    (0.67, ((0.78, 0.08, 0.14), (0.52, 0.14, 0.34), (0.10, 0.05, 0.85))),
    (0.27, ((0.90, 0.03, 0.07), (0.66, 0.08, 0.26), (0.12, 0.02, 0.86))),
    (0.23, ((0.70, 0.03, 0.27), (0.30, 0.05, 0.65), (0.03, 0.01, 0.96))),
    (0.25, ((0.90, 0.02, 0.08), (0.60, 0.03, 0.37), (0.05, 0.01, 0.94))),
    (0.46, ((0.86, 0.07, 0.07), (0.58, 0.10, 0.32), (0.10, 0.04, 0.86))),
)
_ACTIONS = ("Mise à jour de la page d'information", "Simplification du formulaire", "Renfort de l'accueil téléphonique",
            "Nouveau courrier type", "Correction du téléservice")  # fmt: skip
_PROCEDURES = ("Mise à jour d'un dossier en cours", "Demande d'informations générales", "Suivi d'une demande",
               "Contestation d'une décision", "Première demande")  # fmt: skip
_LAG = (0.34, 0.62, 0.80, 0.89, 0.94, 0.97, 0.99, 1.0)  # days between writing and publication, cumulated
_EMPTY_SLOT = ("",) * 5
_EMPTY_STRUCTURE = ("",) * 8


@dataclass(frozen=True)
class Review:
    """One review as it will be written."""

    id: int
    published: datetime
    title: str
    body: str
    pseudonym: str
    mood: int
    subject: Irritant | None
    typology: int
    structure: int
    outside: bool
    unnamed: bool
    home: Department
    located: bool  # the user's département is known
    answer: Answer | None


@dataclass(frozen=True)
class Answer:
    """The public reply to it."""

    at: datetime
    text: str
    similarity: int  # -1: no AI draft, or before the portal showed it
    verdict: str  # 'utile', 'pas utile' or ''


class Words:
    """Names of institutions as they are called on a given day."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._network = [world.network_of[t] for t in world.typologies]

    def typology(self, number: int, day: date) -> str:
        """Label of a typology in the file."""
        name = self.world.typologies[number]
        change = RENAMED.get(name)
        return change[1] if change and day >= change[0] else name

    def structure(self, number: int, day: date) -> str:
        """Name of a structure in the file."""
        structure = self.world.structures[number]
        change = RENAMED.get(structure.typology)
        return renamed(structure.name) if change and day >= change[0] else structure.name

    def spoken(self, typology: int, day: date, draw: Draw) -> str:
        """What people call an institution, with its article; some keep to the old name."""
        spoken = self._network[typology].spoken
        return self._called(typology, spoken[int(draw() * len(spoken))], day, draw() < 0.7)

    def formal(self, typology: int, day: date) -> str:
        """What an institution calls itself in a sentence, with its article."""
        return self._called(typology, self._network[typology].spoken[0], day, True)

    def _called(self, typology: int, text: str, day: date, aware: bool) -> str:
        network = self._network[typology]
        change = RENAMED.get(network.typology)
        if change and day >= change[0] and aware:
            text = renamed(text).replace("l'France Titres", "France Titres")
        return text


def at(cumulated: Floats, chance: float) -> int:
    """Number drawn with these cumulated chances."""
    return min(int(np.searchsorted(cumulated, chance)), len(cumulated) - 1)


def header() -> str:
    """First line of the file, with its BOM."""
    return "\ufeff" + _line(HEADER)


def row(words: Words, review: Review, draw: Draw) -> str:
    """One line of the file."""
    today = review.published.date()
    answered = review.answer
    lag = next(d for d, up_to in enumerate(_LAG) if draw() < up_to or d == len(_LAG) - 1)
    home = review.home
    place = (home.code, home.name, home.region_name, home.region) if review.located else ("", "", "", "")
    abroad = draw() < 0.05 and not review.located
    posted = draw()
    values = (
        str(review.id), "Traitées" if answered else "A traiter",
        "Expérience avec réponse" if answered else "Expérience en attente de réponse",
        (today - timedelta(days=lag)).isoformat(), _stamp(review.published), _stamp(answered.at) if answered else "",
        review.pseudonym, review.title, review.body,
        _POSTED[0 if posted < 0.926 else 1 if posted < 0.992 else 2], SENTIMENTS[review.mood], *place,
        _COUNTRIES[int(draw() * len(_COUNTRIES))] if abroad else "France",
        _PROCEDURES[int(draw() * len(_PROCEDURES))] if draw() < 0.02 else "",
        *_institutions(words, review, draw),
        *(_polarity(chance, shares[review.mood], draw) for chance, shares in _POLARITY), str(_few(draw, 0.275, 0.42)),
        *_action(words.world, today, draw), _tags(words.world, review.subject, draw) if draw() < 0.044 else "",
    )  # fmt: skip
    return _line(values)


def _line(values: Sequence[str]) -> str:
    return '"' + '";"'.join([v.replace('"', '""') if '"' in v else v for v in values]) + '"\r\n'


def _institutions(words: Words, review: Review, draw: Draw) -> tuple[str, ...]:
    """The three typologies, Hors structure and the three structures."""
    world, today, answered = words.world, review.published.date(), review.answer
    typology = "" if review.unnamed else words.typology(review.typology, today)
    channels = _channels(review.subject, draw) if draw() < (0.26 if review.unnamed else 0.88) else ""
    second: tuple[str, ...] = _EMPTY_SLOT
    third: tuple[str, ...] = _EMPTY_SLOT
    other: tuple[str, ...] = _EMPTY_STRUCTURE
    extra = draw()
    if typology and extra < 0.098:
        number = _other_typology(world, review.typology, draw)
        shown = _channels(review.subject, draw) if draw() < 0.75 else ""
        second = _slot(words.typology(number, today), 0.12, shown, review.home, draw)
        if extra < 0.017:
            third = _slot(typology, 0.06, channels, review.home, draw)
        if draw() < 0.7:
            chosen = world.choices[number]
            there = int(chosen.structures[at(chosen.cumulated, draw())])
            name = words.structure(there, today)
            other = (world.structures[there].id, name, "En attente de réponse", "", "", "0", "0", "")
    one = (
        TRAY if review.outside else world.structures[review.structure].id,
        TRAY_NAME if review.outside else words.structure(review.structure, today),
        "Réponse publiée" if answered else "En attente de réponse",
        answered.text if answered else "",
        str(answered.similarity) if answered and answered.similarity >= 0 else "",
        str(_few(draw, 0.02, 0.35) if answered else 0),
        str(_few(draw, 0.06, 0.4) if answered else 0),
        answered.verdict if answered else "",
    )
    first = _slot(typology, 0.11, channels, review.home, draw)
    return (*first, *second, *third, "Oui" if review.outside else "Non", *one, *other, *_EMPTY_STRUCTURE)


def _action(world: World, today: date, draw: Draw) -> tuple[str, str, str, str]:
    """Whether an agent noted an improvement, and rarely what was done of it, and when."""
    if draw() >= 0.024:
        return ("Non", "", "", "")
    if draw() >= 0.25:
        return ("Oui", "", "", "")
    action = _ACTIONS[int(draw() * len(_ACTIONS))]
    begun = min(today + timedelta(days=10 + int(draw() * 60)), world.end)
    done = min(begun + timedelta(days=20 + int(draw() * 90)), world.end).isoformat() if draw() < 0.5 else ""
    return ("Oui", action, done, begun.isoformat())


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _few(draw: Draw, some: float, more: float) -> int:
    """A small count: mostly zero, then geometric."""
    if draw() >= some:
        return 0
    count = 1
    while draw() < more and count < 60:
        count += 1
    return count


def _polarity(chance: float, shares: tuple[float, float, float], draw: Draw) -> str:
    if draw() >= chance:
        return ""
    u = draw()
    return "Négatif" if u < shares[0] else "Neutre" if u < shares[0] + shares[1] else "Positif"


def _channels(subject: Irritant | None, draw: Draw) -> str:
    """One to three channels, likelier those of the subject."""
    count = 1 if draw() < 0.86 else 2 + int(draw() * 2)
    found: list[str] = []
    for _ in range(count):
        own = subject.channels if subject is not None and draw() < 0.35 else None
        u = draw()
        name = own[int(u * len(own))] if own else _CHANNELS[int(len(_CHANNELS) * u * u)]
        if name not in found:
            found.append(name)
    return ",".join(found)


def _slot(typology: str, postcode: float, channels: str, home: Department, draw: Draw) -> tuple[str, ...]:
    if not typology:
        return ("", "", "", channels, "")
    code = home.postcode if draw() < postcode else ""
    return (typology, code, "France" if code or draw() < 0.05 else "", channels, "")


def _other_typology(world: World, typology: int, draw: Draw) -> int:
    number = int(draw() * len(world.typologies))
    return number if number != typology else (number + 1) % len(world.typologies)


def _tags(world: World, subject: Irritant | None, draw: Draw) -> str:
    """One or two business tags; agents often choose a neighbouring one."""
    if subject is None or draw() < 0.5:
        subject = world.irritants[int(draw() * world.ordinary)]
    first = subject.tags[int(draw() * len(subject.tags))]
    if draw() < 0.3:
        more = world.irritants[int(draw() * world.ordinary)].tags[0]
        return first if more == first else f"{first};{more}"
    return first

"""The rooms and who may open them: the one table of roles and pages.

Owns page addresses (French, unaccented), titles, sections and the role -> pages rule. `app.py` builds the menu from
it, `identity.guard` enforces it on each page, and `HOME` says which room a role opens every morning.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Role(StrEnum):
    """What a person does here; the value is what the screen shows."""

    MANAGER = "Pilotage DITP"
    ANALYST = "Analyse des signaux"
    AGENT = "Réponse aux usagers"
    LEAD = "Encadrement d'équipe"
    ADMIN = "Administration"


EVERYONE = frozenset(Role)
LISTENERS = frozenset({Role.MANAGER, Role.ANALYST, Role.LEAD, Role.ADMIN})
ANSWERERS = frozenset({Role.AGENT, Role.LEAD, Role.ADMIN})
LEADERS = frozenset({Role.LEAD, Role.ADMIN})


@dataclass(frozen=True)
class Room:
    """One page: its address, where it stands in the menu and who may open it."""

    slug: str
    title: str
    section: str
    script: str  # path from the project's root
    roles: frozenset[Role]
    icon: str
    help: str
    menu: bool = True  # False: reached by links only (one irritant, one signal, one review)


ROOMS: tuple[Room, ...] = (
    Room(
        "vue-d-ensemble",
        "Vue d'ensemble",
        "Piloter",
        "pages/monitoring/overview.py",
        LISTENERS,
        ":material/dashboard:",
        "Volumes, ressenti, réponses et délais : ce qui a changé depuis le mois dernier.",
    ),
    Room(
        "tendances",
        "Tendances",
        "Piloter",
        "pages/monitoring/trends.py",
        LISTENERS,
        ":material/trending_up:",
        "L'évolution de chaque mesure par jour, semaine ou mois, et ce qui l'explique.",
    ),
    Room(
        "impact-ia",
        "Impact de l'IA",
        "Piloter",
        "pages/monitoring/impact.py",
        EVERYONE,
        ":material/balance:",
        "Délais et satisfaction avant et après l'assistance par IA, avec leurs incertitudes.",
    ),
    Room(
        "irritants",
        "Irritants",
        "Écouter",
        "pages/signals/irritants.py",
        EVERYONE,
        ":material/report:",
        "Ce que les usagers rencontrent encore et encore, classé et illustré.",
    ),
    Room(
        "irritant",
        "Un irritant",
        "Écouter",
        "pages/signals/irritant.py",
        EVERYONE,
        ":material/report:",
        "Un irritant : son évolution, où, qui, et les avis eux-mêmes.",
        menu=False,
    ),
    Room(
        "carte-irritants",
        "Carte des irritants",
        "Écouter",
        "pages/signals/irritant_map.py",
        EVERYONE,
        ":material/scatter_plot:",
        "Les irritants côte à côte : proches quand ils se ressemblent.",
        menu=False,
    ),
    Room(
        "referentiel",
        "Référentiel des irritants",
        "Écouter",
        "pages/signals/reference.py",
        LISTENERS,
        ":material/edit_note:",
        "Nommer, réunir, masquer, séparer ; et ce que chaque nouveau calcul a changé.",
        menu=False,
    ),
    Room(
        "comparer",
        "Comparer",
        "Écouter",
        "pages/signals/comparison.py",
        LISTENERS,
        ":material/compare_arrows:",
        "Deux périodes ou deux institutions : ce qui est nouveau, parti, en hausse, en baisse.",
    ),
    Room(
        "points-forts",
        "Points forts",
        "Écouter",
        "pages/signals/strengths.py",
        EVERYONE,
        ":material/thumb_up:",
        "Ce qui va bien, qui le fait, et de quoi le leur dire.",
    ),
    Room(
        "sujets-suivis",
        "Sujets suivis",
        "Écouter",
        "pages/signals/watched.py",
        LISTENERS,
        ":material/visibility:",
        "Des sujets déclarés par leurs mots, suivis depuis le premier avis.",
    ),
    Room(
        "signaux-faibles",
        "Signaux faibles",
        "Écouter",
        "pages/signals/weak_signals.py",
        LISTENERS,
        ":material/notifications_active:",
        "Ce qui commence à mal aller, où, avec quelle certitude, et qui prévenir.",
    ),
    Room(
        "signal",
        "Un signal",
        "Écouter",
        "pages/signals/signal.py",
        LISTENERS,
        ":material/notifications_active:",
        "Un signal : observé contre attendu, où, qui, et les avis.",
        menu=False,
    ),
    Room(
        "recherche",
        "Recherche",
        "Écouter",
        "pages/signals/search.py",
        EVERYONE,
        ":material/search:",
        "Chercher des mots dans tous les avis.",
    ),
    Room(
        "avis",
        "Un avis",
        "Écouter",
        "pages/signals/review.py",
        EVERYONE,
        ":material/chat:",
        "Un avis, sa réponse et son contexte.",
        menu=False,
    ),
    Room(
        "file-d-attente",
        "File d'attente",
        "Répondre",
        "pages/replies/queue.py",
        ANSWERERS,
        ":material/inbox:",
        "Les avis qui attendent une réponse, du plus urgent au moins urgent.",
    ),
    Room(
        "rediger",
        "Rédiger",
        "Répondre",
        "pages/replies/desk.py",
        ANSWERERS,
        ":material/edit_note:",
        "Une réponse proposée, ses sources, l'éditeur, et le bouton de détresse.",
    ),
    Room(
        "avis-confies",
        "Avis confiés",
        "Répondre",
        "pages/replies/handed.py",
        ANSWERERS,
        ":material/support:",
        "Les avis qu'une personne doit lire elle-même, et avant quand.",
    ),
    Room(
        "equipe",
        "Équipe",
        "Répondre",
        "pages/replies/team.py",
        LEADERS,
        ":material/groups:",
        "Qui fait quoi, ce qui est en retard, qui est surchargé ; objectifs et mention par structure.",
    ),
    Room(
        "retours",
        "Retours",
        "Répondre",
        "pages/replies/feedback.py",
        LEADERS,
        ":material/reviews:",
        "Ce que le portail dit des réponses envoyées, relecture à l'aveugle, avis des agents sur les propositions.",
    ),
    Room(
        "transparence",
        "Transparence",
        "Répondre",
        "pages/replies/transparency.py",
        EVERYONE,
        ":material/visibility:",
        "Comment les réponses sont préparées, avec quel modèle et quelles données.",
    ),
    Room(
        "delais",
        "Délais",
        "Répondre",
        "pages/replies/delays.py",
        EVERYONE,
        ":material/schedule:",
        "Combien de temps les usagers attendent une réponse, et ce qui est en retard.",
    ),
    Room(
        "supervision",
        "Supervision",
        "Répondre",
        "pages/replies/supervision.py",
        LISTENERS,
        ":material/monitoring:",
        "Le stock par âge, ce qui sera en retard cette semaine, ce qui vient, ce qui dérive.",
    ),
    Room(
        "mesures-redaction",
        "Mesures de la rédaction",
        "Répondre",
        "pages/replies/measures.py",
        frozenset({Role.MANAGER, Role.LEAD, Role.ADMIN}),
        ":material/timer:",
        "Ce que l'IA change au bureau, par modèle et par consigne, et les essais.",
    ),
    Room(
        "structure",
        "Une structure",
        "Répondre",
        "pages/replies/structure.py",
        EVERYONE,
        ":material/apartment:",
        "Les délais d'une structure, ce qui attend chez elle, et son usage de l'IA.",
        menu=False,
    ),
    Room(
        "donnees",
        "Données",
        "Administrer",
        "pages/administration/data.py",
        frozenset({Role.ADMIN, Role.MANAGER, Role.ANALYST}),
        ":material/database:",
        "Fraîcheur et solidité des données ; chargement et retour en arrière.",
    ),
    Room(
        "champs",
        "Champs des avis",
        "Administrer",
        "pages/administration/fields.py",
        frozenset({Role.ADMIN, Role.MANAGER, Role.ANALYST}),
        ":material/list_alt:",
        "Tout ce que l'on garde d'un avis : chaque champ, ses valeurs, et les avis qui les portent.",
    ),
    Room(
        "provenance",
        "D'où vient un chiffre",
        "Administrer",
        "pages/administration/lineage.py",
        frozenset({Role.ADMIN, Role.MANAGER, Role.ANALYST}),
        ":material/account_tree:",
        "Un chiffre, du fichier publié jusqu'à l'écran : quelles lignes comptent, lesquelles non, et pourquoi.",
    ),
    Room(
        "modeles",
        "Modèles",
        "Administrer",
        "pages/administration/models.py",
        frozenset({Role.ADMIN, Role.LEAD}),
        ":material/memory:",
        "Quel modèle rédige, comment en changer, et l'état du rédacteur.",
    ),
    Room(
        "acces",
        "Accès",
        "Administrer",
        "pages/administration/access.py",
        frozenset({Role.ADMIN}),
        ":material/lock:",
        "Qui peut ouvrir quoi.",
    ),
    Room(
        "journal",
        "Journal",
        "Administrer",
        "pages/administration/journal.py",
        frozenset({Role.ADMIN, Role.LEAD}),
        ":material/history:",
        "Qui a fait quoi, et quand.",
    ),
)

DATED = frozenset(  # rooms whose figures can be asked as known on a past day; the others show what is to do, loaded or set now
    {
        "vue-d-ensemble", "tendances", "impact-ia", "irritants", "irritant", "carte-irritants", "comparer", "points-forts",
        "sujets-suivis", "signaux-faibles", "signal", "recherche", "avis", "delais", "supervision", "structure", "champs",
        "provenance",
    }
)  # fmt: skip
HOME = {
    Role.MANAGER: "vue-d-ensemble",
    Role.ANALYST: "signaux-faibles",
    Role.AGENT: "file-d-attente",
    Role.LEAD: "delais",
    Role.ADMIN: "donnees",
}


def room(slug: str) -> Room:
    """The room at that address. Raises KeyError when there is none."""
    return _BY_SLUG[slug]


def rooms_of(role: Role) -> tuple[Room, ...]:
    """Rooms a role may open, in menu order."""
    return tuple(r for r in ROOMS if role in r.roles)


_BY_SLUG = {r.slug: r for r in ROOMS}

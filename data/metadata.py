"""The metadata of a review: every field that is kept of it, what the portal says and what the product derives.

Owns the one list of fields (`FIELDS`), which the pages, the documentation and the completeness table all read, and the
writing of `review_metadata` and `completeness` at each refresh. The rule it protects: a field that is listed exists,
is filled by a tested rule and can be filtered on; the count of fields is the length of this list.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import duckdb

from data import cli, staging
from data.warehouse import sql

Kind = Literal["category", "number", "date", "flag", "list", "text"]
Table = Literal["reviews", "metadata", "typology", "reply"]
DOC = "docs/metadata.md"
_HISTORY = "Histoire (calculé)"
_SEEN = "Premier fichier qui contenait la réponse de cette structure."
_CANNED = "Réponse type du programme, qui n'est pas une réponse."


@dataclass(frozen=True)
class Field:
    """One field of a review. `slot`: 1 to 3 for what the portal says of each institution; 0 otherwise."""

    name: str  # unique; its address on the page of fields
    label: str  # French
    kind: Kind
    group: str  # French
    about: str  # French: what it says, and how it is obtained when derived
    column: str
    table: Table = "reviews"
    slot: int = 0
    personal: bool = False  # never shown by default

    @property
    def derived(self) -> bool:
        """Whether the product computes it."""
        return self.group.endswith("(calculé)")

    @property
    def sql(self) -> str:
        """Its value, on the aliases of `source`."""
        alias = {"reviews": "r", "metadata": "m", "typology": "t", "reply": "p"}[self.table]
        return f"{alias}.{self.column}"

    @property
    def filled(self) -> str:
        """SQL: whether it says something."""
        return f"coalesce(len({self.sql}) > 0, false)" if self.kind == "list" else f"{self.sql} IS NOT NULL"

    @property
    def source(self) -> str:
        """SQL: reviews as `r`, joined with what holds the field."""
        joined = {
            "reviews": "",
            "metadata": " JOIN review_metadata m ON m.review_id = r.id",
            "typology": f" LEFT JOIN review_typologies t ON t.review_id = r.id AND t.rank = {self.slot}",
            "reply": f" LEFT JOIN replies p ON p.review_id = r.id AND p.rank = {self.slot}",
        }
        return f"reviews r{joined[self.table]}"


def _portal(group: str, *rows: tuple[str, str, Kind, str]) -> list[Field]:
    return [Field(column, label, kind, group, about, column) for column, label, kind, about in rows]


def _derived(group: str, *rows: tuple[str, str, Kind, str]) -> list[Field]:
    return [Field(column, label, kind, group, about, column, "metadata") for column, label, kind, about in rows]


def _slots(table: Table, group: str, *rows: tuple[str, str, Kind, str]) -> list[Field]:
    return [
        Field(f"{column}_{slot}", f"{label} {slot}", kind, group, f"{about} (rang {slot}).", column, table, slot)
        for slot in (1, 2, 3)
        for column, label, kind, about in rows
    ]


FIELDS: tuple[Field, ...] = (
    *_portal(
        "Avis (portail)",
        ("id", "Numéro", "number", "Numéro de l'expérience sur le portail."),
        ("state", "État", "category", "À traiter ou traitée, tel que publié."),
        ("status", "Statut", "category", "En attente de réponse ou avec réponse, tel que publié."),
        ("written_on", "Écrit le", "date", "Jour où l'avis a été écrit."),
        ("published_at", "Publié le", "date", "Moment de la publication, après modération."),
        ("first_reply_at", "Première réponse", "date", "Première réponse, de quelque structure que ce soit."),
        ("title", "Titre", "text", "Titre de l'avis."),
        ("body", "Description", "text", "Texte de l'avis."),
        ("posted_as", "Posté comme", "category", "La personne concernée, un proche, un agent de médiation."),
        ("sentiment", "Ressenti", "category", "Déclaré par l'usager."),
        ("department", "Département de l'usager", "category", "Code INSEE ; rempli dans une minorité d'avis."),
        ("region", "Région de l'usager", "category", "Code INSEE, publié ou déduit du département."),
        ("country", "Pays", "category", "Pays de l'usager."),
        ("procedures", "Démarches saisies", "category", "Démarches que l'usager a saisies lui-même."),
        ("out_of_structure", "Hors structure", "flag", "Aucune structure ne suit cet avis."),
        ("accessibility", "Accessibilité", "category", "Étiquette générale : polarité."),
        ("information", "Information et explication", "category", "Étiquette générale : polarité."),
        ("relation", "Relation", "category", "Étiquette générale : polarité."),
        ("responsiveness", "Réactivité", "category", "Étiquette générale : polarité."),
        ("simplicity", "Simplicité", "category", "Étiquette générale : polarité."),
        ("endorsements", "Expériences similaires", "number", "Nombre d'usagers qui disent avoir vécu la même chose."),
        ("improvement", "Amélioration à considérer", "flag", "Coché par un agent."),
        ("action", "Action", "category", "Action annoncée par l'administration."),
        ("action_started", "Action engagée le", "date", "Date publiée."),
        ("action_done", "Action réalisée le", "date", "Date publiée."),
        ("business_tags", "Étiquettes métiers", "list", "Étiquettes posées par les administrations."),
        ("extra", "Colonnes inconnues", "text", "Colonnes du fichier que le produit ne connaît pas, gardées à part."),
    ),
    Field("pseudonym", "Pseudonyme", "text", "Avis (portail)", "Jamais montré par défaut.", "pseudonym", personal=True),
    *_slots(
        "typology",
        "Institutions (portail)",
        ("label", "Type d'institution", "category", "Intitulé publié"),
        ("postcode", "Code postal", "category", "Code postal du lieu"),
        ("country", "Pays du lieu", "category", "Pays du lieu"),
        ("channels", "Canaux", "list", "Canaux par lesquels l'usager est passé"),
        ("tags", "Étiquettes métier", "category", "Étiquettes métier de ce type d'institution"),
    ),
    *_slots(
        "reply",
        "Réponses (portail)",
        ("structure_id", "Code de la structure", "category", "Code de la structure"),
        ("structure", "Structure", "category", "Nom de la structure, d'après le référentiel"),
        ("status", "Statut de la réponse", "category", "Statut publié"),
        ("body", "Réponse", "text", "Texte de la réponse publique"),
        ("ai_similarity", "Similarité avec l'IA", "number", "Part du projet de l'IA restée dans la réponse, 0 à 100"),
        ("useful_votes", "Votes utile", "number", "Votes de visiteurs"),
        ("useless_votes", "Votes inutile", "number", "Votes de visiteurs"),
        ("author_verdict", "Verdict de l'auteur", "category", "Utile ou pas utile, selon l'auteur de l'avis"),
    ),
    *_portal(
        "Institution retenue (calculé)",
        ("network", "Réseau", "category", "Réseau de la structure 1, sinon de son type d'institution."),
        ("typology", "Institution", "category", "Type d'institution 1 sous son nom en usage (France Travail…)."),
        ("channels", "Tous les canaux", "list", "Canaux des trois types d'institution, sans répétition."),
        ("published_on", "Jour de publication", "date", "Le jour, heure de Paris."),
    ),
    *_derived(
        "Texte (calculé)",
        ("title_characters", "Longueur du titre", "number", "En caractères."),
        ("characters", "Longueur du texte", "number", "En caractères."),
        ("words", "Mots", "number", "Suites de signes entre deux blancs."),
        ("sentences", "Phrases", "number", "Fins de phrase comptées."),
        ("lines", "Lignes", "number", "Lignes du texte."),
        ("exclamations", "Points d'exclamation", "number", "Dans le texte."),
        ("questions", "Points d'interrogation", "number", "Dans le texte."),
        ("figures", "Nombres cités", "number", "Suites de chiffres dans le texte."),
        ("capitals", "Part de capitales", "number", "De 0 à 1, parmi tous les caractères."),
        ("addresses", "Adresses de sites", "number", "Dans le titre et le texte."),
        ("language", "Langue", "category", "Selon les mots outils : français, autre, ou trop court pour le dire."),
    ),
    *_derived(
        "Protection (calculé)",
        ("personal_kinds", "Données personnelles trouvées", "list", "Natures trouvées par motifs, masquées à l'écran."),
        ("personal_count", "Nombre de données personnelles", "number", "Trouvées par motifs ; un nom seul ne l'est pas."),
        ("distress", "Mots de détresse", "category", "Mots qui demandent qu'une personne lise d'abord."),
        ("copy_of", "Copie de l'avis", "number", "Premier avis publié avec les mêmes lettres (40 au moins)."),
        ("copies", "Avis au même texte", "number", "Lui compris."),
        ("defects", "Défauts constatés", "list", "Dates dans le désordre, structure inconnue, texte déjà publié…"),
    ),
    *_derived(
        "Calendrier (calculé)",
        ("week", "Semaine", "date", "Lundi de la semaine de publication."),
        ("weekday", "Jour de la semaine", "number", "1 pour lundi, 7 pour dimanche."),
        ("hour", "Heure de publication", "number", "Heure de Paris."),
        ("moderation_days", "Attente de publication", "number", "Jours de l'écriture à la publication."),
    ),
    *_derived(
        "Sujet et signaux (calculé)",
        ("irritant", "Irritant", "category", "Numéro de l'irritant ; −1 quand aucun ne convient."),
        ("subject", "Sujet", "category", "Sujet fin, sous l'irritant."),
        ("closeness", "Proximité au sujet", "number", "Ressemblance du texte avec son sujet, 0 à 1."),
        ("signals", "Signaux faibles", "list", "Signaux dont l'avis fait partie."),
        ("signal_count", "Nombre de signaux", "number", "Signaux dont l'avis fait partie."),
        ("tags_positive", "Étiquettes positives", "number", "Parmi les cinq étiquettes générales."),
        ("tags_negative", "Étiquettes négatives", "number", "Parmi les cinq étiquettes générales."),
    ),
    *_derived(
        "Orientation et urgence (calculé)",
        ("urgency", "Urgence", "number", "Ressenti et expériences similaires, pour les avis qui attendent."),
        ("routed_typology", "Institution proposée", "category", "Par l'orientation, pour les avis récents en attente."),
        ("routed_confidence", "Confiance de l'orientation", "number", "De 0 à 1."),
        ("routed_elsewhere", "Orienté ailleurs", "flag", "L'orientation propose une autre institution que la déclarée."),
    ),
    *_derived(
        "Réponse (calculé)",
        ("typologies", "Types d'institution cités", "number", "De 0 à 3."),
        ("structures", "Structures citées", "number", "De 0 à 3."),
        ("answered", "A reçu une réponse", "flag", "Une vraie réponse : une réponse type du programme n'en est pas une."),
        ("answers", "Réponses", "number", "Structures qui ont vraiment répondu."),
        ("canned", "Réponse type seulement", "flag", "N'a reçu que la réponse type du programme."),
        ("reply_characters", "Longueur des réponses", "number", "En caractères."),
        ("reply_words", "Mots des réponses", "number", "Toutes réponses réunies."),
        ("reply_addresses", "Liens dans les réponses", "number", "Adresses de sites."),
        ("useful_votes", "Votes utile, en tout", "number", "Sur toutes les réponses."),
        ("useless_votes", "Votes inutile, en tout", "number", "Sur toutes les réponses."),
        ("verdict", "Verdict de l'auteur", "category", "Sur la première réponse jugée."),
        ("ai_used", "IA utilisée", "flag", "Une réponse porte un taux de similarité avec l'IA."),
        ("ai_similarity", "Similarité avec l'IA, la plus forte", "number", "De 0 à 100."),
        ("ai_kept", "Devenir du projet de l'IA", "category", "Presque tel quel (90 et plus), retouché, réécrit (moins de 50)."),
        ("delay_days", "Délai depuis la publication", "number", "Jours jusqu'à la première réponse ; jamais négatif."),
        ("delay_from_writing_days", "Délai depuis l'écriture", "number", "Jours jusqu'à la première réponse."),
        ("waiting_days", "Attente en cours", "number", "Jours depuis la publication, sans réponse."),
    ),
    *_portal(
        _HISTORY,
        ("first_seen_at", "Vu pour la première fois", "date", "Premier fichier qui le contenait."),
        ("changed_at", "Modifié pour la dernière fois", "date", "Dernier fichier qui l'a changé."),
    ),
    *_derived(_HISTORY, ("changes", "Modifications", "number", "Fichiers qui l'ont changé, lui ou ses réponses.")),
    *[
        Field(f"reply_seen_{n}", f"Réponse {n} vue le", "date", _HISTORY, _SEEN, "first_seen_at", "reply", n)
        for n in (1, 2, 3)
    ],
    *[
        Field(f"canned_{n}", f"Réponse type {n}", "flag", "Réponse (calculé)", _CANNED, "canned", "reply", n)
        for n in (1, 2, 3)
    ],
)  # fmt: skip
BY_NAME = {field.name: field for field in FIELDS}


def write(
    db: duckdb.DuckDBPyConnection, last: date, measured: str, routed: Sequence[tuple[int, str | None, float]]
) -> None:
    """Fill `review_metadata` and `completeness`; `review_measures` and the other derived tables are up to date.

    `measured`: SQL of the named sets that tell what is answered, and when. `routed`: (review, typology or None, confidence).
    """
    db.execute("CREATE OR REPLACE TEMP TABLE routed (review_id BIGINT, typology VARCHAR, confidence DOUBLE)")
    staging.insert(db, "routed", routed)
    db.execute("DELETE FROM review_metadata")
    query = derived(measured, sql(__file__, "review_texts"))
    db.execute(f"INSERT INTO review_metadata BY NAME {query}", {"end": last + timedelta(days=1)})
    db.execute("DELETE FROM completeness")
    for name, found in _by_source().items():
        counted = ", ".join(f"count(*) FILTER ({field.filled}) AS f{i}" for i, (_, field) in enumerate(found))
        told = ", ".join(f"{{'field': '{key}', 'filled': f{i}}}" for i, (key, _) in enumerate(found))
        db.execute(
            "INSERT INTO completeness BY NAME SELECT t.field, month, reviews, t.filled FROM ("
            f" SELECT month, reviews, unnest([{told}]) AS t FROM ("
            f"  SELECT date_trunc('month', r.published_on)::DATE AS month, count(*) AS reviews, {counted}"
            f"  FROM {name} GROUP BY month))"
        )


def derived(measured: str, texts: str) -> str:
    """SQL of the rows of `review_metadata`; `texts` tells which texts say the same."""
    return sql(__file__, "review_metadata").replace("/*measured*/", measured).replace("/*texts*/", texts)


def known(base: str, moment: str, end: date, measured: str) -> str:
    """The same of what was known before `moment` (SQL), over the tables of `base` and the views named like them; `end` is
    the day that ends what was known.
    """
    texts = sql(__file__, "known_texts").format(base=base, moment=moment)
    nowhere = "SELECT NULL::BIGINT AS review_id, NULL::VARCHAR AS typology, NULL::DOUBLE AS confidence WHERE FALSE"
    query = derived(f"{measured}, routed AS ({nowhere})", texts)
    return query.replace("$end::TIMESTAMP", f"TIMESTAMP '{end:%Y-%m-%d}'")


def _by_source() -> dict[str, list[tuple[str, Field]]]:
    found: dict[str, list[tuple[str, Field]]] = {}
    for key, field in BY_NAME.items():
        found.setdefault(field.source, []).append((key, field))
    return found


def document() -> str:
    """The page of the documentation that lists the fields."""
    derived = sum(field.derived for field in FIELDS)
    lines = [
        "# The metadata of a review",
        "",
        "Written by `python -m data metadata`; a test holds it to the schema. Labels and definitions are those of the screen.",
        "",
        f"Kept of each review: **{len(FIELDS)} fields**, {len(FIELDS) - derived} that the portal publishes and {derived} that"
        " the product derives at each refresh. Each can be looked at and filtered on the page `/champs` (what it says, how"
        " often it is filled over time, its values, the reviews that have one), and all those of a review stand on its own"
        " page. Pseudonyms are kept and never shown.",
    ]
    for group in dict.fromkeys(field.group for field in FIELDS):
        lines += ["", f"## {group}", "", "| field | label | kind | what it says |", "|---|---|---|---|"]
        lines += [
            f"| `{field.name}` | {field.label} | {field.kind} | {field.about} |"
            for field in FIELDS
            if field.group == group
        ]
    return "\n".join(lines) + "\n"


def add_parser(commands: Any) -> None:
    """Declare `metadata` among the subcommands of `python -m data`."""
    parser = commands.add_parser(
        "metadata", parents=[cli.options()], help="write the list of the fields of a review into the documentation"
    )
    parser.add_argument("--out", type=Path, default=Path(DOC), metavar="FILE")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> Mapping[str, Any]:
    """`python -m data metadata`."""
    args.out.write_text(document(), "utf-8")
    return {"fields": len(FIELDS), "derived": sum(field.derived for field in FIELDS), "out": str(args.out)}

"""A whole home small enough to read: 12 reviews, 4 structures, 3 fiches, 2 irritants, 1 signal. See `build`."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from data import carry, snapshots
from generation import routing
from generation.index import build_index

SQL = Path(snapshots.__file__).with_name("sql")
LAST = "2025-06-30"
TAXES, HOUSING, JOBS, PERMITS = "sipLille01", "cafNord001", "ftLille001", "prefNord01"
TYPOLOGY = {
    TAXES: "Service des impôts des particuliers (SIP)",
    HOUSING: "Caisse d'allocations familiales (CAF)",
    JOBS: "France Travail",
    PERMITS: "Préfecture",
}
NETWORK = {TAXES: "DGFIP", HOUSING: "CNAF", JOBS: "France Travail", PERMITS: "Préfectures"}
NAME = {TAXES: "SIP de Lille", HOUSING: "Caf du Nord", JOBS: "France Travail Lille", PERMITS: "Préfecture du Nord"}
CANNED = (
    "Bonjour, la structure concernée n'est pas encore en mesure de vous répondre sur Services Publics +. "
    "Bien cordialement, l'Équipe Services Publics +"
)

# id, structure, sentiment, published, first reply, endorsements, title, body
REVIEWS: tuple[tuple[Any, ...], ...] = (
    (
        1,
        TAXES,
        "Négatif",
        "2025-03-03 09:00",
        "2025-03-05 10:00",
        2,
        "Déclaration d'occupation impossible",
        "Je n'arrive pas à faire la déclaration d'occupation de mon logement sur le site des impôts. "
        "La page affiche une erreur après chaque validation et personne ne répond au téléphone.",
    ),
    (
        2,
        HOUSING,
        "Négatif",
        "2025-03-10 11:30",
        "2025-03-28 16:00",
        0,
        "Aide au logement suspendue",
        "Mon aide au logement est suspendue depuis deux mois alors que j'ai envoyé tous les justificatifs demandés.",
    ),
    (
        3,
        JOBS,
        "Neutre",
        "2025-04-02 08:15",
        "2025-04-22 09:00",
        1,
        "Rendez-vous déplacé",
        "Mon rendez-vous avec ma conseillère a été déplacé trois fois. L'accueil reste aimable.",
    ),
    (
        4,
        PERMITS,
        "Négatif",
        "2025-04-15 14:00",
        "2025-04-16 07:00",
        4,
        "Titre de séjour sans nouvelles",
        "Je demande le renouvellement de mon titre de séjour depuis six mois et je n'ai aucune nouvelle du dossier.",
    ),
    (
        5,
        TAXES,
        "Négatif",
        "2025-05-02 10:20",
        None,
        3,
        "Déclaration d'occupation refusée",
        "Le site des impôts refuse ma déclaration d'occupation pour un appartement que j'ai vendu. "
        "Je risque une amende alors que le bien n'est plus à moi. Que dois-je faire ?",
    ),
    (
        6,
        HOUSING,
        "Négatif",
        "2025-06-24 17:45",
        None,
        6,
        "Toujours pas d'aide au logement",
        "Cela fait trois mois que j'attends mon aide au logement. J'ai envoyé mon bail et mes quittances deux fois. "
        "Je ne peux plus payer mon loyer et je risque l'expulsion.",
    ),
    (
        7,
        JOBS,
        "Neutre",
        "2025-06-18 09:05",
        None,
        0,
        "Attestation introuvable",
        "Je ne trouve pas où télécharger mon attestation dans mon espace personnel depuis la mise à jour du site.",
    ),
    (
        8,
        TAXES,
        "Positif",
        "2025-06-27 12:00",
        None,
        0,
        "Merci à l'accueil",
        "Très bon accueil au guichet, l'agent a pris le temps de tout m'expliquer. Merci à lui.",
    ),
    (
        9,
        None,
        "Négatif",
        "2025-06-20 19:30",
        None,
        0,
        "Train en retard",
        "Mon train régional a eu deux heures de retard et aucune annonce n'a été faite en gare.",
    ),
    (
        10,
        HOUSING,
        "Négatif",
        "2025-06-28 22:10",
        None,
        0,
        "Je n'en peux plus",
        "La caisse me réclame un trop-perçu que je ne peux pas payer. J'ai envie de mourir, plus personne ne m'écoute.",
    ),
    (
        11,
        PERMITS,
        "Négatif",
        "2025-06-29 08:40",
        None,
        1,
        "Rendez-vous en préfecture impossible",
        "Bonjour, je suis Madame Lefebvre, mon numéro est le 06 12 34 56 78 et mon adresse jeanne@exemple.fr. "
        "Aucun créneau de rendez-vous n'est proposé pour mon titre de séjour.",
    ),
    (
        12,
        HOUSING,
        "Positif",
        "2025-06-30 09:00",
        "2025-06-30 15:00",
        0,
        "Dossier réglé en une journée",
        "Ma demande d'aide au logement a été traitée en une journée, réponse claire et rapide. Bravo.",
    ),
)
# review, body, canned, similarity, author's verdict, useful votes
REPLIES: tuple[tuple[Any, ...], ...] = (
    (
        1,
        "Bonjour, nous vous prions de nous excuser pour cette difficulté. La déclaration d'occupation se fait dans "
        "l'espace « Gérer mes biens immobiliers » du site des impôts. En cas d'erreur, vous pouvez nous écrire par la "
        "messagerie sécurisée. Bien cordialement, le service des impôts des particuliers de Lille.",
        False,
        82.0,
        "utile",
        5,
    ),
    (
        2,
        "Bonjour, nous comprenons votre inquiétude. Votre dossier d'aide au logement demande encore une attestation de "
        "loyer remplie par votre bailleur. Déposez-la dans votre espace personnel, le droit sera alors étudié sous dix "
        "jours. Cordialement, la Caf du Nord.",
        False,
        None,
        "utile",
        2,
    ),
    (
        3,
        "Bonjour, nous regrettons ces changements. Votre conseillère vous appellera pour fixer une date. Cordialement, "
        "France Travail Lille.",
        False,
        None,
        "pas utile",
        0,
    ),
    (4, CANNED, True, None, None, 0),
    (
        12,
        "Bonjour, merci pour votre message, il sera transmis à toute l'équipe qui s'occupe des aides au logement. "
        "Bien cordialement, la Caf du Nord.",
        False,
        100.0,
        "utile",
        1,
    ),
)
FICHES = (
    ("F1001", "Déclarer l'occupation d'un logement", "Impôts",
     (("Qui doit déclarer ?", "Tout propriétaire d'un logement doit dire qui l'occupe. En cas de vente, l'ancien "
       "propriétaire n'a plus de déclaration à faire : il signale l'erreur au service des impôts."),
      ("Comment faire ?", "La déclaration d'occupation se fait en ligne, dans l'espace particulier du site des impôts, "
       "rubrique Gérer mes biens immobiliers. Sans accès à internet, elle se fait au guichet."))),
    ("F1002", "Demander une aide au logement", "Logement",
     (("Délai de versement", "L'aide au logement est versée à partir du mois qui suit la demande. Le dossier doit "
       "contenir le bail et l'attestation de loyer remplie par le bailleur."),)),
    ("F1003", "Renouveler un titre de séjour", "Étrangers",
     (("Prendre rendez-vous", "Le renouvellement du titre de séjour se demande en ligne, entre quatre et deux mois "
       "avant la fin de validité. Sans créneau, la préfecture peut être saisie par courrier."),)),
)  # fmt: skip
IRRITANTS = (
    (0, "Déclaration d'occupation qui échoue", ["déclaration", "occupation", "impôts"], (1, 5)),
    (1, "Aide au logement en attente", ["aide", "logement", "justificatifs"], (2, 6, 10, 12)),
)

SOURCE = {"kind": "fiche", "id": "F1001", "title": "Titre", "url": "https://exemple.fr", "score": 1.0, "text": "…"}
DRAFT = {  # a drafter's JSON object, as workers hand it to operations
    "reply": "Bonjour, voici la marche à suivre.",
    "sources": [SOURCE],
    "cited": ["F1001"],
    "findings": [],
    "escalation": None,
    "model": "extractive-1",
    "model_sha256": "",
    "prompt_version": "reply-1",
    "prompt": [{"role": "user", "content": "…"}],
    "parameters": {"temperature": 0.2},
    "seed": 7,
    "tokens": {"prompt": 12, "reply": 8},
    "timings": {"first": 0.1, "total": 0.4},
    "snapshot": "warehouse-1",
}


def build(home: Path) -> snapshots.Snapshot:
    """Publish the tiny snapshot in `home`.

    12 reviews by id: 1-3 and 12 answered (1 and 12 with an AI draft), 4 holds DITP's canned non-reply, 5-11 wait; 9 is
    Hors structure, 10 speaks of wanting to die, 11 holds a name, a phone and a mail. The last publication is 30 June
    2025. Irritant 0 has reviews 1 and 5, irritant 1 has 2, 6, 10 and 12, the others are unassigned (-1). One signal,
    `sig-1`, on irritant 1. The retrieval index is built; the router has too few reviews and abstains.
    """
    with snapshots.building(home) as work:
        connection = duckdb.connect(str(work.file))
        for name in ("schema", "schema_derived"):
            connection.execute((SQL / f"{name}.sql").read_text("utf-8"))
        _places(connection)
        _reviews(connection)
        carry.set_replied(connection)
        _fiches(connection)
        _derived(connection)
        build_index(connection, work.artifacts)
        routing.train(connection, work.artifacts)
        connection.close()
        return work.publish(demo=False, last_publication=LAST, reviews=len(REVIEWS), refreshed=True)


def _put(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        names = ", ".join(row)
        marks = ", ".join("?" for _ in row)
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))


def _places(connection: duckdb.DuckDBPyConnection) -> None:
    places = (("59", "Nord", "32", "Hauts-de-France", 5, 0), ("62", "Pas-de-Calais", "32", "Hauts-de-France", 4, 0))
    names = ("code", "name", "region_code", "region", "tile_x", "tile_y")
    _put(connection, "departments", [dict(zip(names, place, strict=True)) for place in places])
    _put(connection, "department_neighbours", [{"code": "59", "neighbour": "62"}, {"code": "62", "neighbour": "59"}])
    _put(
        connection,
        "structures",
        [
            {
                "id": id_,
                "network": NETWORK[id_],
                "typology": TYPOLOGY[id_],
                "name": NAME[id_],
                "public_name": NAME[id_],
                "website": f"https://exemple.gouv.fr/{id_}",
                "mailbox": f"{id_.lower()}@exemple.gouv.fr",
                "active": True,
                "city": "Lille",
                "department": "59",
                "region": "32",
            }
            for id_ in NAME
        ],
    )


def _reviews(connection: duckdb.DuckDBPyConnection) -> None:
    replied = {row[0]: row for row in REPLIES}
    for id_, structure, sentiment, published, reply, endorsements, title, body in REVIEWS:
        moment = datetime.fromisoformat(published)
        typology = TYPOLOGY.get(structure, "SNCF")
        row = {
            "id": id_,
            "state": "Traitées" if reply else "A traiter",
            "status": "Expérience avec réponse" if reply else "Expérience en attente de réponse",
            "written_on": moment.date(),
            "published_at": moment,
            "published_on": moment.date(),
            "first_reply_at": datetime.fromisoformat(reply) if reply else None,
            "pseudonym": f"usager{id_}",
            "title": title,
            "body": body,
            "posted_as": "La personne concernée",
            "sentiment": sentiment,
            "department": "59" if id_ % 2 else None,
            "region": "32" if id_ % 2 else None,
            "country": "France",
            "out_of_structure": structure is None,
            "network": NETWORK.get(structure),
            "typology": typology,
            "structure_id": structure or "sxZshFsE9R",
            "structure": NAME.get(structure, "Hors-structures"),
            "channels": ["Démarche en ligne"] if id_ % 2 else ["Accueil"],
            "endorsements": endorsements,
        }
        _put(connection, "reviews", [row])
        _put(
            connection,
            "review_typologies",
            [{"review_id": id_, "rank": 1, "label": typology, "typology": typology, "channels": row["channels"]}],
        )
        text, canned, ai, verdict, useful = replied[id_][1:] if id_ in replied else (None, False, None, None, None)
        _put(
            connection,
            "replies",
            [
                {
                    "review_id": id_,
                    "rank": 1,
                    "structure_id": row["structure_id"],
                    "structure": row["structure"],
                    "body": text,
                    "canned": canned,
                    "ai_similarity": ai,
                    "useful_votes": useful,
                    "useless_votes": 0 if text else None,
                    "author_verdict": verdict,
                }
            ],
        )


def _fiches(connection: duckdb.DuckDBPyConnection) -> None:
    for id_, title, theme, sections in FICHES:
        url = f"https://www.service-public.fr/particuliers/vosdroits/{id_}"
        _put(
            connection,
            "fiches",
            [
                {
                    "id": id_,
                    "audience": "Particuliers",
                    "kind": "Fiche d'information",
                    "title": title,
                    "subject": theme,
                    "description": title,
                    "url": url,
                    "modified_on": date(2025, 1, 15),
                    "theme": theme,
                    "breadcrumbs": ["Accueil", theme],
                }
            ],
        )
        for rank, (heading, body) in enumerate(sections, 1):
            _put(connection, "fiche_sections", [{"fiche_id": id_, "rank": rank, "heading": heading, "body": body}])
        link = {"fiche_id": id_, "kind": "service", "title": "Faire la démarche en ligne", "url": f"{url}/demarche"}
        _put(connection, "fiche_links", [link])


def _derived(connection: duckdb.DuckDBPyConnection) -> None:
    model = "tiny-1"
    where = {}
    for id_, label, terms, members in IRRITANTS:
        where |= dict.fromkeys(members, id_)
        topic = {"label": label, "terms": terms, "size": len(members), "share_negative": 0.75, "model": model}
        exemplars = list(members[:2])
        _put(
            connection,
            "topics",
            [
                {"id": id_, "level": "irritant", "x": float(id_), "y": 0.5, "exemplars": exemplars, **topic},
                {"id": id_ + 10, "level": "subject", "parent_id": id_, "exemplars": exemplars, **topic},
            ],
        )
    for review in REVIEWS:
        irritant = where.get(review[0], -1)
        subject = irritant + 10 if irritant >= 0 else None
        _put(
            connection,
            "review_topics",
            [{"review_id": review[0], "irritant": irritant, "subject": subject, "score": 0.8 if subject else None}],
        )
    carry.set_irritants(connection)
    connection.execute(
        """
        INSERT INTO cells
        SELECT date_trunc('week', r.published_on)::DATE, t.irritant, r.network, r.typology, r.structure_id,
            r.department, count(*), count(*) FILTER (WHERE r.sentiment = 'Négatif')
        FROM reviews AS r JOIN review_topics AS t ON t.review_id = r.id WHERE t.irritant >= 0 GROUP BY ALL
        """
    )
    signal = {
        "id": "sig-1", "as_of": LAST, "detector": "surge", "topic": 1, "label": IRRITANTS[1][1], "strength": "weak",
        "network": NETWORK[HOUSING], "typology": TYPOLOGY[HOUSING], "structure_id": HOUSING,
        "first_week": "2025-06-23", "last_week": "2025-06-30", "observed": 3, "expected": 0.4, "ratio": 7.5,
        "ratio_low": 1.6, "p": 0.002, "q": 0.03, "severity": 0.7, "terms": IRRITANTS[1][2], "review_ids": [6, 10, 12],
        "owner_id": HOUSING, "owner_name": NAME[HOUSING], "owner_mailbox": "cafnord001@exemple.gouv.fr", "tests": 12,
    }  # fmt: skip
    _put(connection, "signals", [signal])
    weeks = (("2025-06-09", 0), ("2025-06-16", 0), ("2025-06-23", 2), ("2025-06-30", 1))
    _put(
        connection,
        "signal_weeks",
        [{"signal_id": "sig-1", "week": w, "observed": n, "expected": 0.2, "low": 0.0, "high": 1.0} for w, n in weeks],
    )
    _put(
        connection,
        "adoption",
        [
            {"structure_id": TAXES, "adopted_on": "2025-03-05", "replies": 1, "with_ai": 1},
            {"structure_id": HOUSING, "adopted_on": "2025-06-30", "replies": 2, "with_ai": 1},
        ],
    )
    _put(
        connection,
        "refreshes",
        [
            {
                "ran_at": "2025-06-30 18:00",
                "duration_s": 1.0,
                "model": model,
                "topics": 2,
                "assigned": 6,
                "rejected": 6,
                "signals": 1,
            }
        ],
    )
    _put(connection, "meta", [{"key": "demo", "value": "false"}, {"key": "last_publication", "value": LAST}])

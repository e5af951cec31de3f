"""Which institution should answer: what is learnt, what rules settle, when the router keeps silent."""

from __future__ import annotations

import itertools
from pathlib import Path

import duckdb
import pytest

from data import snapshots
from data.errors import VigieError
from data.warehouse import sql
from generation import routing
from generation.routing import Router, train

SUBJECTS = {
    "CAF": ["mon aide au logement", "ma prime d'activité", "le RSA versé par la Caf", "les allocations familiales"],
    "MSA": ["ma cotisation agricole", "ma pension de la MSA", "mon exploitation agricole", "la MSA et mes ressources"],
    "Brigade de gendarmerie": [
        "la plainte prise à la brigade",
        "les gendarmes de la brigade",
        "un cambriolage signalé",
    ],
    "Commissariat de police": ["la plainte prise au commissariat", "les policiers du commissariat", "un vol signalé"],
    "Impots.gouv.fr": ["ma déclaration de revenus", "mon avis d'imposition", "la taxe foncière", "mon espace fiscal"],
}
COMPLAINTS = ["n'avance pas", "pose problème depuis un mois", "reste sans réponse", "a été bien suivi", "est à refaire"]


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Router:
    """A router learnt from a hundred made-up reviews of five institutions."""
    folder = tmp_path_factory.mktemp("router")
    connection = empty(folder)
    number = itertools.count(1)
    for typology, subjects in SUBJECTS.items():
        for subject, complaint, opening in itertools.product(subjects, COMPLAINTS, ("Bonjour,", "Je vous écris :")):
            connection.execute(
                "INSERT INTO reviews (id, published_at, published_on, first_reply_at, body, typology) "
                "VALUES (?, TIMESTAMP '2025-01-01', DATE '2025-01-01', TIMESTAMP '2025-01-09', ?, ?)",
                [next(number), f"{opening} {subject} {complaint}", typology],
            )
    connection.execute(
        "INSERT INTO structures (id, typology, city) VALUES "
        "('a', 'Brigade de gendarmerie', 'Mirepoix'), ('b', 'Commissariat de police', 'Roubaix')"
    )
    train(connection, folder)
    connection.close()
    return Router(folder)


def empty(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(folder / "w.duckdb"))
    connection.execute((Path(snapshots.__file__).parent / "sql" / "schema.sql").read_text("utf-8"))
    return connection


def test_plain_cases_are_routed_with_confidence(router: Router) -> None:
    route = router.route("Ma déclaration de revenus sur mon espace fiscal est à refaire")
    assert (route.typology, route.abstained) == ("Impots.gouv.fr", False)
    assert route.confidence > 0.5
    assert route.reason


def test_probabilities_are_probabilities(router: Router) -> None:
    route = router.route("Les gendarmes et la Caf")
    assert 0 <= route.confidence <= 1
    assert sum(chance for _, chance in route.alternatives) <= 1.001


@pytest.mark.parametrize("said", ["", "Bof.", "Quelle honte, vraiment n'importe quoi !", "12345"])
def test_it_abstains_when_the_text_says_nothing_and_tells_why(router: Router, said: str) -> None:
    route = router.route(said)
    assert (route.typology, route.abstained) == (None, True)
    assert route.reason


def test_gendarmes_settle_for_the_gendarmerie(router: Router) -> None:
    route = router.route("Un vol signalé, la plainte prise par les gendarmes reste sans réponse")
    assert route.typology == "Brigade de gendarmerie"


def test_a_town_with_one_force_settles_between_them(router: Router) -> None:
    said = "Un cambriolage signalé à {}, la plainte reste sans réponse"
    assert router.route(said.format("Roubaix")).typology == "Commissariat de police"
    assert router.route(said.format("Mirepoix")).typology == "Brigade de gendarmerie"


def test_farmers_settle_for_the_msa(router: Router) -> None:
    route = router.route("Agriculteur, mon aide au logement et mes ressources : la demande agricole n'avance pas")
    assert route.typology == "MSA"


def test_a_declared_institution_that_looks_wrong_is_doubted_not_replaced(router: Router) -> None:
    said = "Ma déclaration de revenus et mon avis d'imposition sur mon espace fiscal"
    assert "CAF" in router.route(said, declared="CAF").warning
    assert router.route(said, declared="Impots.gouv.fr").warning == ""
    assert router.route(said, declared="Musées nationaux").warning == ""  # one it never learnt: no ground to doubt


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Router:
    """A router learnt where refunds of care go to two funds alike, among forty other kinds of institution."""
    folder = tmp_path_factory.mktemp("shared")
    connection = empty(folder)
    subjects = {f"Service {number}": f"guichet{number} dossier{number}" for number in range(40)}
    matters = [*subjects.items(), *[("CPAM", "remboursement de soins"), ("MGEN", "remboursement de soins")] * 2]
    for number in range(880):
        typology, subject = matters[number % len(matters)]
        words = f"Mon {subject} numéro {number} {COMPLAINTS[number % len(COMPLAINTS)]}"
        connection.execute(
            "INSERT INTO reviews (id, published_at, published_on, first_reply_at, body, typology) "
            "VALUES (?, TIMESTAMP '2025-01-01', DATE '2025-01-01', TIMESTAMP '2025-01-09', ?, ?)",
            [number, words, typology],
        )
    train(connection, folder)
    connection.close()
    return Router(folder)


def test_a_matter_sent_to_several_kinds_is_answered_with_its_neighbours(shared: Router) -> None:
    route = shared.route("Mon remboursement de soins reste sans réponse")
    assert not route.abstained
    assert {"CPAM", "MGEN"} <= {route.typology, *route.neighbours}
    assert all(name in route.reason for name in ("CPAM", "MGEN"))
    assert route.confidence > 0.5


def test_a_declared_neighbour_is_not_doubted(shared: Router) -> None:
    said = "Mon remboursement de soins reste sans réponse"
    assert shared.route(said, declared="MGEN").warning == ""
    assert shared.route(said, declared="CPAM").warning == ""
    plainly = "Mon remboursement de soins, encore un remboursement de mes soins"
    assert shared.route(plainly, declared="CPAM").warning == ""
    assert "Service 3" in shared.route(plainly, declared="Service 3").warning


def test_a_kind_that_stands_out_is_answered_alone(shared: Router) -> None:
    route = shared.route("Mon guichet4 dossier4 reste sans réponse")
    assert (route.typology, route.neighbours) == ("Service 4", ())


def test_with_too_few_reviews_it_only_abstains(tmp_path: Path) -> None:
    connection = empty(tmp_path)
    assert train(connection, tmp_path) == {"reviews": 0.0, "typologies": 0.0}
    assert Router(tmp_path).route("Ma déclaration de revenus").abstained


def test_reviews_that_wait_for_an_answer_are_judged_not_learnt(tmp_path: Path) -> None:
    connection = empty(tmp_path)
    for number in range(30):
        connection.execute(
            "INSERT INTO reviews (id, published_at, published_on, body, typology) "
            "VALUES (?, TIMESTAMP '2025-01-01', DATE '2025-01-01', 'Ma déclaration', ?)",
            [number, "A" if number % 2 else "B"],
        )
    assert train(connection, tmp_path)["reviews"] == 0


def test_pairs_held_for_measures_are_not_learnt(tmp_path: Path) -> None:
    connection = empty(tmp_path)
    for number in range(1, 101):
        connection.execute(
            "INSERT INTO reviews (id, published_at, published_on, first_reply_at, body, typology) "
            "VALUES (?, TIMESTAMP '2025-01-01', DATE '2025-01-01', TIMESTAMP '2025-01-09', 'Ma déclaration', ?)",
            [number, "A" if number % 2 else "B"],
        )
        connection.execute(
            "INSERT INTO replies (review_id, rank, body, canned, author_verdict) VALUES (?, 1, 'Bonjour', false, 'utile')",
            [number],
        )
    held = connection.execute(sql(routing.__file__, "useful_pairs"), {"most": 100, "held": True}).fetchall()
    assert held
    assert train(connection, tmp_path)["reviews"] == 100 - len(held)


def test_measures_are_of_held_out_reviews(router: Router) -> None:
    assert router.measures["accuracy"] > 0.9
    assert 0 <= router.measures["ece"] <= 1


def test_a_snapshot_without_router_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(VigieError, match="refresh"):
        Router(tmp_path)

"""What retrieval finds, and what it must never find."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from data import snapshots, warehouse
from data.errors import VigieError
from data.warehouse import Warehouse
from generation import text
from generation.index import build_index
from generation.results import Source
from generation.retrieval import Index, Question
from tests import tiny

OCCUPATION = "Le site des impôts refuse ma déclaration d'occupation pour un logement vendu"


@pytest.fixture
def opened(tiny_home: Path) -> Warehouse:
    return warehouse.open_current(tiny_home)


def search(opened: Warehouse, question: Question, **most: int) -> list[Source]:
    return Index(opened.artifacts).search(question, **most)


def replies(found: list[Source]) -> list[str]:
    return [source.id for source in found if source.kind == "reply"]


def test_the_fiche_that_speaks_of_it_comes_first(opened: Warehouse) -> None:
    first = search(opened, Question(OCCUPATION))[0]
    assert (first.kind, first.id, first.title) == ("fiche", "F1001", "Déclarer l'occupation d'un logement")
    assert first.url in first.links


def test_a_reply_of_the_same_institution_comes_first(opened: Warehouse) -> None:
    found = search(opened, Question("Mon dossier et ma demande n'avancent pas", structure_id=tiny.HOUSING))
    first = next(source for source in found if source.kind == "reply")
    assert first.same_structure
    assert first.structure == "Caf du Nord"


def test_a_review_never_finds_its_own_reply(opened: Warehouse) -> None:
    assert "1" in replies(search(opened, Question(OCCUPATION)))
    assert "1" not in replies(search(opened, Question(OCCUPATION, exclude=1)))


def test_a_canned_reply_is_never_a_source(opened: Warehouse) -> None:
    found = search(opened, Question("La structure concernée n'est pas encore en mesure de vous répondre"), replies=10)
    assert "4" not in replies(found)


def test_nothing_to_search_for_finds_nothing(opened: Warehouse) -> None:
    assert search(opened, Question("de la et le")) == []
    assert search(opened, Question("zzzz qqqq")) == []


def test_the_same_question_finds_the_same_twice(opened: Warehouse) -> None:
    assert search(opened, Question(OCCUPATION)) == search(opened, Question(OCCUPATION))


def test_an_acronym_finds_what_it_stands_for() -> None:
    assert set(text.terms("carte nationale d'identité")) <= set(text.query_terms("ma CNI est perdue"))


def test_a_snapshot_without_index_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(VigieError, match="refresh"):
        Index(tmp_path)


@pytest.fixture
def written(tmp_path: Path) -> tuple[duckdb.DuckDBPyConnection, Path]:
    """An empty warehouse to fill by hand, and a folder for its index."""
    connection = duckdb.connect(str(tmp_path / "w.duckdb"))
    for name in ("schema", "schema_derived"):
        connection.execute((Path(snapshots.__file__).parent / "sql" / f"{name}.sql").read_text("utf-8"))
    return connection, tmp_path


def answered(
    connection: duckdb.DuckDBPyConnection, id_: int, body: str, *, on: str = "2025-01-01", **reply: object
) -> None:
    """A review about passports with one reply."""
    connection.execute(
        "INSERT INTO reviews (id, published_at, published_on, title, body, typology) "
        "VALUES ($id, $on::TIMESTAMP, $on::DATE, 'Passeport', 'Rendez-vous pour un passeport', 'Mairie')",
        {"id": id_, "on": on},
    )
    row = {"review_id": id_, "rank": 1, "body": body, "canned": False, "structure_id": "s", "structure": "S"} | reply
    connection.execute(
        f"INSERT INTO replies ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values())
    )


def found_in(written: tuple[duckdb.DuckDBPyConnection, Path], query: str, tmp_path: Path) -> list[Source]:
    """What a search finds once `written` is published."""
    connection, _ = written
    with snapshots.building(tmp_path / "home") as work:
        build_index(connection, work.artifacts)
        connection.execute(f"ATTACH '{work.file}' AS published")
        connection.execute("COPY FROM DATABASE w TO published")
        connection.execute("DETACH published")
        snapshot = work.publish(demo=True, last_publication="2025-01-01", reviews=1, refreshed=True)
    opened = Warehouse(tmp_path / "home", snapshot)
    try:
        return search(opened, Question(query), replies=5)
    finally:
        opened.close()


def test_useful_replies_rise_and_useless_ones_sink(
    written: tuple[duckdb.DuckDBPyConnection, Path], tmp_path: Path
) -> None:
    answered(written[0], 1, "Le passeport se demande en mairie, sur rendez-vous pris en ligne, avec une photo récente.",
             author_verdict="pas utile")  # fmt: skip
    answered(written[0], 2, "Pour votre passeport, la liste des mairies équipées indique les créneaux encore libres.",
             author_verdict="utile", useful_votes=4)  # fmt: skip
    assert replies(found_in(written, "rendez-vous passeport mairie", tmp_path)) == ["2", "1"]


def test_a_near_copy_adds_nothing(written: tuple[duckdb.DuckDBPyConnection, Path], tmp_path: Path) -> None:
    same = "Le passeport se demande en mairie, sur rendez-vous pris en ligne, avec une photo récente."
    answered(written[0], 1, same)
    answered(written[0], 2, same.replace("récente", "récente et nette"))
    assert len(replies(found_in(written, "rendez-vous passeport mairie", tmp_path))) == 1


def test_a_withdrawn_reply_is_never_a_source(written: tuple[duckdb.DuckDBPyConnection, Path], tmp_path: Path) -> None:
    answered(written[0], 1, "Le passeport se demande en mairie, sur rendez-vous pris en ligne, avec une photo.",
             status="Réponse retirée")  # fmt: skip
    assert found_in(written, "rendez-vous passeport mairie", tmp_path) == []


def test_stale_replies_are_no_sources(written: tuple[duckdb.DuckDBPyConnection, Path], tmp_path: Path) -> None:
    connection, _ = written
    old = "Le passeport se demande en mairie, sur rendez-vous pris en ligne, avec une photo récente."
    gone = "La liste des mairies équipées est sur service-public.fr/particuliers/vosdroits/F99999 pour un passeport."
    kept = "Pour le rendez-vous de passeport, voyez service-public.fr/particuliers/vosdroits/F7 avant la mairie."
    answered(connection, 1, old, on="2019-06-01")
    answered(connection, 2, gone)
    answered(connection, 3, kept)
    connection.execute("INSERT INTO fiches (id, title) SELECT 'F' || n, 'Fiche ' || n FROM range(1, 1200) t(n)")
    assert replies(found_in(written, "rendez-vous passeport mairie", tmp_path)) == ["3"]


def test_without_replies_reviews_tell_which_words_are_telling(
    written: tuple[duckdb.DuckDBPyConnection, Path], tmp_path: Path
) -> None:
    connection, _ = written
    for number in range(40):
        answered(connection, number + 1, "vide", canned=True)
    connection.execute("INSERT INTO fiches (id, title) VALUES ('F1', 'Visa')")
    connection.execute("INSERT INTO fiche_sections (fiche_id, rank, body) VALUES ('F1', 0, 'Un visa, un passeport.')")
    build_index(connection, tmp_path)
    index = Index(tmp_path)
    assert index.weight("vis") > index.weight("passeport")


def test_an_index_over_nothing_opens_and_finds_nothing(
    written: tuple[duckdb.DuckDBPyConnection, Path], tmp_path: Path
) -> None:
    assert found_in(written, "rendez-vous passeport mairie", tmp_path) == []


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Bonjour Anne,Nous vous remercions.Cordialement", "Bonjour Anne,\nNous vous remercions.\nCordialement"),
        ("difficultés ;vivement&nbsp;regrettées", "difficultés vivement regrettées"),
        ("<p>Un</p><p>Deux</p>", "Un\n\nDeux"),
        ("voir www.service.gouv.frLe suivi", "voir www.service.gouv.fr\nLe suivi"),
        (None, ""),
    ],
)
def test_portal_text_is_cleaned(raw: str | None, clean: str) -> None:
    assert text.clean(raw) == clean


def test_sentences_keep_abbreviations_and_addresses_whole() -> None:
    cut = text.sentences("Voir l'art. 4 sur www.a.fr. M. Martin signe !\nFin")
    assert [sentence.text for sentence in cut] == ["Voir l'art. 4 sur www.a.fr.", "M. Martin signe !", "Fin"]

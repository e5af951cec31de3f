"""The fields of a review: each one listed, documented, filled by its rule and open to questions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from analytics import delays
from data import measures, metadata, snapshots
from data.metadata import BY_NAME, FIELDS
from data.warehouse import sql
from generation import distress
from tests import open_data, tiny

ROOT = Path(__file__).resolve().parents[2]
LAST = date.fromisoformat(tiny.LAST)


@pytest.fixture
def filled(tiny_home):
    """The tiny snapshot, open, with the metadata of its twelve reviews."""
    file = snapshots.file_of(tiny_home, snapshots.current(tiny_home))
    with duckdb.connect(str(file)) as db:
        measures.refresh(db, distress.cue)
        metadata.write(db, LAST, delays.measured(), [(12, "CAF", 0.9)])
        yield db


def test_the_documentation_lists_the_fields_as_they_are():
    assert (ROOT / metadata.DOC).read_text("utf-8") == metadata.document(), "run python -m data metadata"


def test_every_column_kept_of_a_review_is_a_listed_field_once():
    assert len(BY_NAME) == len(FIELDS)
    with duckdb.connect() as db:
        db.execute(sql(snapshots.__file__, "schema"))
        db.execute(sql(snapshots.__file__, "schema_derived"))
        columns = {
            table: {name for (name,) in db.execute(f"SELECT name FROM pragma_table_info('{table}')").fetchall()}
            for table in ("reviews", "review_metadata", "review_typologies", "replies")
        }
    listed = {
        table: {f.column for f in FIELDS if f.table == table} for table in ("reviews", "metadata", "typology", "reply")
    }
    technical = {"structure_id", "structure", "fingerprint"}  # of slot 1, listed among the replies; of the record
    technical |= {"replied", "only_canned", "verdicts", "useful_verdicts"}  # sums of the replies, which are listed
    technical |= {"irritant"}  # listed among the metadata
    assert columns["reviews"] - technical == listed["reviews"]
    assert columns["review_metadata"] - {"review_id"} == listed["metadata"]
    assert columns["review_typologies"] - {"review_id", "rank", "typology"} == listed["typology"]
    assert columns["replies"] - {"review_id", "rank"} == listed["reply"]


def test_every_field_can_be_asked_and_its_completeness_is_counted(filled):
    counted = "SELECT field, sum(reviews)::INT, sum(filled)::INT FROM completeness GROUP BY field"
    found = {field: counts for field, *counts in filled.execute(counted).fetchall()}
    for field in FIELDS:
        query = f"SELECT count(*), count(*) FILTER ({field.filled}) FROM {field.source}"
        assert [*filled.execute(query).fetchall()[0]] == found.pop(field.name), field.name
    assert found == {}


def test_a_review_is_told_answered_and_late_by_the_rule_of_the_figures(filled):
    answered = "SELECT count(*) FILTER (answered), count(delay_days), count(*) FILTER (canned) FROM review_metadata"
    truth = delays.measured() + "SELECT count(*) FILTER (answered), count(days), count(*) FILTER (canned) FROM measured"
    assert filled.execute(answered).fetchall() == filled.execute(truth).fetchall()


def test_signals_and_routing_are_linked_to_their_reviews(filled):
    query = "SELECT review_id FROM review_metadata WHERE list_contains(signals, 'sig-1') ORDER BY 1"
    assert filled.execute(query).fetchall() == [(6,), (10,), (12,)]
    routed = (
        "SELECT review_id, routed_typology, routed_confidence FROM review_metadata WHERE routed_typology IS NOT NULL"
    )
    assert filled.execute(routed).fetchall() == [(12, "CAF", 0.9)]


def home_of(tmp_path, *rows):
    from data.ingest import ingest

    ingest([open_data.write(tmp_path / "a.csv", list(rows))], tmp_path / "home")
    db = duckdb.connect(str(snapshots.file_of(tmp_path / "home", snapshots.current(tmp_path / "home"))))
    db.execute(sql(snapshots.__file__, "schema_derived"))
    measures.refresh(db, distress.cue)
    metadata.write(db, date(2024, 3, 31), delays.measured(), [])
    return db


def test_what_a_text_holds_is_measured(tmp_path):
    text = "Bonjour ! Je suis CAMILLE.\nMon mail : camille@exemple.fr et le 06 12 34 56 78. Que faire ?"
    db = home_of(tmp_path, open_data.row(1, titre="Aide", description=text), open_data.row(2, description="Court"))
    names = "characters, words, sentences, lines, exclamations, questions, figures, language, personal_kinds, personal_count"
    assert db.execute(f"SELECT {names} FROM review_metadata WHERE review_id = 1").fetchall() == [
        (len(text), 19, 4, 2, 1, 1, 5, "français", ["mail", "phone"], 2)
    ]
    db.close()


def test_the_same_words_published_twice_are_one_cluster(tmp_path):
    words = "Le guichet de la préfecture est fermé depuis trois semaines, sans une affiche."
    db = home_of(
        tmp_path,
        open_data.row(1, titre="Fermé", description=words),
        open_data.row(2, titre="FERMÉ", description=words.upper() + " !!"),
        open_data.row(3),
    )
    query = "SELECT review_id, copy_of, copies, defects FROM review_metadata ORDER BY 1"
    assert db.execute(query).fetchall() == [(1, 1, 2, []), (2, 1, 2, ["texte déjà publié"]), (3, None, 1, [])]
    db.close()


def test_a_text_is_read_again_only_when_it_changes(tmp_path):
    from data.ingest import ingest

    db = home_of(tmp_path, open_data.row(1), open_data.row(2))
    assert measures.refresh(db, distress.cue) == 0
    db.execute("CHECKPOINT")
    db.close()
    rows = [open_data.row(1), open_data.row(2, description="Je veux mourir"), open_data.row(3)]
    ingest([open_data.write(tmp_path / "b.csv", rows)], tmp_path / "home")
    file = snapshots.file_of(tmp_path / "home", snapshots.current(tmp_path / "home"))
    with duckdb.connect(str(file)) as db:
        assert measures.refresh(db, distress.cue) == 2
        assert db.execute("SELECT review_id FROM review_measures WHERE distress IS NOT NULL").fetchall() == [(2,)]


def test_many_texts_are_read_by_several_processes_with_the_same_result(tmp_path, monkeypatch):
    rows = [open_data.row(i, description=f"Avis {i}, appelez le 06 12 34 56 {i:02}") for i in range(1, 12)]
    db = home_of(tmp_path, *rows)
    alone = db.execute("FROM review_measures ORDER BY review_id").fetchall()
    db.execute("DELETE FROM review_measures")
    monkeypatch.setattr(measures, "_ALONE", 0)
    monkeypatch.setattr(measures, "_CHUNK", 3)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    shares: list[float] = []
    assert measures.refresh(db, distress.cue, shares.append) == 11
    assert db.execute("FROM review_measures ORDER BY review_id").fetchall() == alone
    assert shares[-1] == 1.0
    db.close()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Je n'ai pas reçu mon dossier et personne ne répond au téléphone.", "français"),
        ("I have been waiting for the card and nobody answers my calls in this office.", "autre"),
        ("Impossible", "trop court"),
        ("", "trop court"),
    ],
)
def test_the_language_is_told_from_its_function_words(text, told):
    assert measures.language(text) == told

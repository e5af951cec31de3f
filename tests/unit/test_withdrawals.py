"""Withdrawn reviews: erased from every place that held them, and only counted."""

from __future__ import annotations

import json

import duckdb
import pytest
from sqlalchemy import Engine, select

from analytics import reviews, words
from data import snapshots, withdrawals
from data.__main__ import main
from data.errors import VigieError
from data.filters import Filters
from data.ingest import ingest
from data.operations import desk, drafts, journal, stored, tables, withdrawn
from data.operations.engine import open_store
from data.warehouse import Warehouse
from tests import open_data

SECRET = "phrase-que-personne-d-autre-n-ecrit"


def load(folder, home, ids, name="a.csv"):
    rows = [open_data.row(i, description=SECRET if i == 1 else f"Texte {i}", id_structure_1="s",
                          reponse_structure_1=f"{SECRET} en réponse" if i == 1 else f"Réponse {i}") for i in ids]  # fmt: skip
    return ingest([open_data.write(folder / name, rows)], home)


def draft(review, source):
    return {
        "reply": f"Bonjour {review}", "sources": [{"kind": "reply", "id": source, "title": SECRET, "text": SECRET, "url": "",
        "score": 1.0, "links": []}, {"kind": "fiche", "id": "1", "title": "F", "text": "fiche", "url": "", "score": 1.0,
        "links": []}], "findings": [], "model": "m", "prompt_version": "p", "seed": 1,
        "prompt": [{"role": "user", "content": SECRET}],
    }  # fmt: skip


def holds(folder, text):
    """Files of a folder, at any depth, whose bytes hold `text`."""
    return [p.name for p in folder.rglob("*") if p.is_file() and text.encode() in p.read_bytes()]


def test_a_withdrawn_review_leaves_no_byte_in_the_home(tmp_path):
    home = tmp_path / "home"
    load(tmp_path, home, (1, 2, 3))
    load(tmp_path, home, (1, 2, 3, 4))
    uploads = home / "uploads"
    uploads.mkdir()
    (uploads / "avis.csv").write_text(SECRET)
    engine = open_store(f"sqlite:///{home / 'operations.sqlite'}")
    request = drafts.request(engine, "k1", 1, requested_by="agent", instruction=SECRET)
    desk.save(engine, desk.opened(engine, 1, "agent"), SECRET)
    own = stored.store(engine, "k2", 1, draft(1, "2"), requested_by="agent")
    other = stored.store(engine, "k3", 2, draft(2, "1-2"), requested_by="agent")
    engine.dispose()
    assert holds(home, SECRET)
    load(tmp_path, home, (2, 3, 4), "b.csv")
    engine = open_store(f"sqlite:///{home / 'operations.sqlite'}")
    with engine.connect() as connection:
        assert connection.execute(select(tables.drafts.c.id)).scalars().all() == [other]
        assert connection.execute(select(tables.draft_requests.c.id)).scalars().all() == []
    kept = stored.get(engine, other)
    assert kept.reply == "Bonjour 2"
    assert [(s["id"], s["text"]) for s in kept.record["sources"]] == [("1-2", ""), ("1", "fiche")]
    assert journal.verify(engine).ok
    assert journal.entries(engine, action="withdrawal.erase")[0].details == {"reviews": 1, "rows": 3, "drafts": 1}
    engine.dispose()
    assert request
    assert own
    assert holds(home, SECRET) == []
    assert withdrawals.pending(home) is None
    assert [s.reviews for s in snapshots.kept(home)] == [3, 3, 2]
    assert open_data.query(home, "SELECT reviews FROM withdrawals") == [(1,)]


def test_the_index_of_words_forgets_a_withdrawn_review_and_finds_the_others(tmp_path):
    home = tmp_path / "home"
    load(tmp_path, home, (1, 2, 3))
    with duckdb.connect(str(snapshots.file_of(home, snapshots.current(home)))) as connection:
        words.build(connection)
    load(tmp_path, home, (2, 3), "b.csv")
    earlier = Warehouse(home, snapshots.kept(home)[1])
    assert words.indexed(earlier)
    assert reviews.count(earlier, Filters(), words="texte") == 2
    assert reviews.count(earlier, Filters(), words='"texte 3"') == 1
    left = {word for (word,) in earlier.rows("SELECT word FROM vocabulary")}
    assert "texte" in left
    assert left.isdisjoint(SECRET.split("-")[2:])
    earlier.close()


def test_going_back_serves_the_earlier_snapshot_without_the_withdrawn_review(tmp_path):
    home = tmp_path / "home"
    load(tmp_path, home, (1, 2))
    load(tmp_path, home, (2, 3))
    snapshots.serve(home, snapshots.kept(home)[1])
    assert open_data.query(home, "SELECT id FROM reviews") == [(2,)]
    assert open_data.query(home, "SELECT review_id FROM replies") == [(2,)]


def test_a_file_that_lacks_far_too_many_reviews_erases_nothing_until_confirmed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(withdrawals, "AT_LEAST", 2)
    home = tmp_path / "home"
    load(tmp_path, home, range(1, 10))
    load(tmp_path, home, (2,))
    waiting = withdrawals.pending(home)
    assert waiting is not None
    assert (len(waiting.reviews), waiting.held) == (8, True)
    assert [s.reviews for s in snapshots.kept(home)] == [1, 9]
    assert main(["withdrawals", "--home", str(home)]) == 0
    assert "--confirm" in capsys.readouterr().out
    assert main(["withdrawals", "--home", str(home), "--confirm", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"reviews": 8, "snapshots": 1, "rows": 0, "drafts": 0, "held": 0}
    assert [s.reviews for s in snapshots.kept(home)] == [1, 1]


def test_reviews_that_come_back_after_a_file_cut_short_were_never_erased(tmp_path, monkeypatch):
    monkeypatch.setattr(withdrawals, "AT_LEAST", 2)
    home = tmp_path / "home"
    load(tmp_path, home, range(1, 10))
    load(tmp_path, home, (2,))
    load(tmp_path, home, range(1, 9))  # the whole file again, but for one review
    assert withdrawals.pending(home) is None
    assert [s.reviews for s in snapshots.kept(home)] == [8, 1, 8]


def test_what_could_not_be_erased_is_erased_at_the_next_load(tmp_path, monkeypatch):
    home = tmp_path / "home"
    load(tmp_path, home, (1, 2))

    def out_of_reach(*_args, **_options):
        raise VigieError("operations store out of reach")

    with monkeypatch.context() as broken:
        broken.setattr(withdrawals, "erase", out_of_reach)
        load(tmp_path, home, (2,))
    assert holds(home / "snapshots", SECRET)
    load(tmp_path, home, (2,))
    assert holds(home / "snapshots", SECRET) == []
    assert withdrawals.pending(home) is None


def test_erasing_in_operations_acts_once_and_spares_the_others(operations: Engine):
    for review in (1, 2):
        stored.store(operations, f"d{review}", review, draft(review, "7"), requested_by="agent")
    assert withdrawn.erase(operations, "w1", {1, 5}) == withdrawn.Erased(1, 0)
    assert withdrawn.erase(operations, "w1", {1, 5}) == withdrawn.Erased(0, 0)
    assert [d.review_id for d in stored.recent(operations)] == [2]
    assert withdrawn.erase(operations, "w2", {7}) == withdrawn.Erased(0, 1)
    assert [s["text"] for s in stored.recent(operations)[0].record["sources"]] == ["", "fiche"]


@pytest.mark.parametrize("damage", ["", "[]", "{}"])
def test_a_damaged_list_of_pending_erasures_is_one_clear_error(tmp_path, damage):
    snapshots.folder(tmp_path)
    (tmp_path / "snapshots" / "withdrawn.json").write_text(damage)
    with pytest.raises(VigieError, match="endommagé"):
        withdrawals.pending(tmp_path)

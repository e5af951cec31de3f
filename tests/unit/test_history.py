"""History: what each file showed can be asked again, and a withdrawn review is in no past."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import delays, first_seen
from data import carry, history, snapshots
from data.errors import BadFile
from data.filters import Filters
from data.ingest import ingest
from data.warehouse import open_current
from tests import open_data

FIRST = date(2024, 3, 10)
TOLD = "SELECT id, title, sentiment, status, strftime(first_reply_at, '%d/%m') FROM reviews ORDER BY id"
SAID = "SELECT review_id, rank, structure_id, body, author_verdict FROM replies ORDER BY ALL"


def load(folder, home, day, rows):
    """The file of `day`, seen at noon."""
    file = open_data.write(folder / f"{day}.csv", rows)
    return ingest([file], home, seen_at=datetime(day.year, day.month, day.day, 12))


def known(home, day, query=TOLD):
    warehouse = open_current(home)
    try:
        return history.known_on(warehouse, day).rows(query)
    finally:
        warehouse.close()


def answered(id_, **cells):
    return open_data.row(
        id_,
        **{
            "date_de_premiere_reponse": "2024-03-11T09:00:00", "statut_de_l_experience": "Expérience avec réponse",
            "id_structure_1": "a", "reponse_structure_1": f"Réponse {id_}",
        } | cells,
    )  # fmt: skip


def test_a_review_keeps_the_day_it_was_first_seen_and_the_day_it_last_changed(tmp_path):
    home = tmp_path / "home"
    load(tmp_path, home, FIRST, [open_data.row(1), open_data.row(2)])
    load(tmp_path, home, FIRST + timedelta(1), [open_data.row(1), open_data.row(2, titre="corrigé"), open_data.row(3)])
    load(tmp_path, home, FIRST + timedelta(2), [open_data.row(1), open_data.row(2, titre="corrigé"), open_data.row(3)])
    query = "SELECT id, first_seen_at::DATE, changed_at::DATE FROM reviews ORDER BY id"
    second = FIRST + timedelta(1)
    assert open_data.query(home, query) == [(1, FIRST, None), (2, FIRST, second), (3, second, None)]
    assert open_data.query(home, "SELECT review_id, changed, title, body FROM review_versions") == [
        (2, ["title"], "Titre 2", None)
    ]


def test_the_reply_of_each_structure_has_its_own_first_day(tmp_path):
    home = tmp_path / "home"
    two = {"id_structure_2": "b", "reponse_structure_2": "Nous aussi"}
    load(tmp_path, home, FIRST, [answered(1)])
    load(tmp_path, home, FIRST + timedelta(1), [answered(1, **two)])
    swapped = {"id_structure_1": "b", "reponse_structure_1": "Nous aussi", "id_structure_2": "a"}
    load(tmp_path, home, FIRST + timedelta(2), [answered(1, **swapped, reponse_structure_2="Réponse 1")])
    assert open_data.query(home, "SELECT structure_id, first_seen_at::DATE FROM replies ORDER BY 1") == [
        ("a", FIRST), ("b", FIRST + timedelta(1)),
    ]  # fmt: skip


def test_a_past_date_shows_what_the_file_of_that_day_showed(tmp_path):
    home = tmp_path / "home"
    waiting = open_data.row(1, statut_de_l_experience="Expérience en attente de réponse", ressenti_usager="Négatif")
    load(tmp_path, home, FIRST, [waiting])
    seen = known(home, FIRST), known(home, FIRST, SAID)
    load(tmp_path, home, FIRST + timedelta(2), [answered(1, ressenti_usager="Neutre"), open_data.row(2)])
    assert (known(home, FIRST), known(home, FIRST, SAID)) == seen
    assert known(home, FIRST + timedelta(1)) == seen[0]
    assert known(home, FIRST + timedelta(2)) == [
        (1, "Titre 1", "Neutre", "Expérience avec réponse", "11/03"), (2, "Titre 2", None, None, None),
    ]  # fmt: skip


def test_before_the_first_file_the_dates_inside_it_tell(tmp_path):
    home = tmp_path / "home"
    rows = [answered(1, date_de_publication="2024-03-01"), answered(2, date_de_publication="2024-03-06")]
    rows[0]["date_de_premiere_reponse"] = "2024-03-04T08:00:00"
    load(tmp_path, home, date(2024, 3, 20), rows)
    waiting = "Expérience en attente de réponse"
    assert known(home, date(2024, 2, 28)) == []
    assert known(home, date(2024, 3, 3)) == [(1, "Titre 1", None, waiting, None)]
    assert known(home, date(2024, 3, 3), SAID) == [(1, 1, "a", None, None)]
    assert known(home, date(2024, 3, 6)) == [
        (1, "Titre 1", None, "Expérience avec réponse", "04/03"), (2, "Titre 2", None, waiting, None),
    ]  # fmt: skip


def test_a_figure_of_the_past_is_asked_of_the_same_function(tmp_path):
    home = tmp_path / "home"
    load(tmp_path, home, FIRST, [open_data.row(i) for i in (1, 2, 3)])
    later = open_data.row(4, date_de_publication="2024-03-15")
    load(tmp_path, home, FIRST + timedelta(5), [answered(1), answered(2), open_data.row(3), later])
    warehouse = open_current(home)
    now, then = warehouse, history.known_on(warehouse, FIRST)
    assert [delays.summary(w, Filters()).answered for w in (now, then)] == [2, 0]
    assert then.snapshot.id != now.snapshot.id


def test_loading_the_same_file_again_changes_nothing(tmp_path):
    home = tmp_path / "home"
    tables = ("reviews", "replies", "review_typologies", "review_versions", "reply_versions", "withdrawals")
    rows = [answered(1), open_data.row(2, intitule_typologie_1="CAF")]
    load(tmp_path, home, FIRST, [open_data.row(1), rows[1]])
    load(tmp_path, home, FIRST + timedelta(1), rows)
    before = [open_data.query(home, f"SELECT * FROM {table} ORDER BY ALL") for table in tables]
    report = load(tmp_path, home, FIRST + timedelta(2), rows)
    assert (report.inserted, report.updated, report.unchanged, report.withdrawn) == (0, 0, 2, 0)
    assert [open_data.query(home, f"SELECT * FROM {table} ORDER BY ALL") for table in tables] == before


def test_a_withdrawn_review_is_in_no_past_and_only_counted(tmp_path):
    home = tmp_path / "home"
    load(tmp_path, home, FIRST, [open_data.row(1, titre="secret"), open_data.row(2)])
    load(tmp_path, home, FIRST + timedelta(1), [open_data.row(1, titre="autre secret"), open_data.row(2)])
    load(tmp_path, home, FIRST + timedelta(2), [open_data.row(2)])
    assert known(home, FIRST) == [(2, "Titre 2", None, None, None)]
    assert open_data.query(home, "SELECT count(*) FROM review_versions") == [(0,)]
    assert open_data.query(home, "SELECT seen_at::DATE, reviews FROM withdrawals") == [(FIRST + timedelta(2), 1)]
    load(tmp_path, home, FIRST + timedelta(3), [open_data.row(2)])
    assert open_data.query(home, "SELECT sum(reviews)::INT FROM withdrawals") == [(1,)]


def test_days_are_loaded_in_their_order(tmp_path):
    home = tmp_path / "home"
    load(tmp_path, home, FIRST, [open_data.row(1)])
    with pytest.raises(BadFile, match="dans l'ordre de leurs jours"):
        load(tmp_path, home, FIRST - timedelta(1), [open_data.row(1)])


REVIEW = st.tuples(st.sampled_from("ab"), st.sampled_from(["", "x", "y"]), st.sampled_from(["", "utile"]))
FILES = st.lists(st.dictionaries(st.integers(1, 4), REVIEW, min_size=1), min_size=2, max_size=4)


@given(FILES)
@settings(max_examples=4)
def test_every_past_day_is_what_its_file_showed_without_the_withdrawn(tmp_path_factory, files):
    folder = tmp_path_factory.mktemp("days")
    home, seen = folder / "home", []
    for number, reviews in enumerate([{9: ("a", "", "")} | file for file in files]):
        day = FIRST + timedelta(number)
        rows = [
            open_data.row(i, titre=title, id_structure_1="s", reponse_structure_1=reply,
                          evaluation_reponse_structure_1_par_auteur=verdict if reply else "")
            for i, (title, reply, verdict) in reviews.items()
        ]  # fmt: skip
        load(folder, home, day, rows)
        seen.append((day, reviews, known(home, day), known(home, day, SAID)))
    kept = set(seen[-1][1])  # those never withdrawn meanwhile are rebuilt exactly
    for day, _, told, said in seen:
        always = {i for i in kept if all(i in reviews for d, reviews, *_ in seen if d >= day)}
        assert [row for row in known(home, day) if row[0] in always] == [row for row in told if row[0] in always]
        assert [r for r in known(home, day, SAID) if r[0] in always] == [r for r in said if r[0] in always]


def test_a_warehouse_of_an_earlier_version_gives_the_same_figures(tmp_path):
    home = tmp_path / "home"
    said = "Le service n'est pas encore en mesure de vous répondre. L'équipe Services Publics+"
    canned = {"reponse_structure_1": said}
    load(tmp_path, home, FIRST, [answered(1, evaluation_reponse_structure_1_par_auteur="utile"), answered(2, **canned)])
    query = "SELECT id, replied, only_canned, verdicts, useful_verdicts FROM reviews ORDER BY id"
    told = [(1, True, False, 1, 1), (2, False, True, 0, 0)]
    assert open_data.query(home, query) == told
    file = snapshots.file_of(home, snapshots.current(home))
    with duckdb.connect(str(file)) as db:
        for column in ("replied", "only_canned", "verdicts", "useful_verdicts", "irritant"):
            db.execute(f"ALTER TABLE reviews DROP COLUMN {column}")
        db.execute("DROP TABLE typology_versions")
    warehouse = open_current(home)
    assert warehouse.rows(query) == told
    warehouse.close()
    with duckdb.connect(str(file)) as db:
        carry.brought_up(db)
        assert db.execute(query).fetchall() == told
    load(tmp_path, home, FIRST + timedelta(1), [answered(1, intitule_typologie_1="Autre"), answered(2, **canned)])
    assert open_data.query(home, "SELECT review_id, typology FROM typology_versions") != []


def test_a_warehouse_that_keeps_no_irritant_beside_its_reviews_tells_the_same(tiny_home):
    query, day = "SELECT id, irritant FROM reviews ORDER BY id", date(2025, 5, 31)
    warehouse = open_current(tiny_home)
    told, known = warehouse.rows(query), history.known_on(warehouse, day).rows(query)
    warehouse.close()
    assert {irritant for _, irritant in told} == {-1, 0, 1}
    assert 0 < len(known) < len(told)
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshots.current(tiny_home)))) as db:
        db.execute("ALTER TABLE reviews DROP COLUMN irritant")
    warehouse = open_current(tiny_home)
    assert warehouse.rows(query) == told
    assert history.known_on(warehouse, day).rows(query) == known
    warehouse.close()
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshots.current(tiny_home)))) as db:
        carry.brought_up(db)
        assert db.execute(query).fetchall() == told


def test_each_structure_s_own_reply_is_dated_by_the_files_around_it(tmp_path):
    home = tmp_path / "home"
    two = {"id_structure_2": "b", "reponse_structure_2": "Nous aussi"}
    load(tmp_path, home, FIRST, [answered(1), open_data.row(2)])
    load(tmp_path, home, FIRST + timedelta(4), [answered(1), answered(2)])
    load(tmp_path, home, FIRST + timedelta(8), [answered(1, **two), answered(2)])
    warehouse = open_current(home)
    found = first_seen.by_structure(warehouse, Filters()).set_index("structure_id")
    warehouse.close()
    # Published 5 March at 10:00, files seen at noon on 10, 14 and 18 March; what the first one held says nothing.
    bounds = found[["n", "median_least", "median_most"]].round(2)
    assert bounds.loc["a"].tolist() == [1, 5.08, 9.08]
    assert bounds.loc["b"].tolist() == [1, 9.08, 13.08]


def test_one_file_dates_no_structure_s_reply(tmp_path):
    load(tmp_path, tmp_path / "home", FIRST, [answered(1)])
    warehouse = open_current(tmp_path / "home")
    assert first_seen.by_structure(warehouse, Filters()).empty
    warehouse.close()

"""Ingest: portal files of every vintage become one published snapshot, and its report always adds up."""

import csv
import gzip
import json
import random
import zipfile
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import salvage, snapshots, sources, staging
from data.__main__ import main
from data.columns import fold
from data.errors import BadFile
from data.ingest import ingest
from tests import open_data

REAL = Path(__file__).parents[3] / "shared" / "data"
real = pytest.mark.skipif(not REAL.exists(), reason="the real samples are not beside the repository")
HEADER = "ID expérience;Date de publication;Titre;Description\n"


def put(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def adds_up(report):
    return (
        report.read == report.loaded + report.rejected
        and report.loaded == report.inserted + report.updated + report.unchanged
    )


def kinds(report, column=None):
    return {p.kind: p.count for p in report.problems if column in (None, p.column) and p.kind != "missing_column"}


# --- what a review becomes -------------------------------------------------------------------------------------------


def test_a_full_row_fills_reviews_typologies_and_replies(tmp_path):
    rows = [
        open_data.row(
            7,
            etat_experience="Traitées", ecrit_le="2024-03-01", date_de_publication="2024-03-05T23:30:00+00:00",
            date_de_premiere_reponse="2024-03-09T08:00:00+01:00", ressenti_usager="Négatif", hors_structure="Non",
            intitule_departement_usager="Corse-du-Sud", experiences_similaires="4",
            intitule_typologie_1="AGENCE POLE EMPLOI (APE)", canaux_typologie_1="Accueil,Téléphone",
            code_postal_typologie_1="1000.0", intitule_typologie_2="Préfecture",
            canaux_typologie_2="Téléphone,E-mail", id_structure_1="abc", intitule_structure_1="Agence d'Ajaccio",
            reponse_structure_1="Bonjour,\r\nmerci.", taux_de_similarite_reponse_ia_structure_1="38,5",
            evaluation_utile_reponse_structure_1_par_visiteurs="2.0",
            evaluation_reponse_structure_1_par_auteur="utile", id_structure_2="def",
            amelioration_de_service_a_considerer="Oui", tags_metiers="Carte grise;Paiement",
        )
    ]  # fmt: skip
    report = ingest([open_data.write(tmp_path / "a.csv", rows)], tmp_path / "home")
    assert (report.read, report.loaded, report.inserted) == (1, 1, 1)
    home = tmp_path / "home"
    columns = "id, written_on, published_at, published_on, first_reply_at, department, region, typology, channels"
    assert open_data.query(home, f"SELECT {columns} FROM reviews") == [
        (
            7, date(2024, 3, 1), datetime(2024, 3, 6, 0, 30), date(2024, 3, 6), datetime(2024, 3, 9, 8, 0), "2A", "94",
            "France Travail", ["Accueil", "Téléphone", "E-mail"],
        )
    ]  # fmt: skip
    columns = "out_of_structure, endorsements, improvement, business_tags, structure_id, structure"
    assert open_data.query(home, f"SELECT {columns} FROM reviews") == [
        (False, 4, True, ["Carte grise", "Paiement"], "abc", "Agence d'Ajaccio")
    ]
    columns = "rank, label, typology, postcode, channels"
    assert open_data.query(home, f"SELECT {columns} FROM review_typologies ORDER BY rank") == [
        (1, "AGENCE POLE EMPLOI (APE)", "France Travail", "01000", ["Accueil", "Téléphone"]),
        (2, "Préfecture", "Préfecture", None, ["Téléphone", "E-mail"]),
    ]
    columns = "rank, structure_id, body, canned, ai_similarity, useful_votes, author_verdict"
    assert open_data.query(home, f"SELECT {columns} FROM replies ORDER BY rank") == [
        (1, "abc", "Bonjour,\nmerci.", False, 38.5, 2, "utile"),
        (2, "def", None, False, None, None, None),
    ]


def test_the_calendar_tells_working_days_and_public_holidays_of_the_years_published_in(tmp_path):
    rows = [open_data.row(n, date_de_publication=day) for n, day in ((7, "2024-03-05"), (8, "2025-06-02"))]
    ingest([open_data.write(tmp_path / "a.csv", rows)], tmp_path / "home")
    days = "SELECT day, working, holiday FROM calendar WHERE day BETWEEN '2025-05-01' AND '2025-05-03' ORDER BY day"
    assert open_data.query(tmp_path / "home", days) == [
        (date(2025, 5, 1), False, "Fête du Travail"),
        (date(2025, 5, 2), True, None),
        (date(2025, 5, 3), False, None),
    ]
    whole = open_data.query(tmp_path / "home", "SELECT min(day), max(day), count(*) FROM calendar")
    assert whole == [(date(2024, 1, 1), date(2026, 12, 31), 366 + 365 + 365)]


def test_the_network_is_that_of_the_structure_else_of_its_kind_and_the_tray_is_no_institution(tmp_path):
    structures = [
        {"code_sp_de_la_structure": code, "intitule_du_reseau": network, "intitule_de_la_typologie": typology,
         "intitule_de_la_structure": code}
        for code, network, typology in (
            ("caf1", "CNAF", "CAF"), ("caf2", "CNAF", "CAF"), ("other", "DITP", "Mission"),
            ("sxZshFsE9R", "Réseau hors réseau", "Réseau hors réseau"),
        )
    ]  # fmt: skip
    rows = [
        open_data.row(1, id_structure_1="other", intitule_typologie_1="CAF"),
        open_data.row(2, id_structure_1="unknown", intitule_typologie_1="CAF"),
        open_data.row(3, id_structure_1="sxZshFsE9R", intitule_typologie_1="CAF"),
        open_data.row(4, id_structure_1="sxZshFsE9R", intitule_typologie_1="Bloctel"),
        open_data.row(5, intitule_typologie_1="Bloctel"),
    ]
    ingest(
        [open_data.write(tmp_path / "a.csv", rows)],
        tmp_path / "home",
        structures_file=open_data.write(tmp_path / "s.csv", structures, labels=open_data.STRUCTURE_LABELS),
    )
    assert open_data.query(tmp_path / "home", "SELECT id, network FROM reviews ORDER BY id") == [
        (1, "DITP"), (2, "CNAF"), (3, "CNAF"), (4, "Réseau hors réseau"), (5, None),
    ]  # fmt: skip


def test_the_same_reviews_give_the_same_snapshot_whatever_the_file_looks_like(tmp_path):
    rows = [
        open_data.row(1, titre="Été « long »", description="l'accueil ; deux\nlignes", intitule_typologie_1="CAF"),
        open_data.row(2, titre="Hiver", canaux_typologie_1="Accueil,E-mail"),
    ]
    snake = tuple(fold(label) for label in open_data.LABELS)
    whole = open_data.text(rows)
    variants = {
        "comma.csv": open_data.text(rows, delimiter=",", labels=snake).encode("utf-8"),
        "cp1252.csv": whole.encode("cp1252"),
        "packed.csv.gz": gzip.compress(whole.encode("utf-8-sig")),
        "unix.csv": whole.replace("\r\n", "\n").encode("utf-8"),
        "shuffled.csv": open_data.text(rows, labels=tuple(reversed(open_data.LABELS))).encode("utf-8"),
        "lines.jsonl": "\n".join(json.dumps({fold(k): v or None for k, v in row.items()}) for row in rows).encode(),
    }
    assert ingest([put(tmp_path / "a.csv", whole)], tmp_path / "home").inserted == 2
    for name, content in variants.items():
        report = ingest([put(tmp_path / name, content)], tmp_path / "home")
        assert (name, report.unchanged, report.rejected) == (name, 2, 0)


def test_parquet_loads_with_its_own_types(tmp_path):
    file = tmp_path / "a.parquet"
    duckdb.sql(
        "SELECT 1 AS id_experience, TIMESTAMP '2024-01-02 10:00:00' AS date_de_publication, 'x' AS titre,"
        " ['Accueil', 'E-mail'] AS canaux_typologie_1, 'CAF' AS intitule_typologie_1"
    ).write_parquet(str(file))
    ingest([file], tmp_path / "home")
    assert open_data.query(tmp_path / "home", "SELECT published_at, channels FROM reviews") == [
        (datetime(2024, 1, 2, 10), ["Accueil", "E-mail"])
    ]


@pytest.mark.parametrize(
    ("published", "stored"),
    [
        ("2024-03-05", datetime(2024, 3, 5)),
        ("2024-03-05 16:22", datetime(2024, 3, 5, 16, 22)),
        ("05/03/2024", datetime(2024, 3, 5)),
        ("05/03/2024 16:22", datetime(2024, 3, 5, 16, 22)),
        ("2024-07-05T22:30:00Z", datetime(2024, 7, 6, 0, 30)),
        ("2024-07-05T10:00:00+02:00", datetime(2024, 7, 5, 10)),
    ],
)
def test_dates_are_read_in_each_of_their_formats_and_kept_in_french_time(tmp_path, published, stored):
    ingest([open_data.write(tmp_path / "a.csv", [open_data.row(1, date_de_publication=published)])], tmp_path / "home")
    assert open_data.query(tmp_path / "home", "SELECT published_at FROM reviews") == [(stored,)]
    assert snapshots.current(tmp_path / "home").last_publication == str(stored.date())


# --- what is repaired, refused and reported --------------------------------------------------------------------------


def test_repairs_are_made_and_counted(tmp_path):
    rows = [
        open_data.row(1, description="l\x92accueil \x96 10 \x80", code_insee_departement_usager="1.0"),
        open_data.row(2, description="Bonjour&nbsp;! R&amp;D", intitule_typologie_1="CAF"),
        open_data.row("3.0"),
    ]
    report = ingest([open_data.write(tmp_path / "a.csv", rows)], tmp_path / "home")
    assert open_data.query(tmp_path / "home", "SELECT body, department FROM reviews WHERE id < 3 ORDER BY id") == [
        ("l’accueil – 10 €", "01"),
        ("Bonjour ! R&D", None),
    ]
    assert kinds(report) == {"cp1252_artefact": 1, "html_entity": 1, "decimal_code": 1}
    assert kinds(report, "id_experience") == {"decimal_code": 1}


def test_constraints_are_reported_and_nothing_is_fixed_in_silence(tmp_path):
    rows = [
        open_data.row(1, ressenti_usager="Moyen", ecrit_le="2024-03-09"),
        open_data.row(2, date_de_premiere_reponse="2024-03-01T10:00:00", ecrit_le="hier"),
        open_data.row(3, experiences_similaires="beaucoup", taux_de_similarite_reponse_ia_structure_1="140"),
    ]
    report = ingest([open_data.write(tmp_path / "a.csv", rows)], tmp_path / "home")
    assert report.loaded == 3
    found = {(p.column, p.kind): p.examples for p in report.problems if p.kind != "missing_column"}
    assert found == {
        ("ressenti_usager", "unexpected_value"): ("Moyen",),
        ("date_de_publication", "dates_out_of_order"): ("1",),
        ("date_de_premiere_reponse", "dates_out_of_order"): ("2",),
        ("ecrit_le", "unreadable_date"): ("hier",),
        ("experiences_similaires", "unreadable_number"): ("beaucoup",),
        ("taux_de_similarite_reponse_ia_structure_1", "out_of_range"): ("140",),
    }
    assert open_data.query(tmp_path / "home", "SELECT sentiment FROM reviews WHERE id = 1") == [("Moyen",)]


def test_refused_rows_keep_their_line_and_their_reason(tmp_path):
    file = put(
        tmp_path / "a.csv",
        HEADER + '1;2024-01-02;a;"deux\nlignes"\nx;2024-01-02;a;b\n3;bientôt;a;b\n4;2024-01-02;;\n5;2024-01-02;a;b\n'
        "5;2024-01-02;a;c\n",
    )
    report = ingest([file], tmp_path / "home")
    assert (report.read, report.loaded, report.rejected) == (6, 2, 4)
    assert open_data.query(tmp_path / "home", "SELECT file, line, reason FROM refused ORDER BY line") == [
        ("a.csv", 4, "ID expérience illisible : x"),
        ("a.csv", 5, "Date de publication illisible : bientôt"),
        ("a.csv", 6, "Titre et Description absents"),
        ("a.csv", 7, "ID expérience répété : 5 ; la dernière ligne est gardée"),
    ]
    assert open_data.query(tmp_path / "home", "SELECT body FROM reviews WHERE id = 5") == [("c",)]
    assert kinds(report, "row") == {"missing_value": 1, "repeated_id": 1, "unreadable_value": 2}


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ('2;2024-01-02;a;"jamais fermé', "guillemets non refermés"),
        ('2;2024-01-02;a;"fermé" trop tôt', "guillemets mal placés"),
        ("2;2024-01-02;a", "3 colonnes au lieu de 4"),
        ("2;2024-01-02;a;b;c", "5 colonnes au lieu de 4"),
    ],
)
def test_a_broken_row_never_takes_its_neighbours(tmp_path, broken, reason):
    sound = ['1;2024-01-02;a;"b ""c"""', '3;2024-01-02;a;"deux\nlignes"', "4;2024-01-02;a;b"]
    file = put(tmp_path / "a.csv", HEADER + "\n".join([sound[0], broken, *sound[1:]]) + "\n")
    report = ingest([file], tmp_path / "home")
    assert (report.read, report.loaded, report.rejected) == (4, 3, 1)
    assert open_data.query(tmp_path / "home", "SELECT line, reason, raw FROM refused") == [(3, reason, broken)]
    assert open_data.query(tmp_path / "home", "SELECT id, body FROM reviews ORDER BY id") == [
        (1, 'b "c"'), (3, "deux\nlignes"), (4, "b"),
    ]  # fmt: skip


def test_two_lost_quotes_that_pair_up_do_not_hide_the_rows_between_them(tmp_path):
    file = put(
        tmp_path / "a.csv",
        HEADER + '1;2024-01-02;a;"b\n2;2024-01-02;a;b\n3;2024-01-02;a;b"\n4;2024-01-02;a;b\n',
    )
    report = ingest([file], tmp_path / "home")
    assert open_data.query(tmp_path / "home", "SELECT id FROM reviews ORDER BY id") == [(2,), (3,), (4,)]
    assert (report.read, report.rejected) == (4, 1)


def test_columns_that_went_are_null_and_columns_that_came_are_kept_aside(tmp_path):
    file = put(
        tmp_path / "a.csv", "ID expérience;Date de publication;Titre;Humeur\n1;2024-01-02;a;gaie\n2;2024-01-02;b;\n"
    )
    report = ingest([file], tmp_path / "home")
    assert open_data.query(tmp_path / "home", "SELECT body, sentiment, extra->>'Humeur' FROM reviews ORDER BY id") == [
        (None, None, "gaie"), (None, None, None),
    ]  # fmt: skip
    problems = {(p.column, p.kind) for p in report.problems}
    assert ("Humeur", "unknown_column") in problems
    assert ("description", "missing_column") in problems


# --- from one file to the next ---------------------------------------------------------------------------------------


def test_the_new_file_replaces_the_old_and_says_what_changed(tmp_path):
    home = tmp_path / "home"
    ingest([open_data.write(tmp_path / "a.csv", [open_data.row(1), open_data.row(2), open_data.row(3)])], home)
    rows = [open_data.row(1), open_data.row(2, etat_experience="Traitées"), open_data.row(4)]
    report = ingest([open_data.write(tmp_path / "b.csv", rows)], home)
    assert (report.inserted, report.updated, report.unchanged, report.withdrawn) == (1, 1, 1, 1)
    assert open_data.query(home, "SELECT id FROM reviews ORDER BY id") == [(1,), (2,), (4,)]
    assert open_data.query(home, "SELECT count(*) FROM ingests") == [(2,)]


def test_several_files_are_one_dataset(tmp_path):
    files = [
        open_data.write(tmp_path / "a.csv", [open_data.row(1), open_data.row(2)]),
        open_data.write(tmp_path / "b.csv", [open_data.row(2, titre="plus récent"), open_data.row(3)], delimiter=","),
    ]
    report = ingest(files, tmp_path / "home")
    assert (report.read, report.loaded, report.rejected) == (4, 3, 1)
    assert open_data.query(tmp_path / "home", "SELECT title FROM reviews WHERE id = 2") == [("plus récent",)]


def test_structures_and_derived_tables_are_carried_until_the_next_refresh(tmp_path):
    home = tmp_path / "home"
    structures = [{"code_sp_de_la_structure": "a", "intitule_de_la_structure": "A"}]
    file = open_data.write(tmp_path / "a.csv", [open_data.row(1), open_data.row(2)])
    ingest(
        [file], home, structures_file=open_data.write(tmp_path / "s.csv", structures, labels=open_data.STRUCTURE_LABELS)
    )
    refresh(home)
    same = ingest([file], home)
    assert (same.unchanged, same.structures) == (2, 1)
    assert not snapshots.current(home).refreshed
    assert (snapshots.artifacts_of(home, snapshots.current(home)) / "index").exists()
    ingest([open_data.write(tmp_path / "b.csv", [open_data.row(2), open_data.row(3)])], home)
    assert open_data.query(home, "SELECT review_id FROM review_topics") == [(2,)]
    assert open_data.query(home, "SELECT exemplars FROM topics") == [([2],)]
    assert open_data.query(home, "SELECT id, review_ids FROM signals") == [("both", [2])]
    assert not (snapshots.artifacts_of(home, snapshots.current(home)) / "index").exists()


def refresh(home):
    """What the daily job leaves, in small."""
    from data.ingest import __file__ as owner
    from data.warehouse import sql

    before = snapshots.current(home)
    with snapshots.building(home, copy_of=before) as work:
        with duckdb.connect(str(work.file)) as db:
            db.execute(sql(owner, "schema_derived"))
            db.execute("INSERT INTO topics VALUES (1, 'irritant', NULL, 'L', ['t'], 2, 1, 0, 0, [2, 1], 'm')")
            db.execute("INSERT INTO review_topics VALUES (1, 1, NULL, 1), (2, 1, NULL, 1)")
            for id_, reviews in (("both", [1, 2]), ("gone", [1])):
                db.execute(
                    "INSERT INTO signals BY NAME SELECT $id AS id, DATE '2024-03-05' AS as_of, 'surge' AS detector,"
                    " 'L' AS label, 'weak' AS strength, DATE '2024-03-04' AS first_week,"
                    " DATE '2024-03-04' AS last_week,"
                    " 1 AS observed, 1 AS expected, 1 AS ratio, 1 AS ratio_low, 0 AS p, 0 AS q, 1 AS severity,"
                    " $reviews AS review_ids, 1 AS tests",
                    {"id": id_, "reviews": reviews},
                )
        (work.artifacts / "index").write_text("x")
        work.publish(
            demo=before.demo, last_publication=before.last_publication, reviews=before.reviews, refreshed=True,
            parent=before.id, line=before.line,
        )  # fmt: skip


def test_demo_and_real_data_never_mix(tmp_path):
    home = tmp_path / "home"
    demo = open_data.write(tmp_path / "demo.csv", [open_data.row(900_000_001), open_data.row(900_000_002)])
    structures = [{"code_sp_de_la_structure": "demo", "intitule_de_la_structure": "D"}]
    ingest(
        [demo], home, structures_file=open_data.write(tmp_path / "s.csv", structures, labels=open_data.STRUCTURE_LABELS)
    )
    assert snapshots.current(home).demo
    report = ingest([open_data.write(tmp_path / "a.csv", [open_data.row(1)])], home)
    assert not snapshots.current(home).demo
    assert (report.inserted, report.withdrawn, report.structures) == (1, 0, 0)


# --- files that are not the dataset ----------------------------------------------------------------------------------


def damaged_zip(path):
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("F1.xml", "<Publication/>" * 50)
    return put(path, path.read_bytes()[:60])


BAD = {
    "absent": (lambda d: d / "absent.csv", "n'existe pas"),
    "empty": (lambda d: put(d / "empty.csv", ""), "le fichier est vide"),
    "image": (
        lambda d: put(d / "a.png", b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(3000)),
        "pas un fichier CSV",
    ),
    "page": (lambda d: put(d / "a.csv", "<!DOCTYPE html><html></html>"), "page web"),
    "array": (lambda d: put(d / "a.json", '[{"id_experience": 1}]'), "jsonl"),
    "other": (lambda d: put(d / "a.csv", "Titre;Réponse\na;b\n"), "ID expérience"),
    "zip": (lambda d: damaged_zip(d / "a.zip"), "archive zip"),
    "gzip": (lambda d: put(d / "a.csv.gz", gzip.compress(HEADER.encode() * 50)[:-20]), "gzip tronqué ou endommagé"),
    "header": (lambda d: put(d / "a.csv", HEADER), "aucune ligne sous l'en-tête"),
    "refused": (lambda d: put(d / "a.csv", HEADER + "x;y;z;t\n"), "illisible"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_one_line_exit_1_and_the_previous_snapshot_still_serves(tmp_path, capsys, case):
    home = tmp_path / "home"
    ingest([open_data.write(tmp_path / "good.csv", [open_data.row(1)])], home)
    served, before = snapshots.current(home), sorted(snapshots.folder(home).iterdir())
    make, message = BAD[case]
    assert main(["ingest", str(make(tmp_path)), "--home", str(home)]) == 1
    out = capsys.readouterr()
    assert out.out == ""
    assert out.err.count("\n") == 1
    assert message in out.err
    assert snapshots.current(home) == served
    assert sorted(snapshots.folder(home).iterdir()) == before


def test_a_damaged_archive_of_fiches_stops_the_whole_ingest(tmp_path, capsys):
    home, file = tmp_path / "home", open_data.write(tmp_path / "a.csv", [open_data.row(1)])
    fiches = damaged_zip(tmp_path / "fiches.zip")
    assert main(["ingest", str(file), "--fiches", str(fiches), "--home", str(home)]) == 1
    assert "zip" in capsys.readouterr().err
    assert list(snapshots.folder(home).iterdir()) == []


def test_wrong_usage_exits_2(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["ingest"])
    assert stop.value.code == 2
    assert "FILE" in capsys.readouterr().err


def test_json_stands_alone_on_standard_output(tmp_path, capfd):
    file = open_data.write(tmp_path / "a.csv", [open_data.row(1), open_data.row(1)])
    assert main(["ingest", str(file), "--home", str(tmp_path / "home"), "--json"]) == 0
    report = json.loads(capfd.readouterr().out)
    assert {key: report[key] for key in ("read", "loaded", "inserted", "updated", "unchanged", "rejected")} == {
        "read": 2, "loaded": 1, "inserted": 1, "updated": 0, "unchanged": 0, "rejected": 1,
    }  # fmt: skip
    assert report["snapshot"] == snapshots.current(tmp_path / "home").id
    assert {"column", "kind", "count", "examples"} == set(report["problems"][0])


# --- whatever the file -----------------------------------------------------------------------------------------------

CELLS = st.text(st.sampled_from('ab1é;,"\n\r\\ \x92€\u2028'), max_size=8)
LINES = st.lists(
    st.one_of(
        st.tuples(st.integers(1, 9).map(str), st.just("2024-01-02"), CELLS, CELLS).map(
            lambda cells: ";".join('"' + cell.replace('"', '""') + '"' for cell in cells)
        ),
        st.tuples(st.integers(1, 9).map(str), st.just("2024-01-02"), CELLS, CELLS).map(";".join),
        st.text(st.sampled_from('1;"\n\rx'), max_size=12),
    ),
    max_size=8,
)


@given(LINES, st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=400)
def test_every_character_of_a_file_is_in_one_record(lines, end):
    text = end.join(lines) + end
    pieces = list(salvage.records(text, ";", 4, 0))
    sound = [record for record in pieces if record.reason is None]
    assert all(len(record.cells) == 4 for record in sound)
    kept = "".join(cell for record in pieces for cell in (*record.cells, record.raw))
    for letter in "abé€1":
        assert kept.count(letter) == text.count(letter)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8))
@settings(max_examples=200)
def test_a_well_formed_file_is_cut_as_it_was_written(texts):
    rows = [{"id_experience": str(i), "titre": a, "description": b} for i, (a, b) in enumerate(texts)]
    body = open_data.text(rows, labels=("ID expérience", "Titre", "Description", *"uvwxyz")).split("\r\n", 1)[1]
    found = [record.cells for record in salvage.records(body, ";", 9, 0)]
    assert found == [(str(i), a, b, *[""] * 6) for i, (a, b) in enumerate(texts)]


def test_a_stream_is_cut_the_same_in_small_blocks(monkeypatch, tmp_path):
    text = "".join(f'{i};2024-01-02;"titre\n{i}";b\n' if i % 7 else f'{i};2024-01-02;"perdu;b\n' for i in range(200))
    file = put(tmp_path / "a.csv", text)
    whole = list(salvage.records(text, ";", 4, 0))
    monkeypatch.setattr(salvage, "_BLOCK", 64)
    with file.open(encoding="utf-8", newline="") as stream:
        assert list(salvage.stream(stream, ";", 4, 0)) == whole
    assert len(whole) == 200


@given(LINES, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["utf-8", "cp1252"]))
@settings(max_examples=12)
def test_no_file_crashes_ingest_and_its_report_always_adds_up(tmp_path, lines, end, encoding):
    text = HEADER.strip() + end + end.join(lines) + end + "77;2024-01-02;sûr;ok" + end
    file = put(tmp_path / "a.csv", text.encode(encoding, "ignore"))
    report = ingest([file], tmp_path / "home")
    assert adds_up(report)
    assert report.loaded >= 1
    refused = open_data.query(tmp_path / "home", "SELECT count(*), count(line), count(reason) FROM refused")
    assert refused == [(report.rejected,) * 3]


@given(
    st.sampled_from(";,\t|"),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.lists(
        st.tuples(
            st.floats(0, 1, exclude_max=True),
            st.sampled_from(["cut", *('"', '""', ";", ",", "\n", "\r", "\0", "é", "\x92", '"\n')]),
        ),
        min_size=1,
        max_size=3,
    ),
)
@settings(max_examples=120)
def test_a_damaged_file_loses_no_row_whatever_the_damage(tmp_path_factory, delimiter, end, quoted, damages):
    """Characters lost or added anywhere after the header: each row ends in the table or among the refused ones."""
    folder = tmp_path_factory.mktemp("damaged")
    marks = [f"marque{n:02}fin" for n in range(12)]
    labels = ("ID expérience", "Date de publication", "Titre", "Description")
    rows = [(str(n), "2024-01-02", "titre", f"{mark} dit{' « oui »' * (n % 3)}") for n, mark in enumerate(marks)]
    cells = [delimiter.join(f'"{c}"' if quoted else c for c in row) for row in (labels, *rows)]
    head, body = cells[0] + end, end.join(cells[1:]) + end
    for place, damage in damages:
        at = int(place * len(body))
        body = body[:at] + ("" if damage == "cut" else damage) + body[at + (damage == "cut") :]
    whole = {mark for mark in marks if mark in body}
    file = put(folder / "a.csv", (head + body).encode("utf-8"))
    source = sources.open_source(file, folder)
    with duckdb.connect() as db:
        db.execute("ATTACH ':memory:' AS scratch")
        staging.load_all(db, [source], folder)
        kept = " ".join(str(row) for row in db.execute("SELECT COLUMNS(*)::VARCHAR FROM scratch.raw").fetchall())
        refused = " ".join(str(row) for row in db.execute("SELECT raw FROM scratch.refused").fetchall())
    assert {mark for mark in whole if mark not in kept and mark not in refused} == set()


# --- the real sample -------------------------------------------------------------------------------------------------


@real
def test_the_real_sample_loads_without_losing_a_row(tmp_path):
    home = tmp_path / "home"
    report = ingest(
        [REAL / "experiences-2019-2023.csv"],
        home,
        structures_file=REAL / "export-structures.csv",
        fiches_path=REAL / "vosdroits" / "F2918.xml",
    )
    assert (report.read, report.loaded, report.rejected) == (800, 800, 0)
    assert (report.structures, report.fiches) == (14_763, 1)
    assert not snapshots.current(home).demo
    damaged = r"regexp_matches(concat(title, body, typology), '[\x{80}-\x{9f}]')"
    assert open_data.query(home, f"SELECT count(*) FROM reviews WHERE {damaged}") == [(0,)]
    with (REAL / "experiences-2019-2023.csv").open(encoding="utf-8-sig", newline="") as stream:
        paris = [row for row in csv.DictReader(stream, delimiter=";") if row["Code INSEE Département usager"] == "75.0"]
    first = min(datetime.strptime(row["Date de publication"], "%d/%m/%Y %H:%M") for row in paris)
    assert open_data.query(home, "SELECT count(*), min(published_at) FROM reviews WHERE department = '75'") == [
        (len(paris), first)
    ]
    assert ingest([REAL / "experiences-2019-2023.csv"], home).unchanged == 800


@real
def test_the_sample_without_ids_is_refused_by_name(tmp_path):
    with pytest.raises(BadFile, match="ID expérience"):
        ingest([REAL / "experiences-with-replies.csv"], tmp_path / "home")

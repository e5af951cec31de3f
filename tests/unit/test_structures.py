"""The referential of structures."""

from pathlib import Path

import pytest

from data.errors import BadFile
from data.ingest import ingest
from tests import open_data

REAL = Path(__file__).parents[3] / "shared" / "data"


def structure(code, **cells):
    base = {"code_sp_de_la_structure": code, "intitule_de_la_structure": f"Structure {code}", "actif": "Oui"}
    return base | {"intitule_du_reseau": "CNAF", "intitule_de_la_typologie": "CAF", "pays": "France"} | cells


def load(tmp_path, structures, rows=None, **options):
    reviews = open_data.write(tmp_path / "reviews.csv", rows or [open_data.row(1)])
    file = open_data.write(tmp_path / "structures.csv", structures, labels=open_data.STRUCTURE_LABELS, **options)
    return ingest([reviews], tmp_path / "home", structures_file=file)


def test_codes_lose_their_prefix_and_postcodes_regain_their_zero(tmp_path):
    load(
        tmp_path,
        [
            structure("a", insee_departement="dep04", insee_region="reg93", insee_ville="com04070",
                      code_postal_de_la_structure="4000", adresse="1 rue Haute", complements_adresse="BP 3"),
            structure("b", pays="Malte", code_postal_de_la_structure="79", insee_region="consMT"),
        ],
    )  # fmt: skip
    home = tmp_path / "home"
    columns = "id, department, region, city_code, postcode, address, active"
    assert open_data.query(home, f"SELECT {columns} FROM structures ORDER BY id") == [
        ("a", "04", "93", "04070", "04000", "1 rue Haute, BP 3", True),
        ("b", None, None, None, "79", None, True),
    ]


def test_renamed_institutions_have_their_present_name(tmp_path):
    load(tmp_path, [structure("a", intitule_du_reseau="POLE EMPLOI", intitule_de_la_typologie="DR POLE EMPLOI")])
    assert open_data.query(tmp_path / "home", "SELECT network, typology FROM structures") == [
        ("France Travail", "France Travail")
    ]


def test_a_repeated_code_keeps_its_last_row_and_is_counted(tmp_path):
    report = load(tmp_path, [structure("a", ville="PARIS"), structure("a", ville="LYON"), structure("")])
    assert open_data.query(tmp_path / "home", "SELECT id, city FROM structures") == [("a", "LYON")]
    assert [(p.kind, p.count) for p in report.problems if p.column == "structures"] == [("refused", 2)]


def test_a_broken_line_does_not_take_its_neighbours(tmp_path):
    reviews = open_data.write(tmp_path / "reviews.csv", [open_data.row(1)])
    file = tmp_path / "structures.csv"
    file.write_text(
        "Code SP+ de la structure;Intitulé de la structure;Ville\n"
        'a;Mairie;PARIS\nb;"Accueil\ndu public";LYON\nc;"jamais fermé;LILLE\nd;Caf;NICE\n'
    )
    report = ingest([reviews], tmp_path / "home", structures_file=file)
    assert open_data.query(tmp_path / "home", "SELECT id FROM structures ORDER BY id") == [("a",), ("b",), ("d",)]
    assert report.structures == 3


def test_an_unknown_structure_is_reported_with_its_code(tmp_path):
    rows = [
        open_data.row(1, id_structure_1="a"),
        open_data.row(2, id_structure_1="zz"),
        open_data.row(3, id_structure_2="zz"),
    ]
    report = load(tmp_path, [structure("a")], rows)
    found = {(p.column, p.count, p.examples) for p in report.problems if p.kind == "unknown_structure"}
    assert found == {("id_structure_1", 1, ("zz",)), ("id_structure_2", 1, ("zz",))}


def test_a_file_that_is_not_the_referential_is_refused_by_name(tmp_path):
    reviews = open_data.write(tmp_path / "reviews.csv", [open_data.row(1)])
    with pytest.raises(BadFile, match=r"Code SP\+ de la structure"):
        ingest([reviews], tmp_path / "home", structures_file=reviews)


@pytest.mark.skipif(not REAL.exists(), reason="the real samples are not beside the repository")
def test_the_real_referential_loads_whole(tmp_path):
    reviews = open_data.write(tmp_path / "reviews.csv", [open_data.row(1)])
    report = ingest([reviews], tmp_path / "home", structures_file=REAL / "export-structures.csv")
    assert report.structures == 14_763
    assert not [p for p in report.problems if p.column == "structures"]
    names = open_data.query(tmp_path / "home", "SELECT name FROM structures WHERE id = 'sxZshFsE9R'")
    assert names == [("Hors-structures",)]

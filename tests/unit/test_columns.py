"""Headers: what the portal calls a column and what we call it."""

import pytest

from data.columns import REVIEWS, area_code, fold, label_of, read_header
from tests.open_data import LABELS


def test_every_label_of_the_portal_and_its_snake_case_id_fold_to_the_same_known_key():
    assert [REVIEWS.get(fold(label)) for label in LABELS].count(None) == 0
    assert len({fold(label) for label in LABELS}) == len(REVIEWS)


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ('\ufeff"ID expérience"', "id"),
        ("id_experience", "id"),
        ("ID EXPE\u0301RIENCE ", "id"),
        ("Pays Typologie  1", "country_1"),
        ("Statut de l’expérience", "status"),
        ("Evaluation  réponse structure 1 par auteur", "verdict_1"),
        ("evaluation_inutile_reponse_structure_3_par_visiteurs", "useless_3"),
        ("Information/Explication", "information"),
    ],
)
def test_a_label_is_read_whatever_its_case_accents_quotes_and_spaces(label, name):
    assert REVIEWS[fold(label)] == name


def test_a_header_says_what_is_known_unknown_and_missing():
    header = read_header(["Titre", "Nouvelle colonne", "ID expérience", "titre"])
    assert header.known == {"title": 0, "id": 2}
    assert header.unknown == {"Nouvelle colonne": 1, "titre": 3}
    assert header.missing == ("Date de publication",)
    assert "body" in header.absent


def test_title_or_description_is_enough():
    assert read_header(["ID expérience", "Date de publication", "Description"]).missing == ()
    assert read_header(["ID expérience", "Date de publication"]).missing == ("Titre / Description",)


@pytest.mark.parametrize(
    ("published", "code"),
    [("75.0", "75"), ("1.0", "01"), ("1", "01"), ("2a", "2A"), ("971", "971"), ("dep2B", "2B"), ("reg11", "11")],
)
def test_codes_lose_what_a_spreadsheet_added_and_regain_their_zero(published, code):
    assert area_code(published) == code


def test_a_problem_names_a_column_as_the_portal_does():
    assert label_of("ai_similarity_2") == "taux_de_similarite_reponse_ia_structure_2"

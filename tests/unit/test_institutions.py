"""Institutions: one name each, the network of a kind, and the programme's non-replies."""

import duckdb
import pytest

from data.institutions import Institutions, canned_macro, renamed

PAIRS = (
    ("Préfecture", "Administration territoriale de l'Etat"),
    ("Préfecture", "Administration territoriale de l'Etat"),
    ("Préfecture", "POLICE NATIONALE"),
    ("AGENCE POLE EMPLOI (APE)", "POLE EMPLOI"),
    (
        "Ministère de l’Europe et des Affaires étrangères (MEAE)",
        "Ministère de l’Europe et des Affaires étrangères (MEAE)",
    ),
)


def test_a_renamed_institution_has_its_present_name():
    named = Institutions(PAIRS)
    assert named.name("AGENCE POLE EMPLOI (APE)") == named.name("Pole  Emploi") == "France Travail"
    assert named.name("ANTS") == "France Titres"
    assert named.name("Bloctel") == "Bloctel"
    assert named.name("  ") is None


def test_the_referential_decides_how_a_name_is_spelt():
    assert Institutions(PAIRS).name("ministère de l'europe et des affaires étrangères (MEAE)") == PAIRS[4][0]


def test_the_network_of_a_kind_is_that_of_most_of_its_structures():
    named = Institutions(PAIRS)
    assert named.network("PREFECTURE") == "Administration territoriale de l'Etat"
    assert named.network("POLE EMPLOI") == "France Travail"
    assert named.network("Bloctel") is None


def test_no_alias_leads_to_another_alias():
    assert not set(renamed()) & set(renamed().values())


@pytest.mark.parametrize(
    ("reply", "canned"),
    [
        (
            "Le service public concerné par votre témoignage n’est pas encore en mesure de vous répondre.\n"
            "Camille,\nÉquipe Services Publics +\nDirection interministérielle de la transformation publique",
            True,
        ),
        ("LE SERVICE N'est pas encore  en mesure de vous répondre. L'equipe Services Publics+", True),
        (
            "Merci d’avoir partagé votre expérience sur Voxusagers.A ce jour, le service concerné (la police) n’est pas"
            " en mesure de vous répondre car il n'a pas accès au dispositif.",
            True,
        ),
        ("Bonjour, notre caisse n'est pas encore en mesure de vous répondre sur la date. Cordialement, la CAF", False),
        ("Bonjour, votre dossier est complet. L'équipe Services Publics + de la préfecture", False),
        ("", False),
        (None, False),
    ],
)
def test_a_canned_reply_needs_both_the_phrase_and_the_signature_of_the_programme(reply, canned):
    with duckdb.connect() as db:
        db.execute(canned_macro())
        assert db.execute("SELECT is_canned($reply)", {"reply": reply}).fetchone() == (canned,)

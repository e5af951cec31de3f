"""Personal data in texts: what is found, what is left alone. Every number here is invented."""

import pytest

from data.personal import find, mask

PLANTED = [
    ("Mon numéro est le 1 85 05 78 006 084 91, merci.", "nir", "1 85 05 78 006 084 91"),
    ("nir 2690549588157 et rien d'autre", "nir", "2690549588157"),
    ("Née en Corse : 2 85 05 2A 006 084 16", "nir", "2 85 05 2A 006 084 16"),
    ("virement sur FR76 3000 6000 0112 3456 7890 189 svp", "iban", "FR76 3000 6000 0112 3456 7890 189"),
    ("iban fr7630006000011234567890189 merci", "iban", "fr7630006000011234567890189"),
    ("carte 4539 1488 0343 6467 débitée", "card", "4539 1488 0343 6467"),
    ("écrire à jean.dupont+impots@exemple.fr.", "mail", "jean.dupont+impots@exemple.fr"),
    ("joignable au 06.12.34.56.78", "phone", "06.12.34.56.78"),
    ("joignable au +33 (0)6 12 34 56 78", "phone", "+33 (0)6 12 34 56 78"),
    ("depuis Genève : +41 22 345 67 89", "phone", "+41 22 345 67 89"),
    ("ma voiture AB-123-CD est vendue", "plate", "AB-123-CD"),
    ("véhicule immatriculé 1234 AB 75", "plate", "1234 AB 75"),
    ("j'habite 12 bis rue de la République, 75011 Paris", "address", "12 bis rue de la République, 75011 Paris"),
    ("au 6 rue du Dr. Roux. Merci d'avance", "address", "6 rue du Dr. Roux"),
    ("au 3 allée des tilleuls depuis un an", "address", "3 allée des tilleuls"),
    ("3 place de la Mairie 31000 Toulouse", "address", "3 place de la Mairie 31000 Toulouse"),
    ("mon dossier n° 2024-A-123456 est bloqué", "file", "2024-A-123456"),
    ("Mme Durand ne répond pas", "name", "Durand"),
    ("Mme Le Goff ne répond pas", "name", "Le Goff"),
]
INNOCENT = [
    "J'ai appelé le 39 39, puis le 0 809 401 401 et le 08 92 70 12 39.",
    "Décret n° 2010-658 du 15 juin 2010 et formulaire n°10103*12.",
    "Le certificat portant la référence 13 411*07, et la déclaration n°3310-CA3-SD.",
    "En 2021 2022 2023 2024, rien n'a changé.",
    "J'ai payé 1 240 € le 12/03/2024, puis 100 EUR 20.",
    "Carte 4970 1012 3456 7890 : ce n'est pas un vrai numéro.",
    "Le 12 place importante pour moi, et 2 cours de soutien.",
    "M. le Préfet, Madame La Directrice et Madame la Maire ont répondu à 10 h 30.",
    "Le guichet 3 est fermé depuis 15 jours, 4 personnes attendaient.",
]


@pytest.mark.parametrize(("text", "kind", "expected"), PLANTED)
def test_planted_data_is_found_exactly(text, kind, expected):
    assert [(item.kind, item.text) for item in find(text)] == [(kind, expected)]


@pytest.mark.parametrize("text", INNOCENT)
def test_numbers_that_are_nobodys_stay_readable(text):
    assert mask(text) == text


def test_masking_says_what_was_there_and_keeps_the_rest():
    text = "Mme Durand (06 12 34 56 78) attend un virement."
    assert mask(text) == "Mme [nom] ([téléphone]) attend un virement."
    assert mask(mask(text)) == mask(text)


def test_bare_names_are_not_caught():
    assert find("Camille Durand attend toujours.") == []

"""Who must be read by a human first, and the figures of speech that must not stop the work."""

from __future__ import annotations

import pytest

from generation import distress

REAL = {
    "Je n'en peux plus, je pense au suicide tous les jours": "3114",
    "J'ai envie de mourir, plus personne ne m'écoute": "3114",
    "je vais mettre fin à mes jours si rien ne bouge": "3114",
    "Si ça continue je vais me pendre": "3114",
    "JE N AI PLUS ENVIE DE VIVRE": "3114",
    "j'ai fait une tentative de suicide à cause de ce dossier": "3114",
    "je veux en finir": "3114",
    "Mon mari me frappe et la gendarmerie refuse ma plainte": "3919",
    "victime de violences conjugales, je dois quitter mon logement": "3919",
    "mon ex me menace de mort": "3919",
    "j'ai été violée et personne ne prend ma plainte": "3919",
    "Mon fils est battu par son beau-père": "119",
    "un enfant en danger dans la famille voisine": "119",
    "ma mère est maltraitée dans son EHPAD": "3977",
    "Nous sommes en danger, il rôde devant la maison": "17",
    "je vais tous les tuer à la préfecture": "17",
}
FIGURES = [
    "C'est un suicide administratif, cette procédure",
    "demander un permis ici, c'est du suicide",
    "C'est de la maltraitance institutionnelle envers les usagers",
    "C'est un viol de mes droits",
    "le viol du secret médical par vos services",
    "Je veux en finir avec ce dossier qui traîne",
    "pour en finir, le site m'a renvoyé à la page d'accueil",
    "je vais me tuer à vous le répéter",
    "mon entreprise est en danger de fermer",
    "vos délais vont me tuer",
    "mon dossier a été frappé d'une amende",
    "La CAF va me supprimer mes droits",
    "Très bon accueil, merci à l'agente",
    "ma femme est décédée, je demande la pension de réversion",
    "ma fille a été frappée d'une décision injuste",
]


@pytest.mark.parametrize(("said", "number"), REAL.items())
def test_a_real_cue_asks_for_a_human_and_says_whom_to_call(said: str, number: str) -> None:
    raised = distress.assess(said)
    assert raised is not None
    assert number in [contact.number for contact in raised.contacts]
    assert "agent" in raised.reason


@pytest.mark.parametrize("said", FIGURES)
def test_a_figure_of_speech_stops_nothing(said: str) -> None:
    assert distress.assess(said) is None


def test_a_figure_of_speech_hides_no_real_cue() -> None:
    raised = distress.assess("C'est un suicide administratif. Et moi j'ai vraiment envie de mourir.")
    assert raised is not None
    assert raised.cue == "envie de mourir"


def test_two_dangers_add_their_contacts() -> None:
    raised = distress.assess("Mon mari me frappe et frappe aussi mon fils")
    assert raised is not None
    assert {"119", "3919"} <= {contact.number for contact in raised.contacts}

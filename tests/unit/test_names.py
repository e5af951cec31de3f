"""Titles of irritants: noun phrases that people write, never stems, never twice the same."""

from __future__ import annotations

import itertools

import numpy as np

from analytics.topics import names, phrases, text

TAX = [
    "Ma déclaration de revenus est bloquée. Je dois déclarer mes revenus et la déclaration de revenus échoue.",
    "La déclaration de revenus refusée. Le service des impôts ne répond jamais.",
    "Les impôts ont perdu ma déclaration de revenus, les impôts se taisent lentement.",
    "Une déclaration de revenus absurde, malheureusement. Mes impôts sont faux.",
] * 5
CARD = [
    "La carte vitale est perdue. Ma carte vitale expire et la pharmacie refuse.",
    "Ma carte vitale n'arrive pas. La pharmacie avance la carte vitale, malheureusement.",
    "Une carte vitale bloquée, une pharmacie qui soupire.",
    "Cette carte vitale attend. Notre pharmacie aussi.",
] * 5


def _told(*groups: list[str]) -> list[list[str]]:
    found = phrases.find(text.cut([review for group in groups for review in group]), least=2)
    bounds = np.cumsum([0, *map(len, groups)])
    return phrases.telling(found, [np.arange(a, b) for a, b in itertools.pairwise(bounds)])


def test_a_noun_with_its_complement_comes_first() -> None:
    tax, card = _told(TAX, CARD)
    assert tax[0] == "déclaration de revenus"
    assert card[0] == "carte vitale"
    assert names.named([tax], [()])[0].label == "Déclaration de revenus, impôts"


def test_words_of_a_shown_phrase_are_not_repeated() -> None:
    tax, _ = _told(TAX, CARD)
    assert not {"revenus", "déclaration", "déclarer"} & set(tax)


def test_an_adverb_or_a_verb_does_not_name_a_subject() -> None:
    tax, card = _told(TAX, CARD)
    assert tax[1] == "impôts"
    assert card[1] == "pharmacie"


def test_a_noun_followed_by_a_verb_is_no_phrase() -> None:
    reviews = [
        "Le conseiller répond mal.",
        "Mon conseiller répond tard.",
        "Il répond la même chose, elle répond le contraire.",
    ]
    shown, _ = _told(reviews * 5, CARD)
    assert "conseiller" in shown
    assert "conseiller répond" not in shown


def test_a_verb_ends_no_phrase_even_when_nothing_else_tells_it() -> None:
    reviews = [
        "La loi oblige à tout.",
        "Cette loi oblige ; une plaque grise, un document gris.",
        "Ma plaque grise, la loi.",
    ]
    shown, _ = _told(reviews * 5, CARD)
    assert "loi" in shown
    assert "plaque grise" in shown
    assert "loi oblige" not in shown
    assert "oblige" not in names.named([shown], [()])[0].label


def test_what_names_nothing_is_never_shown() -> None:
    reviews = [
        "Mon doss est en cours, une facture de 12 mm. Mon père est venu.",
        "Le doss en cours bcp trop long : la facture, un mm, un pb. Le père de ma collègue attend.",
    ]
    shown, _ = _told(reviews * 5, CARD)
    assert shown[0] == "facture"
    assert not {"cours", "doss", "mm", "pb", "bcp", "père", "collègue"} & {
        word for term in shown for word in term.split()
    }


def test_what_many_say_comes_before_what_few_say_and_nobody_else() -> None:
    card = ["La pharmacie."] * 20 + ["Le comptoir illisible."] * 3
    shown, _ = _told(card, ["La pharmacie."] * 2 + ["Une préfecture."] * 1000)
    assert shown[0] == "pharmacie"


def test_the_accented_form_is_shown_when_people_write_it_as_often() -> None:
    found = phrases.find(text.cut(["la préfecture", "la prefecture", "ma préfecture", "la prefecture"]), least=2)
    assert found.surface(found.names.index(text.key("préfecture"))) == "préfecture"


def test_an_acronym_keeps_its_capitals_inside_a_phrase() -> None:
    written = text.surfaces(["Aide au logement refusée", "Mon aide au logement est refusée"])
    assert written[f"apl {text.key('refusée')}"].most_common(1)[0][0] == "APL refusée"


def test_titles_are_unique() -> None:
    found = names.named([["impôts", "déclaration", "mairie"]] * 4, [()] * 4)
    assert len({n.label for n in found}) == 4


def test_a_topic_without_telling_words_still_has_a_title() -> None:
    (named,) = names.named([[]], [()])
    assert named.label == "Sujet sans mots fréquents"
    assert named.terms == ()

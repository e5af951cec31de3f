"""Titles of irritants: readable words, never stems, never twice the same."""

from __future__ import annotations

from analytics.topics import names, text

REVIEWS = (
    "Ma déclaration de revenus est bloquée, la déclaration de revenus en ligne aussi.",
    "Déclaration de revenus refusée. Le service des impôts ne répond pas.",
    "Les impôts ont perdu ma déclaration.",
)
TERMS = [("declar revenu", 0.4), ("impot", 0.3), ("declar", 0.3), ("bloque", 0.3), ("revenu", 0.2)]


def test_a_noun_with_its_complement_comes_first() -> None:
    (named,) = names.named([TERMS], [REVIEWS])
    assert named.label == "Déclaration de revenus"
    assert named.terms[:2] == ("déclaration de revenus", "impôts")


def test_words_of_a_shown_pair_are_not_repeated() -> None:
    (named,) = names.named([TERMS], [REVIEWS])
    assert "revenus" not in named.terms
    assert "déclaration" not in named.terms


def test_a_pair_that_is_a_sentence_is_not_a_title() -> None:
    reviews = ["Le conseiller ne répond jamais", "mon conseiller ne répond pas"]
    found = names.readable([("conseil repond", 1.0), ("conseil", 0.2)], text.surfaces(reviews))
    assert [key for key, _ in found] == ["conseil"]


def test_what_looks_like_a_verb_comes_after_a_noun() -> None:
    reviews = ["Passeport refusé", "passeport refusé au guichet"]
    terms = [(text.key("refusé"), 1.0), (text.key("passeport"), 0.9)]
    found = names.readable(terms, text.surfaces(reviews))
    assert [surface for _, surface in found] == ["passeport", "refusé"]


def test_an_acronym_keeps_its_capitals_inside_a_pair() -> None:
    written = text.surfaces(["Aide au logement refusée", "Mon aide au logement est refusée"])
    assert written[f"apl {text.key('refusée')}"].most_common(1)[0][0] == "APL refusée"


def test_titles_are_unique() -> None:
    found = names.named([TERMS] * 4, [REVIEWS] * 4)
    assert len({n.label for n in found}) == 4


def test_a_topic_without_readable_terms_still_has_a_title() -> None:
    (named,) = names.named([[("zzz", 1.0)]], [["tout autre chose"]])
    assert named.label == "Sujet sans mots fréquents"
    assert named.terms == ()

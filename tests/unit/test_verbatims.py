"""Cards of reviews: personal data masked, every character escaped, found words marked."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.components import verbatims

TAGS = re.compile(r"</?mark>|<br>")


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("La CAF répond", "caf", "La <mark>CAF</mark> répond"),
        ("Mes impôts", "impots", "Mes <mark>impôts</mark>"),
        ("Mes impots", "impôts", "Mes <mark>impots</mark>"),
        ("Le cœur", "coeur", "Le <mark>cœur</mark>"),
        ("Un e\u0301te\u0301 à l’étal", "l'été", "Un <mark>e\u0301te\u0301</mark> à l’étal"),
        ("Écarte ma carte, cartes", "carte", "Écarte ma <mark>carte</mark>, <mark>carte</mark>s"),  # by its beginning
        ("Ma carte, la carte\n« grise »", '"carte grise"', "Ma carte, la <mark>carte<br>« grise</mark> »"),
        ("Où ? où !", "ou", "<mark>Où</mark> ? <mark>où</mark> !"),
        ("a b", "a", "a b"),  # a single letter marks nothing
        ("<b>gras</b>", "gras", "&lt;b&gt;<mark>gras</mark>&lt;/b&gt;"),
        ("a (bé) cd*", "(be) cd*", "a (<mark>bé</mark>) <mark>cd</mark>*"),
        ("Ligne 1\nLigne 2", "", "Ligne 1<br>Ligne 2"),
    ],
)
def test_words_are_marked_where_they_stand(text: str, words: str, expected: str) -> None:
    assert verbatims.marked(text, words) == expected


def test_personal_data_is_masked_even_when_it_is_searched() -> None:
    shown = verbatims.marked("Appelez le 06 12 34 56 78", "06 12 34")
    assert "12 34" not in TAGS.sub("", shown)


@given(st.text(max_size=120), st.text(max_size=20))
def test_nothing_a_citizen_types_becomes_markup(text: str, words: str) -> None:
    shown = TAGS.sub("", verbatims.marked(text, words))
    assert "<" not in shown
    assert ">" not in shown
    assert '"' not in shown


@given(st.text(alphabet="abcdéèêôç &<>'\n", max_size=120), st.text(alphabet="abcéo ", max_size=10))
def test_marking_loses_no_character(text: str, words: str) -> None:
    shown = verbatims.marked(text, words).replace("<br>", "\n")
    assert html.unescape(re.sub("</?mark>", "", shown)) == text

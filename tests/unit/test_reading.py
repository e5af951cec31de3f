"""A reply read again: points underlined, words changed shown, every character escaped."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from generation.quotes import quotes
from generation.results import Finding, Source
from pages.components.reading import changed, underlined


def _plain(marked: str) -> str:
    return re.sub(r"<sup>.*?</sup>|<[^>]+>", "", marked)


def test_the_words_of_a_point_are_underlined_and_numbered():
    shown = underlined("Appelez le 3939.", [Finding("phone", "high", (11, 15), "Numéro sans source.")])
    assert re.search(r'<u [^>]*title="Numéro sans source\."[^>]*>3939</u><sup><b>1</b></sup>\.$', shown)


def test_points_that_overlap_keep_every_character():
    found = [Finding("a", "low", (0, 6), "un"), Finding("b", "high", (3, 9), "deux"), Finding("c", "low", None, "tout")]
    assert _plain(underlined("abcdefghij", found)) == "abcdefghij"


def test_what_was_removed_and_added_is_shown():
    shown = changed("Bonjour, merci.", "Bonjour Madame, merci.")
    assert "<del" in shown
    assert "Madame," in re.findall(r"<ins[^>]*>(.*?)</ins>", shown)[0]
    assert changed("même", "même") == "même"


SOURCES = [
    Source(
        "fiche",
        "F1",
        "Aide",
        "https://sp.example.fr/F1",
        1.0,
        "La demande est gratuite. Elle se fait en ligne, sans frais.",
    ),
    Source("reply", "12-2", "Réponse", "", 0.5, "Vous pouvez joindre la caisse du lundi au vendredi. Merci."),
]
BODY = "Bonjour,\nVous pouvez joindre la caisse du lundi au vendredi. Elle se fait en ligne, sans frais. Merci."


def test_sentences_taken_from_a_source_are_marked_and_linked_to_it():
    taken = quotes(BODY, SOURCES)
    assert [BODY[quote.start : quote.end] for quote in taken] == [
        "Vous pouvez joindre la caisse du lundi au vendredi.",
        "Elle se fait en ligne, sans frais.",
    ]
    shown = underlined(BODY, [Finding("x", "low", (12, 19), "m")], taken)
    assert 'href="https://sp.example.fr/F1"' in shown
    assert 'href="avis?id=12"' in shown
    assert _plain(shown) == BODY


def test_a_few_words_in_common_are_no_quote():
    assert quotes("Merci. La demande est gratuite ici.", SOURCES) == ()


def test_an_address_that_is_none_is_no_link():
    odd = Source("fiche", "F1", '"><script>', "javascript:alert(1)", 1.0, SOURCES[0].text)
    shown = underlined(SOURCES[0].text, [], quotes(SOURCES[0].text, [odd]))
    assert "javascript:" not in shown
    assert "<script" not in shown


def test_markup_in_a_text_stays_text():
    assert "<img" not in underlined("<img src=x onerror=1>", [Finding("x", "low", (0, 4), '"><script>')])
    assert "<script" not in changed("a", "<script>alert(1)</script>")


@given(st.text(max_size=80), st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80)), max_size=4))
def test_any_span_over_any_text_keeps_the_text(body: str, spans: list[tuple[int, int]]):
    found = [Finding("x", "low", (min(s), max(s)), "m") for s in spans]
    import html

    assert html.unescape(_plain(underlined(body.replace("<", "").replace("&", ""), found))) == body.replace(
        "<", ""
    ).replace("&", "")

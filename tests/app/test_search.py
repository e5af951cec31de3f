"""Search: words found whatever their accents, marked, and only text."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.conftest import Opened, asked, linked, said


@pytest.mark.parametrize("words", ["impôts", "impots", "IMPÔTS"])
def test_accents_and_case_do_not_matter_and_words_are_marked(tiny_home: Path, open_page: Opened, words: str) -> None:
    app = open_page("recherche", mots=words)
    ((n,),) = asked(tiny_home, "SELECT count(*) FROM reviews WHERE title || ' ' || body ILIKE '%impôts%'")
    assert f"{n} avis contiennent « {words} »" in said(app)
    assert linked(app).count("Ouvrir l'avis") == n
    assert said(app).count("<mark>impôts</mark>") == n


def test_every_word_must_be_there(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("recherche", mots="impôts amende")
    assert "1 avis contiennent" in said(app)
    assert "<mark>amende</mark>" in said(app)


def test_personal_data_is_masked_in_what_is_found(tiny_home: Path, open_page: Opened) -> None:
    told = said(open_page("recherche", mots="Lefebvre"))
    assert "1 avis contiennent" in told
    assert "Lefebvre" not in told.replace("« Lefebvre »", "")
    assert "06 12 34 56 78" not in told


def test_words_that_no_review_holds(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("recherche", mots="zeppelin")
    assert "Aucun avis trouvé. Essayez un seul mot, ou élargissez la période." in said(app)


def test_a_word_written_like_markdown_or_html_stays_text(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("recherche", mots="<img src=x> **")
    assert not [html.value for html in app.html if "<img" in html.value]
    assert not [text.value for text in app.markdown if "**" in text.value]


def test_unanswered_reviews_alone_and_oldest_first(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("recherche")
    app.toggle(key="sans_reponse").set_value(True).run()
    ((n,),) = asked(tiny_home, "SELECT count(*) FROM reviews WHERE first_reply_at IS NULL")
    assert f"{n} avis correspondent à ces filtres" in said(app)
    app.session_state["ordre"] = "Les plus anciens"
    app.run()
    assert "Déclaration d&#x27;occupation refusée" in app.html[0].value


def test_a_long_list_is_given_ten_at_a_time(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("recherche")
    assert linked(app).count("Ouvrir l'avis") == 10
    app.number_input(key="page_recherche").set_value(2).run()
    assert linked(app).count("Ouvrir l'avis") == 2


def test_before_the_first_analysis_reviews_can_be_searched(loaded_home: Path, open_page: Opened) -> None:
    assert "2 avis contiennent" in said(open_page("recherche", mots="impots"))

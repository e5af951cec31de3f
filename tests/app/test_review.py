"""One review: what was written, as text; what was answered; what to do next."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from data import snapshots
from tests.app.conftest import Opened, linked, said


def test_an_answered_review_shows_its_reply_its_delay_and_the_verdict(tiny_home: Path, open_page: Opened) -> None:
    told = said(open_page("avis", id="1"))
    assert "Publié le 3 mars 2025. Première réponse après 2 jours." in told
    assert "jugée utile par l&#x27;auteur · proposée par IA, conservée à 82 %" in told


def test_a_waiting_message_is_not_called_an_answer(tiny_home: Path, open_page: Opened) -> None:
    told = said(open_page("avis", id="4"))
    assert "ne compte pas comme une réponse" in told
    assert "Aucune réponse publiée à ce jour." in told
    assert "Première réponse" not in told


def test_only_who_answers_is_led_to_the_desk(tiny_home: Path, open_page: Opened) -> None:
    assert "Répondre à cet avis" in linked(open_page("avis", "agent.demo", id="6"))
    assert "Répondre à cet avis" not in linked(open_page("avis", "analyste.demo", id="6"))
    assert "Répondre à cet avis" not in linked(open_page("avis", "agent.demo", id="1"))


def test_personal_data_is_masked(tiny_home: Path, open_page: Opened) -> None:
    told = said(open_page("avis", id="11"))
    for given in ("Lefebvre", "06 12 34 56 78", "jeanne@exemple.fr"):
        assert given not in told


@pytest.mark.parametrize("address", ["999", "abc", "1 OR 1=1", "9" * 30, ""])
def test_an_unknown_review_is_said_to_be_gone(tiny_home: Path, open_page: Opened, address: str) -> None:
    app = open_page("avis", id=address)
    assert "Cet avis n'existe pas ou n'est plus publié." in said(app)
    assert linked(app) == ["Rechercher dans les avis"]


def test_what_a_citizen_writes_is_never_markup(tiny_home: Path, open_page: Opened) -> None:
    wild = "<img src=x onerror=alert(1)> [clic](http://a.fr) ![x](http://a.fr/p.png) **gras** $x$ :red[r]"
    snapshot = snapshots.current(tiny_home)
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshot))) as connection:
        connection.execute(
            "UPDATE reviews SET title = $wild, body = $wild, structure = $wild WHERE id = 7", {"wild": wild}
        )
    app = open_page("avis", id="7")
    assert not [html.value for html in app.html if "<img" in html.value]
    assert not [text.value for text in app.markdown if "http" in text.value]

"""The frame of every page: who may open what, whose data it is, how old it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

import asgi
from data import snapshots
from pages.components import identity, navigation, states
from pages.components.navigation import Role
from tests.app.conftest import Opened, linked, said


def profile(role: Role) -> str:
    """A person of that role."""
    return next(person.id for person in identity.DEVELOPMENT if person.role == role)


@pytest.mark.parametrize("role", Role)
def test_a_role_is_refused_in_the_rooms_of_others_and_shown_its_own(
    tiny_home: Path, open_page: Opened, role: Role
) -> None:
    closed = [room for room in navigation.ROOMS if role not in room.roles]
    home = navigation.room(navigation.HOME[role])
    for room in closed:
        app = open_page(room.slug, profile(role))
        assert f"n'est pas ouverte au rôle « {role} »" in said(app)
        assert linked(app) == [f"Aller à : {home.title}"]
        assert not app.metric
        assert not app.html


@pytest.mark.parametrize("slug", ["irritants", "signaux-faibles", "recherche", "donnees"])
def test_an_analyst_is_let_in_where_the_analyst_works(tiny_home: Path, open_page: Opened, slug: str) -> None:
    app = open_page(slug, profile(Role.ANALYST))
    assert app.title[0].value == navigation.room(slug).title
    assert "n'est pas ouverte" not in said(app)


def test_the_development_identity_is_refused_from_another_machine(
    tiny_home: Path, loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ContextProxy, "ip_address", property(lambda _: "10.0.0.8"))
    app = AppTest.from_file(str(navigation.ROOT / "app.py"), default_timeout=60).run()
    assert "Connexion impossible" in said(app)
    assert not app.selectbox


def test_a_proxy_speaking_for_someone_else_is_refused(
    tiny_home: Path, loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ContextProxy, "headers", property(lambda _: {"X-Forwarded-For": "127.0.0.1"}))
    app = AppTest.from_file(str(navigation.ROOT / "app.py"), default_timeout=60).run()
    assert "Connexion impossible" in said(app)


@pytest.mark.parametrize("room", navigation.ROOMS, ids=lambda room: room.slug)
def test_a_page_opened_without_the_app_shows_nothing(tiny_home: Path, loopback: None, room: navigation.Room) -> None:
    app = AppTest.from_file(str(navigation.ROOT / room.script), default_timeout=60).run()
    assert [error.value for error in app.error] == [
        "Cette page s'ouvre depuis l'application. Rechargez l'adresse d'accueil."
    ]
    assert not app.metric
    assert not app.html
    assert not app.dataframe


def test_every_page_says_that_a_demo_is_a_demo(tiny_home: Path, open_page: Opened) -> None:
    assert "Démonstration" not in said(open_page("recherche"))
    snapshots.serve(tiny_home, replace(snapshots.current(tiny_home), demo=True))
    for slug in ("irritants", "signaux-faibles", "recherche", "avis", "donnees"):
        assert "tous les avis affichés sont fictifs" in said(open_page(slug))


def test_every_page_says_how_old_its_data_is(loaded_home: Path, open_page: Opened) -> None:
    told = said(open_page("recherche"))
    assert "Données jusqu'au 30 juin 2025" in told
    assert "en attente d'actualisation" in told


def test_an_unknown_address_lands_on_a_page_that_says_so(tiny_home: Path, loopback: None) -> None:
    app = AppTest.from_file(str(navigation.ROOT / "app.py"), default_timeout=60)
    app.session_state["profil"] = "analyste.demo"
    app.query_params["adresse-inconnue"] = "1"
    app.run()
    assert "Cette adresse n'existe pas" in said(app)
    assert app.title[0].value == "Signaux faibles"


@pytest.mark.parametrize("slug", ["avis", "rediger", "irritant", "signal", "structure", "referentiel"])
@pytest.mark.parametrize("odd", ["abc", "²", "-1", "9" * 40, "1e9", "%00"])
def test_an_odd_number_in_an_address_is_said_to_be_unknown(
    tiny_home: Path, open_page: Opened, slug: str, odd: str
) -> None:
    app = open_page(slug, id=odd, irritant=odd)
    assert app.title


def test_a_page_that_fails_by_surprise_says_so_in_french() -> None:
    def page() -> None:
        from data.errors import VigieError
        from pages.components import states

        states.failed(VigieError("Le disque est plein."))
        states.failed(ZeroDivisionError("division by zero"))

    known, unknown = (shown.value for shown in AppTest.from_function(page).run().error)
    assert known == "Le disque est plein."
    assert "n'a pas pu s'afficher" in unknown
    assert "division" not in unknown


def test_the_server_hands_such_failures_over() -> None:
    assert asgi.app._on_script_error is states.failed

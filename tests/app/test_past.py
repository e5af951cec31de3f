"""Any figure as known on a past date: every page of figures answers for that day as it did on that day, and says so."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data import settings
from data.operations import actions, triage
from data.operations.engine import open_store
from data.operations.tables import now
from pages.components import navigation
from tests import files_of_days
from tests.app.conftest import Opened, asked, figures, said
from tests.files_of_days import DAYS

ABOUT = {"irritant": {"id": "1"}, "avis": {"id": "9"}, "structure": {"id": "s1"}, "signal": {"id": "sig-1"}}
BANNER = "Chiffres tels que connus le"
OWN = {  # sentences of the past alone, or of the analysis in service
    "impact-ia": "Estimé à nouveau",
    "signaux-faibles": "Ce jour-là, l'analyse|Signaux, figures et suivi",
    "champs": "L'orientation n'est pas refaite",
    "signal": "Ce signal|Il a pu s'éteindre|Voyez la liste",
}


@pytest.fixture(scope="session")
def days(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same home after each of three files."""
    return files_of_days.homes(tmp_path_factory.mktemp("days"))


def shown(app: AppTest, slug: str) -> list[str]:
    """What the page says and its figures, without what tells that it is of the past."""
    told = [line for line in said(app).splitlines() if not re.search(f"{BANNER}|^Données jusqu'au|d'aujourd'hui", line)]
    own = OWN.get(slug)
    told = [line for line in told if not own or not re.search(own, line)]
    return [*told, *(f"{name} : {value}" for name, value in figures(app).items())]


@pytest.mark.parametrize("slug", sorted(navigation.DATED))
def test_a_page_as_known_on_a_day_shows_what_it_showed_that_day(
    days: list[Path], open_page: Opened, monkeypatch: pytest.MonkeyPatch, slug: str
) -> None:
    about = ABOUT.get(slug, {})
    monkeypatch.setenv("VIGIE_HOME", str(days[0]))
    then = open_page(slug, "manager.demo", **about)
    assert BANNER not in said(then)
    expected = shown(then, slug)
    st.cache_data.clear()
    monkeypatch.setenv("VIGIE_HOME", str(days[-1]))
    now = open_page(slug, "manager.demo", connu_le=str(DAYS[0]), **about)
    assert f"{BANNER} 10 mars 2024" in said(now)
    assert shown(now, slug) == expected
    now.button(key="aujourd_hui").click().run()
    assert BANNER not in said(now)


@pytest.mark.parametrize("slug", sorted(navigation.DATED))
def test_a_day_before_anything_was_known_is_an_empty_page(tiny_home: Path, open_page: Opened, slug: str) -> None:
    about = {"irritant": "1", "signal": "sig-1", "avis": "5", "structure": "cafNord001"}
    app = open_page(slug, connu_le="2025-01-15", **({"id": about[slug]} if slug in about else {}))
    assert f"{BANNER} 15 janv. 2025" in said(app)


@pytest.mark.parametrize("slug", sorted({room.slug for room in navigation.ROOMS} - navigation.DATED))
def test_pages_of_what_is_to_do_stay_in_the_present_and_say_so(tiny_home: Path, open_page: Opened, slug: str) -> None:
    app = open_page(slug, connu_le="2025-05-31", **({"id": "5"} if slug == "rediger" else {}))
    assert BANNER not in said(app)
    assert "elle ne se demande pas à une date passée" in said(app)


def test_links_between_figures_keep_the_day(
    days: list[Path], open_page: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_HOME", str(days[-1]))
    app = open_page("avis", id="9", connu_le=str(DAYS[0]))
    addresses = [link.proto.query_string for link in app.get("page_link")]
    assert any(f"connu_le={DAYS[0]}" in address for address in addresses)


def test_the_choice_is_in_the_sidebar(tiny_home: Path, open_page: Opened) -> None:
    known = asked(tiny_home, "SELECT count(*) FROM reviews WHERE published_on <= DATE '2025-05-31'")[0][0]
    app = open_page("provenance", chosen={"periode": "Tout"})
    assert ": 12 avis." in said(app)
    app.date_input(key="connu_le").set_value(date(2025, 5, 31)).run()
    assert f": {known} avis." in said(app)
    app.date_input(key="connu_le").set_value(None).run()
    assert ": 12 avis." in said(app)


def test_what_people_decided_later_was_not_decided(tiny_home: Path, open_page: Opened) -> None:
    store = open_store(settings.load(tiny_home).operations)
    triage.decide(store, "k", "sig-1", "acknowledged", decided_by="analyste.demo")
    actions.add(store, "a", 1, "Réécrire le courrier", owner="La Caf", due_on=None, created_by="analyste.demo")
    store.dispose()
    assert "Réécrire le courrier" in said(open_page("irritant", id="1"))
    st.cache_data.clear()
    assert "Réécrire le courrier" not in said(open_page("irritant", id="1", connu_le="2025-06-29"))


def test_decisions_are_told_as_they_stood(tiny_home: Path) -> None:
    store = open_store(settings.load(tiny_home).operations)
    first = triage.decide(store, "k1", "sig-1", "acknowledged", decided_by="a", detector="surge")
    between = now()
    triage.decide(store, "k2", "sig-1", "false_alarm", decided_by="b", note="saison", seen=first)
    told = triage.decisions_before(store, between)["sig-1"]
    assert (told.state, told.decided_by, told.version) == ("acknowledged", "a", 1)
    assert triage.decisions_before(store, first.decided_at - timedelta(1)) == {}
    assert triage.lessons(store, before=between) == {}
    assert triage.lessons(store)["surge"].false == 1
    store.dispose()

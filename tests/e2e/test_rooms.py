"""Every room opens for those it is meant for, from any address, at any width, with no English and no side scroll."""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from pages.components import navigation
from pages.components.navigation import Role, Room
from tests.e2e.conftest import Server, serve, settled, visit

PROFILE = {
    Role.MANAGER: "manager.demo",
    Role.ANALYST: "analyste.demo",
    Role.AGENT: "agent.demo",
    Role.LEAD: "chef.demo",
    Role.ADMIN: "admin.demo",
}
# What axe says of the framework itself: the rule, and the only place where it is excused. Anything else fails.
FRAMEWORK = {
    "list": "[data-testid=stSidebarNav]",  # the menu's sections are <div> inside its <ul>
    "listitem": "[data-testid=stSidebarNav]",  # same cause
    "svg-img-alt": "[data-testid=stMetricChart]",  # a key figure's small trend; the figure itself is in text
}
SPOKEN = ("Choose an option", "View more", "Press Enter", "No results", "per file", "Browse files")
LABELS = ("Help", "Open", "Increment", "Decrement", "Sidebar", "Collapse", "App pages", "Download as", "Fullscreen")


# Rooms that show one thing are opened on one that every demo holds; a signal depends on the week.
_EXAMPLE = {"irritant": "?id=0", "avis": "?id=900000002", "rediger": "?id=900000002"}


def profile_of(room: Room) -> str:
    """A person allowed in a room: its own role where one opens it every morning."""
    mine = [role for role, slug in navigation.HOME.items() if slug == room.slug]
    return PROFILE[mine[0] if mine else Role.ADMIN]


def address_of(room: Room) -> str:
    return f"/{room.slug}" + _EXAMPLE.get(room.slug, "")


def ours(page: Page, violation: dict[str, Any]) -> list[str]:
    """Where a violation stands, places excused by `FRAMEWORK` left out."""
    targets = [node["target"][0] for node in violation["nodes"]]
    place = FRAMEWORK.get(violation["id"])
    if place is None:
        return targets
    within = "(element, place) => element.closest(place) !== null"
    return [target for target in targets if not page.locator(target).first.evaluate(within, place)]


def test_a_deep_link_opened_first_on_a_fresh_server_goes_through_the_app(fresh_server: Server, page: Page) -> None:
    visit(page, fresh_server, "/signaux-faibles")
    expect(page.get_by_text("Se connecter en tant que")).to_be_visible()
    expect(page.locator("h1")).to_have_text("Signaux faibles")
    expect(page.get_by_text("Page not found")).to_have_count(0)


def test_no_page_is_reachable_by_its_file_name(fresh_server: Server, page: Page) -> None:
    visit(page, fresh_server, "/overview")
    expect(page.get_by_text("Cette adresse n'existe pas")).to_be_visible()
    expect(page.get_by_text("Se connecter en tant que")).to_be_visible()


def test_a_role_is_kept_out_of_the_rooms_of_others(server: Server, page: Page) -> None:
    visit(page, server, "/journal", "agent.demo")
    expect(page.get_by_text("n'est pas ouverte au rôle")).to_be_visible()
    expect(page.get_by_role("link", name="Aller à : File d'attente")).to_be_visible()


@pytest.mark.parametrize(("role", "slug"), navigation.HOME.items())
def test_each_role_starts_in_its_morning_room(server: Server, page: Page, role: Role, slug: str) -> None:
    visit(page, server, "/", PROFILE[role])
    page.wait_for_url(f"**/{slug}?*" if role is not Role.MANAGER else f"**/{slug}*")
    expect(page.locator("h1")).to_have_text(navigation.room(slug).title)


@pytest.mark.parametrize("room", navigation.ROOMS, ids=lambda room: room.slug)
def test_every_room_opens_in_french_and_says_it_is_a_demo(server: Server, page: Page, room: Room) -> None:
    visit(page, server, address_of(room), profile_of(room))
    assert page.locator("html").get_attribute("lang") == "fr"
    expect(page).to_have_title(f"{room.title} · Vigie")
    expect(page.locator("h1")).to_have_count(1)
    expect(page.get_by_text("Démonstration", exact=False).first).to_be_visible()
    for english in SPOKEN:
        expect(page.get_by_text(english, exact=False)).to_have_count(0)
    for english in LABELS:
        expect(page.locator(f'[aria-label^="{english}"], [title^="{english}"]')).to_have_count(0)


@pytest.mark.parametrize("room", navigation.ROOMS, ids=lambda room: room.slug)
def test_no_room_scrolls_sideways_on_a_phone(server: Server, page: Page, room: Room) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, server, address_of(room), profile_of(room))
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    overflow = "[...document.querySelectorAll('[data-testid=stMain]')].some(e => e.scrollWidth > e.clientWidth + 1)"
    assert not page.evaluate(overflow)


@pytest.mark.parametrize("room", navigation.ROOMS, ids=lambda room: room.slug)
def test_every_room_passes_the_accessibility_rules(server: Server, page: Page, room: Room) -> None:
    visit(page, server, address_of(room), profile_of(room))
    page.wait_for_timeout(500)
    found = Axe().run(page).response["violations"]
    wrong = {violation["id"]: ours(page, violation) for violation in found}
    wrong = {rule: places for rule, places in wrong.items() if places}
    assert not wrong, json.dumps(wrong, indent=1)


def test_health_tells_the_snapshot_and_pages_load_nothing_from_elsewhere(server: Server, page: Page) -> None:
    with urllib.request.urlopen(f"{server.url}/sante") as answer:
        assert json.load(answer)["status"] == "ok"
        assert "default-src 'self'" in answer.headers["content-security-policy"]
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    visit(page, server, "/vue-d-ensemble")
    assert hosts == {server.url.removeprefix("http://")}


def test_anyone_reads_how_replies_are_made_without_a_profile(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/public/transparence")
    expect(page).to_have_title("Comment les réponses sont préparées")
    expect(page.get_by_text("aucun modèle de langage")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "fr"
    assert page.locator("script").count() == 0
    assert not Axe().run(page).response["violations"]
    page.set_viewport_size({"width": 320, "height": 640})
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    with urllib.request.urlopen(f"{server.url}/public/transparence.txt") as answer:
        assert answer.headers["content-type"].startswith("text/plain")
        assert "AVEC QUEL MODÈLE" in answer.read().decode()


def test_the_public_text_is_taken_away_as_a_page_and_as_text(server: Server, page: Page) -> None:
    visit(page, server, "/transparence", "manager.demo")
    for label, ending in (("Télécharger la page (HTML)", "</html>\n"), ("Télécharger le texte", ".\n")):
        with page.expect_download() as download:
            page.get_by_role("button", name=label).click()
        assert Path(download.value.path()).read_text("utf-8").endswith(ending)
    link = page.get_by_role("link", name="Voir la page publique")
    assert link.get_attribute("href") == "/public/transparence"


def test_the_frameworks_own_menus_speak_french(server: Server, page: Page) -> None:
    visit(page, server, "/tendances?periode=Dates", "manager.demo")
    expect(page.get_by_test_id("stSkipToContent")).to_have_text("Aller au contenu")
    start = page.get_by_test_id("stMain").get_by_test_id("stDateInput").first
    expect(start.get_by_role("spinbutton", name="jour, Du")).to_be_visible()
    start.get_by_role("button", name="Choisir une date").click()
    expect(page.get_by_role("dialog")).to_contain_text("Échap ferme")
    page.keyboard.press("Escape")
    page.get_by_text("Voir les données").first.click()
    table = settled(page).get_by_test_id("stDataFrame").first
    table.hover()
    page.get_by_role("button", name=re.compile("^Chercher : Volume")).click()
    expect(page.locator(".gdg-search-status")).to_have_text("Tapez pour chercher")
    page.keyboard.type("2")
    expect(page.locator(".gdg-search-status")).to_contain_text("résultat")


def test_the_keyboard_shows_where_it_is_in_the_menu(server: Server, page: Page) -> None:
    visit(page, server, "/transparence")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    link = page.get_by_test_id("stSidebarNav").locator("a:focus")
    assert link.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"


def test_a_server_that_stops_is_said_in_french(demo_home: Path, tmp_path: Path, page: Page) -> None:
    served = serve(demo_home, tmp_path / "log")
    visit(page, next(served), "/transparence")
    served.close()
    expect(page.get_by_role("dialog")).to_contain_text("Vigie ne répond plus")
    expect(page.get_by_role("dialog")).to_contain_text("make run")


def test_filters_live_in_the_address(server: Server, page: Page) -> None:
    visit(page, server, "/recherche")
    page.get_by_role("radio", name="3 mois").click()
    page.wait_for_url("**periode=3*mois*")
    page.reload()
    settled(page)
    expect(page.get_by_role("radio", name="3 mois")).to_be_checked()
    page.get_by_role("button", name="Réinitialiser").click()
    expect(page.get_by_role("radio", name="12 mois")).to_be_checked()

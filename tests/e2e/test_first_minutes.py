"""A newcomer's first minutes: an empty home, then a demo that prepares itself under their eyes."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Server, settled, visit


def test_an_empty_home_offers_two_ways_and_prepares_the_demo(empty_server: Server, page: Page) -> None:
    visit(page, empty_server, "/vue-d-ensemble")
    expect(page.locator("h1")).to_have_text("Bienvenue dans Vigie")
    expect(page.get_by_text("Charger les données ouvertes")).to_be_visible()
    page.get_by_role("button", name="Préparer la démonstration").click()
    expect(page.get_by_text("Préparation de la démonstration", exact=False)).to_be_visible()
    expect(page.locator("h1")).to_have_text("Vue d'ensemble", timeout=180_000)
    settled(page)


def test_a_file_that_is_not_a_csv_is_refused_in_words(empty_server: Server, page: Page) -> None:
    visit(page, empty_server, "/donnees", "admin.demo")
    image = {"name": "photo.csv", "mimeType": "text/csv", "buffer": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8}
    reviews = page.get_by_test_id("stFileUploader").filter(has_text="Fichier des expériences")
    reviews.locator("input[type=file]").set_input_files(files=[image])
    expect(reviews.get_by_text("photo.csv")).to_be_visible(timeout=30_000)
    settled(page)
    page.get_by_role("button", name="Charger", exact=True).click()
    expect(page.get_by_text("Le traitement n'a pas abouti")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Traceback")).to_have_count(0)
    expect(page.get_by_text("Essayer la démonstration")).to_be_visible()

"""The product's main journey, as one person lives it: from a figure to the reply that left, and its time on record."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from data.operations import journal, replies
from data.operations.engine import open_store
from tests.e2e.conftest import Server, settled, unfolded, visit

SAID = "\n\nNous avons transmis votre remarque au responsable du service."


def test_from_the_overview_to_a_reply_that_waits_for_publication(
    server: Server, worker: None, demo_home: Path, page: Page
) -> None:
    visit(page, server, "/vue-d-ensemble", "chef.demo")

    # an irritant, its reviews, one that nobody answered
    page.get_by_role("link", name="Voir les irritants").click()
    expect(page.locator("h1")).to_have_text("Irritants")
    unfolded(page, "Irritant à ouvrir").click()
    page.get_by_role("button", name="Ouvrir", exact=True).click()
    expect(page.get_by_role("heading", name="Tous les avis de l'irritant")).to_be_visible()
    settled(page)
    unanswered = page.locator("[class*=st-key-all_]:not(:has(div[style*=border-left]))").first
    unanswered.get_by_role("link", name="Ouvrir l'avis").click()
    expect(page.locator("h1")).to_have_text("Un avis")
    review = int(re.search(r"id=(\d+)", page.url)[1])
    page.get_by_role("link", name="Répondre à cet avis").click()
    expect(page.locator("h1")).to_have_text("Rédiger")
    settled(page)

    # the worker writes the draft; the person adds a sentence; it is kept without a click
    editor = page.get_by_role("textbox", name="Votre réponse")
    expect(editor).to_have_value(re.compile("Bonjour"), timeout=60_000)
    draft = editor.input_value()
    editor.fill(draft + SAID)
    expect(page.get_by_text("Enregistré à")).to_be_visible()

    page.get_by_role("button", name="Envoyer la réponse retravaillée").click()
    shown = page.get_by_role("dialog")
    expect(shown).to_contain_text(SAID.strip())
    for reason in shown.get_by_label("Pourquoi le garder ?").all():
        reason.fill("vérifié auprès du service")
        reason.press("Enter")
    shown.get_by_role("button", name="Confirmer l'envoi").click()
    expect(page.get_by_text("en attente de publication sur le portail")).to_be_visible()

    # the delay page counts it as sent, not as answered, with the time it took
    visit(page, server, "/delais", "chef.demo")
    expect(page.get_by_text(re.compile(r"réponses? envoyées?, dont \d+ en attente de publication"))).to_be_visible()
    expect(page.get_by_role("link", name=f"Ouvrir l'avis {review}")).to_be_visible()
    with page.expect_download() as download:
        page.locator(".st-key-csv_reponses-envoyees button").click()
    rows = csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig")), delimiter=";")
    row = next(row for row in rows if row["Avis"] == str(review))
    assert row["État"] == "envoyée, en attente de publication"
    assert float(row["Temps de bureau"].replace(",", ".")) > 0

    store = open_store(f"sqlite:///{demo_home / 'operations.sqlite'}")
    sent = replies.of_review(store, review)
    assert sent is not None
    assert (sent.decided, sent.body) == ("reworked", draft + SAID)
    assert sent.desk_s > 0
    assert journal.verify(store).ok
    store.dispose()

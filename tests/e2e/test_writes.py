"""A double click acts once, on every button of the queue, the desk, and the lead's pages that writes.

Those of the desk's main way (propose, blank page, take back, judge, send, hand over, take) are in `test_desk.py`. A run that
the second click interrupts may write too: only the journal tells how often a thing was done.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import Engine

from analytics import waiting
from analytics.waiting import Wanted
from data.operations import (
    assignments,
    desk,
    escalations,
    journal,
    replies,
    rereadings,
    returns,
    rules,
    stored,
    workers,
)
from data.operations.tables import now
from data.warehouse import open_current
from generation import distress
from tests.e2e.conftest import ROOT, Server, settled, unfolded, visit

AGENT, OTHER, LEAD = "agent.demo", "agent2.demo", "chef.demo"


@pytest.fixture(scope="module")
def reviews(demo_home: Path) -> Iterator[int]:
    """Waiting reviews that speak of no danger and that no other journey takes, one for each who asks."""
    opened = open_current(demo_home)
    found = waiting.page(opened, Wanted(), limit=60, offset=200)
    opened.close()
    return iter([w.review.id for w in found if distress.assess(f"{w.review.title}\n{w.review.body}") is None])


def times(store: Engine, action: str, review: int | None = None) -> int:
    return len(journal.entries(store, action=action, review_id=review, limit=10_000))


def twice(page: Page, button: Locator) -> None:
    """Double click a button that lies still: whatever the page still fetches, a chart's code for one, has come."""
    settled(page)
    page.wait_for_load_state("networkidle")
    settled(page)
    button.dblclick()
    settled(page)


def done(page: Page, store: Engine, action: str, review: int | None = None, *, before: int = 0) -> None:
    """It was done exactly once more than `before`: wait for it, then for whatever the second click could still do."""
    limit = time.monotonic() + 60
    while times(store, action, review) == before and time.monotonic() < limit:
        page.wait_for_timeout(100)
    page.wait_for_timeout(1_000)
    settled(page)
    assert times(store, action, review) == before + 1, page.locator("[data-testid=stMain]").inner_text()


def only(page: Page, server: Server, view: str, review: int, person: str) -> Locator:
    """The card of one review in the queue."""
    words = _words[review]
    visit(page, server, f"/file-d-attente?vue={view}&periode=Tout&mots={words}", person)
    card = page.locator(f".st-key-queue_{review}")
    expect(card).to_be_visible()
    return card


_words: dict[int, str] = {}


@pytest.fixture
def review(reviews: Iterator[int], demo_home: Path) -> int:
    """A waiting review, and the words that find it alone or nearly so."""
    found = next(reviews)
    opened = open_current(demo_home)
    [(title, body)] = opened.rows("SELECT coalesce(title, ''), body FROM reviews WHERE id = $id", {"id": found})
    opened.close()
    _words[found] = " ".join(sorted(set(re.findall(r"\w{5,}", f"{title} {body}")), key=len)[-4:])
    return found


def test_in_the_queue_each_button_acts_once(server: Server, store: Engine, page: Page, review: int) -> None:
    card = only(page, server, "Tous", review, AGENT)
    twice(page, card.get_by_role("button", name="Prendre", exact=True))
    done(page, store, "review.claim", review)
    twice(page, card.get_by_role("button", name="Rendre", exact=True))
    done(page, store, "review.release", review)
    card.get_by_text(f"Choisir l'avis {review}").click()
    twice(page, settled(page).locator(".st-key-prendre").get_by_role("button"))
    done(page, store, "review.claim", review, before=1)
    expect(card.get_by_role("checkbox")).not_to_be_checked()
    card.get_by_text(f"Choisir l'avis {review}").click()
    twice(page, settled(page).locator(".st-key-rendre").get_by_role("button"))
    done(page, store, "review.release", review, before=1)
    twice(page, card.get_by_role("button", name="Répondre"))
    expect(page.locator("h1")).to_have_text("Rédiger")
    done(page, store, "review.claim", review, before=2)
    done(page, store, "desk.open", review)


def test_a_lead_gives_and_moves_reviews_once(server: Server, store: Engine, page: Page, review: int) -> None:
    card = only(page, server, "Tous", review, LEAD)
    card.get_by_text(f"Choisir l'avis {review}").click()
    unfolded(page, "Confier à")
    page.get_by_role("option", name=re.compile("Alix")).click()
    twice(page, settled(page).locator(".st-key-confier").get_by_role("button"))
    done(page, store, "review.assign", review)

    visit(page, server, "/equipe", LEAD)
    unfolded(page, "Avis de")
    page.get_by_role("option", name=re.compile("Alix")).click()
    unfolded(page, "À")
    page.get_by_role("option", name=re.compile("Camille")).click()
    twice(page, settled(page).locator(".st-key-reassign").get_by_role("button"))
    done(page, store, "review.assign", review, before=1)
    owner = assignments.of_review(store, review)
    assert owner is not None
    assert owner.person == AGENT


def test_the_next_is_taken_once_and_given_back_once(server: Server, store: Engine, page: Page) -> None:
    visit(page, server, "/file-d-attente?periode=Tout", AGENT)
    before = times(store, "review.claim")
    twice(page, page.get_by_role("button", name="Suivant : répondre au plus pressant"))
    expect(page.locator("h1")).to_have_text("Rédiger")
    done(page, store, "review.claim", before=before)
    review = int(re.search(r"id=(\d+)", page.url)[1])
    twice(page, page.get_by_role("button", name="Rendre à la file"))
    expect(page.locator("h1")).to_have_text("File d'attente")
    done(page, store, "desk.leave", review)


@pytest.fixture
def held_worker(demo_home: Path, store: Engine) -> Iterator[None]:
    """A worker that writes its first words, then waits."""
    process = subprocess.Popen([sys.executable, "-m", "tests.held_worker", "--home", str(demo_home)], cwd=ROOT)
    try:
        limit = time.monotonic() + 60
        while not workers.alive(store):
            assert time.monotonic() < limit, "the worker never lived"
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_a_proposal_being_written_is_stopped_once(
    server: Server, held_worker: None, store: Engine, page: Page, review: int
) -> None:
    visit(page, server, f"/rediger?id={review}", AGENT)
    expect(page.get_by_text("Rédaction en cours")).to_be_visible()
    twice(page, page.get_by_role("button", name="Arrêter et écrire sans aide"))
    done(page, store, "draft.cancel", review)
    assert [entry.actor for entry in journal.entries(store, action="draft.cancel", review_id=review)] == [AGENT]
    expect(page.get_by_role("button", name="Arrêter et écrire sans aide")).to_have_count(0)
    field = page.get_by_role("textbox", name="Votre réponse")
    expect(field).to_have_value("")
    field.fill("Bonjour, j'écris seule.")
    expect(page.get_by_text("Enregistré à")).to_be_visible()
    text = desk.get(store, review, AGENT)
    assert text is not None
    assert (text.body, text.draft_id) == ("Bonjour, j'écris seule.", None)
    assert stored.of_review(store, review) == []
    assert times(store, "draft.request", review) == 1


def test_a_proposal_put_in_place_of_a_text_and_judged_once(
    server: Server, store: Engine, page: Page, review: int
) -> None:
    visit(page, server, f"/rediger?id={review}", AGENT)
    field = page.get_by_role("textbox", name="Votre réponse")
    expect(field).to_have_value(re.compile("Bonjour"), timeout=60_000)
    field.fill("Mes mots.")
    expect(page.get_by_text("Enregistré à")).to_be_visible()
    settled(page).get_by_role("button", name="Autre proposition").click()
    page.get_by_role("button", name="Proposer").click()
    replace = page.get_by_role("button", name="Remplacer mon texte")
    expect(replace).to_be_visible(timeout=60_000)
    page.keyboard.press("Escape")
    twice(page, replace)
    newest = stored.of_review(store, review)[0]
    expect(field).to_have_value(newest.reply)
    text = desk.get(store, review, AGENT)
    assert text is not None
    assert text.draft_id == newest.id
    twice(page, page.get_by_role("radio", name="Pas bonne"))
    done(page, store, "draft.feedback", review)
    expect(page.get_by_role("radio", name="Pas bonne")).to_be_checked()


def test_words_of_two_tabs_are_chosen_once(server: Server, store: Engine, page: Page, review: int) -> None:
    visit(page, server, f"/rediger?id={review}", AGENT)
    field = page.get_by_role("textbox", name="Votre réponse")
    expect(field).to_have_value(re.compile("Bonjour"), timeout=60_000)
    for words, button, kept in (
        ("Les miens.", "Reprendre mes mots", "Les miens."),
        ("Encore les miens.", "Garder l'autre version", "L'autre onglet 1."),
    ):
        seen = desk.get(store, review, AGENT)
        assert seen is not None
        other = "L'autre onglet 1." if "Encore" in words else "L'autre onglet."
        desk.save(store, seen, other)
        field.fill(words)
        choose = page.get_by_role("button", name=button)
        expect(choose).to_be_visible()
        twice(page, choose)
        expect(field).to_have_value(kept)
        text = desk.get(store, review, AGENT)
        assert text is not None
        assert text.body == kept


def test_what_was_done_of_a_review_handed_over_is_said_once(
    server: Server, store: Engine, page: Page, review: int
) -> None:
    raised = escalations.escalate(
        store, f"e{review}", review, raised_by=AGENT, reason="r", recipient="Référent", deadline=now()
    )
    visit(page, server, "/avis-confies", LEAD)
    card = page.locator(f".st-key-handed_{raised.id}")
    card.get_by_role("button", name="Marquer comme traité").click()
    page.get_by_label("Ce qui a été fait").fill("Rappelée.")
    page.get_by_label("Ce qui a été fait").press("Control+Enter")
    twice(page, page.locator(f".st-key-escalation_close_{raised.id}").get_by_role("button"))
    done(page, store, "escalation.close", review)


def test_the_rules_of_a_structure_are_chosen_once(server: Server, store: Engine, page: Page) -> None:
    visit(page, server, "/equipe", LEAD)
    before = times(store, "rules.choose")
    unfolded(page, "Structure").click()
    page.get_by_text("Dire sous la réponse qu'une IA a aidé").click()
    twice(page, page.get_by_role("button", name="Enregistrer"))
    done(page, store, "rules.choose", before=before)
    [chosen] = rules.chosen(store).values()
    assert not chosen.mention
    rules.choose(store, chosen, target_days=None, mention=True, by=LEAD)


def test_a_return_is_explained_once_and_a_reply_reread_once(
    server: Server, store: Engine, page: Page, demo_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_current(demo_home)
    [(review, structure)] = opened.rows(
        "SELECT p.review_id, p.structure_id FROM replies AS p WHERE p.author_verdict = 'pas utile' AND NOT p.canned "
        "AND p.rank = 1 ORDER BY p.review_id LIMIT 1"
    )
    for other in rereadings.pending(store, LEAD):  # a reply of another journey that the draw has chosen
        rereadings.give(store, other, good=True, note="", read_by=LEAD)
    drawn = SimpleNamespace(hex=f"{rereadings.ONE_IN * review:032x}")
    monkeypatch.setattr(replies, "uuid4", lambda: drawn)
    sent = replies.send(store, desk.opened(store, review, AGENT), "Bonjour.", structure_id=structure)
    returns.collect(store, opened)
    opened.close()
    visit(page, server, "/retours", LEAD)
    form = page.locator(f".st-key-return_{sent.id}")
    unfolded(page, "Ce qui l'explique").click()
    twice(page, form.get_by_role("button", name="Enregistrer"))
    done(page, store, "return.explain", review)
    page.reload()
    settled(page)
    assert rereadings.pending(store, LEAD) == [sent]
    twice(page, page.get_by_role("button", name="Je l'aurais envoyée"))
    done(page, store, "reply.reread", review)

"""Journeys at the desk in a real browser: claim to send, rework, hand over, two agents, double clicks, reload, keyboard."""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import Engine

from analytics import waiting
from analytics.waiting import Wanted
from data.operations import assignments, desk, escalations, feedback, journal, replies, stored
from data.warehouse import open_current
from generation import distress
from tests.e2e.conftest import Server, command, free_port, serve, settled, visit

AGENT, OTHER, LEAD = "agent.demo", "agent2.demo", "chef.demo"


@pytest.fixture(scope="session")
def reviews(demo_home: Path) -> Iterator[int]:
    """Waiting reviews that speak of no danger, one for each who asks."""
    opened = open_current(demo_home)
    found = waiting.page(opened, Wanted(), limit=80, offset=40)
    opened.close()
    return iter([w.review.id for w in found if distress.assess(f"{w.review.title}\n{w.review.body}") is None])


@pytest.fixture
def review(reviews: Iterator[int]) -> int:
    """A waiting review nobody touched yet."""
    return next(reviews)


def editor(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Votre réponse")


def at_desk(page: Page, server: Server, review: int, person: str = AGENT) -> Page:
    visit(page, server, f"/rediger?id={review}", person)
    expect(editor(page)).to_have_value(re.compile("Bonjour"), timeout=60_000)
    return page


def written(page: Page, text: str) -> None:
    """Type over the reply, and see it kept."""
    editor(page).fill(text)
    expect(page.get_by_text("Enregistré à")).to_be_visible()
    settled(page)


def send(page: Page, twice: bool = False) -> None:
    page.get_by_role("button", name=re.compile("^Envoyer")).click()
    dialog = page.get_by_role("dialog")
    confirm = dialog.get_by_role("button", name="Confirmer l'envoi")
    expect(confirm).to_be_visible()
    for reason in dialog.get_by_label("Pourquoi le garder ?").all():
        reason.fill("vérifié auprès du service")
        reason.press("Enter")
    expect(confirm).to_be_enabled()
    if twice:
        confirm.dblclick()
    else:
        confirm.click()
    expect(page.get_by_text("en attente de publication sur le portail")).to_be_visible()


def test_claim_draft_edit_send(server: Server, worker: None, store: Engine, page: Page) -> None:
    visit(page, server, "/file-d-attente?vue=Tous", AGENT)
    take = page.get_by_role("button", name="Prendre", exact=True).first
    expect(take).to_be_visible()
    card = (
        page.locator("[class*=st-key-queue_]").filter(has=page.get_by_role("button", name="Prendre", exact=True)).last
    )
    review = int(re.search(r"queue_(\d+)", card.get_attribute("class") or "")[1])
    card.get_by_role("button", name="Prendre", exact=True).click()
    settled(page).get_by_role("radio", name="À moi").click()
    mine = settled(page).locator(f".st-key-queue_{review}")
    expect(mine.get_by_text("À vous")).to_be_visible()
    mine.get_by_role("button", name="Répondre").click()
    expect(page.locator("h1")).to_have_text("Rédiger")
    expect(editor(page)).to_have_value(re.compile("Bonjour"), timeout=60_000)
    draft = editor(page).input_value()
    written(page, draft.replace("Bonjour,", "Bonjour Madame, Monsieur,"))
    page.get_by_text("Ce que vous avez changé").click()
    expect(page.locator("ins").first).to_contain_text("Madame")
    send(page)
    expect(page.get_by_text("Merci. Votre réponse est enregistrée")).to_be_visible()
    expect(page.get_by_role("link", name="Avis suivant")).to_be_visible()
    sent = replies.of_review(store, review)
    assert sent is not None
    assert (sent.decided, sent.sent_by) == ("reworked", AGENT)
    assert sent.body == draft.replace("Bonjour,", "Bonjour Madame, Monsieur,")
    assert sent.draft_id in [made.id for made in stored.of_review(store, review)]
    assert review not in assignments.current(store)
    done = [entry.action for entry in reversed(journal.entries(store, review_id=review))]
    assert done.index("review.claim") < done.index("desk.open") < done.index("reply.send")


def test_the_portals_file_is_the_commands_to_the_byte(
    server: Server, store: Engine, page: Page, review: int, tmp_path: Path
) -> None:
    at_desk(page, server, review)
    written(page, "=Bonjour; « merci »,\n+ de détails\n\n@vous")
    send(page)
    visit(page, server, "/file-d-attente", AGENT)
    with page.expect_download() as download:
        page.get_by_role("button", name="Fichier à importer dans le portail").click()
    from_page = Path(download.value.path()).read_bytes()
    home = Path(str(store.url.database)).parent
    command("generation", "export", "--format", "portal", "--out", str(tmp_path / "portail.csv"), "--home", str(home))
    assert from_page == (tmp_path / "portail.csv").read_bytes()
    with (tmp_path / "portail.csv").open(encoding="utf-8-sig", newline="") as stream:
        [row] = [row for row in csv.DictReader(stream, delimiter=";") if row["ID expérience"] == str(review)]
    sent = replies.of_review(store, review)
    assert sent is not None
    assert row["Réponse structure 1"] == sent.published
    assert row["Réponse structure 1"].startswith("=Bonjour")
    assert datetime.fromisoformat(row["Date de premiere réponse"]) == sent.sent_at.replace(microsecond=0)


def test_another_proposal_with_an_instruction_and_without_a_source(
    server: Server, store: Engine, page: Page, review: int
) -> None:
    at_desk(page, server, review)
    written(page, "Mes propres mots.")
    page.get_by_role("button", name="Autre proposition").click()
    page.get_by_label("Consigne (facultative)").fill("plus court")
    page.get_by_role("combobox", name="Sources à écarter").click()
    page.get_by_role("option").first.click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Proposer").click()
    expect(page.get_by_text("Votre texte n'a pas été touché")).to_be_visible(timeout=60_000)
    expect(editor(page)).to_have_value("Mes propres mots.")
    second, first = stored.of_review(store, review)
    assert second.instruction == "plus court"
    before = {source["id"] for source in first.record["sources"] if source["kind"] != "structure"}
    after = {source["id"] for source in second.record["sources"] if source["kind"] != "structure"}
    assert before - after
    page.get_by_role("button", name="Remplacer mon texte").click()
    expect(editor(page)).to_have_value(second.reply)


def test_the_distress_button_then_a_person_answers_without_ai(
    server: Server, store: Engine, page: Page, review: int
) -> None:
    at_desk(page, server, review)
    page.get_by_role("button", name="Bouton de détresse").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Ce qu'il faut savoir (facultatif)").fill("Deux relances déjà.")
    dialog.get_by_role("button", name="Confier l'avis").dblclick()
    expect(page.get_by_text("vous n'avez plus rien à faire")).to_be_visible()
    assert len(journal.entries(store, action="escalation.open", review_id=review)) == 1
    drafts_then = len(stored.of_review(store, review))

    visit(page, server, "/avis-confies", LEAD)
    card = page.locator("[class*=st-key-handed_]").filter(has_text="Deux relances déjà.").first
    expect(card).to_contain_text("Avant le")
    card.get_by_role("link", name="Répondre sans IA").click()
    expect(page.locator("h1")).to_have_text("Rédiger")
    settled(page)
    expect(page.get_by_role("button", name="Autre proposition")).to_have_count(0)
    written(page, "Bonjour, je vous ai appelé ce matin.")
    send(page)
    closed = escalations.of_review(store, review)
    assert closed is not None
    assert (closed.state, closed.closed_by, closed.outcome) == ("closed", LEAD, "Réponse envoyée.")
    assert len(stored.of_review(store, review)) == drafts_then


def test_two_agents_on_one_review(server: Server, store: Engine, browser: Browser, page: Page, review: int) -> None:
    at_desk(page, server, review)
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="fr-FR")
    other = context.new_page()
    at_desk(other, server, review, OTHER)
    expect(other.get_by_text("Camille, réponse aux usagers travaille aussi sur cet avis")).to_be_visible()
    send(page)
    editor(other).fill("Les mots d'Alix.")
    expect(other.get_by_text("Envoyée par Camille")).to_be_visible()
    other.get_by_text("Vos mots, qui n'ont pas été envoyés").click()
    expect(other.get_by_text("Les mots d'Alix.")).to_be_visible()
    sent = replies.of_review(store, review)
    assert sent is not None
    assert sent.sent_by == AGENT
    assert len(journal.entries(store, action="reply.send", review_id=review)) == 1
    context.close()


def test_a_double_click_on_each_write_acts_once(server: Server, store: Engine, page: Page, review: int) -> None:
    at_desk(page, server, review)
    made = len(stored.of_review(store, review))
    page.get_by_role("button", name="Autre proposition").click()
    page.get_by_role("button", name="Proposer").dblclick()
    limit = time.monotonic() + 60
    while len(stored.of_review(store, review)) == made and time.monotonic() < limit:
        page.wait_for_timeout(200)
    page.wait_for_timeout(3_000)  # time enough for a second one, were there one
    assert len(stored.of_review(store, review)) == made + 1
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Page blanche").dblclick()
    expect(editor(page)).to_have_value("")
    page.get_by_role("button", name="Reprendre la proposition").dblclick()
    expect(editor(page)).to_have_value(re.compile("Bonjour"))
    settled(page)
    page.get_by_role("radio", name=re.compile("thumb_up|^ *Bonne")).dblclick()
    expect(page.get_by_text("Pourquoi ?")).to_be_visible()
    page.get_by_role("button", name="Claire").click()
    settled(page)
    send(page, twice=True)
    assert len(journal.entries(store, action="reply.send", review_id=review)) == 1
    [newest, *_] = stored.of_review(store, review)
    word = feedback.of_draft(store, newest.id, AGENT)
    assert word is not None
    assert (word.good, word.reasons) == (True, ["clear"])


def test_a_double_click_takes_a_review_once(server: Server, store: Engine, page: Page) -> None:
    visit(page, server, "/file-d-attente?vue=Tous", OTHER)
    card = (
        page.locator("[class*=st-key-queue_]").filter(has=page.get_by_role("button", name="Prendre", exact=True)).first
    )
    review = int(re.search(r"queue_(\d+)", card.get_attribute("class") or "")[1])
    card.get_by_role("button", name="Prendre", exact=True).dblclick()
    settled(page)
    expect(page.locator(f".st-key-queue_{review}").get_by_text("À vous")).to_be_visible()
    assert len(journal.entries(store, action="review.claim", review_id=review)) == 1
    assignments.release(store, review, by=OTHER)


def test_a_reload_in_mid_edit_loses_nothing(server: Server, store: Engine, page: Page, review: int) -> None:
    at_desk(page, server, review)
    editor(page).click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Nous revenons vers vous")
    expect(page.get_by_text("Enregistré à")).to_be_visible()
    page.reload()
    settled(page)
    expect(editor(page)).to_have_value(re.compile("Nous revenons vers vous$"))
    text = desk.get(store, review, AGENT)
    assert text is not None
    assert text.body.endswith("Nous revenons vers vous")


def test_a_reload_before_the_words_were_saved_loses_nothing(
    server: Server, store: Engine, page: Page, review: int
) -> None:
    at_desk(page, server, review)
    editor(page).click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Mots tapés à l'instant")
    page.reload()
    settled(page)
    expect(editor(page)).to_have_value(re.compile("Mots tapés à l'instant$"), timeout=60_000)
    text = desk.get(store, review, AGENT)
    assert text is not None
    assert text.body.endswith("Mots tapés à l'instant")


def test_a_server_that_stops_and_starts_again_loses_no_word(
    demo_home: Path, store: Engine, page: Page, review: int, tmp_path: Path
) -> None:
    port = free_port()
    first = serve(demo_home, tmp_path / "log", port=port)
    at_desk(page, next(first), review)
    written(page, "Bonjour, voici la démarche.")
    editor(page).press("Control+End")
    page.keyboard.type(" Des mots de plus")
    first.close()  # before they were saved
    expect(editor(page)).to_be_disabled()
    second = serve(demo_home, tmp_path / "log", port=port)
    next(second)
    expect(editor(page)).to_be_enabled(timeout=60_000)
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        text = desk.get(store, review, AGENT)
        assert text is not None
        if text.body == "Bonjour, voici la démarche. Des mots de plus":
            break
        page.wait_for_timeout(500)
    assert text.body == "Bonjour, voici la démarche. Des mots de plus"
    expect(editor(page)).to_have_value("Bonjour, voici la démarche. Des mots de plus")
    second.close()


@pytest.fixture(scope="session")
def long_review(demo_home: Path) -> int:
    """The longest waiting review that no other journey takes."""
    opened = open_current(demo_home)
    found = [w.review for w in waiting.page(opened, Wanted(), limit=80, offset=120)]
    opened.close()
    return max((r for r in found if distress.assess(f"{r.title}\n{r.body}") is None), key=lambda r: len(r.body)).id


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(390, 844), (320, 640), (1280, 800), (1280, 720)], ids="{0[0]}x{0[1]}".format)
def test_the_three_ways_to_go_on_never_leave_the_screen(
    server: Server, page: Page, long_review: int, size: tuple[int, int], scheme: str
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    at_desk(page, server, long_review)
    settled(page)
    main, bar = page.locator("[data-testid=stMain]"), page.locator(".st-key-ways")
    for part in (0, 0.5, 1):
        main.evaluate("(main, part) => main.scrollTo(0, part * main.scrollHeight)", part)
        for name in ("Envoyer telle quelle", "Autre proposition", "Bouton de détresse"):
            button = bar.get_by_role("button", name=re.compile(name))
            expect(button).to_be_in_viewport(ratio=1)
            box = button.bounding_box()
            assert box is not None
            assert box["height"] >= 44  # a thumb's width
            assert button.evaluate(ON_TOP), f"« {name} » is covered at {part}"
    # at the end of the page nothing is left under the bar, and the text can be put whole above it
    last = page.locator("[data-testid=stMain] :is(p, summary, button):visible").last
    assert last.evaluate(ON_TOP)
    editor(page).evaluate("field => field.scrollIntoView({block: 'center'})")
    assert editor(page).evaluate(ON_TOP)
    ground = "element => getComputedStyle(element).backgroundColor"
    assert bar.evaluate(ground) == page.locator("[data-testid=stApp]").evaluate(ground)


# Whether an element is itself what a finger would touch, near each of its corners and in its middle.
ON_TOP = """element => {
    const {left, right, top, bottom} = element.getBoundingClientRect(), edge = 3;
    const points = [[left + edge, top + edge], [right - edge, bottom - edge], [(left + right) / 2, (top + bottom) / 2]];
    return points.every(([x, y]) => {
        const found = document.elementFromPoint(x, y);
        return found !== null && (element.contains(found) || found.contains(element));
    });
}"""


def test_from_the_queue_to_the_sending_with_the_keyboard_alone(server: Server, store: Engine, page: Page) -> None:
    visit(page, server, "/file-d-attente", OTHER)
    expect(page.get_by_role("button", name="Suivant : répondre au plus pressant")).to_be_visible()
    settled(page)
    page.keyboard.press("Alt+s")
    expect(page.locator("h1")).to_have_text("Rédiger")
    settled(page)
    review = int(re.search(r"id=(\d+)", page.url)[1])
    danger = page.get_by_text("Aucune proposition n'est faite").count()
    if not danger:
        expect(editor(page)).to_have_value(re.compile("Bonjour"), timeout=60_000)
    reach(page, "Votre réponse")
    page.keyboard.press("Control+End")
    page.keyboard.type("Bonjour, bien à vous.")
    expect(page.get_by_text("Enregistré à")).to_be_visible()
    page.keyboard.press("Control+Enter")
    settled(page)
    page.keyboard.press("Tab")  # shortcuts speak outside the text
    page.keyboard.press("Alt+e")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    settled(page)
    for _ in range(dialog.get_by_label("Pourquoi le garder ?").count()):
        reach(page, "Pourquoi le garder ?")
        page.keyboard.type("vérifié")
        page.keyboard.press("Enter")
        settled(page)
    reach(page, "Confirmer l'envoi")
    page.keyboard.press("Enter")
    expect(page.get_by_text("en attente de publication sur le portail")).to_be_visible()
    sent = replies.of_review(store, review)
    assert sent is not None
    assert sent.sent_by == OTHER
    assert sent.body.endswith("bien à vous.")


def reach(page: Page, name: str) -> None:
    """Press Tab until the field or button of that name has the focus."""
    here = """(e => e && ['TEXTAREA', 'INPUT', 'BUTTON'].includes(e.tagName)
        ? [e.getAttribute('aria-label') || e.innerText, e.value || ''] : ['', ''])(document.activeElement)"""
    for _ in range(150):
        said, value = page.evaluate(here)
        if name in said and (name != "Pourquoi le garder ?" or not value):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard never reached « {name} »")


def test_the_journal_leaves_whole_as_a_file(server: Server, store: Engine, page: Page) -> None:
    desk.opened(store, 1, "camille")
    visit(page, server, "/journal?j_periode=Tout", LEAD)
    with page.expect_download() as download:
        page.get_by_role("button", name="Tout exporter").click()
    lines = Path(download.value.path()).read_text("utf-8-sig").splitlines()
    assert lines[0].split(";")[:4] == ["seq", "at", "actor", "action"]
    assert len(lines) == journal.count(store) + 1

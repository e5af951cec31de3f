"""A draft from end to end: grounded, masked, traceable, and deaf to what a review orders."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from data import warehouse
from data.errors import VigieError
from data.warehouse import Warehouse
from generation import templates
from generation.drafter import Drafter
from generation.models.base import Model, ModelUnavailable, Run
from generation.models.extractive import Extractive
from generation.prompt import Prompt
from generation.results import Asked, Draft
from tests.attacks import ATTACKS, TRACES


class Scripted:
    """A model that says what it was given, or fails as told; it keeps the prompts it was asked."""

    sha256 = "abc"
    id = "scripted"
    patience: int | None = 400

    def __init__(self, *pieces: str, fails: str = "", context: int = 4096) -> None:
        self.pieces, self.fails, self.context = pieces, fails, context
        self.asked: list[Prompt] = []

    def count(self, text: str) -> int:
        return len(text) // 4

    def stream(self, prompt: Prompt, run: Run) -> Iterator[str]:
        self.asked.append(prompt)
        for piece in self.pieces:
            if run.stop.is_set():
                run.finish = "cancelled"
                return
            yield piece
        if self.fails:
            raise ModelUnavailable(self.fails)
        run.finish = "stop"

    def close(self) -> None:
        pass


@pytest.fixture
def opened(tiny_home: Path) -> Warehouse:
    return warehouse.open_current(tiny_home)


def draft(opened: Warehouse, review_id: int, model: Model | None = None) -> Draft:
    drafter = Drafter(opened, model)
    return drafter.draft(drafter.asked(review_id))


def test_a_draft_is_grounded_in_the_right_fiche_and_links_it(opened: Warehouse) -> None:
    made = draft(opened, 5)
    assert "F1001" in made.cited
    fiche = next(source for source in made.sources if source.id == "F1001")
    assert fiche.url in made.reply
    assert fiche.url in fiche.links
    assert made.reply.endswith("SIP de Lille")
    assert [finding for finding in made.findings if finding.severity == "high"] == []


def test_a_draft_can_be_judged_and_made_again_from_its_record(opened: Warehouse) -> None:
    made = draft(opened, 5)
    record = json.loads(json.dumps(made.to_json(), ensure_ascii=False))
    assert record["model"] == "extractive-1"
    assert record["prompt_version"].startswith("reply-3-")
    assert record["snapshot"] == opened.snapshot.id
    assert {"route", "retrieve", "model", "checks", "first", "total"} <= set(record["timings"])
    assert record["tokens"]["prompt"] > 0
    assert record["prompt"][1]["content"].count(made.sources[0].title)
    assert draft(opened, 5).reply == made.reply


def test_links_are_added_by_code_from_the_sources_cited(opened: Warehouse) -> None:
    model = Scripted("Bonjour,\n\nVoyez la fiche [1] et la fiche [42].", "\n\nBien cordialement,\nSIP de Lille")
    made = draft(opened, 5, model)
    assert "[1]" not in made.reply
    assert "[42]" not in made.reply
    links, closing = (
        made.reply.index(f"Pour en savoir plus :\n- {made.sources[0].title} : "),
        made.reply.index("Bien cord"),
    )
    assert links < closing
    assert made.cited == ("F1001",)


def test_a_review_in_distress_gets_no_draft_and_tells_whom_to_call(opened: Warehouse) -> None:
    model = Scripted("Bonjour")
    made = draft(opened, 10, model)
    assert made.reply == ""
    assert made.sources == ()
    assert made.escalation is not None
    assert made.escalation.contacts[0].number == "3114"
    assert model.asked == []


def test_no_model_ever_sees_personal_data(opened: Warehouse) -> None:
    model = Scripted("Bonjour")
    made = draft(opened, 11, model)
    seen = json.dumps(model.asked[0].messages, ensure_ascii=False) + json.dumps(made.to_json(), ensure_ascii=False)
    for secret in ("06 12 34 56 78", "jeanne@exemple.fr", "Lefebvre"):
        assert secret not in seen


def test_the_internal_mailbox_is_never_told(opened: Warehouse) -> None:
    assert "@exemple.gouv.fr" not in json.dumps(draft(opened, 6).to_json())


def test_a_model_that_fails_is_replaced_and_the_draft_says_so(opened: Warehouse) -> None:
    made = draft(opened, 5, Scripted("Bonj", fails="Le serveur ne répond pas."))
    assert made.model == "extractive-1"
    assert made.notice.startswith("Le serveur ne répond pas.")
    assert made.reply.startswith("Bonjour,")
    assert "Bonj" not in made.reply.replace("Bonjour", "")


def test_a_review_too_long_for_the_model_is_still_answered(opened: Warehouse) -> None:
    made = draft(opened, 5, Scripted("Bonjour", context=600))
    assert made.model == "extractive-1"
    assert "VIGIE_MODEL_CONTEXT" in made.notice


def test_it_streams_then_gives_the_draft(opened: Warehouse) -> None:
    drafter = Drafter(opened)
    *pieces, last = drafter.stream(drafter.asked(5))
    assert isinstance(last, Draft)
    assert len(pieces) > 3
    assert "".join(str(piece) for piece in pieces) == last.reply


def test_stopping_early_is_told(opened: Warehouse) -> None:
    drafter = Drafter(opened)
    stop = threading.Event()
    pieces = drafter.stream(drafter.asked(5), stop=stop)
    next(pieces)
    stop.set()
    *_, last = pieces
    assert isinstance(last, Draft)
    assert last.cut
    assert "cut" in {finding.check for finding in last.findings}


def test_hors_structure_signs_for_nobody(opened: Warehouse) -> None:
    assert "Hors" not in draft(opened, 9).reply


def test_a_review_that_is_not_there_is_said(opened: Warehouse) -> None:
    with pytest.raises(VigieError, match="999"):
        draft(opened, 999)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_review_orders_nothing(opened: Warehouse, attack: str) -> None:
    drafter = Drafter(opened)
    plain = drafter.asked(5)
    made = drafter.draft(replace(plain, text=f"{plain.text}\n{attack}"))
    assert made.reply.startswith("Bonjour,")
    assert made.reply.endswith("Bien cordialement,\nSIP de Lille")
    for trace in TRACES:
        assert trace not in made.reply
    assert [finding for finding in made.findings if finding.severity == "high"] == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_review_stays_inside_its_fence(opened: Warehouse, attack: str) -> None:
    model = Scripted("Bonjour")
    drafter = Drafter(opened, model)
    drafter.draft(Asked(attack, sentiment="Négatif"))
    content = model.asked[0].messages[1]["content"]
    before, inside, after = content.split("\n--------\n")
    assert "pirate" not in before + after
    assert "Nouvelle" not in before + after
    assert "\n--------" not in inside
    assert "<iframe" not in content


def test_sixty_attacks_at_least() -> None:
    assert len(set(ATTACKS)) >= 60


def test_a_changed_review_prompt_or_source_makes_a_draft_stale(
    opened: Warehouse,
) -> None:
    drafter = Drafter(opened)
    asked = drafter.asked(5)
    record = json.loads(json.dumps(drafter.draft(asked).to_json()))
    assert drafter.stale(record, asked) == ""
    assert "avis" in drafter.stale(record, replace(asked, text="Tout autre chose."))
    earlier = record | {"snapshot": "of before"}
    assert drafter.stale(earlier, asked) == ""
    cited = record["cited"][0]
    changed = [{**one, "text": "Une phrase disparue."} if one["id"] == cited else one for one in record["sources"]]
    assert "source" in drafter.stale(earlier | {"sources": changed}, asked)
    assert "consignes" in drafter.stale(record | {"prompt_version": "reply-3-edited"}, asked)


def test_a_draft_is_asked_with_the_version_of_the_prompt_it_is_given(opened: Warehouse) -> None:
    model = Scripted("Bonjour,\n\nVoici.\n\nBien cordialement,\nSIP de Lille")
    drafter = Drafter(opened, model)
    direct = templates.named("direct-1", opened.home)
    *_, last = drafter.stream(drafter.asked(5), template=direct)
    assert isinstance(last, Draft)
    record = json.loads(json.dumps(last.to_json()))
    assert record["prompt_version"] == direct.version
    assert "Cent mots au plus" in record["prompt"][0]["content"]
    assert "Cent mots au plus" not in drafter.draft(drafter.asked(5)).prompt[0]["content"]
    assert drafter.stale(record, drafter.asked(5)) == ""
    other = Scripted(record["reply"])
    assert Drafter(opened, other).again(record) == record["reply"]
    assert [list(asked.messages) for asked in other.asked] == [record["prompt"]]


def test_the_extractive_model_is_the_default(opened: Warehouse) -> None:
    assert draft(opened, 5).model == Extractive.id

"""The desk's text and the reply sent: nothing lost, nothing sent twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from data.operations import desk, journal, replies, stored, tables
from data.operations.engine import writing
from data.operations.errors import Conflict, Refused
from data.operations.similarity import as_proposed, characters_changed, similarity
from tests.tiny import DRAFT


def _from_draft(store: Engine, review_id: int = 12, person: str = "camille") -> desk.DeskText:
    made = stored.store(store, f"draft-{review_id}", review_id, DRAFT, requested_by=person)
    text = desk.opened(store, review_id, person)
    return desk.begin(store, text, body=DRAFT["reply"], started="draft", draft_id=made)


def _away(store: Engine, seconds: float) -> None:
    with writing(store) as connection, connection.begin():
        connection.execute(update(tables.desk_texts).values(seen_at=tables.now() - timedelta(seconds=seconds)))


# -- the text under the hands ----------------------------------------------------------------------------------------


def test_what_was_typed_is_found_again_after_a_reload(operations: Engine):
    text = desk.opened(operations, 12, "camille")
    desk.save(operations, text, "Bonjour,")
    again = desk.opened(operations, 12, "camille")
    assert again.body == "Bonjour,"
    assert again.opened_at == text.opened_at


def test_an_old_tab_can_not_overwrite_a_newer_text(operations: Engine):
    text = desk.opened(operations, 12, "camille")
    desk.save(operations, text, "premier onglet")
    with pytest.raises(Conflict, match="autre onglet"):
        desk.save(operations, text, "second onglet")
    kept = desk.get(operations, 12, "camille")
    assert kept is not None
    assert kept.body == "premier onglet"


def test_saving_the_same_words_twice_is_no_conflict(operations: Engine):
    text = desk.opened(operations, 12, "camille")
    assert desk.save(operations, text, "Bonjour") == desk.save(operations, text, "Bonjour")


def test_two_people_on_one_review_are_told_so(operations: Engine):
    desk.opened(operations, 12, "camille")
    assert desk.others(operations, 12, "camille") == []
    desk.opened(operations, 12, "alix")
    assert [other.person for other in desk.others(operations, 12, "camille")] == ["alix"]
    assert set(desk.in_hand(operations)) == {12}
    desk.leave(operations, 12, "alix")
    assert desk.others(operations, 12, "camille") == []


def test_somebody_long_gone_is_not_at_the_desk(operations: Engine):
    desk.opened(operations, 12, "alix")
    _away(operations, desk.PRESENT_S + 1)
    assert desk.others(operations, 12, "camille") == []


def test_time_at_the_desk_leaves_the_night_out(operations: Engine):
    desk.opened(operations, 12, "camille")
    _away(operations, 12 * 3600)
    text = desk.opened(operations, 12, "camille")
    assert text.active_s == pytest.approx(desk.PAUSE_S, abs=1)
    _away(operations, 40)
    again = desk.opened(operations, 12, "camille")
    assert again.active_s == pytest.approx(desk.PAUSE_S + 40, abs=1)


# -- sending ---------------------------------------------------------------------------------------------------------


def test_a_reply_sent_as_proposed(operations: Engine):
    text = _from_draft(operations)
    sent = replies.send(operations, text, DRAFT["reply"], structure_id="s1")
    assert (sent.decided, sent.similarity, sent.characters_changed, sent.structure_id) == ("as_proposed", 100, 0, "s1")
    assert replies.of_review(operations, 12) == sent
    assert replies.sent_ids(operations) == {12}
    assert desk.in_hand(operations) == {}
    assert journal.entries(operations, action="reply.send")[0].details["decided"] == "as_proposed"


def test_a_reply_reworked_is_measured_against_its_draft(operations: Engine):
    text = _from_draft(operations)
    sent = replies.send(operations, text, DRAFT["reply"].replace("voici", "voilà"))
    assert sent.decided == "reworked"
    assert sent.similarity is not None
    assert 90 < sent.similarity < 100
    assert sent.characters_changed == 2


def test_a_reply_written_from_blank_has_no_similarity(operations: Engine):
    stored.store(operations, "d", 12, DRAFT, requested_by="camille")
    text = desk.begin(operations, desk.opened(operations, 12, "camille"), body="", started="blank")
    sent = replies.send(operations, text, "Bonjour, je vous rappelle demain.")
    assert (sent.decided, sent.similarity, sent.characters_changed) == ("blank", None, None)


def test_sending_twice_sends_once(operations: Engine):
    text = _from_draft(operations)
    gate = threading.Barrier(3)

    def send(_: int) -> str:
        gate.wait()
        return replies.send(operations, text, "Bonjour.").id

    with ThreadPoolExecutor(3) as pool:
        assert len(set(pool.map(send, range(3)))) == 1
    assert len(replies.sent(operations)) == 1


def test_the_second_of_two_agents_is_refused_and_told(operations: Engine):
    mine, theirs = desk.opened(operations, 12, "camille"), desk.opened(operations, 12, "alix")
    replies.send(operations, mine, "Bonjour de Camille.")
    with pytest.raises(Conflict, match="déjà été envoyée"):
        replies.send(operations, theirs, "Bonjour d'Alix.")
    with pytest.raises(Conflict, match="traité entre-temps"):
        desk.save(operations, theirs, "encore")


def test_a_text_changed_in_another_tab_is_not_sent_unseen(operations: Engine):
    text = desk.opened(operations, 12, "camille")
    desk.save(operations, text, "autre onglet")
    with pytest.raises(Conflict, match="autre onglet"):
        replies.send(operations, text, "Bonjour.")
    assert replies.of_review(operations, 12) is None


def test_setting_a_finding_aside_needs_a_reason(operations: Engine):
    text = _from_draft(operations)
    finding = {"check": "link", "message": "Lien inconnu", "reason": " "}
    with pytest.raises(Refused, match="pourquoi"):
        replies.send(operations, text, "Bonjour.", overrides=[finding])
    sent = replies.send(operations, text, "Bonjour.", overrides=[finding | {"reason": "vérifié par téléphone"}])
    assert sent.overrides[0]["reason"] == "vérifié par téléphone"


def test_an_empty_reply_is_not_sent(operations: Engine):
    with pytest.raises(Refused, match="vide"):
        replies.send(operations, desk.opened(operations, 12, "camille"), " \n")


# -- the measure -----------------------------------------------------------------------------------------------------


def test_similarity_ignores_white_space_and_nothing_else():
    assert similarity("Bonjour,\n\nmerci.", " Bonjour, merci. ") == 100
    assert as_proposed("Bonjour,\n\nmerci.", " Bonjour, merci. ")
    assert similarity("Bonjour", "bonjour") < 100
    assert similarity("abc", "xyz") == 0
    assert similarity("", "") == 100


@given(st.text(max_size=60), st.text(max_size=60))
def test_similarity_is_symmetric_and_between_0_and_100(one: str, other: str):
    assert 0 <= similarity(one, other) <= 100
    assert similarity(one, other) == similarity(other, one)
    assert (characters_changed(one, other) == 0) == as_proposed(one, other)

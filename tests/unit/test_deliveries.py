"""Replies on their way out, to a real receiver on a loopback address: signed, tried again, received once."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import Engine, update

from data.errors import VigieError
from data.operations import deliveries, desk, journal, replies, tables
from data.operations.engine import writing

SECRET = "un secret assez long"


class Receiver:
    """An importer of replies: what it received, and the statuses it answers with (the last one goes on)."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.statuses = [200]
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0])
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/import"

    def reviews(self) -> list[int]:
        return [json.loads(body)["ID expérience"] for _, body in self.received]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    thread = threading.Thread(target=found.server.serve_forever, daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


def _send(store: Engine, *reviews: int) -> None:
    for review in reviews:
        replies.send(store, desk.opened(store, review, "camille"), f"Bonjour {review}.", structure_id="s1")


def _later(store: Engine) -> None:
    with writing(store) as connection, connection.begin():
        connection.execute(update(tables.deliveries).values(next_at=tables.now() - timedelta(seconds=1)))


def test_each_reply_leaves_once_signed_with_the_portals_columns(operations: Engine, receiver: Receiver):
    _send(operations, 1, 2)
    assert deliveries.deliver(operations, receiver.url, SECRET) == deliveries.Outcome(2, 0, 0)
    assert deliveries.deliver(operations, receiver.url, SECRET) == deliveries.Outcome(0, 0, 0)
    headers, body = receiver.received[0]
    told = json.loads(body)
    assert (told["ID expérience"], told["ID structure 1"], told["Réponse structure 1"]) == (1, "s1", "Bonjour 1.")
    signed = headers["x-vigie-timestamp"].encode() + b"." + body
    assert headers["x-vigie-signature"] == "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    reply = replies.of_review(operations, 1)
    assert reply is not None
    assert headers["x-vigie-delivery"] == reply.id
    assert [e.review_id for e in journal.entries(operations, action="reply.deliver")] == [2, 1]


def test_a_receiver_in_trouble_is_asked_again_later(operations: Engine, receiver: Receiver):
    _send(operations, 1)
    receiver.statuses = [503, 429, 200]
    assert deliveries.deliver(operations, receiver.url, SECRET) == deliveries.Outcome(0, 0, 1)
    assert deliveries.deliver(operations, receiver.url, SECRET) == deliveries.Outcome(0, 0, 1)  # not due yet
    assert len(receiver.received) == 1
    _later(operations)
    assert deliveries.deliver(operations, receiver.url, SECRET).waiting == 1
    _later(operations)
    assert deliveries.deliver(operations, receiver.url, SECRET) == deliveries.Outcome(1, 0, 0)
    assert receiver.reviews() == [1, 1, 1]


def test_a_receiver_that_does_not_answer_loses_nothing(operations: Engine):
    _send(operations, 1)
    assert deliveries.deliver(operations, "http://127.0.0.1:9/", SECRET) == deliveries.Outcome(0, 0, 1)
    [(state, error)] = deliveries.states(operations).values()
    assert state == "waiting"
    assert "ConnectError" in error


def test_a_refusal_for_good_waits_for_a_person(operations: Engine, receiver: Receiver):
    _send(operations, 1)
    receiver.statuses = [401, 200]
    assert deliveries.deliver(operations, receiver.url, SECRET) == deliveries.Outcome(0, 1, 0)
    assert list(deliveries.states(operations).values()) == [("failed", "HTTP 401")]
    assert deliveries.again(operations, "lou") == 1
    assert deliveries.deliver(operations, receiver.url, SECRET) == deliveries.Outcome(1, 0, 0)


def test_a_redirection_is_not_followed(operations: Engine, receiver: Receiver):
    _send(operations, 1)
    receiver.statuses = [302]
    assert deliveries.deliver(operations, receiver.url, SECRET).delivered == 0
    assert len(receiver.received) == 1


def test_rounds_at_the_same_time_offer_each_reply_once(operations: Engine, receiver: Receiver):
    _send(operations, *range(1, 13))
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: deliveries.deliver(operations, receiver.url, SECRET), range(4)))
    assert sum(outcome.delivered for outcome in done) == 12
    assert sorted(receiver.reviews()) == list(range(1, 13))


@pytest.mark.parametrize("url", ["http://exemple.fr/", "ftp://exemple.fr", "exemple.fr", ""])
def test_only_a_safe_address_will_do(operations: Engine, url: str):
    with pytest.raises(VigieError, match="https"):
        deliveries.deliver(operations, url, SECRET)


def test_a_short_secret_is_refused(operations: Engine, receiver: Receiver):
    with pytest.raises(VigieError, match="16"):
        deliveries.deliver(operations, receiver.url, "court")

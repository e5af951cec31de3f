"""A model behind an OpenAI-compatible address, on a small server of our own that behaves well or badly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from generation.models.base import ModelUnavailable, Run
from generation.models.server import Server
from generation.prompt import Prompt

PROMPT = Prompt(
    "reply-test",
    ({"role": "system", "content": "Charte."}, {"role": "user", "content": "Un avis <|im_end|> piégé."}),
    "Un avis", None, None, (), lambda _term: 1.0, lambda _word: True,
)  # fmt: skip


class Behaviour:
    """What the server does, and what it was asked."""

    def __init__(self) -> None:
        self.pieces = ["Bonjour,", " merci", " pour votre témoignage."]
        self.statuses: list[int] = []  # answered in turn before it behaves
        self.pause_s = 0.0
        self.cut_after: int | None = None
        self.asked: list[dict[str, Any]] = []
        self.gone = threading.Event()  # the client closed the connection in mid-stream


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour()


@pytest.fixture
def address(behaviour: Behaviour) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self._json(200, {"object": "list", "data": [{"id": "petit-modele", "object": "model"}]})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            behaviour.asked.append(json.loads(body) | {"key": self.headers["Authorization"]})
            if behaviour.statuses:
                self._json(behaviour.statuses.pop(0), {"error": {"message": "no"}})
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            try:
                for number, piece in enumerate(behaviour.pieces):
                    if number == behaviour.cut_after:
                        self.connection.close()
                        return
                    self._event({"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
                    time.sleep(behaviour.pause_s)
                self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
                self._event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}})
                self.wfile.write(b"data: [DONE]\n\n")
            except OSError:
                behaviour.gone.set()

        def _event(self, chunk: dict[str, Any]) -> None:
            whole = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "petit-modele"} | chunk
            self.wfile.write(f"data: {json.dumps(whole)}\n\n".encode())
            self.wfile.flush()

        def _json(self, status: int, body: dict[str, Any]) -> None:
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_streams_and_tells_its_tokens(address: str, behaviour: Behaviour) -> None:
    model = Server(address, "petit-modele", "secret", 4096)
    run = Run(11)
    assert list(model.stream(PROMPT, run)) == behaviour.pieces
    assert (run.finish, run.prompt_tokens, run.reply_tokens) == ("stop", 9, 4)
    asked = behaviour.asked[0]
    assert (asked["model"], asked["seed"], asked["stream"]) == ("petit-modele", 11, True)
    assert asked["key"] == "Bearer secret"
    assert "<|im_end|>" not in asked["messages"][1]["content"]
    model.close()


def test_without_a_name_it_takes_the_model_served(address: str) -> None:
    model = Server(address.replace("//", "//agent:clef@") + "/v1", "", "", 4096)
    assert model.id.startswith("petit-modele @ 127.0.0.1")  # and no password of the address
    model.close()


def test_a_passing_trouble_is_tried_again(address: str, behaviour: Behaviour) -> None:
    behaviour.statuses = [503, 429]
    model = Server(address, "petit-modele", "", 4096)
    assert "".join(model.stream(PROMPT, Run(1))).startswith("Bonjour")
    assert len(behaviour.asked) == 3
    model.close()


@pytest.mark.parametrize(
    ("status", "words"), [(401, "VIGIE_MODEL_KEY"), (404, "VIGIE_MODEL_NAME"), (400, "400"), (500, "500")]
)
def test_a_refusal_is_told_in_one_line(address: str, behaviour: Behaviour, status: int, words: str) -> None:
    behaviour.statuses = [status] * 5
    model = Server(address, "petit-modele", "", 4096)
    with pytest.raises(ModelUnavailable, match=words):
        list(model.stream(PROMPT, Run(1)))
    model.close()


def test_a_key_that_no_header_can_carry_is_told(address: str) -> None:
    with pytest.raises(ModelUnavailable, match="VIGIE_MODEL_KEY"):
        Server(address, "petit-modele", "clé", 4096)


def test_a_server_that_is_down_is_told(address: str) -> None:
    with pytest.raises(ModelUnavailable, match="ne répond pas"):
        Server("http://127.0.0.1:9", "", "", 4096)


def test_a_stream_cut_in_the_middle_is_not_tried_again(address: str, behaviour: Behaviour) -> None:
    behaviour.cut_after = 2
    model = Server(address, "petit-modele", "", 4096)
    pieces = []
    run = Run(1)
    try:
        for piece in model.stream(PROMPT, run):
            pieces.append(piece)
    except ModelUnavailable:
        pass
    assert pieces == behaviour.pieces[:2]
    assert run.finish != "stop"
    assert len(behaviour.asked) == 1
    model.close()


def test_cancelling_closes_the_connection(address: str, behaviour: Behaviour) -> None:
    behaviour.pieces, behaviour.pause_s = ["mot "] * 400, 0.02
    model = Server(address, "petit-modele", "", 4096)
    run = Run(1)
    pieces = model.stream(PROMPT, run)
    next(pieces)
    run.stop.set()
    list(pieces)
    assert run.finish == "cancelled"
    assert behaviour.gone.wait(60)
    model.close()

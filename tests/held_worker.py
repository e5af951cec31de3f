"""A drafting worker whose pen is held after its first words, for tests that look at a draft being written.

`python -m tests.held_worker --home HOME [--model FILE]`: the product's own worker with the model it is given; once the
first words are out it goes no further until it is told to stop, or killed. So no test hangs on how fast a machine
writes. It prepares nothing ahead and tests no weights: the one draft asked for is the one held.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from data.settings import Settings
from generation import __main__ as command
from generation import worker
from generation.models.base import Model, Run
from generation.models.choice import open_model
from generation.prompt import Prompt


class Held:
    """A model that waits after its first words."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def stream(self, prompt: Prompt, run: Run) -> Iterator[str]:
        with closing(self._model.stream(prompt, run)) as pieces:  # type: ignore[type-var]
            for piece in pieces:
                yield piece
                if piece.strip():
                    run.stop.wait()


def opened(spec: str, settings: Settings) -> Held:
    return Held(open_model(spec, settings))


if __name__ == "__main__":
    worker.open_model = opened  # type: ignore[assignment]
    worker.AHEAD = 0
    worker._test = lambda *_: None  # type: ignore[assignment]
    sys.exit(command.main(["worker", *sys.argv[1:]]))

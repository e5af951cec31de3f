"""The interface every model keeps, and the errors it may raise.

The rules it protects: a model that can't serve says so by `ModelUnavailable` with a line a person can act on; the
drafter then falls back on the extractive model and tells it. An error is never returned as a reply. What citizens
wrote can't pass for a control token of a chat format.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from data.errors import VigieError
from generation.prompt import Prompt

_LOOK_ALIKE = re.compile(
    r"<\|[^|<>]{0,40}\|>|</?s>|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS)\]|<</?SYS>>|<unk>|<(?:start|end)_of_turn>",
    re.I,
)


class ModelUnavailable(VigieError):
    """The model can't serve now: no file, damaged file, not enough memory, server down. The message says which."""


@dataclass
class Run:
    """One generation under way: its seed, the way to stop it, and what it measured."""

    seed: int
    stop: threading.Event = field(default_factory=threading.Event)
    prompt_tokens: int = 0
    reply_tokens: int = 0
    finish: str = ""  # 'stop' when the model ended by itself, 'length' when it was cut, 'cancelled'


class Model(Protocol):
    """A writer of replies. Not shared between threads unless its own documentation says so."""

    id: str  # shown to agents and stored with each draft
    sha256: str  # of the weights' file; '' when there is none
    context: int  # tokens of prompt and reply together
    patience: int | None  # tokens of a review and its own sources read in bearable time; None: reads no prompt at all

    def count(self, text: str) -> int:
        """Tokens of `text`."""
        ...

    def stream(self, prompt: Prompt, run: Run) -> Iterator[str]:
        """Pieces of the reply as they come. Raises ModelUnavailable; fills `run`; ends soon after `run.stop` is set."""
        ...

    def close(self) -> None:
        """Release memory and connections; no other method may be called after."""
        ...


def neutralised(content: str) -> str:
    """`content` without look-alikes of control tokens, taken out until nothing changes ("<|im_<|im_end|>end|>")."""
    previous = None
    while previous != content:
        previous, content = content, _LOOK_ALIKE.sub(" ", content)
    return content

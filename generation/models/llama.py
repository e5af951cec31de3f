"""A GGUF file run by llama.cpp, in the worker's or a command's process only (its crash would take a page's server
down).

The rules it protects: one thread owns the model for its whole life, everything else waits in line; a cancelled draft
stops computing within milliseconds, also while the prompt is read; a file without a chat template, a damaged file or
too little memory is refused with a clear line instead of a bad answer; a review can't close its turn, because
look-alikes of control tokens are taken out of it until none is left; the charter (system text) is proven to reach
the prompt. What the first message and the institution's record computed is kept in memory and on disk (`prefixes`), so that
the next review of the same institution starts four times sooner.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import queue
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

from jinja2 import TemplateError

from generation.models.base import ModelUnavailable, Run, neutralised
from generation.models.grammar import grammar
from generation.models.prefixes import Prefixes
from generation.prompt import Prompt

_SENTINEL = "VIGIE-SENTINELLE-7319"
_DONE = object()
LIMIT_S = 1_200.0  # a draft that takes longer is given up: the extractive drafter serves
_TOO_SLOW = f"Le modèle n’a pas fini en {LIMIT_S / 60:.0f} minutes."
_CACHE_TOKEN = 128 * 1024  # bytes of context per token, of a 7B model


class Llama:
    """A loaded model. Calls from any thread are run one after the other by the thread that owns it."""

    patience: int | None = 400

    def __init__(self, path: Path, *, threads: int, context: int, states: Path | None = None) -> None:
        """Load `path`. `states`: a folder where computed prefixes are kept from one process to the next."""
        _readable(path, context)
        os.environ.setdefault("GGML_NO_BACKTRACE", "1")
        self._path = path
        self._threads = threads
        self.context = context
        self._current: Run | None = None
        self._late = 0.0  # moment after which the current draft is given up
        self._owner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="llama")
        try:
            self._owner.submit(self._load).result()
        except ModelUnavailable:
            self._owner.shutdown()
            raise
        self.sha256 = _sha256(path)
        self.id = f"llama.cpp:{path.name}"
        self._prefixes = Prefixes(self._lib, self._llm, states / self.sha256[:16] if states else None)

    def count(self, text: str) -> int:
        """Tokens of `text`."""
        return len(self._owner.submit(self._tokens, text, False).result())

    def stream(self, prompt: Prompt, run: Run) -> Iterator[str]:
        """Pieces of the reply. Dropping the iterator, or setting `run.stop`, stops the computing."""
        pieces: queue.SimpleQueue[Any] = queue.SimpleQueue()
        job = self._owner.submit(self._write, prompt, run, pieces)
        try:
            while (piece := pieces.get()) is not _DONE:
                yield piece
            job.result()
        finally:
            if not job.done():
                run.stop.set()
            job.exception()  # the owner has let go of the model when we leave

    def close(self) -> None:
        """Free the model, after whatever it is writing."""
        self._owner.submit(self._llm.close).result()
        self._owner.shutdown()

    def _load(self) -> None:
        try:
            import llama_cpp
            from llama_cpp.llama_chat_format import Jinja2ChatFormatter
        except ImportError:
            raise ModelUnavailable("llama.cpp n’est pas installé : lancez make model, puis relancez.") from None
        self._lib = llama_cpp
        try:
            self._llm = llama_cpp.Llama(
                str(self._path),
                n_ctx=self.context,
                n_threads=self._threads,
                n_threads_batch=self._threads,
                verbose=False,
            )
        except (ValueError, RuntimeError, MemoryError, OSError) as error:
            raise ModelUnavailable(
                f"Le fichier de modèle {self._path.name} ne peut pas être chargé (endommagé, incompatible ou "
                f"mémoire insuffisante : {error})."
            ) from None
        self.context = min(self.context, llama_cpp.llama_model_n_ctx_train(self._llm.model))
        template = self._llm.metadata.get("tokenizer.chat_template")
        if not template:
            raise ModelUnavailable(
                f"Le modèle {self._path.name} ne dit pas comment dialoguer (chat_template absent) : choisissez-en "
                f"un autre."
            )
        self._formatter = Jinja2ChatFormatter(
            template=template,
            bos_token=self._special(self._llm.token_bos()),
            eos_token=self._special(self._llm.token_eos()),
            stop_token_ids=[self._llm.token_eos()],
        )
        self._merged = False
        if not self._arrives():
            self._merged = True  # Mistral Instruct drops a system turn without a word
            if not self._arrives():
                raise ModelUnavailable(
                    f"Le modèle {self._path.name} perd les consignes données : choisissez-en un autre."
                )
        self._callback = llama_cpp.ggml_abort_callback(self._aborted)  # a reference must live as long as the model
        llama_cpp.llama_set_abort_callback(self._llm.ctx, self._callback, None)

    def _arrives(self) -> bool:
        """Self-test: whether a sentinel put in the system text reaches the rendered prompt."""
        messages = ({"role": "system", "content": _SENTINEL}, {"role": "user", "content": "Bonjour"})
        try:
            return _SENTINEL in self._render(messages)
        except (TemplateError, ValueError, TypeError, KeyError):  # a template may refuse a system role in its own way
            return False

    def _render(self, messages: tuple[dict[str, str], ...]) -> str:
        clean = [{**message, "content": neutralised(message["content"])} for message in messages]
        if self._merged and clean[0]["role"] == "system":
            system, first, *rest = clean
            clean = [{**first, "content": f"{system['content']}\n\n{first['content']}"}, *rest]
        return str(self._formatter(messages=cast(Any, clean)).prompt)

    def _write(self, prompt: Prompt, run: Run, pieces: queue.SimpleQueue[Any]) -> None:
        """Runs in the owner thread: the whole stream, from the prompt's first token to the end."""
        self._current, self._late = run, time.monotonic() + LIMIT_S
        try:
            tokens = self._tokens(self._render(prompt.messages), True)
            run.prompt_tokens = len(tokens)
            if len(tokens) + prompt.max_tokens > self.context:
                raise ModelUnavailable(
                    f"L’avis et ses sources dépassent ce que le modèle peut lire ({self.context} jetons)."
                )
            if run.stop.is_set():
                run.finish = "cancelled"
                return
            self._prefixes.ready(*self._shared(prompt, tokens))
            stream: Any = self._llm.create_completion(
                tokens,
                max_tokens=prompt.max_tokens,
                temperature=prompt.temperature,
                seed=run.seed,
                stream=True,
                grammar=self._lib.LlamaGrammar.from_string(grammar(prompt.sources), verbose=False),
            )
            for chunk in stream:
                choice = chunk["choices"][0]
                if choice["text"]:
                    pieces.put(choice["text"])
                run.finish = choice["finish_reason"] or run.finish
                if run.stop.is_set():
                    stream.close()
                    run.finish = "cancelled"
                    break
                if time.monotonic() > self._late:
                    stream.close()
                    raise ModelUnavailable(_TOO_SLOW)
        except RuntimeError as error:  # llama_decode gives up when the abort callback says so
            self._llm.reset()
            if not run.stop.is_set():
                if time.monotonic() > self._late:
                    raise ModelUnavailable(_TOO_SLOW) from None
                raise ModelUnavailable(f"Le modèle s’est arrêté sur une erreur ({error}).") from None
            run.finish = "cancelled"
        finally:
            run.reply_tokens = max(0, self._llm.n_tokens - run.prompt_tokens)
            self._current = None
            pieces.put(_DONE)

    def _aborted(self, _data: ctypes.c_void_p) -> bool:
        current = self._current
        return current is not None and (current.stop.is_set() or time.monotonic() > self._late)

    def _shared(self, prompt: Prompt, tokens: list[int]) -> list[list[int]]:
        """The first tokens of `tokens`: those that the first message alone decides, then those of the institution too."""
        starts = []
        for known in dict.fromkeys(("", prompt.shared)):
            probe = (*prompt.messages[:1], {"role": "user", "content": known + _SENTINEL})
            alone = self._tokens(self._render(probe).split(_SENTINEL)[0], True)
            starts.append(tokens[: self._llm.longest_token_prefix(alone, tokens)])
        return starts

    def _tokens(self, passage: str, special: bool) -> list[int]:
        return list(self._llm.tokenize(passage.encode(), add_bos=False, special=special))

    def _special(self, token: int) -> str:
        return self._llm._model.token_get_text(token) if token >= 0 else ""


def _readable(path: Path, context: int) -> None:
    """Raise ModelUnavailable when the file is missing, is not a GGUF or can't fit in memory."""
    try:
        with path.open("rb") as stream:
            magic = stream.read(4)
        size = path.stat().st_size
    except OSError as error:
        raise ModelUnavailable(
            f"Le fichier de modèle {path} n’est pas lisible ({error.strerror}) : vérifiez VIGIE_MODEL."
        ) from None
    if magic != b"GGUF":
        raise ModelUnavailable(
            f"{path.name} n’est pas un fichier GGUF (ou il est endommagé) : téléchargez-le de nouveau."
        )
    needed = size + min(context * _CACHE_TOKEN, size // 2)  # a small model has a small cache
    if (free := _free_memory()) is not None and needed > free:
        raise ModelUnavailable(
            f"Mémoire insuffisante pour {path.name} : {needed / 1e9:.1f} Go à charger, {free / 1e9:.1f} Go libres."
        )


def _free_memory() -> int | None:
    """Bytes that the system and the container can give, None where neither says."""
    left = []
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        left += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    except OSError:
        pass
    try:
        group = Path("/sys/fs/cgroup")
        most, used = (group / "memory.max").read_text("ascii"), (group / "memory.current").read_text("ascii")
        cached = dict(line.split() for line in (group / "memory.stat").read_text("ascii").splitlines())
        left.append(int(most) - int(used) + int(cached.get("inactive_file", 0)))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        pass
    return min(left, default=None)


def _sha256(path: Path) -> str:
    """Digest of the weights, for the trail of each draft."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 22):
            digest.update(block)
    return digest.hexdigest()

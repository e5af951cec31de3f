"""A model behind an OpenAI-compatible address: vLLM, llama-server, Ollama, Albert API.

The rules it protects: a server that is down, refuses or stalls is told in one clear line, after a few tries; once
words came, a failure is never retried (the agent would see them twice); dropping a draft closes the connection,
which is how such servers stop computing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlsplit

import openai
from openai.types.chat import ChatCompletionChunk
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from generation.models.base import ModelUnavailable, Run, neutralised
from generation.prompt import Prompt

TRIES = 3
TIMEOUT = openai.Timeout(connect=5.0, read=120.0, write=10.0, pool=5.0)
_AGAIN = (openai.APIConnectionError, openai.InternalServerError, openai.RateLimitError)


class Server:
    """A model served elsewhere. Safe to share between threads."""

    sha256 = ""
    patience: int | None = 2_000

    def __init__(self, url: str, name: str, key: str, context: int) -> None:
        self._url = url.rstrip("/")
        if not key.isascii():
            raise ModelUnavailable(
                "La clé du serveur de modèle contient un caractère accentué : vérifiez VIGIE_MODEL_KEY."
            )
        base = self._url if self._url.endswith("/v1") else f"{self._url}/v1"
        self._client = openai.OpenAI(base_url=base, api_key=key or "none", max_retries=0, timeout=TIMEOUT)
        self.context = context
        self._name = name or self._only_model()
        self.id = f"{self._name} @ {urlsplit(self._url).netloc.rpartition('@')[2]}"  # no password of the address

    def count(self, text: str) -> int:
        """Tokens of `text`, over-estimated: French needs about one for four characters, here one for three."""
        return len(text) // 3 + 1

    def stream(self, prompt: Prompt, run: Run) -> Iterator[str]:
        """Pieces of the reply. Raises ModelUnavailable when the server can't answer."""
        try:
            with self._retrying()(self._asked, prompt, run) as answer:
                for chunk in answer:
                    if run.stop.is_set():
                        run.finish = "cancelled"
                        return
                    if chunk.usage:
                        run.prompt_tokens, run.reply_tokens = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
                    if chunk.choices:
                        run.finish = chunk.choices[0].finish_reason or run.finish
                        if piece := chunk.choices[0].delta.content:
                            yield piece
        except openai.OpenAIError as error:
            raise ModelUnavailable(self._said(error)) from None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _asked(self, prompt: Prompt, run: Run) -> openai.Stream[ChatCompletionChunk]:
        messages = [{**message, "content": neutralised(message["content"])} for message in prompt.messages]
        return self._client.chat.completions.create(
            model=self._name,
            messages=cast(Any, messages),
            temperature=prompt.temperature,
            max_tokens=prompt.max_tokens,
            seed=run.seed,
            stream=True,
            stream_options={"include_usage": True},
        )

    def _only_model(self) -> str:
        """The model the server serves, when no name was set."""
        try:
            served = [model.id for model in self._retrying()(self._client.models.list)]
        except openai.OpenAIError as error:
            raise ModelUnavailable(self._said(error)) from None
        if not served:
            raise ModelUnavailable(f"Le serveur de modèle {self._url} ne sert aucun modèle : réglez VIGIE_MODEL_NAME.")
        return served[0]

    def _retrying(self) -> Retrying:
        return Retrying(
            retry=retry_if_exception_type(_AGAIN),
            stop=stop_after_attempt(TRIES),
            wait=wait_exponential(multiplier=0.2, max=2),
            reraise=True,
        )

    def _said(self, error: openai.OpenAIError) -> str:
        """One French line for a failure of the server."""
        if isinstance(error, openai.APITimeoutError):
            return f"Le serveur de modèle {self._url} met trop de temps à répondre."
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            return f"Le serveur de modèle {self._url} refuse la clé : vérifiez VIGIE_MODEL_KEY."
        if isinstance(error, openai.NotFoundError):
            return f"Le serveur de modèle {self._url} ne connaît pas ce modèle : vérifiez VIGIE_MODEL_NAME."
        if isinstance(error, openai.APIStatusError):
            return f"Le serveur de modèle {self._url} a répondu par une erreur ({error.status_code})."
        return f"Le serveur de modèle {self._url} ne répond pas : vérifiez qu’il est démarré."

"""Which model serves: `extractive`, a GGUF path or the address of a compatible server."""

from __future__ import annotations

from pathlib import Path

from data.settings import Settings
from generation.models.base import Model
from generation.models.extractive import Extractive


def open_model(spec: str, settings: Settings) -> Model:
    """Open the model that `spec` names. Raises ModelUnavailable with what to do.

    llama.cpp is imported here only, when a file is asked for: pages never take this way (they run `extractive`).
    """
    if spec in ("", "extractive"):
        return Extractive()
    if spec.startswith(("http://", "https://")):
        from generation.models.server import Server

        return Server(spec, settings.model_name, settings.model_key, settings.model_context)
    from generation.models.llama import Llama

    return Llama(
        Path(spec),
        threads=settings.model_threads,
        context=settings.model_context,
        states=settings.home / "models" / "states",
    )

"""Vectors of reviews from a local folder of weights, in place of those learnt from the reviews: model2vec or
sentence-transformers.

The libraries are optional and imported when a folder is named, in batch commands alone. The rules it protects: nothing is
downloaded; a model fitted on some weights never assigns with others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from analytics.topics.vectors import unit
from data.errors import VigieError

_WEIGHTS = ("*.safetensors", "*.bin", "*.onnx", "tokenizer.json", "config.json", "modules.json")
_BATCH = 256


class NoEmbeddings(VigieError):
    """The folder of embeddings can't serve: it is not there, is of no known kind, or its library is not installed."""


@dataclass(frozen=True)
class Local:
    """A folder of weights, and the digest of what it holds."""

    folder: Path
    digest: str

    def embed(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Unit vectors of reviews (reviews, dimensions), and 1 for each review with words, 0 for the others.

        Raises NoEmbeddings when the library is not installed or can't read the folder.
        """
        try:
            raw = np.asarray(self._encoder(list(texts)), dtype=np.float32)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise NoEmbeddings(f"{self.folder} : les poids ne se lisent pas ({error})") from None
        said = np.array([bool(text.strip()) for text in texts]) & (np.linalg.norm(raw, axis=1) > 1e-9)
        return unit(raw * said[:, None]), said.astype(np.float32)

    @cached_property
    def _encoder(self) -> Any:
        kind, library = _kind(self.folder)
        try:
            if kind == "model2vec":
                from model2vec import StaticModel

                static = StaticModel.from_pretrained(str(self.folder))
                return lambda texts: static.encode(texts, use_multiprocessing=False)
            from sentence_transformers import SentenceTransformer

            whole = SentenceTransformer(str(self.folder), local_files_only=True)
            return lambda texts: whole.encode(texts, batch_size=_BATCH, show_progress_bar=False)
        except ImportError:
            raise NoEmbeddings(
                f"{self.folder} : un dossier {kind} demande sa bibliothèque ; installez-la par : {library}"
            ) from None


def opened(folder: Path) -> Local:
    """The folder as embeddings. Raises NoEmbeddings when it is not a folder of a known kind."""
    if not folder.is_dir():
        raise NoEmbeddings(f"{folder} : ce dossier de vecteurs n'existe pas")
    _kind(folder)
    return Local(folder, _digest(folder.resolve()))


def _kind(folder: Path) -> tuple[str, str]:
    """Library that reads the folder, and how to install it."""
    if "embeddings" in _tensors(folder / "model.safetensors"):
        return "model2vec", "make embeddings"
    if (folder / "modules.json").exists():
        return "sentence-transformers", "pip install sentence-transformers"
    raise NoEmbeddings(f"{folder} : ni un dossier model2vec ni un dossier sentence-transformers")


def _tensors(file: Path) -> frozenset[str]:
    """Names of the tensors of a safetensors file: its header is a length of eight bytes, then JSON."""
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            return frozenset(json.loads(stream.read(min(length, 1 << 24))))
    except (OSError, ValueError):
        return frozenset()


@cache
def _digest(folder: Path) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for pattern in _WEIGHTS:
        for file in sorted(folder.rglob(pattern)):
            digest.update(file.relative_to(folder).as_posix().encode())
            with file.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
    return digest.hexdigest()

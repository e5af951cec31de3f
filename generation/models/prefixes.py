"""Computed prefixes of prompts, kept in memory by llama.cpp and on disk by us.

Drafts for one kind of institution share their first message. Reading it is most of the work of a draft on a processor;
its state (157 MB for 1,200 tokens of a 7B model) is read back in a fraction of a second. The rules it protects: a
state holds public text only (the first message never has a word of a review); one that can't be read back is made
again, and no state is ever trusted for other tokens than its own; the folder stays bounded.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

LEAST = 200  # tokens from which a state is worth a file
MOST = 16  # files kept, the last used

log = logging.getLogger(__name__)


class Prefixes:
    """Belongs to the thread that owns the model."""

    def __init__(self, lib: Any, llm: Any, folder: Path | None) -> None:
        self._lib, self._llm, self._folder = lib, llm, folder

    def ready(self, prefix: Sequence[int]) -> None:
        """Have the model stand just after `prefix`, from memory, from disk, or by computing it.

        Raises RuntimeError when the computing was aborted.
        """
        llm = self._llm
        held = llm.longest_token_prefix(llm._input_ids.tolist(), prefix)
        if held >= len(prefix) or len(prefix) < LEAST or self._folder is None:
            return  # llama-cpp-python reuses by itself what memory holds
        path = self._folder / f"{hashlib.sha256(np.array(prefix, np.int32).tobytes()).hexdigest()[:24]}.state"
        if path.exists() and self._read(path, prefix):
            os.utime(path)
            return
        llm.n_tokens = held
        llm.eval(list(prefix[held:]))
        self._write(path, prefix)

    def _read(self, path: Path, prefix: Sequence[int]) -> bool:
        """Put a state back; False, and an emptied model, when the file is not what it should be."""
        llm, size = self._llm, len(prefix)
        tokens = (self._lib.llama_token * size)()
        count = ctypes.c_size_t(0)
        llm.reset()
        llm._ctx.kv_cache_seq_rm(-1, 0, -1)
        read = self._lib.llama_state_seq_load_file(llm.ctx, str(path).encode(), 0, tokens, size, ctypes.byref(count))
        if not read or count.value != size or list(tokens) != list(prefix):
            log.warning("computed prefix %s can't be read back: it is made again", path.name)
            llm._ctx.kv_cache_seq_rm(-1, 0, -1)
            path.unlink(missing_ok=True)
            return False
        llm.input_ids[:size] = prefix
        llm.n_tokens = size
        llm._requires_eval = True  # a state holds no logits
        return True

    def _write(self, path: Path, prefix: Sequence[int]) -> None:
        """Keep the state the model stands at; a disk that refuses costs the next process its time, nothing else."""
        assert self._folder is not None
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            size = len(prefix)
            tokens = (self._lib.llama_token * size)(*prefix)
            if not self._lib.llama_state_seq_save_file(self._llm.ctx, str(draft).encode(), 0, tokens, size):
                raise OSError("llama.cpp wrote nothing")
            os.replace(draft, path)
            kept = sorted(self._folder.glob("*.state"), key=lambda file: -file.stat().st_mtime)
            for old in kept[MOST:]:
                old.unlink(missing_ok=True)
        except OSError as error:
            log.warning("computed prefix not kept on disk: %s", error)
        finally:
            draft.unlink(missing_ok=True)

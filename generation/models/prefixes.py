"""Computed prefixes of prompts, kept in memory by llama.cpp and on disk by us.

Drafts for one kind of institution share their first message, those for one institution its record too. Reading them is
most of the work of a draft on a processor; a state (157 MB for 1,200 tokens of a 7B model) is read back in a fraction of
a second. The rules it protects: a state holds public text only (never a word of a review); one that can't be read back is
made again, and no state is ever trusted for other tokens than its own; the folder stays bounded.
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
MORE = 24  # tokens more than a shorter prefix from which a longer one is worth its own file
MOST = (10, 10)  # files kept, the last used: of kinds of institution, of institutions

log = logging.getLogger(__name__)


class Prefixes:
    """Belongs to the thread that owns the model."""

    def __init__(self, lib: Any, llm: Any, folder: Path | None) -> None:
        self._lib, self._llm, self._folder = lib, llm, folder

    def ready(self, *prefixes: Sequence[int]) -> None:
        """Have the model stand just after the longest of `prefixes`, the beginnings of one prompt from the shortest to the
        longest (that of the kind of institution, then of the institution): from memory, from disk, or by computing it.

        Raises RuntimeError when the computing was aborted.
        """
        llm = self._llm
        if self._folder is None:
            return  # llama-cpp-python reuses by itself what memory holds
        held = llm.longest_token_prefix(llm._input_ids.tolist(), prefixes[-1])
        worth = [level for level, prefix in enumerate(prefixes) if self._worth(prefixes, level)]
        for level in reversed(worth):
            prefix = prefixes[level]
            if held >= len(prefix):
                break
            path = self._path(level, prefix)
            if path.exists() and self._read(path, prefix):
                os.utime(path)
                held = len(prefix)
                break
            held = min(held, llm.n_tokens)  # a file that could not be read emptied the model
        for level in worth:
            prefix = prefixes[level]
            if held < len(prefix):
                llm.n_tokens = held
                llm.eval(list(prefix[held:]))
                held = len(prefix)
                self._write(self._path(level, prefix), prefix)

    def _worth(self, prefixes: Sequence[Sequence[int]], level: int) -> bool:
        """Whether a prefix is long enough, and longer enough than the one before, to be kept."""
        size = len(prefixes[level])
        return size >= LEAST and (level == 0 or size >= len(prefixes[level - 1]) + MORE)

    def _path(self, level: int, prefix: Sequence[int]) -> Path:
        assert self._folder is not None
        digest = hashlib.sha256(np.array(prefix, np.int32).tobytes()).hexdigest()[:24]
        return self._folder / f"{level}-{digest}.state"

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
            level = path.name.split("-")[0]
            kept = sorted(self._folder.glob(f"{level}-*.state"), key=lambda file: -file.stat().st_mtime)
            for old in kept[MOST[int(level)] :]:
                old.unlink(missing_ok=True)
        except OSError as error:
            log.warning("computed prefix not kept on disk: %s", error)
        finally:
            draft.unlink(missing_ok=True)

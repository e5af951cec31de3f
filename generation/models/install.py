"""Putting weights where the worker finds them: `python -m generation add-model SOURCE`, behind `make model`.

The rules it protects: a file is put in `<home>/models` only when it is whole, is a GGUF, and has the checksum its
publisher gave, when one was given; an interrupted download goes on where it was cut.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from data import transfer
from data.errors import BadFile, VigieError
from data.network import Patience

_TIMEOUT = httpx.Timeout(60.0, connect=15.0)


def add(
    source: str, home: Path, *, sha256: str = "", tell: Callable[[int, int | None], None] = lambda _done, _total: None
) -> tuple[Path, str]:
    """Copy or download `source` (a path or an address) into `home`/models; its path and its SHA-256.

    Raises BadFile when it is not a GGUF or has not the checksum `sha256`, VigieError when it can't be had.
    """
    sha256 = sha256.strip().lower()
    remote = source.startswith(("http://", "https://"))
    name = Path(unquote(urlsplit(source).path)).name if remote else Path(source).name
    if not name.endswith(".gguf"):
        raise BadFile(f"{name or source} n'est pas un fichier .gguf")
    folder = home / "models"
    folder.mkdir(parents=True, exist_ok=True)
    target, part = folder / name, folder / f"{name}.part"
    if remote:
        wanted = transfer.Target(source, checksum=f"sha256:{sha256}" if sha256 else None)
        with httpx.Client(follow_redirects=True, timeout=_TIMEOUT) as client:
            transfer.fetch(client, wanted, part, Patience(), tell=tell)
    else:
        _copy(Path(source), part)
    found, *_ = transfer.digests(part, "sha256")
    problem = _problem(part, found, sha256)
    if problem:
        transfer.drop(part)
        raise BadFile(f"{name} : {problem}")
    transfer.replace(part, target)
    transfer.drop(part)
    return target, found


def _copy(source: Path, part: Path) -> None:
    try:
        needed, free = source.stat().st_size, shutil.disk_usage(part.parent).free
        if needed > free:
            raise VigieError(
                f"{source.name} demande {needed / 1e9:.1f} Go, {free / 1e9:.1f} Go sont libres dans {part.parent}"
            )
        shutil.copyfile(source, part)
    except FileNotFoundError:
        raise VigieError(f"{source} : ce fichier n'existe pas") from None
    except OSError as error:
        part.unlink(missing_ok=True)
        raise VigieError(f"{source} : copie impossible ({error.strerror or error})") from None


def _problem(path: Path, found: str, wanted: str) -> str:
    with path.open("rb") as stream:
        magic = stream.read(4)
    if magic != b"GGUF":
        return "ce n'est pas un fichier GGUF ; rien n'a été gardé"
    if wanted and found != wanted:
        return f"son SHA-256 est {found}, pas celui qui est donné ; rien n'a été gardé"
    return ""

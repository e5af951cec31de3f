"""Results kept between runs: a long measure may be stopped and taken up again.

The rule it protects: nothing measured with other code is ever mixed in (a digest of the sources is in each name).
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from functools import cache as once
from pathlib import Path
from typing import TypeVar

from analytics import signals

T = TypeVar("T")


@once
def digest() -> str:
    """Of the engine's sources and of these benchmarks'."""
    found = hashlib.sha256()
    for folder in (Path(signals.__file__).parent, Path(__file__).parent):
        for file in sorted([*folder.glob("*.py"), *folder.glob("sql/*.sql")]):
            found.update(file.read_bytes())
    return found.hexdigest()[:12]


def kept(cache: Path | None, name: str, make: Callable[[], T]) -> T:
    """What `make` gives, or gave before under the same name with the same code, when there is a `cache` folder."""
    if cache is None:
        return make()
    file = cache / "results" / f"{name}-{digest()}.pickle"
    if file.exists():
        return pickle.loads(file.read_bytes())  # written by this module
    result = make()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.with_suffix(".draft").write_bytes(pickle.dumps(result))
    file.with_suffix(".draft").rename(file)
    return result

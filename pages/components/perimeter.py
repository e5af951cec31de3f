"""What a person may see of what others did here: acts about reviews of their own structures.

The rule it protects: figures and names of a team stop at the perimeter of whoever looks; who has no perimeter sees all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from analytics import waiting
from pages.components import store
from pages.components.identity import Person

T = TypeVar("T")


def allowed(who: Person, ids: Iterable[int]) -> set[int]:
    """Those of the reviews `ids` that are addressed to the person's structures."""
    asked = set(ids)
    if not who.structures:
        return asked
    return {id_ for id_, place in waiting.structures_of(store.warehouse(), asked).items() if place in who.structures}


def kept(who: Person, found: Iterable[T], review: Callable[[T], int | None]) -> list[T]:
    """Those of `found` that are about a review of the person's structures; `review` tells which review one is about."""
    items = list(found)
    if not who.structures:
        return items
    mine = allowed(who, {id_ for item in items if (id_ := review(item)) is not None})
    return [item for item in items if review(item) in mine]

"""The values one may filter on: networks, institutions, structures, places, channels, irritants.

The rule it protects: a choice offered on screen exists in the snapshot, most frequent first.
"""

from __future__ import annotations

from dataclasses import dataclass

from data.warehouse import Warehouse, sql


@dataclass(frozen=True)
class Choice:
    """One value: what the database holds, what the screen says, how many reviews have it."""

    value: str
    label: str
    n: int


@dataclass(frozen=True)
class Dimensions:
    """Choices by dimension, most frequent first (places by code)."""

    networks: tuple[Choice, ...]
    typologies: tuple[Choice, ...]
    structures: tuple[Choice, ...]
    regions: tuple[Choice, ...]
    departments: tuple[Choice, ...]
    channels: tuple[Choice, ...]
    irritants: tuple[Choice, ...]  # value = id as text


def load(warehouse: Warehouse) -> Dimensions:
    """All choices of a snapshot; irritants are empty before the first refresh."""
    found: dict[str, list[Choice]] = {}
    for dimension, value, label, n in warehouse.rows(sql(__file__, "dimensions")):
        found.setdefault(dimension, []).append(Choice(value, label, int(n)))
    if warehouse.has("topics"):
        rows = warehouse.rows("SELECT id, label, size FROM topics WHERE level = 'irritant' ORDER BY size DESC, label")
        found["irritant"] = [Choice(str(id_), label, int(size)) for id_, label, size in rows]
    return Dimensions(
        **{
            plural: tuple(found.get(singular, ()))
            for plural, singular in (
                ("networks", "network"),
                ("typologies", "typology"),
                ("structures", "structure"),
                ("regions", "region"),
                ("departments", "department"),
                ("channels", "channel"),
                ("irritants", "irritant"),
            )
        }
    )

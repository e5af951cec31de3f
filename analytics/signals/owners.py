"""Who must be told of a signal: the structure with the largest excess, or the nearest one above it that can be reached.

The rule it protects: a signal is sent to an active structure that has a mailbox, never to one chosen for its volume.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analytics.signals.cells import Reader
from analytics.signals.record import Owner
from data.warehouse import sql


@dataclass(frozen=True)
class Tree:
    """Structures by id: parent, name, mailbox, active."""

    parent: dict[str, str]
    name: dict[str, str]
    mailbox: dict[str, str]
    active: frozenset[str]

    @classmethod
    def read(cls, source: Reader) -> Tree:
        """The referential of the snapshot."""
        frame = source.frame(sql(__file__, "owner_tree"))
        parent, name, mailbox, active = {}, {}, {}, set()
        for id_, above, called, box, alive in frame.itertuples(index=False):
            key = str(id_)
            name[key] = key if pd.isna(called) else str(called)
            if not pd.isna(above):
                parent[key] = str(above)
            if not pd.isna(box) and str(box).strip():
                mailbox[key] = str(box).strip()
            if alive:
                active.add(key)
        return cls(parent, name, mailbox, frozenset(active))

    def owner(self, by_excess: Sequence[str]) -> Owner | None:
        """The first structure, largest excess first, that can be reached, itself or through those above it."""
        for structure in by_excess:
            at: str | None = structure
            seen: set[str] = set()
            while at is not None and at not in seen:
                seen.add(at)
                if at in self.active and at in self.mailbox:
                    return Owner(at, self.name[at], self.mailbox[at])
                at = self.parent.get(at)
        return None

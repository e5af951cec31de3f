"""The institution that answers: its name as the public knows it, and where to turn.

The rule it protects: what a reply says of an institution comes from the structures referential. The internal mailbox
(where signals are routed) is never told to the public.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from data.warehouse import Warehouse, sql
from generation import text
from generation.results import Asked, Source


@dataclass(frozen=True)
class Institution:
    """Who signs. Fields are empty when the referential does not say."""

    id: str
    name: str  # for the signature
    typology: str
    website: str
    address: str  # street, postcode and city on one line

    def source(self) -> Source:
        """The record as a source: the only place a reply may take this institution's address from."""
        lines = [self.name, self.typology, self.address, self.website]
        return Source(
            "structure",
            self.id,
            self.name,
            self.website,
            1.0,
            "\n".join(dict.fromkeys(filter(None, lines))),
            tuple(filter(None, (self.website, self.address))),
            structure=self.name,
            same_structure=True,
        )


def nobody(name: str) -> bool:
    """Whether a name is one of the portal's trays ("Hors-structures", "Réseau hors réseau"): nobody answers there."""
    return bool(re.search(r"hors[- ]?(?:structure|reseau)", text.fold(name)))


def of(warehouse: Warehouse, asked: Asked) -> Institution | None:
    """The institution a review names, from the referential, else from the review itself; None when it names none."""
    if asked.structure_id and not nobody(asked.structure):
        rows = warehouse.rows(sql(__file__, "structure_of"), {"id": asked.structure_id})
        if rows:
            id_, name, public_name, typology, website, address, postcode, city = (value or "" for value in rows[0])
            place = ", ".join(filter(None, [text.clean(address), " ".join(filter(None, [postcode, city]))]))
            return Institution(
                id_, text.clean(public_name) or text.clean(name), typology, website.strip(), place if address else ""
            )
    if asked.structure and not nobody(asked.structure):
        return Institution(asked.structure_id or "", asked.structure, asked.typology or "", "", "")
    if asked.typology and not nobody(asked.typology):
        return Institution("", asked.typology, asked.typology, "", "")
    return None

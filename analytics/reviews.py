"""The reviews themselves: one, a page of them, the words found in them.

The rule it protects: every figure leads to the reviews behind it, with the same `Filters`; nothing here computes
figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import pandas as pd

from analytics import words as found_words
from data.filters import Filters, narrowed
from data.warehouse import Warehouse, sql

Order = Literal["newest", "oldest", "endorsed"]
_ORDERS = {
    "newest": "r.published_at DESC, r.id DESC",
    "oldest": "r.published_at, r.id",
    "endorsed": "r.endorsements DESC NULLS LAST, r.published_at DESC, r.id DESC",
}


@dataclass(frozen=True)
class Reply:
    """One structure's public reply."""

    structure: str | None
    structure_id: str | None
    body: str | None
    canned: bool
    ai_similarity: float | None  # 0-100, None = no AI draft
    author_verdict: str | None  # 'utile' | 'pas utile'
    useful_votes: int
    useless_votes: int


@dataclass(frozen=True)
class Review:
    """One review as a card shows it. Text is what the citizen wrote: mask and escape before showing."""

    id: int
    published_at: datetime
    written_on: date | None
    first_reply_at: datetime | None
    title: str
    body: str
    sentiment: str | None
    network: str | None
    typology: str | None
    structure: str | None
    structure_id: str | None
    department: str | None
    department_name: str | None
    channels: tuple[str, ...]
    endorsements: int
    out_of_structure: bool
    tags: Mapping[
        str, str
    ]  # the general tags that are set: field of data/metadata.py -> 'Positif' | 'Neutre' | 'Négatif'
    business_tags: tuple[str, ...]  # of the review, then of its institutions, without repetition
    irritant: int | None  # None before the first refresh, -1 unassigned
    irritant_label: str | None
    replies: tuple[Reply, ...]

    @property
    def answered(self) -> bool:
        """Whether a structure really answered (a canned non-reply is not an answer)."""
        return any(reply.body and not reply.canned for reply in self.replies) or (
            self.first_reply_at is not None and not any(reply.canned for reply in self.replies)
        )


def one(warehouse: Warehouse, review_id: int) -> Review | None:
    """The review of that id, None when the snapshot does not hold it."""
    found = by_ids(warehouse, [review_id])
    return found[0] if found else None


def by_ids(warehouse: Warehouse, ids: Sequence[int]) -> list[Review]:
    """Reviews of these ids, in the order given; unknown ids are left out."""
    ids = [i for i in ids if abs(i) < 2**63]  # what an address says may be any number
    if not ids:
        return []
    rows = warehouse.frame(_query(warehouse), {"ids": list(ids)}).to_dict("records")
    found = {row["id"]: _review(row) for row in rows}
    return [found[i] for i in ids if i in found]


def page(
    warehouse: Warehouse,
    filters: Filters,
    *,
    words: str | Sequence[str] = "",
    order: Order = "newest",
    unanswered: bool = False,
    limit: int = 10,
    offset: int = 0,
) -> list[Review]:
    """A page of the reviews of `filters` that hold every word of `words`, or of one of them when several are given
    (see `analytics.words`).
    """
    query, params = _asked(warehouse, "review_ids", filters, words)
    query = query.replace("/*order*/", _ORDERS[order])
    ids = warehouse.rows(query, {**params, "unanswered": unanswered, "limit": limit, "offset": offset})
    return by_ids(warehouse, [row[0] for row in ids])


def count(warehouse: Warehouse, filters: Filters, *, words: str | Sequence[str] = "", unanswered: bool = False) -> int:
    """How many reviews `page` goes through."""
    query, params = _asked(warehouse, "review_count", filters, words)
    return int(warehouse.rows(query, {**params, "unanswered": unanswered})[0][0])


def _asked(warehouse: Warehouse, name: str, filters: Filters, typed: str | Sequence[str]) -> tuple[str, dict[str, Any]]:
    if isinstance(typed, str):
        condition, values = found_words.condition(warehouse, typed)
    else:
        condition, values = found_words.any_condition(warehouse, typed)
    return narrowed(sql(__file__, name).replace("/*words*/ TRUE", condition), filters, values)


def _query(warehouse: Warehouse) -> str:
    topics, columns = "LEFT JOIN topics AS i ON i.id = r.irritant", "r.irritant, i.label AS irritant_label"
    if not warehouse.has("topics"):
        topics, columns = "", "NULL AS irritant, NULL AS irritant_label"
    return sql(__file__, "review_cards").replace("/*topics*/", topics).replace("/*topic columns*/", columns)


def _review(row: Mapping[Any, Any]) -> Review:
    def value(name: str) -> Any:
        found = row[name]
        return None if found is None or pd.isna(found) else found

    def moment(name: str) -> datetime | None:
        found = value(name)
        return found.to_pydatetime() if found is not None else None

    written = moment("written_on")
    replies = row["replies"] if row["replies"] is not None else []
    published = moment("published_at")
    assert published is not None
    return Review(
        id=int(row["id"]),
        published_at=published,
        written_on=written.date() if written else None,
        first_reply_at=moment("first_reply_at"),
        title=value("title") or "",
        body=value("body") or "",
        sentiment=value("sentiment"),
        network=value("network"),
        typology=value("typology"),
        structure=value("structure"),
        structure_id=value("structure_id"),
        department=value("department"),
        department_name=value("department_name"),
        channels=tuple(row["channels"]) if row["channels"] is not None else (),
        endorsements=int(value("endorsements") or 0),
        out_of_structure=bool(value("out_of_structure")),
        tags={name: polarity for name, polarity in row["tags"].items() if polarity},
        business_tags=tuple(dict.fromkeys(str(tag) for tag in row["business_tags"])),
        irritant=int(row["irritant"]) if value("irritant") is not None else None,
        irritant_label=value("irritant_label"),
        replies=tuple(
            Reply(
                structure=reply["structure"],
                structure_id=reply["structure_id"],
                body=reply["body"],
                canned=bool(reply["canned"]),
                ai_similarity=reply["ai_similarity"],
                author_verdict=reply["author_verdict"],
                useful_votes=int(reply["useful_votes"] or 0),
                useless_votes=int(reply["useless_votes"] or 0),
            )
            for reply in replies
        ),
    )

"""When each structure adopted AI drafting, read from the open file alone.

The portal gives each reply's similarity to the AI's draft; empty means no draft. A structure has adopted on the
publication day of the first review from which its replies are *mostly* drafted: a single trial is not an adoption. The
rule it protects: who is compared with whom depends on that day only, never on "this reply used AI".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

PROGRAMME_START = date(2023, 10, 1)  # the State's drafting tool was opened to the first structures
WINDOW = 5  # replies looked at from a first drafted one
COLUMNS = ["structure_id", "adopted_on", "replies", "with_ai", "early", "declared", "last_without"]


@dataclass(frozen=True)
class Adoption:
    """Structures that adopted, and those whose use is too thin to say.

    `structures` has the columns of `COLUMNS`: `replies` and `with_ai` count real replies since adoption, `early` says
    that use began before the field that tells it was filled: the true day is unknown, adopted_on is the latest it can be;
    `declared` says that an administrator gave the day; `last_without` is when the last review answered without a draft
    before adoption was published, missing when there is none.
    """

    structures: pd.DataFrame
    unclear: frozenset[str]  # drafted replies, but no sustained use: compared with nobody
    seen_from: pd.Timestamp | None  # first reply that says it was drafted; None when AI was never used


def find(followed: pd.DataFrame, declared: Mapping[str, date] | None = None) -> Adoption:
    """Adoption of each structure of `followed` (rows of `sql/followed.sql`, in publication order).

    A day `declared` by an administrator replaces what the file shows of that structure.
    """
    found = _seen(followed)
    return _told(followed, found, declared) if declared else found


def _told(followed: pd.DataFrame, found: Adoption, declared: Mapping[str, date]) -> Adoption:
    """`found` with the declared days of the structures that have replies."""
    real = followed[followed["answered"] & followed["structure_id"].isin(list(declared))]
    day = pd.to_datetime(real["structure_id"].map(dict(declared)))
    since = real[real["published_at"] >= day]
    counted = since.groupby("structure_id")["with_ai"].agg(replies="size", with_ai="sum")
    lines = (
        counted.reindex(sorted(real["structure_id"].unique()), fill_value=0).rename_axis("structure_id").reset_index()
    )
    lines["adopted_on"] = pd.to_datetime(lines["structure_id"].map(dict(declared)))
    lines = lines.assign(early=False, declared=True, last_without=pd.Series(pd.NaT, index=lines.index))[COLUMNS]
    others = found.structures[~found.structures["structure_id"].isin(lines["structure_id"])]
    frame = pd.concat([others, lines], ignore_index=True) if len(others) else lines
    return Adoption(frame, found.unclear - set(lines["structure_id"]), found.seen_from)


def _seen(followed: pd.DataFrame) -> Adoption:
    real = followed[followed["answered"] & followed["structure_id"].notna()].reset_index(drop=True)
    drafted = real["with_ai"].to_numpy(dtype=bool)
    if not drafted.any():
        return Adoption(pd.DataFrame(columns=COLUMNS), frozenset(), None)
    replied = real["first_reply_at"].fillna(real["published_at"])
    seen_from = replied[drafted].min()
    code, names = pd.factorize(real["structure_id"])
    order = np.lexsort((np.arange(len(code)), code))
    code, drafted, told_at = code[order], drafted[order], replied.to_numpy()[order]
    published = real["published_at"].to_numpy()[order]
    total = np.r_[0, np.cumsum(drafted)]
    end = np.searchsorted(code, np.arange(len(names)), side="right")
    at = np.arange(len(code))
    until = np.minimum(at + WINDOW, end[code])
    near = total[until] - total[at]
    sustained = drafted & (near >= 2) & (2 * near >= until - at)
    first = np.flatnonzero(sustained)
    first = first[np.r_[True, code[first][1:] != code[first][:-1]]] if len(first) else first
    who = code[first]
    told = ~drafted & (told_at >= np.datetime64(seen_from))  # a reply that could have said "drafted" and did not
    told_before = np.r_[0, np.cumsum(told)]
    start = np.searchsorted(code, who)
    latest = np.r_[-1, np.maximum.accumulate(np.where(drafted, -1, at))][first]  # last reply without a draft before
    without = pd.Series(published[np.maximum(latest, 0)]).mask(latest < start)
    frame = pd.DataFrame(
        {
            "structure_id": names[who],
            "adopted_on": pd.to_datetime(published[first]).normalize(),
            "replies": end[who] - first,
            "with_ai": total[end[who]] - total[first],
            "early": told_before[first] - told_before[start] == 0,
            "declared": False,
            "last_without": without,
        }
    )
    users = set(names[np.unique(code[drafted])])
    return Adoption(frame, frozenset(users - set(frame["structure_id"])), pd.Timestamp(seen_from))

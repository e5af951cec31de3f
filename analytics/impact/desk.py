"""What AI changes at the desk, by model and prompt; and what a randomised trial says of it.

The rule it protects: models are compared as they were used, side by side, only when chance assigned them; otherwise the table
describes and concludes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd

from analytics import survival, waits
from analytics.impact.differences import Estimate
from analytics.impact.sequential import Difference, difference
from analytics.survival import Cases
from data.operations import workers
from data.operations.trials import Trial
from data.operations.work import Piece
from data.warehouse import Warehouse

Measure = Literal["minutes", "similarity", "good", "findings"]
COLUMNS = [
    "model", "prompt", "n", "minutes", "similarity", "kept", "as_proposed", "findings", "set_aside", "judged", "good",
]  # fmt: skip
HORIZON = 60.0  # days over which the waits of a pilot are compared


def by_model(pieces: Sequence[Piece]) -> pd.DataFrame:
    """One line by model and prompt version, most replies first, with the columns of `COLUMNS`.

    `minutes` at the desk, `similarity` (0-100) and `kept` characters are medians; `as_proposed` and `good` shares 0..1 (of
    the drafts judged); `findings` and `set_aside` means by reply. Without a draft: model and prompt are empty; so is the
    prompt of the embedded drafter, which reads none.
    """
    frame = pd.DataFrame([vars(p) for p in pieces])
    if frame.empty:
        return pd.DataFrame(columns=COLUMNS)
    frame["prompt_version"] = frame["prompt_version"].where(frame["model"].map(workers.reads_prompts), "")
    frame["minutes"] = pd.to_numeric(frame["desk_s"]) / 60
    frame["sent_as_is"] = (frame["decided"] == "as_proposed").where(frame["model"] != "")
    for name in ("similarity", "kept", "good", "sent_as_is"):
        frame[name] = pd.to_numeric(frame[name].astype("Float64"))
    found = frame.groupby(["model", "prompt_version"], as_index=False).agg(
        n=("review_id", "size"),
        minutes=("minutes", "median"),
        similarity=("similarity", "median"),
        kept=("kept", "median"),
        as_proposed=("sent_as_is", "mean"),
        findings=("findings", "mean"),
        set_aside=("set_aside", "mean"),
        judged=("good", "count"),
        good=("good", "mean"),
    )
    found = found.rename(columns={"prompt_version": "prompt"}).sort_values("n", ascending=False, ignore_index=True)
    return found.astype({name: "float64" for name in ("minutes", "similarity", "kept", "as_proposed", "good")})[COLUMNS]


def compared(
    trial: Trial, assigned: Mapping[int, tuple[str, datetime]], pieces: Sequence[Piece], measure: Measure
) -> Difference | None:
    """Second arm less first arm of a trial on one measure, by the arm drawn, as reviews were sent; None before any."""
    seconds, values = [], []
    for piece in pieces:
        if piece.review_id not in assigned:
            continue
        value = _value(piece, measure)
        if value is not None:
            seconds.append(assigned[piece.review_id][0] == trial.arms[1])
            values.append(value)
    return difference(np.array(seconds), np.array(values)) if values else None


@dataclass(frozen=True)
class Pilot:
    """What a pilot says of the public replies: the two arms' waits, as drawn (intention to treat)."""

    counts: tuple[int, int]  # reviews drawn with, without a draft
    means: tuple[float | None, float | None]  # mean wait over `HORIZON` days, those still waiting included
    gap: Estimate | None  # with less without, in days
    p: float | None  # log-rank


def pilot(warehouse: Warehouse, trial: Trial, assigned: Mapping[int, tuple[str, datetime]]) -> Pilot:
    """Waits of the reviews of a pilot in the published file, by the arm drawn, whatever was done with it."""
    found = waits.of(warehouse)
    rows = np.flatnonzero(np.isin(found.id, list(assigned)))
    chosen = waits.Selection(found, rows, "publication", "calendar", found.end)
    first = np.array([assigned[int(id_)][0] == trial.arms[0] for id_ in found.id[rows]], dtype=bool)
    groups = []
    for side in (first, ~first):
        kept = chosen.followed & side
        groups.append(Cases(chosen.lengths[kept], ~np.isnan(chosen.days[kept])))
    with_, without = (survival.restricted_mean(g, HORIZON) for g in groups)
    gap = None
    if with_ is not None and without is not None:
        half = float(np.hypot(with_.high - with_.low, without.high - without.low)) / 2
        effect = with_.value - without.value
        gap = Estimate(effect, effect - half, effect + half, len(rows))
    return Pilot(
        (int(first.sum()), int((~first).sum())),
        (with_.value if with_ else None, without.value if without else None),
        gap,
        survival.log_rank(groups),
    )


def _value(piece: Piece, measure: Measure) -> float | None:
    if measure == "minutes":
        return None if piece.desk_s is None else piece.desk_s / 60
    if measure == "good":
        return None if piece.good is None else float(piece.good)
    if measure == "similarity":
        return piece.similarity
    return float(piece.findings)

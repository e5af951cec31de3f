"""A second reading of each signal: what Farrington's flexible method alone expects of the same weeks.

Owns when that method may speak. It looks at nothing but the cell's own past counts, as far back as five years, where the
engine also looks at other places and at what the place received about everything else: two opinions that may differ. The
rule it protects: it stands beside a signal, and never raises nor hides one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analytics.signals import farrington
from analytics.signals.cells import YEAR, Reader
from analytics.signals.record import Second, Signal
from data.warehouse import sql

MOST_YEARS = 5  # as Noufaily et al.
LEAST_YEARS = 2  # under which the same weeks of the year are known by one year alone
_SETTINGS = farrington.Settings()
ENOUGH, _ENOUGH_WEEKS = _SETTINGS.enough


def reread(source: Reader, signals: Sequence[Signal]) -> list[Signal]:
    """The same signals with what the method says of each; those without a cell, what no irritant tells, stay as they are."""
    out = list(signals)
    together: dict[tuple[int, int], list[int]] = defaultdict(list)  # those that one regression judges
    past: dict[int, np.ndarray] = {}
    for at, signal in enumerate(signals):
        if signal.detector == "novelty" or signal.weeks is None:
            continue
        past[at], begun = _history(source, signal)
        years = min((begun - _SETTINGS.half_window - signal.weeks + 1) // YEAR, MOST_YEARS)
        if years >= LEAST_YEARS:
            together[years, signal.weeks].append(at)
        else:
            out[at] = replace(signal, second=Second(max(years, 0)))
    for (years, weeks), members in together.items():
        counts = np.column_stack([past[at] for at in members])
        settings = replace(_SETTINGS, years=years, judged=weeks)
        for at, bound in zip(members, farrington.thresholds(counts, len(counts) - 1, settings), strict=True):
            observed = signals[at].observed
            lately = observed + past[at][-_ENOUGH_WEEKS : len(counts) - weeks].sum()
            alarm = bool(observed > bound) if lately >= ENOUGH else None
            out[at] = replace(signals[at], second=Second(years, int(bound), alarm))
    return out


def _history(source: Reader, signal: Signal) -> tuple[np.ndarray, int]:
    """Reviews of the signal's cell week by week, the last week being the as-of date's, and how many weeks ago its place
    received its first one.
    """
    length = MOST_YEARS * YEAR + _SETTINGS.half_window + (signal.weeks or 0)
    scope = signal.scope
    departments = list(scope.zone) or ([scope.department] if scope.department else None)
    frame = source.frame(
        sql(__file__, "cell_history"),
        {
            "as_of": signal.as_of,
            "weeks": length,
            "topic": signal.topic,
            "subject": signal.subject,
            "network": scope.network,
            "typology": scope.typology,
            "structure": scope.structure,
            "region": scope.region,
            "departments": departments,
            "channel": scope.channel,
        },
    )
    age = frame["age"].to_numpy(dtype=np.int64)
    counts = np.zeros(length)
    counts[length - 1 - age] = frame["n"].to_numpy(dtype=float)
    return counts, int(age.max(initial=0))

"""A weak signal as a person reads it, and the signals a refresh left in the snapshot.

Owns the shape of a signal (the JSON of `python -m analytics signals`) and its reading from the tables `signals` and
`signal_weeks`. The rule it protects: a signal carries everything needed to retrace it (its reviews, what was expected,
how many tests were run that week).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

import pandas as pd

from analytics.signals import rising as risen
from data.filters import Filters, narrowed
from data.warehouse import Warehouse, sql

SCOPE = ("network", "typology", "structure", "department", "channel")  # keys of the contract


@dataclass(frozen=True)
class Scope:
    """Where a signal holds; None where it does not narrow."""

    network: str | None = None  # canonical name
    typology: str | None = None  # canonical name
    structure: str | None = None  # structure id
    department: str | None = None  # INSEE code
    channel: str | None = None
    region: str | None = None  # INSEE code
    zone: tuple[str, ...] = ()  # INSEE codes of neighbouring départements

    @classmethod
    def at(cls, level: str, key: str) -> Scope:
        """The scope that one level narrows."""
        return replace(cls(), **{level: key})  # type: ignore[arg-type]

    def cell(self) -> tuple[str, tuple[str, ...]]:
        """Level and keys of a scope that narrows one dimension at most."""
        if self.zone:
            return "department", self.zone
        for level in ("structure", "department", "typology", "network", "region", "channel"):
            key = getattr(self, level)
            if key is not None:
                return level, (key,)
        return "nation", ()


@dataclass(frozen=True)
class Owner:
    """Who must be told: an active structure with a mailbox."""

    structure_id: str
    name: str
    mailbox: str


@dataclass(frozen=True)
class Second:
    """What Farrington's method alone says of a signal's weeks (`second.py`)."""

    years: int  # whole earlier years of the place that it learns from, 0 when there are too few
    bound: int | None = None  # reviews it expects at most; None without enough years
    alarm: bool | None = None  # whether there are more; None too when they are too few for it to say


@dataclass(frozen=True)
class Signal:
    """A small, recent, specific rise that chance and the known background do not explain."""

    id: str
    as_of: date  # last day of publication that the detector saw
    detector: str  # 'surge' | 'place' | 'novelty'; 'slow' on the list to watch only
    topic: int | None  # irritant id, -1 or None when no irritant explains it
    subject: int | None  # fine subject id, when the signal is about that part of the irritant alone
    label: str
    strength: str  # 'weak' | 'strong'
    scope: Scope
    first_week: date  # Monday
    last_week: date  # Monday
    observed: int  # distinct reviews of the window
    expected: float  # reviews the background explains
    ratio: float  # observed / expected
    ratio_low: float  # its one-sided 95 % lower bound
    p: float
    q: float  # false-discovery rate at which it would just be shown
    severity: float  # 0..1, smoothed share of negative reviews among the observed
    terms: tuple[str, ...]
    review_ids: tuple[int, ...]
    owner: Owner | None
    tests: int  # tests run that week
    weeks: int | None = (
        None  # over which reviews are observed and expected, up to `as_of`; None as told by an earlier version
    )
    second: Second | None = None  # None when it has no cell, and before it is read again

    def as_json(self) -> dict[str, Any]:
        """The object of `python -m analytics signals --json`."""
        owner = self.owner or Owner("", "", "")
        return {
            "id": self.id,
            "detector": self.detector,
            "topic": self.topic,
            "label": self.label,
            "strength": self.strength,
            "scope": {name: getattr(self.scope, name) for name in SCOPE},
            "first_week": self.first_week.isoformat(),
            "last_week": self.last_week.isoformat(),
            "observed": self.observed,
            "expected": round(self.expected, 4),
            "ratio": round(self.ratio, 3),
            "ratio_low": round(self.ratio_low, 3),
            "p": self.p,
            "q": self.q,
            "severity": round(self.severity, 3),
            "terms": list(self.terms),
            "review_ids": list(self.review_ids),
            "owner": {f.name: getattr(owner, f.name) or None for f in fields(Owner)},
            "subject": self.subject,
            "region": self.scope.region,
            "zone": list(self.scope.zone),
            "weeks": self.weeks,
            "farrington": asdict(self.second) if self.second else None,
        }


def identity(detector: str, subject: object, scope: Scope, first_week: date) -> str:
    """Id of a signal: the same detector, subject, scope and first week always give the same one."""
    parts = [
        detector,
        str(subject),
        *(str(getattr(scope, f.name) or "") for f in fields(Scope)),
        first_week.isoformat(),
    ]
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=8).hexdigest()


def published(
    warehouse: Warehouse,
    filters: Filters | None = None,
    *,
    detectors: Sequence[str] | None = None,
    strengths: Sequence[str] | None = None,
    weeks: int | None = None,
) -> list[Signal]:
    """Signals the snapshot holds, the most recent and surest first.

    `filters` keeps those with at least one review in the selection; `weeks` those seen in the last weeks before the
    snapshot's last publication. Empty before any refresh.
    """
    if not warehouse.has("signals"):
        return []
    today = date.fromisoformat(warehouse.snapshot.last_publication[:10])
    choice = {
        "detectors": list(detectors) if detectors is not None else None,
        "strengths": list(strengths) if strengths is not None else None,
        "since": today - timedelta(weeks=weeks) if weeks is not None else None,
    }
    frame = warehouse.frame(*narrowed(sql(__file__, "published"), filters or Filters(), choice))
    return from_frame(frame)


def one(warehouse: Warehouse, signal_id: str) -> Signal | None:
    """The signal of that id; None when the snapshot does not hold it."""
    if not warehouse.has("signals"):
        return None
    found = from_frame(warehouse.frame("SELECT * FROM signals WHERE id = $id", {"id": signal_id}))
    return found[0] if found else None


def watched(warehouse: Warehouse) -> list[Signal]:
    """Rare and rising on the last day, not significant yet, the surest first; empty before any refresh."""
    if not warehouse.has("watch_list"):
        return []
    return from_frame(warehouse.frame("SELECT * FROM watch_list ORDER BY p, id"))


def rising(warehouse: Warehouse) -> pd.DataFrame:
    """Words that rise, the surest first: word, recent, usual, z, review_ids; empty before any refresh. As known on a past
    day, they are counted again.
    """
    if not warehouse.has("rising_words"):
        return pd.DataFrame(columns=["word", "recent", "usual", "z", "review_ids"])
    if warehouse.known_on is not None:
        found = risen.words(warehouse, date.fromisoformat(warehouse.snapshot.last_publication))
        return found.sort_values(["z", "word"], ascending=[False, True], ignore_index=True)
    return warehouse.frame("SELECT * FROM rising_words ORDER BY z DESC, word")


def alike(warehouse: Warehouse, signal: Signal, most: int = 5) -> list[Signal]:
    """Earlier signals on the same irritant, or that say the same words, the most recent first."""
    frame = warehouse.frame(
        sql(__file__, "alike"), {"id": signal.id, "topic": signal.topic, "terms": list(signal.terms)}
    )
    return from_frame(frame)[:most]


def institutions(warehouse: Warehouse, signal: Signal) -> pd.DataFrame:
    """Structures of a signal's reviews by excess: structure, typology, reviews, usual (a share of their past year)."""
    weeks = signal.weeks or max(1, (signal.last_week - signal.first_week).days // 7 + 1)
    query = sql(__file__, "signal_institutions")
    return warehouse.frame(
        query,
        {
            "ids": list(signal.review_ids),
            "topic": signal.topic if signal.topic is not None else -1,
            "first": signal.first_week,
            "weeks": weeks,
        },
    )


def evolution(warehouse: Warehouse, signal: Signal) -> pd.DataFrame:
    """Week by week, since before it began: `week` (Monday), `observed`, `expected`, `low`, `high`.

    `low` and `high` bound what chance alone would give nine weeks out of ten.
    """
    query = "SELECT week, observed, expected, low, high FROM signal_weeks WHERE signal_id = $id ORDER BY week"
    frame = warehouse.frame(query, {"id": signal.id})
    frame["week"] = pd.to_datetime(frame["week"])
    return frame


def reviews(warehouse: Warehouse, signal: Signal) -> pd.DataFrame:
    """The reviews of a signal: id, published_on, title, body, sentiment, network, typology, structure, department."""
    return warehouse.frame(sql(__file__, "signal_reviews"), {"ids": list(signal.review_ids)})


def as_row(signal: Signal) -> dict[str, Any]:
    """The row of the `signals` table."""
    scope, owner = signal.scope, signal.owner
    own = {
        f.name: getattr(signal, f.name)
        for f in fields(Signal)
        if f.name not in ("scope", "owner", "terms", "review_ids", "second")
    }
    return {
        **own,
        "network": scope.network,
        "typology": scope.typology,
        "structure_id": scope.structure,
        "department": scope.department,
        "channel": scope.channel,
        "region": scope.region,
        "zone": list(scope.zone),
        "terms": list(signal.terms),
        "review_ids": list(signal.review_ids),
        "owner_id": owner.structure_id if owner else None,
        "owner_name": owner.name if owner else None,
        "owner_mailbox": owner.mailbox if owner else None,
        **{f"second_{f.name}": getattr(signal.second, f.name, None) for f in fields(Second)},
    }


def from_frame(frame: pd.DataFrame) -> list[Signal]:
    """Signals from rows of the `signals` table."""
    columns = [str(name) for name in frame.columns]
    return [_signal(dict(zip(columns, row, strict=True))) for row in frame.itertuples(index=False)]


def _signal(row: dict[str, Any]) -> Signal:
    row = {key: None if _missing(value) else value for key, value in row.items()}
    owner = None
    if row["owner_id"] and row["owner_mailbox"]:
        owner = Owner(row["owner_id"], row["owner_name"] or row["owner_id"], row["owner_mailbox"])
    weeks, years, bound, alarm = (row.get(name) for name in ("weeks", "second_years", "second_bound", "second_alarm"))
    return Signal(
        id=row["id"],
        as_of=_day(row["as_of"]),
        detector=row["detector"],
        topic=None if row["topic"] is None else int(row["topic"]),
        label=row["label"],
        strength=row["strength"],
        subject=None if row["subject"] is None else int(row["subject"]),
        scope=Scope(
            row["network"],
            row["typology"],
            row["structure_id"],
            row["department"],
            row["channel"],
            row["region"],
            tuple(row["zone"] if row["zone"] is not None else ()),
        ),
        first_week=_day(row["first_week"]),
        last_week=_day(row["last_week"]),
        observed=int(row["observed"]),
        expected=float(row["expected"]),
        ratio=float(row["ratio"]),
        ratio_low=float(row["ratio_low"]),
        p=float(row["p"]),
        q=float(row["q"]),
        severity=float(row["severity"]),
        terms=tuple(row["terms"] if row["terms"] is not None else ()),
        review_ids=tuple(int(i) for i in row["review_ids"]),
        owner=owner,
        tests=int(row["tests"]),
        weeks=None if weeks is None else int(weeks),
        second=None
        if years is None
        else Second(int(years), None if bound is None else int(bound), None if alarm is None else bool(alarm)),
    )


def _missing(value: Any) -> bool:
    return value is None or (not hasattr(value, "__len__") and bool(pd.isna(value)))


def _day(value: Any) -> date:
    return pd.Timestamp(value).date()

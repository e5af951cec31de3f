"""Every review as numbers in memory: when it was written, published and answered, and what it may be filtered by.

Delays are asked for by a dozen cuts at once, at each change of a filter; over a million rows that is too much to join
again each time. A process reads them once a snapshot (about 50 bytes a review) and cuts arrays. The rule it protects: what
counts as answered, canned or outside is decided by `sql/measured.sql` alone, here as everywhere.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data import days
from data.filters import Filters
from data.warehouse import Warehouse, sql

Basis = Literal["publication", "written"]
Unit = Literal["calendar", "working"]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
_DAY = 86400.0
_PARIS = ZoneInfo("Europe/Paris")
_EPOCH = date(1970, 1, 1)
_CODED = ("network", "typology", "structure", "department", "region", "sentiment")
_FIELDS = {  # field of Filters -> dimension here
    "networks": "network", "typologies": "typology", "structures": "structure", "departments": "department",
    "regions": "region", "sentiments": "sentiment",
}  # fmt: skip
_KEPT = 2  # snapshots read at once in a process: the one in service and the one before


@dataclass(frozen=True)
class Waits:
    """Reviews in columns, sorted by delay since publication, those still waiting last. Moments are seconds since 1970."""

    id: Ints
    published: Floats
    written: Floats  # NaN when unknown
    replied: Floats  # first real reply, NaN when none is dated
    day: NDArray[np.int32]  # publication day in France, since 1970
    written_day: NDArray[np.int32]  # -1 when unknown
    replied_day: NDArray[np.int32]  # -1 without a dated reply
    answered: Bools  # really answered, whenever
    canned: Bools  # got DITP's waiting message and nothing else
    outside: Bools  # Hors structure
    codes: dict[str, NDArray[np.signedinteger]]  # by dimension, -1 for none
    names: dict[str, list[str]]  # values of a dimension by code
    labels: dict[str, list[str]]  # what the screen says of them
    irritant: NDArray[np.signedinteger]  # id, -1 for none
    channels: Ints  # a bit for each of names["channel"]
    network_of: NDArray[np.signedinteger]  # code of the network of each structure
    by_day: Ints  # places of the reviews in order of publication
    end: date  # the midnight after the last publication day

    def kept(self, filters: Filters) -> Bools:
        """Which reviews a selection holds."""
        kept = np.ones(len(self.day), dtype=bool)
        if filters.start:
            kept &= self.day >= (filters.start - _EPOCH).days
        if filters.end:
            kept &= self.day <= (filters.end - _EPOCH).days
        for field, dimension in _FIELDS.items():
            wanted = getattr(filters, field)
            if wanted:
                chosen = np.zeros(len(self.names[dimension]) + 1, dtype=bool)  # the last one is none
                chosen[:-1] = np.isin(self.names[dimension], wanted)
                kept &= chosen[self.codes[dimension]]
        if filters.irritants:
            kept &= np.isin(self.irritant, filters.irritants)
        if filters.channels:
            bits = sum(1 << k for k, name in enumerate(self.names["channel"]) if name in filters.channels)
            kept &= (self.channels & bits) != 0
        return kept


@dataclass(frozen=True)
class Selection:
    """The reviews of a selection as they stood at its end. `rows` are places in `Waits`; other arrays follow it."""

    waits: Waits
    rows: Ints
    basis: Basis
    unit: Unit
    end: date

    @cached_property
    def later(self) -> Bools:
        """Answered after the end: still waiting then."""
        return self.waits.replied[self.rows] >= _seconds(self.end)

    @cached_property
    def outside(self) -> Bools:
        """Hors structure: counted apart from everything."""
        return self.waits.outside[self.rows]

    @cached_property
    def answered(self) -> Bools:
        """Really answered by the end."""
        return self.waits.answered[self.rows] & ~self.later

    @cached_property
    def canned(self) -> Bools:
        """Got a waiting message and nothing else."""
        return self.waits.canned[self.rows]

    @cached_property
    def begun(self) -> Floats:
        """Where the delay starts, NaN when unknown."""
        return (self.waits.published if self.basis == "publication" else self.waits.written)[self.rows]

    @cached_property
    def delay(self) -> Floats:
        """Calendar days to the reply, negative ones included; NaN without a dated reply by the end."""
        return np.where(self.later, np.nan, (self.waits.replied[self.rows] - self.begun) / _DAY)

    @cached_property
    def days(self) -> Floats:
        """Days to the reply in the unit asked; NaN without one, or when it is dated before the review."""
        delay = self.delay
        with np.errstate(invalid="ignore"):
            good = delay >= 0
        if self.unit == "calendar":
            return np.where(good, delay, np.nan)
        ended = self.waits.replied_day[self.rows]
        return np.where(good, _worked(self._begun_day, np.where(good, ended, -1)), np.nan)

    @cached_property
    def age(self) -> Floats:
        """Days waited at the end, in the unit asked; NaN when the start is unknown."""
        end = _seconds(self.end)
        if self.unit == "calendar":
            return (end - self.begun) / _DAY
        return _worked(self._begun_day, np.full(len(self.rows), (self.end - _EPOCH).days - 1))

    @property
    def _begun_day(self) -> NDArray[np.int32]:
        return (self.waits.day if self.basis == "publication" else self.waits.written_day)[self.rows]

    @cached_property
    def timed(self) -> Bools:
        """Whether the delay is known."""
        return ~np.isnan(self.days) & ~self.outside

    @cached_property
    def followed(self) -> Bools:
        """Whether a survival curve counts it: a known delay, or still waiting."""
        return ~self.outside & ~np.isnan(self.begun) & (self.timed | ~self.answered)

    @cached_property
    def lengths(self) -> Floats:
        """The delay, or how long it has waited."""
        return np.where(np.isnan(self.days), self.age, self.days)

    def old(self, target: float) -> Bools:
        """Published long enough before the end for the target to be known kept or missed."""
        return self.age > target


def select(waits: Waits, filters: Filters, basis: Basis, unit: Unit) -> Selection:
    """The reviews of `filters`, looked at on the midnight that ends its last day (the data's, at most)."""
    end = min(filters.end + timedelta(days=1), waits.end) if filters.end else waits.end
    return Selection(waits, np.flatnonzero(waits.kept(filters)), basis, unit, end)


_lock = threading.Lock()
_read: OrderedDict[tuple[str, str], Waits] = OrderedDict()


def of(warehouse: Warehouse) -> Waits:
    """The reviews of a snapshot, read once a process."""
    key = (str(warehouse.home), warehouse.snapshot.id)
    with _lock:
        if key not in _read:
            _read[key] = _load(warehouse)
            while len(_read) > _KEPT:
                _read.popitem(last=False)
        _read.move_to_end(key)
        return _read[key]


def _load(warehouse: Warehouse) -> Waits:
    from analytics.delays import measured

    channels = [c for (c,) in warehouse.rows(_CHANNELS, budget_s=60)][:62]
    bits = " + ".join(
        f"CASE WHEN list_contains(m.channels, $c{k}) THEN {1 << k} ELSE 0 END" for k in range(len(channels))
    )
    query = sql(__file__, "waits").replace("/*measured*/", measured()).replace("/*filters*/ TRUE", "TRUE")
    query = query.replace("/*channels*/ 0", bits or "0")
    frame = warehouse.frame(query, {f"c{k}": name for k, name in enumerate(channels)}, budget_s=120)
    order = np.argsort((frame["replied"] - frame["published"]).to_numpy(dtype=np.float64), kind="stable")
    frame = frame.iloc[order]
    names, labels = {"channel": channels}, {"channel": channels}
    networks = np.array([], dtype=np.int64)
    for dimension in _CODED:
        told = warehouse.rows(_NAMES[dimension], budget_s=60)
        names[dimension] = [row[0] for row in told]
        labels[dimension] = [row[1] or row[0] for row in told]
        if dimension == "structure":
            place = {name: k for k, name in enumerate(names["network"])}
            networks = np.array([place.get(row[2], -1) for row in told], dtype=np.int64)
    columns = {name: frame[name].to_numpy() for name in frame.columns}
    return Waits(
        published=columns["published"].astype(np.float64),
        written=columns["written"].astype(np.float64),
        replied=columns["replied"].astype(np.float64),
        answered=columns["answered"].astype(bool),
        canned=columns["canned"].astype(bool),
        outside=columns["outside"].astype(bool),
        id=columns["id"].astype(np.int64),
        day=columns["day"].astype(np.int32),
        written_day=columns["written_day"].astype(np.int32),
        replied_day=columns["replied_day"].astype(np.int32),
        codes={name: columns[name] for name in _CODED},
        names=names,
        labels=labels,
        irritant=columns["irritant"],
        channels=columns["channels"].astype(np.int64),
        network_of=networks,
        by_day=np.argsort(columns["day"], kind="stable"),
        end=date.fromisoformat(warehouse.snapshot.last_publication[:10]) + timedelta(days=1),
    )


_CHANNELS = "SELECT c FROM (SELECT unnest(channels) AS c FROM reviews) GROUP BY c ORDER BY count(*) DESC, c"
_NAMES = {
    name: f"SELECT {name}, {name} FROM reviews WHERE {name} IS NOT NULL GROUP BY {name} ORDER BY {name}"
    for name in ("network", "typology", "sentiment")
} | {
    "structure": "SELECT structure_id, any_value(structure), any_value(network) FROM reviews "
    "WHERE structure_id IS NOT NULL GROUP BY structure_id ORDER BY structure_id",
    "department": "SELECT department, (SELECT any_value(name) FROM departments WHERE code = department) FROM reviews "
    "WHERE department IS NOT NULL GROUP BY department ORDER BY department",
    "region": "SELECT region, (SELECT any_value(d.region) FROM departments AS d WHERE d.region_code = reviews.region) "
    "FROM reviews WHERE region IS NOT NULL GROUP BY region ORDER BY region",
}


def _seconds(day: date) -> float:
    """Midnight in France."""
    return datetime(day.year, day.month, day.day, tzinfo=_PARIS).timestamp()


@lru_cache(maxsize=8)
def _calendar(first: int, last: int) -> Ints:
    """Working days in France up to and including each day since 1970, from `first` to `last`."""
    told = days.french(_EPOCH + timedelta(days=first), _EPOCH + timedelta(days=last))
    return np.cumsum([working for _, working, _ in told])


def _worked(begun: NDArray[np.signedinteger], ended: NDArray[np.signedinteger]) -> Floats:
    """Working days after the day `begun`, the day `ended` included: a reply on the same day took none; NaN when either
    is -1.
    """
    known = (begun >= 0) & (ended >= 0)
    found = np.full(len(begun), np.nan)
    if not known.any():
        return found
    start, stop = begun[known].astype(np.int64), ended[known].astype(np.int64)
    first, last = int(min(start.min(), stop.min())), int(max(start.max(), stop.max()))
    counted = _calendar(first, last)
    found[known] = np.maximum(counted[stop - first] - counted[start - first], 0)
    return found


def grouped(group: NDArray[np.signedinteger], values: Floats, groups: int, quantiles: Sequence[float]) -> Floats:
    """Quantiles (linear between values) of each of `groups` groups numbered from 0; NaN for an empty one.

    Shape (len(quantiles), groups). Values that come sorted cost a stable sort of small integers only.
    """
    small = group.astype(np.int16) if groups < 32000 else group
    ordered = len(values) < 2 or bool((values[1:] >= values[:-1]).all())
    order = np.argsort(small, kind="stable") if ordered else np.lexsort((values, small))
    sorted_values = values[order]
    size = np.bincount(group, minlength=groups)
    start = np.cumsum(size) - size
    found = np.full((len(quantiles), groups), np.nan)
    some = size > 0
    for k, q in enumerate(quantiles):
        at = q * (size[some] - 1)
        low = np.floor(at).astype(np.int64)
        high = np.minimum(low + 1, size[some] - 1)
        below, above = sorted_values[start[some] + low], sorted_values[start[some] + high]
        found[k, some] = below + (above - below) * (at - low)
    return found


def months(waits: Waits, rows: Ints) -> tuple[Ints, pd.DatetimeIndex]:
    """Month of publication of each row as a number from 0, and the months."""
    day = waits.day[rows].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    found, code = np.unique(day, return_inverse=True) if len(day) else (np.array([], dtype=np.int64), day)
    return code, pd.DatetimeIndex(found.astype("datetime64[M]").astype("datetime64[ns]"))

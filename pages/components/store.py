"""What a server process opens once and shares: the warehouse in service and the operations store.

The rule it protects: cache keys hold the snapshot's id, never a frame; when the pointer moves, the next rerun reads the
new snapshot and the old one is closed once nobody can be reading it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy import Engine

from analytics import past
from data import settings, snapshots
from data.operations.engine import open_store
from data.settings import Settings
from data.snapshots import Snapshot
from data.warehouse import Warehouse


def config() -> Settings:
    """Settings of this process."""
    return settings.load()


KNOWN_ON = "_known_on"  # session: the past day that the page is asked as known on, set by the frame
PARAMETER = "connu_le"  # of an address: that day
_PARIS = ZoneInfo("Europe/Paris")


def known_on() -> date | None:
    """The past day that the page is asked as known on; None for today."""
    day: date | None = st.session_state.get(KNOWN_ON)
    return day


def end_of_day() -> datetime | None:
    """The moment that ends that day, UTC: what people did later had not been done."""
    day = known_on()
    return None if day is None else datetime.combine(day + timedelta(days=1), time(), _PARIS).astimezone(UTC)


def named(name: str) -> str:
    """The name of a file taken away from the page: it tells the day it is as known on."""
    day = known_on()
    return name if day is None else f"{name}-connu-le-{day}"


def snapshot() -> Snapshot:
    """The snapshot in service. Raises NoSnapshot (the guard shows the welcome page before that).

    Asked as known on a past day, its id names that day and its last publication is not later.
    """
    return warehouse().snapshot if known_on() else snapshots.current(config().home)


def warehouse() -> Warehouse:
    """The snapshot in service, opened once a process; as known on a past day when the frame says so."""
    day = known_on()
    home, now = str(config().home), snapshots.current(config().home).id
    return _past(home, now, day) if day else _warehouse(home, now)


@st.cache_resource(max_entries=8, show_spinner=False)
def _past(home: str, snapshot_id: str, day: date) -> Warehouse:
    return past.known_on(_warehouse(home, snapshot_id), day)


@st.cache_resource(max_entries=3, show_spinner=False)
def _warehouse(home: str, snapshot_id: str) -> Warehouse:
    found = snapshots.current(Path(home))
    if found.id != snapshot_id:
        found = next(s for s in snapshots.kept(Path(home)) if s.id == snapshot_id)
    return Warehouse(Path(home), found)


def operations() -> Engine:
    """The operations store, opened once a process. Raises VigieError when it is out of reach."""
    return _operations(config().operations)


@st.cache_resource(max_entries=2, show_spinner=False)
def _operations(url: str) -> Engine:
    return open_store(url)

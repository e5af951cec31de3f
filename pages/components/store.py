"""What a server process opens once and shares: the warehouse in service and the operations store.

The rule it protects: cache keys hold the snapshot's id, never a frame; when the pointer moves, the next rerun reads the
new snapshot and the old one is closed once nobody can be reading it.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import streamlit as st
from sqlalchemy import Engine

from data import history, settings, snapshots
from data.operations.engine import open_store
from data.settings import Settings
from data.snapshots import Snapshot
from data.warehouse import Warehouse


def config() -> Settings:
    """Settings of this process."""
    return settings.load()


KNOWN_ON = "_known_on"  # session: the past day that the page is asked as known on, set by the frame


def snapshot() -> Snapshot:
    """The snapshot in service. Raises NoSnapshot (the guard shows the welcome page before that).

    Asked as known on a past day, its id names that day and its last publication is not later.
    """
    day = st.session_state.get(KNOWN_ON)
    return warehouse().snapshot if day else snapshots.current(config().home)


def warehouse() -> Warehouse:
    """The snapshot in service, opened once a process; as known on a past day when the frame says so."""
    day = st.session_state.get(KNOWN_ON)
    home, now = str(config().home), snapshots.current(config().home).id
    return _past(home, now, day) if day else _warehouse(home, now)


@st.cache_resource(max_entries=8, show_spinner=False)
def _past(home: str, snapshot_id: str, day: date) -> Warehouse:
    return history.known_on(_warehouse(home, snapshot_id), day)


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

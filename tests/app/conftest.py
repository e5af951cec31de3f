"""Pages opened without a browser: the whole app runs in this process, identity, guard and navigation included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import streamlit as st
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from data import snapshots
from pages.components import french, navigation

Opened = Callable[..., AppTest]


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser is on this machine, where the development identity works."""
    monkeypatch.setattr(ContextProxy, "ip_address", property(lambda _: "127.0.0.1"))
    monkeypatch.setattr(ContextProxy, "headers", property(lambda _: {}))


@pytest.fixture
def open_page(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """`open_page("irritant", "analyste.demo", id="1", chosen={"ressenti": ["Positif"]})` opens a room as someone.

    `chosen` sets widgets by key; the rest are query parameters. Fails when the script raised: nobody sees a traceback.
    """
    st.cache_data.clear()

    def opened(
        slug: str, profile: str = "admin.demo", *, chosen: Mapping[str, Any] | None = None, **parameters: str
    ) -> AppTest:
        app = AppTest.from_file(str(navigation.ROOT / "app.py"), default_timeout=60)
        app.session_state["profil"] = profile
        with monkeypatch.context() as morning:  # starts on a page without filters: AppTest would send theirs back
            for role in navigation.Role:
                morning.setitem(navigation.HOME, role, "transparence")
            app.run()
        for key, value in {"profil": profile, **(chosen or {})}.items():
            app.session_state[key] = value
        for name, value in parameters.items():
            app.query_params[name] = value
        app.switch_page(navigation.room(slug).script).run()
        assert not app.exception, app.exception
        return app

    return opened


def said(app: AppTest) -> str:
    """Every sentence the page shows outside tables, one a line."""
    kinds = (
        app.title,
        app.header,
        app.subheader,
        app.markdown,
        app.text,
        app.caption,
        app.info,
        app.warning,
        app.error,
        app.html,
    )
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def figures(app: AppTest) -> dict[str, str]:
    """Key figures by name, as written, those of too few cases included."""
    few = [text.value for text in app.text if text.value.startswith(french.TOO_FEW_SAID)]
    names = [label.value[len(":small[") : -1] for label in app.markdown if label.value.startswith(":small[")]
    return {metric.label: metric.value for metric in app.metric} | dict(zip(names, few, strict=True))


def linked(app: AppTest) -> list[str]:
    """Labels of the links of the page, in order."""
    return [link.value for link in app.page_link]


def asked(home: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of a hand-written query over the snapshot in service."""
    with duckdb.connect(str(snapshots.file_of(home, snapshots.current(home))), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def loaded_home(tiny_home: Path) -> Path:
    """The tiny home as ingest leaves it: nothing derived yet, no topics and no signals."""
    serving = snapshots.current(tiny_home)
    with duckdb.connect(str(snapshots.file_of(tiny_home, serving))) as connection:
        for table in (
            "review_measures",
            "review_metadata",
            "completeness",
            "topics",
            "review_topics",
            "cells",
            "signals",
            "signal_weeks",
            "impact",
            "adoption",
            "refreshes",
        ):
            connection.execute(f"DROP TABLE {table}")
    snapshots.serve(tiny_home, replace(serving, refreshed=False))
    return tiny_home

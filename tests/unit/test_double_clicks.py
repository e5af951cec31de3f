"""The second click of a double click may come with a key of its own: the same thing asked twice in a row is done once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import Engine

from data.operations import actions, adoptions, curation, journal, subscriptions, watched

Write = Callable[[Engine, str], object]


def _subscribe(store: Engine, key: str) -> object:
    return subscriptions.subscribe(store, key, person="sacha", address="sacha@exemple.fr", department="59")


def _watch(store: Engine, key: str) -> object:
    return watched.watch(store, key, "Chèque énergie", ["chèque énergie"], created_by="sacha")


def _save_view(store: Engine, key: str) -> object:
    return watched.save_view(store, key, "tendances", "Le Nord", {"lieu": ["59"]}, person="sacha")


def _relabel(store: Engine, key: str) -> object:
    return curation.relabel(store, key, 3, "Attente au guichet", made_by="sacha", reason="plus clair")


def _hide(store: Engine, key: str) -> object:
    return curation.hide(store, key, 3, made_by="sacha", reason="hors sujet")


def _merge(store: Engine, key: str) -> object:
    return curation.merge(store, key, 3, 4, made_by="sacha", reason="la même chose")


def _plan(store: Engine, key: str) -> object:
    due = date(2026, 12, 1)
    return actions.add(store, key, 3, "Corriger le formulaire", owner="Le guichet", due_on=due, created_by="sacha")


def _declare(store: Engine, key: str) -> object:
    return adoptions.declare(store, key, "s1", date(2026, 3, 1), by="sacha")


@pytest.mark.parametrize("write", [_subscribe, _watch, _save_view, _relabel, _hide, _merge, _plan, _declare])
def test_the_same_thing_asked_twice_is_done_once(operations: Engine, write: Write) -> None:
    assert write(operations, "first click") == write(operations, "second click")
    assert journal.count(operations) == 1


def test_a_title_given_back_is_given_again(operations: Engine) -> None:
    _relabel(operations, "a")
    curation.relabel(operations, "b", 3, "Attente", made_by="sacha", reason="plus court")
    _relabel(operations, "c")
    assert [edit.label for edit in curation.in_force(operations)] == [
        "Attente au guichet",
        "Attente",
        "Attente au guichet",
    ]

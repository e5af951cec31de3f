"""The access page tells the very table that the guard enforces."""

from __future__ import annotations

from pathlib import Path

from pages.components import navigation
from pages.components.navigation import Role
from tests.app.conftest import Opened, said


def test_each_role_and_room_as_the_guard_has_it(tiny_home: Path, open_page: Opened):
    app = open_page("acces")
    table = app.table[0].value.set_index("Page")
    for room in navigation.ROOMS:
        for role in Role:
            assert (table.loc[room.title, role.value] == "✓ oui") == (role in room.roles)


def test_only_administrators_enter(tiny_home: Path, open_page: Opened):
    assert "n'est pas ouverte" in said(open_page("acces", "chef.demo"))

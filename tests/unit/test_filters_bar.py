"""The filter bar: what it asks for, its removable words, its reset, and what an invented address may do (nothing)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from data.filters import Filters
from pages.components import filters


def bar(**chosen: Any) -> AppTest:
    """The bar alone on a page, some widgets set beforehand; what it asks for is in `asked`."""

    def script() -> None:
        import streamlit as st

        from pages.components import filters

        st.session_state["asked"] = filters.bar()

    app = AppTest.from_function(script, default_timeout=30)
    for key, value in chosen.items():
        app.session_state[key] = value
    app.run()
    assert not app.exception, app.exception
    return app


def asked(app: AppTest) -> Filters:
    return app.session_state["asked"]


def words(app: AppTest) -> list[str]:
    """Removable words and the reset button, as written."""
    return [button.label for button in app.button]


def test_twelve_months_up_to_the_last_publication_by_default(tiny_home: Path) -> None:
    app = bar()
    assert asked(app) == Filters(start=date(2024, 7, 2), end=date(2025, 6, 30))
    assert words(app) == []


@pytest.mark.parametrize(
    ("period", "start"), [("4 semaines", date(2025, 6, 3)), ("3 mois", date(2025, 4, 1)), ("Tout", None)]
)
def test_a_preset_sets_the_first_day(tiny_home: Path, period: str, start: date | None) -> None:
    app = bar(periode=period)
    assert asked(app).start == start
    assert words(app) == ["Réinitialiser"]


def test_choices_become_ids_and_codes(tiny_home: Path) -> None:
    app = bar(structure=["Caf du Nord"], departement=["59 – Nord"], irritant=["Aide au logement en attente"])
    found = asked(app)
    assert (found.structures, found.departments, found.irritants) == (("cafNord001",), ("59",), (1,))


def test_each_choice_is_a_word_that_can_be_taken_back(tiny_home: Path) -> None:
    app = bar(canal=["Accueil"], ressenti=["Négatif"])
    assert words(app) == ["Canal : Accueil", "Ressenti : Négatif", "Réinitialiser"]
    app.button[0].click().run()
    assert asked(app).channels == ()
    assert asked(app).sentiments == ("Négatif",)
    assert words(app) == ["Ressenti : Négatif", "Réinitialiser"]


def test_the_reset_takes_everything_back(tiny_home: Path) -> None:
    app = bar(periode="Tout", canal=["Accueil"], ressenti=["Positif"], irritant=["Aide au logement en attente"])
    app.button(key="reset_filters").click().run()
    assert asked(app) == Filters(start=date(2024, 7, 2), end=date(2025, 6, 30))
    assert words(app) == []


def test_chosen_dates_are_kept_in_order(tiny_home: Path) -> None:
    app = bar(periode="Dates", du=date(2025, 6, 10), au=date(2025, 6, 1))
    assert (asked(app).start, asked(app).end) == (date(2025, 6, 1), date(2025, 6, 10))
    assert "échangées" in app.error[0].value


def test_values_that_no_snapshot_holds_do_not_narrow(tiny_home: Path) -> None:
    found = asked(bar(institution=["' OR 1=1 --"], departement=["99"], structure=["Caf du Nord"]))
    assert (found.typologies, found.departments, found.structures) == ((), (), ("cafNord001",))


def test_no_widget_is_without_a_name_or_in_english(tiny_home: Path) -> None:
    app = bar()
    assert all(widget.label for widget in [*app.multiselect, *app.selectbox, *app.button])
    assert {box.placeholder for box in app.multiselect} == {"Tous", "Toutes"}


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        (Filters(), "toute la période"),
        (Filters(start=date(2025, 6, 1), end=date(2025, 6, 30)), "du 1 juin 2025 au 30 juin 2025"),
    ],
)
def test_the_period_is_said_in_words(chosen: Filters, told: str) -> None:
    assert filters.described(chosen) == told

"""Numbers, dates and shares as French readers write them."""

from __future__ import annotations

from datetime import date

import pytest

from pages.components import french


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(12345.6, 0, "12\u202f346"), (3.14, 1, "3,1"), (0, 0, "0"), (None, 0, "–"), (float("nan"), 2, "–")],
)
def test_numbers(value: float | None, decimals: int, text: str) -> None:
    assert french.number(value, decimals) == text


def test_a_share_on_too_few_cases_is_not_a_percentage() -> None:
    assert french.percent(0.5, n=7) == "Effectif insuffisant (n = 7)"
    assert french.percent(0.5, n=20) == "50\u202f%"


def test_changes_carry_their_sign() -> None:
    assert [french.signed(x) for x in (3, -2, 0.2)] == ["+3", "−2", "0"]


def test_dates() -> None:
    assert french.day(date(2026, 11, 23)) == "23 nov. 2026"
    assert french.long_day(date(2026, 11, 23)) == "lundi 23 novembre 2026"


def test_words_agree_with_their_number() -> None:
    assert french.count(1, "signal", "signaux") == "1 signal"
    assert french.count(0, "signal", "signaux") == "0 signal"
    assert french.count(2, "signal", "signaux") == "2 signaux"
    assert french.days(1) == "1 jour"
    assert french.days(3.5) == "3,5 jours"

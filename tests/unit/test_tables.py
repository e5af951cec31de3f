"""Tables and their CSV: French on screen, a spreadsheet that runs nothing, text that stays text."""

from __future__ import annotations

import csv
import io
from datetime import date

import pandas as pd
import pytest
import streamlit
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages.components import tables

DANGEROUS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "-HYPERLINK(1)", "@SUM(A1)", "\t=1", "\n=1"]


def read_back(frame: pd.DataFrame) -> list[list[str]]:
    """The CSV's rows as a spreadsheet reads them, header first."""
    return list(csv.reader(io.StringIO(tables.to_csv(frame).decode("utf-8-sig"), newline=""), delimiter=";"))


@pytest.mark.parametrize("text", DANGEROUS)
def test_text_that_looks_like_a_formula_is_disarmed(text: str) -> None:
    assert read_back(pd.DataFrame({"Titre": [text]}))[1] == ["'" + text]


@pytest.mark.parametrize("text", ["-3,5 jours", "+12 %", "Bonjour = merci", "", "12"])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert read_back(pd.DataFrame({"Titre": [text], "n": [1]}))[1][0] == text


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=30))
def test_no_text_leaves_as_a_formula(text: str) -> None:
    written = read_back(pd.DataFrame({"a": [text], "b": [1]}))[1][0]
    assert written.lstrip("'") == text.replace("\r\n", "\n").replace("\r", "\n").lstrip("'")
    assert not written.startswith(("=", "@", "\t", "\n", "\r"))


def test_a_french_spreadsheet_opens_the_file() -> None:
    raw = tables.to_csv(pd.DataFrame({"Délai (jours)": [3.5], "Avis": [1200]}))
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.decode("utf-8-sig").splitlines() == ["Délai (jours);Avis", "3,5;1200"]


def test_column_names_that_come_from_data_are_disarmed_too() -> None:
    assert read_back(pd.DataFrame({"=1+1": [1]}))[0] == ["'=1+1"]


def test_cells_are_said_in_french() -> None:
    frame = pd.DataFrame(
        {
            "n": [12345],
            "taux": [0.36],
            "oui": [True],
            "jour": [pd.Timestamp(date(2025, 6, 30))],
            "rien": [None],
            "absent": [float("nan")],
        }
    )
    assert tables.printable(frame).iloc[0].tolist() == ["12\u202f345", "0,4", "Oui", "30 juin 2025", "–", "–"]


def test_a_small_table_shows_markdown_as_it_was_typed() -> None:
    def script() -> None:
        import pandas as pd

        from pages.components import tables

        frame = pd.DataFrame({"titre": ["![x](http://a.fr/p.png) **gras**"]})
        tables.table(frame, {"titre": "Titre"}, name="essai", alt="Essai")

    app = AppTest.from_function(script).run()
    assert not app.exception
    assert app.table[0].value["Titre"].tolist() == [r"\!\[x\]\(http\://a.fr/p.png\) \*\*gras\*\*"]


def test_a_large_table_is_a_grid_with_its_labels() -> None:
    def script() -> None:
        import pandas as pd

        from pages.components import tables

        tables.table(pd.DataFrame({"n": range(40), "secret": range(40)}), {"n": "Avis"}, name="essai", alt="Essai")

    app = AppTest.from_function(script).run()
    assert list(app.dataframe[0].value.columns) == ["n"]
    assert len(app.dataframe[0].value) == 40


def test_a_number_of_a_table_is_written_in_french_and_stays_a_number() -> None:
    frame = pd.DataFrame({"effet": [-0.52, 1234.5, None], "part": [12.34, 0.0, 5.0], "n": [1, 2, 3]})
    labels = {
        "effet": streamlit.column_config.NumberColumn("Effet", format="%+.2f pt"),
        "part": streamlit.column_config.NumberColumn("Part", format="%.1f %%"),
        "n": "Avis",
    }
    cells, columns = tables.in_french(frame, labels)
    html = cells.to_html()
    for written in ("−0,52\u202fpt", "+1\u202f234,50\u202fpt", "–", "12,3\u202f%", "0,0\u202f%"):
        assert f">{written}</td>" in html
    assert cells.data["effet"].tolist()[:2] == [-0.52, 1234.5]
    assert columns["effet"]["type_config"]["format"] is None
    assert columns["effet"]["label"] == "Effet"
    assert labels["effet"]["type_config"]["format"] == "%+.2f pt"


def test_a_table_without_such_formats_is_shown_as_it_is() -> None:
    frame = pd.DataFrame({"n": [1]})
    assert tables.in_french(frame, {"n": "Avis"})[0] is frame

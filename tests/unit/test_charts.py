"""Charts: bars from zero, an unfinished period apart, months in French, a table behind each figure."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.components import charts, palette
from pages.components.charts import Line, Mark


@pytest.fixture(autouse=True)
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """The light theme: outside a browser there is none."""
    monkeypatch.setattr(palette, "dark", lambda: False)


def weeks(n: int) -> pd.DataFrame:
    days = pd.date_range("2025-01-06", periods=n, freq="7D")
    return pd.DataFrame({"week": days, "n": range(n), "low": [0] * n, "high": [9] * n})


CURVE = [Line("n", "Avis", "#000091")]


def test_axes_start_at_zero() -> None:
    assert charts.lines(weeks(4), "week", CURVE)["layout"]["yaxis"]["rangemode"] == "tozero"
    assert charts.bars(["a"], [3])["layout"]["xaxis"]["rangemode"] == "tozero"


def test_an_unfinished_period_is_drawn_apart() -> None:
    whole, last = charts.lines(weeks(4), "week", CURVE, incomplete=True)["data"]
    assert whole["y"] == [0, 1, 2, None]
    assert last["y"] == [2, 3]
    assert last["line"]["dash"] == "dot"


def test_uncertainty_is_a_band_under_the_curve() -> None:
    band, curve = charts.lines(weeks(3), "week", CURVE, band=("low", "high"))["data"]
    assert band["fill"] == "toself"
    assert band["y"] == [9, 9, 9, 0, 0, 0]
    assert curve["y"] == [0, 1, 2]


def test_months_are_said_in_french() -> None:
    ticks = charts.lines(weeks(60), "week", CURVE)["layout"]["xaxis"]["ticktext"]
    assert ticks[0] == "janv. 2025"
    assert len(ticks) <= 8


def test_hovering_reads_french() -> None:
    (curve,) = charts.lines(weeks(2), "week", CURVE, unit=" avis")["data"]
    assert curve["text"][1] == "13 janv. 2025 : 1 avis"


def test_an_event_is_a_thin_named_mark() -> None:
    layout = charts.lines(weeks(4), "week", CURVE, marks=[Mark(date(2025, 1, 13), "Adoption")])["layout"]
    assert layout["shapes"][0]["x0"] == "2025-01-13"
    assert layout["annotations"][0]["text"] == "Adoption"


def test_labels_that_come_from_data_are_not_markup() -> None:
    figure = charts.bars(["<a href='http://a.fr'>x</a> & <b>gras</b>"], [1])
    assert "<" not in figure["layout"]["yaxis"]["ticktext"][0].replace("<br>", "")
    assert "<" not in figure["data"][0]["hovertext"][0]


def test_a_negative_value_is_written_away_from_the_names() -> None:
    bar, beside = charts.bars(["a", "b"], [3, -2], signed=True)["data"]
    assert list(bar["text"]) == ["+3", ""]
    assert (beside["x"], beside["y"], beside["text"], beside["textposition"]) == ([0], [1], [" −2"], "middle right")


def test_two_long_labels_with_the_same_beginning_stay_two_bars() -> None:
    long = "Direction départementale de l'emploi, du travail et des solidarités "
    (bar,) = charts.bars([long + "du Nord", long + "du Rhône"], [2, 1])["data"]
    assert bar["y"] == [0, 1]
    assert bar["hovertext"][1].startswith(long + "du Rhône")


def test_errors_are_distances_from_the_value() -> None:
    (bar,) = charts.bars(["a"], [5], errors=([3], [9]))["data"]
    assert (bar["error_x"]["array"], bar["error_x"]["arrayminus"]) == ([4], [2])


def test_sentiment_colours_are_kept_for_sentiments() -> None:
    kept = {palette.sentiment(name) for name in palette.SENTIMENTS}
    assert kept.isdisjoint({palette.category(rank) for rank in range(20)})


def test_the_table_is_one_click_away_and_nothing_is_said_of_nothing() -> None:
    def script() -> None:
        import pandas as pd

        from pages.components import charts

        frame = pd.DataFrame({"label": ["a", "b"], "n": [2, 1]})
        for name, data in (("plein", frame), ("vide", frame.head(0))):
            charts.show(
                charts.bars(list(data["label"]), list(data["n"])),
                title=name,
                alt=f"Barres {name}",
                frame=data,
                labels={"label": "Valeur", "n": "Avis"},
                name=name,
            )

    app = AppTest.from_function(script)
    app.session_state["data_plein"] = True
    app.run()
    assert not app.exception
    assert app.table[0].value.to_dict("list") == {"Valeur": ["a", "b"], "Avis": ["2", "1"]}
    assert len(app.get("plotly_chart")) == 1
    assert "Élargissez la période" in app.info[0].value

"""Any figure as known on a past date: the pages of figures answer for that day, and say so."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import streamlit as st

from tests.app.conftest import Opened, asked, said


def test_a_page_of_figures_answers_as_known_on_the_day_chosen(tiny_home: Path, open_page: Opened) -> None:
    known = asked(tiny_home, "SELECT count(*) FROM reviews WHERE published_on <= DATE '2025-05-31'")[0][0]
    app = open_page("provenance", chosen={"periode": "Tout"})
    assert ": 12 avis." in said(app)
    app.date_input(key="connu_le").set_value(date(2025, 5, 31)).run()
    assert f": {known} avis." in said(app)
    assert "tels que connus le 31 mai 2025" in said(app)
    app.date_input(key="connu_le").set_value(None).run()
    assert ": 12 avis." in said(app)


def test_pages_where_people_act_stay_in_the_present(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("file-d-attente", connu_le="2025-05-31")
    assert "tels que connus" not in said(app)
    st.cache_data.clear()

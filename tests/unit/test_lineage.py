"""Lineage: what is left out adds up, and the end is the figure the other pages show."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from analytics import delays, lineage, trends
from data.filters import Filters
from data.ingest import ingest
from data.warehouse import open_current
from tests import open_data

CANNED = "Bonjour, le service n'est pas encore en mesure de vous répondre. L'équipe Services Publics +"


@pytest.fixture
def warehouse(tmp_path):
    answered = {"id_structure_1": "s", "reponse_structure_1": "Oui", "date_de_premiere_reponse": "2024-03-09"}
    rows = [
        open_data.row(1, **answered, ressenti_usager="Négatif", evaluation_reponse_structure_1_par_auteur="utile"),
        open_data.row(2, **answered | {"date_de_premiere_reponse": "2024-03-01"}, ressenti_usager="Positif"),
        open_data.row(3, **answered | {"reponse_structure_1": CANNED}),
        open_data.row(4, hors_structure="Oui"),
        open_data.row(5),
        open_data.row(6, date_de_publication="2024-03-20", evaluation_reponse_structure_1_par_auteur="pas utile", **answered
                      | {"date_de_premiere_reponse": "2024-03-20T12:00:00"}),
        open_data.row(7, **answered | {"date_de_premiere_reponse": ""}),
        open_data.row("x"), open_data.row(5),
    ]  # fmt: skip
    ingest([open_data.write(tmp_path / "avis.csv", rows)], tmp_path / "home")
    opened = open_current(tmp_path / "home")
    yield opened
    opened.close()


@pytest.mark.parametrize("name", lineage.FIGURES)
@pytest.mark.parametrize("filters", [Filters(), Filters(end=date(2024, 3, 10)), Filters(sentiments=("Négatif",))])
def test_what_is_left_out_adds_up_at_every_step(warehouse, name, filters):
    steps = lineage.of(warehouse, name, filters).steps
    assert [steps[0].kept, steps[1].kept] == [9, 7]
    for before, after in pairwise(steps):
        if after.out:
            assert before.kept - sum(n for _, n in after.out) == after.kept, (before, after)
        assert all(n >= 0 for _, n in after.out)


def test_the_end_is_the_figure_of_the_other_pages(warehouse):
    figures, waits = trends.figures(warehouse, Filters()), delays.summary(warehouse, Filters())
    told = {name: lineage.of(warehouse, name, Filters()) for name in lineage.FIGURES}
    assert [item.value for item in told.values()] == [
        figures.n, figures.negative_share, figures.answered_share, waits.median_days, figures.useful_share,
    ]  # fmt: skip
    assert told["Taux de réponse"].steps[-1] == lineage.Step(
        "Avis vraiment répondus",
        4,
        (
            ("réponse type du programme : ce n'est pas une réponse", 1),
            ("répondus après la fin de la période", 0),
            ("sans réponse", 1),
        ),
    )
    assert dict(told["Délai médian des réponses"].steps[-1].out) == {
        "réponse sans date": 1, "réponse datée avant la publication": 1,
    }  # fmt: skip
    assert dict(told["Avis publiés"].steps[1].out) == {
        "numéro répété : la dernière ligne est gardée": 1, "numéro ou date illisible": 1,
    }  # fmt: skip

"""The impact page says no more than is there; declarations, trials and the desk's measures."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from data import settings, snapshots
from data.operations import adoptions, stored, trials
from data.operations import desk as desk_store
from data.operations import replies as sent
from data.operations.engine import open_store
from tests import tiny
from tests.app.conftest import Opened, figures, said


def estimated(home: Path, **delay: object) -> None:
    """Put estimates in the snapshot, as a refresh would."""
    rows = [
        {"measure": "delay", "slice": "all", "before": 19.0, "after": 9.0, "effect": -4.0, "low": -6.0, "high": -2.0, "n": 500},
        {"measure": "delay", "slice": "raw", "effect": -10.0, "low": -11.0, "high": -9.0, "n": 500},
        {"measure": "delay", "slice": "check:placebo", "effect": 0.1, "low": -1.0, "high": 1.2, "n": 300},
        {"measure": "delay", "slice": "quarter:-1", "effect": 0.2, "low": -1.0, "high": 1.0, "n": 100},
        {"measure": "delay", "slice": "quarter:0", "effect": -4.1, "low": -6.0, "high": -2.0, "n": 200},
        {"measure": "delay", "slice": "cohort:8097", "effect": -4.2, "low": -6.5, "high": -2.0, "n": 90},
        {"measure": "satisfaction", "slice": "all", "before": 50.0, "after": 60.0, "effect": 3.0, "low": -2.0, "high": 8.0, "n": 200},
        {"measure": "negative", "slice": "all", "effect": 0.3, "low": -2.0, "high": 2.6, "n": 900},
    ]  # fmt: skip
    rows[0] |= delay
    with duckdb.connect(str(snapshots.file_of(home, snapshots.current(home)))) as connection:
        for row in rows:
            full = {"method": "Différence de différences", "caveats": ["Une réserve."]} | row
            names = ", ".join(full)
            connection.execute(
                f"INSERT INTO impact ({names}) VALUES ({', '.join('?' * len(full))})", list(full.values())
            )


def test_before_a_refresh_nothing_is_claimed(tiny_home: Path, open_page: Opened) -> None:
    app = open_page("impact-ia", "manager.demo")
    assert "on ne peut pas conclure" in said(app)
    assert "L'impact n'est pas encore estimé." in said(app)


def test_an_effect_is_told_with_its_interval_and_the_raw_gap_apart(tiny_home: Path, open_page: Opened) -> None:
    estimated(tiny_home)
    app = open_page("impact-ia", "manager.demo")
    text = said(app)
    assert "L'IA raccourcit le délai de réponse : −4,0 j (entre −6,0 j et −2,0 j, à 95 %)." in text.replace(
        "\u202f", " "
    )
    assert "L'écart brut, −10,0 j, mêle l'effet de l'IA et ce qui aurait changé de toute façon." in text.replace(
        "\u202f", " "
    )
    assert figures(app)["Avant (brut)"] in {"19,0\u202fj", "50\u202f%"}
    assert "Satisfaction : on ne peut pas conclure." in text
    assert "Une réserve." in text
    for part in (
        "la même question, posée autrement",
        "Ce qui a bougé aussi, et ce qui ne devait pas",
        "27 % de délai en moins",
    ):
        assert part in text


def test_an_interval_around_zero_is_no_conclusion(tiny_home: Path, open_page: Opened) -> None:
    estimated(tiny_home, low=-8.5, high=0.5)
    assert "Délai de réponse : on ne peut pas conclure." in said(open_page("impact-ia", "manager.demo"))


def test_a_refused_effect_is_not_shown(tiny_home: Path, open_page: Opened) -> None:
    estimated(tiny_home, effect=None, low=None, high=None)
    app = open_page("impact-ia", "manager.demo")
    assert "Délai de réponse : on ne peut pas conclure." in said(app)
    assert figures(app)["Effet estimé"] in {"Inconnu", "+3,0\u202fpts"}


def test_only_an_administrator_declares_a_day(tiny_home: Path, open_page: Opened) -> None:
    estimated(tiny_home)
    assert "Structure" not in [box.label for box in open_page("impact-ia", "manager.demo").selectbox]
    app = open_page("impact-ia", "admin.demo", chosen={"adoption_structure": "SIP de Lille"})
    assert "Jour retenu aujourd'hui : 5 mars 2025." in said(app)
    app.date_input(key=f"adoption_day_{tiny.TAXES}").set_value(date(2025, 2, 1))
    app.button(key="adoption_declare").click().run()
    assert not app.exception
    (declared,) = adoptions.declared(open_store(settings.load().operations))
    assert (declared.structure_id, declared.adopted_on) == (tiny.TAXES, date(2025, 2, 1))
    app.button(key=f"adoption_back_{tiny.TAXES}").click().run()
    assert adoptions.declared(open_store(settings.load().operations)) == []


def test_desk_measures_describe_and_a_trial_compares(tiny_home: Path, open_page: Opened) -> None:
    empty = open_page("mesures-redaction", "chef.demo")
    assert "Aucune réponse n'a encore été envoyée d'ici." in said(empty)
    engine = open_store(settings.load().operations)
    sent.send(engine, desk_store.opened(engine, 6, "agent.demo"), "Bonjour, je vous rappelle demain.")
    app = open_page("mesures-redaction", "chef.demo")
    assert "1 réponse envoyée d'ici, dont 0 à partir d'un brouillon." in said(app)
    next(b for b in app.button if b.label == "Commencer l'essai").click().run()
    assert not app.exception
    running = trials.running(engine)
    assert running is not None
    assert running.kind == "pilot"
    assert "avec ou sans brouillon" in said(app)
    assert "Trop peu de réponses pour comparer" in said(app)
    app.button(key=f"end_{running.id}").click().run()
    assert trials.running(engine) is None


@pytest.mark.parametrize("profile", ["agent.demo", "analyste.demo"])
def test_desk_measures_are_not_for_everyone(tiny_home: Path, open_page: Opened, profile: str) -> None:
    assert "n'est pas ouverte au rôle" in said(open_page("mesures-redaction", profile))


def test_a_pilot_hides_the_draft_from_the_reviews_chance_chose(tiny_home: Path, open_page: Opened) -> None:
    engine = open_store(settings.load().operations)
    trial = trials.start(engine, "pilot-4", "pilot", (), by="chef.demo")
    waiting = (5, 6, 7, 8, 11)
    without = next(r for r in waiting if trial.arm(r) == trials.WITHOUT)
    with_ = next(r for r in waiting if trial.arm(r) == trials.WITH)
    assert "le sort a donné cet avis à une réponse sans brouillon" in said(
        open_page("rediger", "agent.demo", id=str(without))
    )
    assert stored.of_review(engine, without) == []
    assert "sans brouillon" not in said(open_page("rediger", "agent.demo", id=str(with_)))
    assert stored.of_review(engine, with_) != []
    assert {r: arm for r, (arm, _) in trials.assigned(engine, trial).items()} == {without: "sans", with_: "avec"}

"""The impact page says no more than is there; declarations, trials and the desk's measures."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path

import duckdb
import pytest

from data import settings, snapshots
from data.operations import adoptions, drafts, stored, trials, workers
from data.operations import desk as desk_store
from data.operations import replies as sent
from data.operations.engine import open_store
from generation import templates
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
    assert (
        "Annoncé par le programme : de 19 jours à 3. La même comparaison ici, en moyenne : de 19,0 jours à 9,0." in text
    )
    assert "+10,0 pts, soit +20 % de la part d'avant" in text.replace("\u202f", " ")
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


def test_two_prompts_need_a_model_that_reads_them(tiny_home: Path, open_page: Opened) -> None:
    engine = open_store(settings.load().operations)
    workers.beat(engine, "poste-1", model="extractive-1")
    app = open_page("mesures-redaction", "chef.demo", chosen={"trial_kind": "Deux consignes"})
    assert "il ne lit aucune consigne" in said(app)
    assert next(b for b in app.button if b.label == "Commencer l'essai").disabled
    workers.beat(engine, "poste-2", model="petit.gguf")
    app.run()
    chosen = next(box for box in app.multiselect if box.label == "Versions de la consigne")
    assert [version.rsplit("-", 1)[0] for version in chosen.options] == ["reply-3", "direct-1"]
    chosen.set_value(chosen.options).run()
    assert "La démarche d'abord" in said(app)
    next(b for b in app.button if b.label == "Commencer l'essai").click().run()
    assert not app.exception
    running = trials.running(engine)
    assert running is not None
    assert (running.kind, running.model, list(running.arms)) == ("prompts", "petit.gguf", chosen.options)
    assert "lues par petit.gguf" in said(app).replace("\\", "")
    assert "En pause" not in said(app)
    workers.stop(engine, "poste-2")
    assert "En pause" in said(app.run())


def test_the_desk_asks_for_the_version_its_review_drew(
    tiny_home: Path, open_page: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "alive", partial(workers.alive, within_s=3600.0))  # however slow the machine
    engine = open_store(settings.load().operations)
    workers.beat(engine, "poste-1", model="petit.gguf")
    versions = [one.version for one in templates.every(tiny_home)]
    trial = trials.start(engine, "essai-3", "prompts", versions, by="chef.demo", model="petit.gguf")
    second = next(r for r in (5, 6, 7, 8, 11) if trial.arm(r) == versions[1])
    stored.store(engine, "before", second, tiny.DRAFT | {"model": "petit.gguf"}, requested_by="worker")
    app = open_page("rediger", "agent.demo", id=str(second))
    assert "En attente d'un rédacteur" in said(app)
    request = drafts.latest_request(engine, second)
    assert request is not None
    assert (request.model, request.prompt) == ("petit.gguf", versions[1])
    assert {r: arm for r, (arm, _) in trials.assigned(engine, trial).items()} == {second: versions[1]}
    claimed = drafts.claim(engine, "poste-1")
    assert claimed is not None
    made = drafts.finish(engine, claimed, tiny.DRAFT | {"notice": "Serveur arrêté."})  # the embedded drafter stood in
    app.run()
    assert "Serveur arrêté." in said(app)
    assert drafts.latest_request(engine, second) == drafts.get_request(engine, request.id)
    assert made is not None


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

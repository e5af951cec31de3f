"""The pages around irritants: reference, map, comparison, points forts, watched subjects, actions; one gesture each."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import Engine

import refresh
from analytics import words
from data import jobs, settings, snapshots
from data.operations import actions, curation, watched
from data.operations.engine import open_store
from tests.app.conftest import Opened, figures, linked, said


@pytest.fixture
def noted(tiny_home: Path) -> Path:
    """The tiny home as a refresh of today leaves it: index of words, the model's own word of each topic."""
    with duckdb.connect(str(snapshots.file_of(tiny_home, snapshots.current(tiny_home)))) as connection:
        words.build(connection)
        connection.execute(
            "INSERT INTO model_topics BY NAME SELECT id, level, parent_id, label, terms, x, y, exemplars, model, "
            "'rule' AS named_by, [1 - id]::INTEGER[] AS neighbours, [0.5] AS nearness FROM topics"
        )
        connection.execute("INSERT INTO model_review_topics SELECT review_id, irritant FROM review_topics")
        connection.execute("INSERT INTO topic_notes SELECT id, named_by, NULL, neighbours, nearness FROM model_topics")
    return tiny_home


@pytest.fixture
def store(noted: Path) -> Engine:
    return open_store(settings.load(noted).operations)


@pytest.fixture
def no_jobs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Background commands asked for, none started."""
    asked: list[str] = []

    def start(home: Path, name: str, steps: list[jobs.Step]) -> jobs.Job:
        asked.extend(" ".join(step.argv[:2]) for step in steps)
        return jobs.Job(name, "running", "", 0.0, 0.0, 0.0)

    monkeypatch.setattr(jobs, "start", start)
    return asked


def test_an_analyst_renames_and_the_edit_is_applied(
    noted: Path, store: Engine, no_jobs: list[str], open_page: Opened
) -> None:
    app = open_page("referentiel", "analyste.demo", irritant="1")
    app.text_input(key="ref_label_1").set_value("Aide au logement trop lente")
    app.text_input(key="ref_reason").set_value("plus clair")
    app.button(key="FormSubmitter:edit-Renommer").click().run()
    assert not app.exception
    (edit,) = curation.in_force(store)
    assert (edit.irritant, edit.label, edit.made_by) == (1, "Aide au logement trop lente", "analyste.demo")
    assert no_jobs == ["refresh --edits"]
    assert "Modification enregistrée" in "\n".join(s.value for s in app.success)
    refresh.refresh(noted, steps=refresh.ONLY_EDITS)
    told = said(open_page("referentiel", "analyste.demo"))
    assert (
        "« Aide au logement en attente » : titre « Aide au logement trop lente »" in told
    )  # what it was called before


def test_an_edit_without_a_reason_is_refused_on_screen(
    noted: Path, store: Engine, no_jobs: list[str], open_page: Opened
) -> None:
    app = open_page("referentiel", "analyste.demo")
    app.button(key="FormSubmitter:edit-Renommer").click().run()
    assert "Dites pourquoi" in "\n".join(e.value for e in app.error)
    assert not curation.in_force(store)
    assert not no_jobs


def test_a_manager_reads_the_reference_and_does_not_change_it(noted: Path, open_page: Opened) -> None:
    app = open_page("referentiel", "manager.demo")
    assert "Les analystes et l'administration peuvent modifier le référentiel." in said(app)
    assert not app.button


def test_edits_reach_the_snapshot_by_the_command(noted: Path, store: Engine) -> None:
    import refresh

    curation.merge(store, "k", 0, 1, made_by="sacha", reason="même sujet")
    told = refresh.refresh(noted, steps=refresh.ONLY_EDITS)
    assert told["topics"] == 1
    with duckdb.connect(str(snapshots.file_of(noted, snapshots.current(noted))), read_only=True) as connection:
        sizes = dict(connection.execute("SELECT irritant, count(*) FROM review_topics GROUP BY 1").fetchall())
        assert sizes == {1: 6, -1: 6}
        assert connection.execute("SELECT count(*) FROM signals").fetchall() == [(1,)]  # the rest stays


def test_a_merged_irritant_leads_to_the_other(noted: Path, store: Engine, open_page: Opened) -> None:
    import refresh

    curation.merge(store, "k", 0, 1, made_by="sacha", reason="même sujet")
    refresh.refresh(noted, steps=refresh.ONLY_EDITS)
    app = open_page("irritant", id="0")
    assert "a été réuni à « Aide au logement en attente »" in said(app)
    assert linked(app) == ["Ouvrir cet irritant"]


def test_an_action_is_planned_then_done(noted: Path, store: Engine, open_page: Opened) -> None:
    app = open_page("irritant", "manager.demo", id="1")
    app.text_input(key="action_titre_0").set_value("Simplifier le formulaire")
    app.text_input(key="action_qui_0").set_value("Caf du Nord")
    app.button(key="FormSubmitter:plan_1_0-Prévoir").click().run()
    (action,) = actions.of(store, 1)
    assert (action.state, action.owner) == ("planned", "Caf du Nord")
    app.button(key=f"done_{action.id}").click().run()
    (action,) = actions.of(store, 1)
    assert (action.state, action.done_on) == ("done", date(2025, 6, 30))
    assert "Effet non mesuré" in said(app)


def test_neighbours_and_helpful_replies_are_shown(noted: Path, open_page: Opened) -> None:
    app = open_page("irritant", id="1")
    assert any(label.startswith("Déclaration d'occupation qui échoue") for label in linked(app))


def test_comparison_says_when_nothing_differs(noted: Path, open_page: Opened) -> None:
    app = open_page(
        "comparer", "analyste.demo", chosen={"periode": "Dates", "du": date(2025, 6, 1), "au": date(2025, 6, 30)}
    )
    assert "Aucun irritant ne distingue nettement les deux côtés" in said(app) or "n'a aucun avis" in said(app)


def test_two_institutions_must_differ(noted: Path, open_page: Opened) -> None:
    app = open_page("comparer", "analyste.demo", chosen={"quoi": "Deux institutions"})
    assert "Choisissez deux institutions différentes." in said(app)


def test_praise_is_ready_to_forward_and_masked(noted: Path, open_page: Opened) -> None:
    app = open_page("points-forts")
    told = said(app)
    assert "Bonjour," in told
    assert "Caf du Nord" in told
    assert "Dossier réglé en une journée" in told


def test_what_is_praised_is_a_subject_and_never_called_an_irritant(noted: Path, open_page: Opened) -> None:
    links = linked(open_page("points-forts"))
    assert any(label.startswith("Sujet : ") for label in links)
    assert not any(label.startswith("Irritant : ") for label in links)


def test_a_subject_is_watched_from_the_first_review_on(noted: Path, store: Engine, open_page: Opened) -> None:
    app = open_page("sujets-suivis", "analyste.demo")
    assert "Aucun sujet n'est suivi" in said(app)
    app.text_input(key="sujet_nom").set_value("Logement")
    app.text_area(key="sujet_mots").set_value("aide logement\nloyer")
    app.button(key="FormSubmitter:declare-Suivre ce sujet").click().run()
    (subject,) = watched.subjects(store)
    assert subject.expressions == ("aide logement", "loyer")
    assert "**Logement** : 3 avis" in said(app)


def test_examples_propose_words(noted: Path, open_page: Opened) -> None:
    app = open_page("sujets-suivis", "analyste.demo", chosen={"exemples": "1, 5"})
    assert any("occupation" in option for option in app.pills(key="proposes").options)


def test_the_map_needs_three_irritants(noted: Path, open_page: Opened) -> None:
    assert "trop peu d'irritants pour une carte" in said(open_page("carte-irritants"))


def test_weights_change_the_ranking(noted: Path, open_page: Opened) -> None:
    app = open_page("irritants")
    assert figures(app)["Irritants"] == "2"
    for name in ("volume", "negative", "trend", "spread", "delay", "unanswered", "endorsements", "tags"):
        app.slider(key=f"poids_{name}").set_value(0)
    app.run()
    assert "aucun, les plus fréquents d'abord" in said(app)
    assert "La part de négatifs passerait de" in said(app) or "il doit rester assez d'avis" in said(app)

"""From a reply sent to its verdict, what a lead says of it, and the day its review is withdrawn: portal files and daily job."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import refresh
from data.ingest import ingest
from data.operations import deliveries, desk, journal, replies, returns, stored, tables
from data.operations.engine import open_store
from data.warehouse import open_current
from generation.drafter import Drafter
from generation.models.extractive import Extractive
from generation.retrieval import Index, Question
from tests import open_data

OURS, LIKE, STRUCTURE = 500, 501, "cafNord001"
SENT = (
    "Bonjour, l'attestation de loyer manque à votre dossier d'aide au logement : déposez-la dans votre espace personnel, "
    "rubrique justificatifs. Cordialement, la Caf du Nord."
)
ASKED = "Mon aide au logement est suspendue, on me réclame sans cesse l'attestation de loyer déjà envoyée."
SUBJECTS = ("carte grise", "retraite", "impôt sur le revenu", "rendez-vous en préfecture", "allocation de rentrée")


def _portal(folder: Path, name: str, ours: dict[str, Any] | None, like: Sequence[int] = (LIKE,)) -> list[Path]:
    """A day's file: sixty old reviews with useful replies, our review as the portal shows it that day, one like it."""
    answered = {"statut_de_l_experience": "Expérience avec réponse", "id_structure_1": STRUCTURE}
    rows = []
    for n in range(1, 61):
        subject = SUBJECTS[n % len(SUBJECTS)]
        told = (
            f"Au sujet de votre demande ({subject}), écrivez au service par la messagerie de votre espace, dossier {n}."
        )
        cells = {"description": f"Ma demande de {subject} n'avance pas depuis des mois, personne ne répond ({n})."}
        rows.append(
            open_data.row(
                n,
                **cells,
                **answered,
                reponse_structure_1=f"Bonjour. {told}",
                date_de_premiere_reponse="2024-03-08T10:00:00",
                evaluation_reponse_structure_1_par_auteur="utile",
            )
        )
    waiting = {"date_de_publication": "2024-06-03T10:00:00", "id_structure_1": STRUCTURE, "titre": "Aide au logement"}
    if ours is not None:
        rows.append(open_data.row(OURS, **{**waiting, "description": ASKED, **ours}))
    rows += [open_data.row(id_, **{**waiting, "description": f"{ASKED} Deux fois."}) for id_ in like]
    return [open_data.write(folder / name, rows)]


def _leans_on(home: Path) -> set[str]:
    """Sources found for a review like ours."""
    opened = open_current(home)
    try:
        return {source.id for source in Index(opened.artifacts).search(Question(ASKED, exclude=LIKE))}
    finally:
        opened.close()


def test_a_verdict_reaches_its_reply_and_draft_then_what_is_withheld_or_withdrawn_is_leant_on_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    home = tmp_path / "home"
    monkeypatch.setenv("VIGIE_HOME", str(home))
    ingest(_portal(tmp_path, "day1.csv", {}), home)
    refresh.refresh(home)
    store = open_store(f"sqlite:///{home / 'operations.sqlite'}")

    # An agent reworks a proposal and sends it.
    opened = open_current(home)
    drafter = Drafter(opened, Extractive())
    draft = drafter.draft(drafter.asked(OURS), seed=1)
    opened.close()
    made = stored.store(store, "d", OURS, draft.to_json(), requested_by="camille")
    text = desk.begin(store, desk.opened(store, OURS, "camille"), body=draft.reply, started="draft", draft_id=made)
    sent = replies.send(store, text, SENT, structure_id=STRUCTURE)
    assert str(OURS) not in _leans_on(home)

    # The next file shows the reply, as it left in the portal's columns, and its author's verdict.
    left = {open_data.fold(name): str(value) for name, value in deliveries.portal_row(sent).items()}
    verdict = {
        "evaluation_reponse_structure_1_par_auteur": "pas utile",
        "statut_de_l_experience": "Expérience avec réponse",
    }
    published = {**left, **verdict}
    ingest(_portal(tmp_path, "day2.csv", published), home)
    refresh.refresh(home)
    found = returns.of_review(store, OURS)
    assert found is not None
    assert (found.reply_id, found.draft_id, found.author_verdict) == (sent.id, made, "pas utile")
    assert found.useless
    assert str(OURS) in _leans_on(home)
    [told] = open_data.query(home, f"SELECT r.first_reply_at, p.body FROM reviews r JOIN replies p ON p.review_id = r.id "
                             f"WHERE r.id = {OURS} AND p.body IS NOT NULL")  # fmt: skip
    assert told[1] == sent.published

    # A lead says why, and that nobody should lean on it: true from the next daily job on, and after the next file too.
    returns.explain(store, found, cause="wrong", note="l'attestation était là", withheld=True, by="maxime")
    refresh.refresh(home)
    assert str(OURS) not in _leans_on(home)
    ingest(
        _portal(tmp_path, "day3.csv", {**published, "evaluation_inutile_reponse_structure_1_par_visiteurs": 4}), home
    )
    refresh.refresh(home)
    again = returns.of_review(store, OURS)
    assert again is not None
    assert (again.useless_votes, again.cause, again.withheld) == (4, "wrong", True)
    assert str(OURS) not in _leans_on(home)

    # Its author takes the review back: reply, proposal and verdict go with it, the journal stays whole.
    ingest(_portal(tmp_path, "day4.csv", None), home)
    refresh.refresh(home)
    with store.connect() as connection:
        for table in (tables.replies, tables.drafts, tables.returns, tables.desk_texts):
            assert connection.execute(select(table.c.review_id).where(table.c.review_id == OURS)).first() is None
    assert returns.withheld(store) == []
    assert str(OURS) not in _leans_on(home)
    assert journal.verify(store).ok
    store.dispose()

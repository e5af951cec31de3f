"""Randomised trials of drafting: a draft or none (the pilot), or two models, or two prompts of one model.

Which arm a review falls in is a hash of its id and of the trial's: nobody chooses it, nobody can guess it from the review,
and asking again answers the same. The first time is logged. The rule it protects: one trial runs at a time, and its arms
never change while it runs; an arm is given only while both can be served, or arriving in time would choose.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Engine, Row, insert, select, update

from data.operations import tables, workers
from data.operations.engine import reading
from data.operations.errors import Conflict, Refused
from data.operations.journal import Fact, record
from data.operations.tables import now

Kind = Literal["pilot", "models", "prompts"]
WITH, WITHOUT = "avec", "sans"  # arms of the pilot


@dataclass(frozen=True)
class Order:
    """What a trial wants of the draft of a review; '' leaves it to whatever serves."""

    drafted: bool = True
    model: str = ""
    prompt: str = ""

    def fits(self, model: str, prompt: str) -> bool:
        """Whether a draft by `model` under `prompt`, or the asking for it, is what is wanted."""
        return self.model in ("", model) and self.prompt in ("", prompt)


@dataclass(frozen=True)
class Trial:
    """A trial; `arms` are WITH and WITHOUT for the pilot, two models as their workers name them, or two versions of the
    prompt that `model` reads.
    """

    id: str
    kind: Kind
    arms: tuple[str, str]
    started_by: str
    started_at: datetime
    ended_at: datetime | None
    model: str = ""

    def arm(self, review_id: int) -> str:
        """The arm of a review, drawn once for all."""
        drawn = hashlib.blake2b(f"{self.id}/{review_id}".encode(), digest_size=8).digest()
        return self.arms[drawn[0] & 1]

    def order(self, review_id: int) -> Order:
        """What the arm of a review asks of its draft."""
        arm = self.arm(review_id)
        if self.kind == "pilot":
            return Order(drafted=arm == WITH)
        return Order(model=arm) if self.kind == "models" else Order(model=self.model, prompt=arm)

    def served(self, models: Collection[str], prompts: Collection[str]) -> bool:
        """Whether both arms can be had from the models alive and the versions of the prompt at hand."""
        if self.kind == "pilot":
            return True
        return (
            set(self.arms) <= set(models)
            if self.kind == "models"
            else (self.model in models and set(self.arms) <= set(prompts))
        )


def start(engine: Engine, key: str, kind: Kind, arms: Sequence[str], *, by: str, model: str = "") -> Trial:
    """Begin a trial. Raises Refused when one runs already, its arms are not two different ones, or nothing would read its
    prompts.
    """
    if kind not in get_args(Kind):
        raise ValueError(f"unknown kind {kind!r}")
    told = (WITH, WITHOUT) if kind == "pilot" else tuple(arm.strip() for arm in arms)
    if len(set(told)) != 2 or not all(told):
        raise Refused(f"Choisissez deux {'consignes différentes' if kind == 'prompts' else 'modèles différents'}.")
    if kind == "prompts" and not (model and workers.reads_prompts(model)):
        raise Refused("Choisissez un modèle de langage : le rédacteur embarqué ne lit aucune consigne.")
    id_ = hashlib.blake2b(key.encode(), digest_size=8).hexdigest()
    about = model if kind == "prompts" else ""

    def work(connection: Connection) -> Fact:
        table = tables.trials
        if connection.execute(select(table.c.id).where(table.c.ended_at.is_(None)).with_for_update()).first():
            raise Refused("Un essai est déjà en cours : terminez-le d'abord.")
        connection.execute(
            insert(table).values(
                id=id_, kind=kind, arms=list(told), started_by=by, started_at=now(), ended_at=None, model=about
            )
        )
        return Fact("trial", id_, None, {"kind": kind, "arms": list(told)} | ({"model": about} if about else {}))

    written = record(engine, key, by, "trial.start", work)
    return next(t for t in every(engine) if t.id == written)


def end(engine: Engine, key: str, trial: Trial, *, by: str) -> None:
    """Stop a trial: reviews get what everybody gets again. Raises Conflict when it was stopped already."""

    def work(connection: Connection) -> Fact:
        table = tables.trials
        query = update(table).where(table.c.id == trial.id, table.c.ended_at.is_(None)).values(ended_at=now())
        if connection.execute(query).rowcount != 1:
            raise Conflict("Cet essai est déjà terminé : rechargez la page.")
        return Fact("trial", trial.id, None, {"ended": True})

    record(engine, key, by, "trial.end", work)


def running(engine: Engine) -> Trial | None:
    """The trial in progress."""
    with reading(engine) as connection:
        row = connection.execute(select(tables.trials).where(tables.trials.c.ended_at.is_(None))).first()
    return None if row is None else _trial(row)


def every(engine: Engine) -> list[Trial]:
    """All trials, the latest first."""
    with reading(engine) as connection:
        rows = connection.execute(select(tables.trials).order_by(tables.trials.c.started_at.desc()))
        return [_trial(row) for row in rows]


def assign(engine: Engine, trial: Trial, review_id: int) -> str:
    """The arm of a review, logged the first time it is asked for."""
    arm = trial.arm(review_id)
    table = tables.trial_reviews
    known = (table.c.trial_id == trial.id) & (table.c.review_id == review_id)
    with reading(engine) as connection:
        if connection.execute(select(table.c.arm).where(known)).first():
            return arm

    def work(connection: Connection) -> Fact:
        connection.execute(insert(table).values(trial_id=trial.id, review_id=review_id, arm=arm, at=now()))
        return Fact("trial", trial.id, review_id, {"arm": arm})

    record(engine, f"trial/{trial.id}/{review_id}", "tirage", "trial.assign", work)
    return arm


def assigned(engine: Engine, trial: Trial) -> dict[int, tuple[str, datetime]]:
    """Arm of each review of a trial, and when it was drawn."""
    table = tables.trial_reviews
    with reading(engine) as connection:
        rows = connection.execute(select(table).where(table.c.trial_id == trial.id))
        return {row.review_id: (row.arm, row.at) for row in rows}


def _trial(row: Row[Any]) -> Trial:
    values = dict(row._mapping)
    return Trial(**{**values, "arms": (values["arms"][0], values["arms"][1])})

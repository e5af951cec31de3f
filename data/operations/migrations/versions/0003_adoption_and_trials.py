"""Declared days of adoption, and randomised trials of drafting with the arm of each review."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Three new tables."""
    op.create_table(
        "adoption_days",
        sa.Column("structure_id", sa.String(length=60), nullable=False),
        sa.Column("adopted_on", sa.Date(), nullable=False),
        sa.Column("declared_by", sa.String(length=120), nullable=False),
        sa.Column("declared_at", sa.DateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("structure_id", name=op.f("pk_adoption_days")),
    )
    op.create_table(
        "trials",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("arms", sa.JSON(), nullable=False),
        sa.Column("started_by", sa.String(length=120), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trials")),
    )
    op.create_table(
        "trial_reviews",
        sa.Column("trial_id", sa.String(length=32), nullable=False),
        sa.Column("review_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("arm", sa.String(length=500), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["trial_id"], ["trials.id"], name=op.f("fk_trial_reviews_trial_id")),
        sa.PrimaryKeyConstraint("trial_id", "review_id", name=op.f("pk_trial_reviews")),
    )

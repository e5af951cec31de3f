"""What is known of each model by test: self-tests and measures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """The table of reports."""
    op.create_table(
        "model_reports",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("model_sha256", sa.String(length=64), nullable=False),
        sa.Column("prompt_version", sa.String(length=60), nullable=False),
        sa.Column("snapshot", sa.String(length=120), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_reports")),
    )
    op.create_index(op.f("ix_model_reports_kind_made_at"), "model_reports", ["kind", "made_at"], unique=False)


def downgrade() -> None:
    """Without it."""
    op.drop_table("model_reports")

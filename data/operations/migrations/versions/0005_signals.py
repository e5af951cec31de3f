"""Signals: detector and score of a decision, messages sent, subscriptions and what was sent for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """New columns of triage, then the new tables."""
    op.add_column("signal_triage", sa.Column("detector", sa.String(length=12), nullable=False, server_default=""))
    op.add_column("signal_triage", sa.Column("score", sa.Float(), nullable=True))
    op.create_table(
        "signal_messages",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("signal_id", sa.String(length=80), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.Column("sent_by", sa.String(length=120), nullable=False),
        sa.Column("sent_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal_messages")),
    )
    op.create_index(op.f("ix_signal_messages_signal_id"), "signal_messages", ["signal_id"], unique=False)
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("institution", sa.String(length=300), nullable=True),
        sa.Column("department", sa.String(length=3), nullable=True),
        sa.Column("irritant", sa.Integer(), nullable=True),
        sa.Column("instant", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
    )
    op.create_index(op.f("ix_subscriptions_person"), "subscriptions", ["person"], unique=False)
    op.create_table(
        "subscription_sent",
        sa.Column("subscription_id", sa.String(length=32), nullable=False),
        sa.Column("signal_id", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_subscription_sent_subscription_id_subscriptions")
        ),
        sa.PrimaryKeyConstraint("subscription_id", "signal_id", name=op.f("pk_subscription_sent")),
    )

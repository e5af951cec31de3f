"""Who takes which review, settings of structures, what the portal says of replies, blind re-reading, way out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """What requests, texts and replies now keep, then the new tables (some hold on to `replies`, made anew on SQLite)."""
    op.add_column("draft_requests", sa.Column("without", sa.JSON(), nullable=True))
    op.add_column("desk_texts", sa.Column("first_edit_at", sa.DateTime(), nullable=True))
    op.add_column("desk_texts", sa.Column("begun_s", sa.Float(), nullable=True))
    with op.batch_alter_table("replies") as replies:
        replies.alter_column("desk_s", existing_type=sa.Float(), nullable=True)
        replies.alter_column("opened_at", existing_type=sa.DateTime(), nullable=True)
        replies.add_column(sa.Column("first_edit_at", sa.DateTime(), nullable=True))
        replies.add_column(sa.Column("read_s", sa.Float(), nullable=True))
        replies.add_column(sa.Column("hasty", sa.Boolean(), nullable=False, server_default=sa.false()))
        replies.add_column(sa.Column("sources", sa.JSON(), nullable=True))
        replies.add_column(sa.Column("mention", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "assignments",
        sa.Column("review_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person", sa.String(length=120), nullable=False),
        sa.Column("assigned_by", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_assignments")),
    )
    op.create_index(op.f("ix_assignments_person"), "assignments", ["person"], unique=False)
    op.create_table(
        "structure_settings",
        sa.Column("structure_id", sa.String(length=60), nullable=False),
        sa.Column("target_days", sa.Integer(), nullable=True),
        sa.Column("mention", sa.Boolean(), nullable=False),
        sa.Column("set_by", sa.String(length=120), nullable=False),
        sa.Column("set_at", sa.DateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("structure_id", name=op.f("pk_structure_settings")),
    )
    op.create_table(
        "returns",
        sa.Column("reply_id", sa.String(length=32), nullable=False),
        sa.Column("review_id", sa.BigInteger(), nullable=False),
        sa.Column("draft_id", sa.String(length=32), nullable=True),
        sa.Column("author_verdict", sa.String(length=12), nullable=False),
        sa.Column("useful_votes", sa.Integer(), nullable=False),
        sa.Column("useless_votes", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("snapshot", sa.String(length=80), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("withheld", sa.Boolean(), nullable=False),
        sa.Column("explained_by", sa.String(length=120), nullable=True),
        sa.Column("explained_at", sa.DateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_returns_draft_id")),
        sa.ForeignKeyConstraint(["reply_id"], ["replies.id"], name=op.f("fk_returns_reply_id")),
        sa.PrimaryKeyConstraint("reply_id", name=op.f("pk_returns")),
    )
    op.create_table(
        "rereadings",
        sa.Column("reply_id", sa.String(length=32), nullable=False),
        sa.Column("review_id", sa.BigInteger(), nullable=False),
        sa.Column("good", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("read_by", sa.String(length=120), nullable=False),
        sa.Column("read_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["reply_id"], ["replies.id"], name=op.f("fk_rereadings_reply_id")),
        sa.PrimaryKeyConstraint("reply_id", name=op.f("pk_rereadings")),
    )
    op.create_table(
        "deliveries",
        sa.Column("reply_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["reply_id"], ["replies.id"], name=op.f("fk_deliveries_reply_id")),
        sa.PrimaryKeyConstraint("reply_id", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_state_next_at"), "deliveries", ["state", "next_at"], unique=False)
    op.create_table(
        "timings",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("structure_id", sa.String(length=60), nullable=False),
        sa.Column("replies", sa.Integer(), nullable=False),
        sa.Column("desk_s", sa.Float(), nullable=False),
        sa.Column("hasty", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("month", "structure_id", name=op.f("pk_timings")),
    )

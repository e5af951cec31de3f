"""Two versions of the prompt against each other: the version a draft is asked with, the model a trial is about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """'' is whichever serves, as before."""
    with op.batch_alter_table("draft_requests") as table:
        table.add_column(sa.Column("prompt", sa.String(length=60), nullable=False, server_default=""))
    with op.batch_alter_table("trials") as table:
        table.add_column(sa.Column("model", sa.String(length=200), nullable=False, server_default=""))


def downgrade() -> None:
    """Without them."""
    with op.batch_alter_table("trials") as table:
        table.drop_column("model")
    with op.batch_alter_table("draft_requests") as table:
        table.drop_column("prompt")

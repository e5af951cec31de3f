"""Subscriptions to what is late and what drifts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0006"


def upgrade() -> None:
    """Whether a subscription is told of delays."""
    with op.batch_alter_table("subscriptions") as table:
        table.add_column(sa.Column("delays", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Without it."""
    with op.batch_alter_table("subscriptions") as table:
        table.drop_column("delays")

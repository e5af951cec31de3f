"""${message}: say what changes and what becomes of the rows already there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Forward only; runs inside the transaction of whoever opens the store first."""
    ${upgrades if upgrades else "pass"}

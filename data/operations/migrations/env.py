"""How Alembic reaches the store: on the connection `data.operations.engine` holds, inside its transaction."""

from __future__ import annotations

from alembic import context

from data.operations.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()

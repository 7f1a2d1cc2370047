"""Alembic runs this with the connection that the store has opened."""

from __future__ import annotations

from alembic import context

from mmmlib.governance.store import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()

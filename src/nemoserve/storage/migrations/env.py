"""What Alembic runs: the migrations, on the connection that it was given."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,  # SQLite's too, as the transaction is begun by us and not by its driver
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

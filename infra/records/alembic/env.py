"""Alembic's entry: runs the migrations on the engine handed over by ``infra.records.migrate``."""

from alembic import context

from infra.records.base import Record

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Record.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()

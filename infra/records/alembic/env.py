"""Alembic's entry: runs the migrations on the engine handed over by ``infra.records.migrate``."""

from alembic import context

from infra.records.base import Record
from infra.records.writer import IMMEDIATE

engine = context.config.attributes["engine"]
with engine.connect() as raw:
    connection = raw.execution_options(**IMMEDIATE)
    context.configure(
        connection=connection, target_metadata=Record.metadata, render_as_batch=True, transaction_per_migration=False
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()

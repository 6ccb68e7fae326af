"""Migrations: from nothing, by several processes at once, back and forth, and never over a newer database."""

import subprocess
import sys
from importlib import import_module
from pkgutil import walk_packages

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

import infra.feed.notice
import infra.ledger.rows
import infra.records.lease
import infra.register.rows
import infra.schedule.rows  # noqa: F401
import trust.identity.rows  # noqa: F401
from infra.errors import AppError, ErrorKind
from infra.records import Record, open_records
from infra.records.migrate import configuration, migrate


@pytest.fixture
def records(tmp_path):
    found = open_records(tmp_path / "records.db")
    yield found
    found.close()


def test_tables_made_are_tables_declared(records):
    for room in ("infra", "trust", "analytics", "ops"):
        for module in walk_packages(import_module(room).__path__, f"{room}."):
            if ".migrations" not in module.name and ".alembic" not in module.name:
                import_module(module.name)
    migrate(records.engine)

    def ours(thing, name, kind, _reflected, _compared):
        return kind != "table" or (name in Record.metadata.tables)

    with records.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
        assert compare_metadata(context, Record.metadata) == []


def test_up_down_up(records):
    migrate(records.engine)
    before = set(inspect(records.engine).get_table_names())
    command.downgrade(configuration(records.engine), "base")
    assert set(inspect(records.engine).get_table_names()) == {"alembic_version"}
    migrate(records.engine)
    assert set(inspect(records.engine).get_table_names()) == before


def test_several_processes_at_once(tmp_path):
    code = (
        "import sys; from pathlib import Path; from infra.records import open_records;"
        "from infra.records.migrate import migrate; r = open_records(Path(sys.argv[1])); migrate(r.engine); r.close()"
    )
    database = str(tmp_path / "records.db")
    children = [subprocess.Popen([sys.executable, "-c", code, database], stderr=subprocess.PIPE) for _ in range(3)]
    ends = [(child.communicate(timeout=60)[1], child.returncode) for child in children]
    assert ends == [(b"", 0)] * 3


def test_a_newer_database_is_left_alone_with_a_clear_word(records):
    migrate(records.engine)
    with records.engine.begin() as connection:
        connection.execute(
            text("UPDATE alembic_version SET version_num = 'infra_9999' WHERE version_num LIKE 'infra%'")
        )
    with pytest.raises(AppError) as caught:
        migrate(records.engine)
    assert caught.value.kind is ErrorKind.ENVIRONMENT
    assert "infra_9999" in str(caught.value)

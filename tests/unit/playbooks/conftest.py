"""A migrated records database per test, on SQLite (on PostgreSQL: tests/integration/test_playbooks_postgres.py)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.records import Records, open_records
from infra.records.migrate import migrate


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "records.db"
    records = open_records(path)
    migrate(records.engine)
    records.close()
    return path


@pytest.fixture
def records(migrated: Path) -> Iterator[Records]:
    """In memory where there is a file system of it: what these tests ask is not a question of the disk."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="playbooks-", dir=memory) as folder:
        shutil.copy(migrated, Path(folder) / "records.db")
        records = open_records(Path(folder) / "records.db")
        yield records
        records.close()

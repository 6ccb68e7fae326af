"""A migrated records database per test, copied from one that was migrated once."""

from __future__ import annotations

import shutil
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
def records(migrated: Path, tmp_path: Path) -> Iterator[Records]:
    shutil.copy(migrated, tmp_path / "records.db")
    records = open_records(tmp_path / "records.db")
    yield records
    records.close()

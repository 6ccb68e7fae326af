"""A migrated database for the rules of a site, made once and copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.records import Records, open_records
from infra.records.migrate import migrate


@pytest.fixture(scope="package")
def empty_records(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("records") / "records.db"
    records = open_records(path)
    migrate(records.engine)
    records.close()
    return path.read_bytes()


@pytest.fixture
def records(tmp_path: Path, empty_records: bytes) -> Records:
    """Empty tables."""
    (tmp_path / "records.db").write_bytes(empty_records)
    return open_records(tmp_path / "records.db")

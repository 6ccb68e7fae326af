"""A migrated records database per test: SQLite, or PostgreSQL where a server is given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.records import Records
from tests.fresh import fresh_records


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    found = fresh_records(tmp_path)
    yield found
    found.close()

"""The engine's own tests, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from infra.records import Records, open_records
from infra.records.migrate import migrate
from tests.integration.postgres import cluster
from tests.unit.playbooks.engine.test_engine import *  # noqa: F403 - the same tests

pytestmark = pytest.mark.integration
TABLES = ("approvals", "waits", "attempts", "runs", "documents")


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with cluster() as url:
        records = open_records(url)
        migrate(records.engine)
        records.close()
        yield url


@pytest.fixture
def records(postgres: str) -> Iterator[Records]:
    records = open_records(postgres)
    names = ", ".join(f"playbooks_{name}" for name in TABLES)
    records.write(lambda session: session.execute(text(f"TRUNCATE {names}, infra_ledger_outbox CASCADE")) and None)
    yield records
    records.close()

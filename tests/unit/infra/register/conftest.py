from datetime import UTC, datetime

import pytest

from infra.clock import ManualClock
from infra.register import Register
from infra.web.seams import Actor
from tests.fresh import fresh_records
from tests.unit.infra.web.conftest import SignedInOnly

OPERATOR = Actor(id="u1", name="op", roles=("operator",))
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def records(tmp_path):
    found = fresh_records(tmp_path)
    yield found
    found.close()


@pytest.fixture
def clock():
    return ManualClock(NOON)


@pytest.fixture
def register(records, clock):
    found = Register(records, SignedInOnly(), clock)
    found.prepare()
    return found

"""The simulated hosts in the register: each in its system, marked, and found by name and address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.clock import ManualClock
from infra.records import Records
from infra.register import Register, Resolver
from infra.web.seams import Actor
from tests.fresh import fresh_records
from tests.unit.infra.web.conftest import SignedInOnly
from yaodun.demo.hosts import addresses, enter, members

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
OPERATOR = Actor(id="u1", name="op", roles=("operator",))


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    found = fresh_records(tmp_path)
    yield found
    found.close()


def test_hosts_belong_to_their_systems_and_their_events_are_found(records: Records) -> None:
    register = Register(records, SignedInOnly(), ManualClock(NOW))
    assert enter(register, OPERATOR, NOW - timedelta(days=30)) == len(addresses())
    assert enter(register, OPERATOR, NOW - timedelta(days=30)) == len(addresses())
    resolver = Resolver(records)
    for member in members():
        for host in member.hosts:
            event = {"@timestamp": NOW, "host.name": host}
            resolver.enrich(event)
            assert (event["yaodun.asset"], event["yaodun.system"]) == (host, member.id.value)
    assert all("simulated" in asset.name for asset in register.assets())

import json
from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from infra.clock import ManualClock
from infra.ledger.rows import OutboxRow
from infra.web.seams import Actor
from tests.fresh import fresh_records
from trust.access import Access
from trust.identity import Identity
from trust.identity.password import Passwords
from trust.identity.seal import Sealer
from trust.identity.tokens import Tokens

GOOD = "Gelbe-Tulpen-77"


@pytest.fixture
def records(tmp_path):
    found = fresh_records(tmp_path)
    yield found
    found.close()


@pytest.fixture
def clock():
    return ManualClock(datetime(2026, 11, 24, 12, tzinfo=UTC))


@pytest.fixture
def passwords():
    return Passwords("graded", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def access(records, clock):
    return Access(records, clock)


@pytest.fixture
def identity(records, access, clock, passwords):
    return Identity(records, access, Sealer(bytes(32)), clock=clock, passwords=passwords)


@pytest.fixture
def tokens(records, access, clock):
    return Tokens(records, access, clock)


def actor_of(signed) -> Actor:
    return Actor(id=signed.person.id, name=signed.person.name, roles=signed.person.roles, session=signed.session)


@pytest.fixture
def crew(identity):
    """The three administrators, signed in: (system, security, audit)."""
    first = identity.redeem_link(identity.open_first_start().secret, name="sys", display="系统", password=GOOD)
    for name, link in zip(("sec", "aud"), first.links, strict=True):
        identity.redeem_link(link.secret, name=name, password=GOOD)
    return tuple(actor_of(identity.sign_in(name, GOOD, "", "192.0.2.1")) for name in ("sys", "sec", "aud"))


@pytest.fixture
def told(records):
    """``told()``: what the ledger was told so far, as (action, thing)."""

    def look() -> list[tuple[str, str]]:
        bodies = records.read(lambda session: session.scalars(select(OutboxRow.body).order_by(OutboxRow.id)).all())
        return [(entry["action"], entry["thing"]) for entry in map(json.loads, bodies)]

    return look

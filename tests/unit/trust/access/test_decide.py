"""Denied by default; a denial of somebody known is in the ledger, without letting them fill it."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.ledger.rows import OutboxRow
from infra.web.seams import ANONYMOUS, Actor
from tests.fresh import fresh_records
from trust.access import Access

ANNA = Actor(id="u1", name="anna", roles=("analyst",))


@pytest.fixture
def records(tmp_path):
    found = fresh_records(tmp_path)
    yield found
    found.close()


@pytest.fixture
def clock():
    return ManualClock(datetime(2026, 11, 24, 12, tzinfo=UTC))


@pytest.fixture
def access(records, clock):
    return Access(records, clock)


def entries(records) -> list[dict]:
    records.write(lambda session: None)  # whatever was submitted before is in now
    return [json.loads(body) for body in records.read(lambda s: s.scalars(select(OutboxRow.body)).all())]


def deny(access, actor=ANNA) -> None:
    with pytest.raises(AppError):
        access.demand(actor, "users.create", "user:bob")


def test_allowed_with_the_rule_that_allows(access, records):
    decision = access.decide(ANNA, "alerts.work", "alert:1")
    assert (decision.allowed, decision.rule) == (True, "analyst: alerts.*")
    access.demand(ANNA, "alerts.work")
    assert entries(records) == []


def test_denied_and_recorded(access, records):
    decision = access.decide(ANNA, "users.create", "user:bob")
    assert (decision.allowed, decision.reason_key) == (False, "trust.denied")
    deny(access)
    (entry,) = entries(records)
    assert (entry["actor"]["id"], entry["action"], entry["thing"]) == ("u1", "trust.access.denied", "user:bob")
    assert entry["detail"]["action"] == "users.create"


def test_demand_tells_known_from_unknown(access):
    with pytest.raises(AppError) as caught:
        access.demand(ANNA, "users.create")
    assert caught.value.kind is ErrorKind.FORBIDDEN
    with pytest.raises(AppError) as caught:
        access.demand(ANONYMOUS, "alerts.read")
    assert caught.value.kind is ErrorKind.UNAUTHENTICATED


def test_repeats_are_recorded_once_a_minute(access, records, clock):
    for _ in range(50):
        deny(access)
    assert len(entries(records)) == 1
    clock.advance(61)
    deny(access)
    assert len(entries(records)) == 2


def test_strangers_and_looking_leave_no_entry(access, records):
    deny(access, ANONYMOUS)
    assert not access.decide(ANNA, "users.create").allowed
    assert access.decide(ANNA, "alerts.read").allowed
    assert entries(records) == []


def test_a_source_may_do_nothing_here_whatever_roles_it_claims(access):
    source = Actor(id="t", name="t", kind="source", roles=("analyst",), source="s")
    assert not access.decide(source, "alerts.read").allowed


def test_the_platform_itself_may(access):
    assert access.decide(Actor(id="runner", name="runner", kind="service"), "orders.create").allowed
    assert not access.decide(Actor(id="", name="", kind="service"), "orders.create").allowed

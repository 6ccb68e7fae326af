"""Pollers of agents elsewhere: in the signed configuration of their group, beside what was told, without secrets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from collectors.fleet.authority import AgentAuthority
from collectors.fleet.configuration import Configuration, unpack_order
from collectors.fleet.fleet import Fleet
from collectors.fleet.polling import GroupPollers
from infra.errors import AppError
from infra.ledger.rows import OutboxRow
from tests.agents import OPERATOR, Anyone
from tests.fresh import fresh_records
from yaodun.rooms.fleet import read_form

SWITCH = {"kind": "snmp", "name": "core", "hosts": ["192.0.2.1"]}


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    records = fresh_records(tmp_path)
    yield Fleet(records, Anyone(), AgentAuthority(tmp_path / "authority"))
    records.close()


def told(fleet: Fleet, group: str = "edge") -> Configuration:
    """What the agents of the group receive."""
    return unpack_order(fleet.orders()[group][1])[1].configuration


def test_a_poller_joins_what_the_group_was_told_before(fleet: Fleet) -> None:
    pollers = GroupPollers(fleet)
    fleet.configure(OPERATOR, "edge", Configuration(log_files=("/var/log/app.log",), bandwidth_kib_s=64))
    pollers.put(OPERATOR, "edge", SWITCH, {"community": "file:/etc/yaodun/core"})
    assert told(fleet).pollers == ({**SWITCH, "community": "file:/etc/yaodun/core"},)
    assert (told(fleet).log_files, told(fleet).bandwidth_kib_s) == (("/var/log/app.log",), 64)
    pollers.put(OPERATOR, "edge", {**SWITCH, "hosts": ["192.0.2.9"]}, {})
    assert [each["hosts"] for each in told(fleet).pollers] == [["192.0.2.9"]]
    assert [(each["name"], each["group"]) for each in pollers.read()] == [("core", "edge")]
    pollers.drop(OPERATOR, "edge", "core")
    assert told(fleet).pollers == ()
    assert told(fleet).log_files == ("/var/log/app.log",)


def signed(fleet: Fleet) -> tuple[dict[str, tuple[int, bytes]], int | None]:
    """What stands signed, and how many entries the ledger was given."""
    entries = fleet._records.read(lambda session: session.scalar(select(func.count()).select_from(OutboxRow)))
    return fleet.orders(), entries


def test_to_drop_what_is_not_there_changes_and_signs_nothing(fleet: Fleet) -> None:
    pollers = GroupPollers(fleet)
    pollers.put(OPERATOR, "edge", SWITCH, {})
    before = signed(fleet)
    pollers.drop(OPERATOR, "edge", "unknown")
    pollers.drop(OPERATOR, "nowhere", "core")
    assert signed(fleet) == before
    assert [group.id for group in fleet.groups()] == ["default", "edge"]


def test_changes_at_once_lose_nothing_of_each_other(fleet: Fleet) -> None:
    """Eight people add a poller each, at the same moment."""
    start = threading.Barrier(8)

    def add(number: int) -> None:
        start.wait(10)
        GroupPollers(fleet).put(OPERATOR, "edge", {**SWITCH, "name": f"core-{number}"}, {})

    people = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for person in people:
        person.start()
    for person in people:
        person.join(30)
    assert {each["name"] for each in told(fleet).pollers} == {f"core-{number}" for number in range(8)}


@pytest.mark.parametrize("secret", ["hush", "file:relative", "file:", "env:", "env:A B"])
def test_a_secret_is_named_and_does_not_travel(fleet: Fleet, secret: str) -> None:
    with pytest.raises(AppError, match="file:/"):
        GroupPollers(fleet).put(OPERATOR, "edge", SWITCH, {"community": secret})
    assert fleet.orders() == {}


@pytest.mark.parametrize("wrong", [{"kind": "snmp", "name": "Core!"}, {"kind": "telepathy", "name": "core"}])
def test_what_no_agent_could_poll_is_refused(fleet: Fleet, wrong: dict[str, str]) -> None:
    with pytest.raises(AppError):
        GroupPollers(fleet).put(OPERATOR, "edge", wrong, {})


def test_the_form_of_a_group_leaves_its_pollers(fleet: Fleet) -> None:
    GroupPollers(fleet).put(OPERATOR, "edge", SWITCH, {})
    after = read_form({"log_files": "/var/log/x.log", "interval_s": "30"}, told(fleet))
    assert after.pollers == (SWITCH,)
    assert (after.log_files, after.interval_s) == (("/var/log/x.log",), 30.0)

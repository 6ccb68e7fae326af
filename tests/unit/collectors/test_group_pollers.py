"""Pollers of agents elsewhere: in the signed configuration of their group, beside what was told, without secrets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.fleet.authority import AgentAuthority
from collectors.fleet.configuration import Configuration, unpack_order
from collectors.fleet.fleet import Fleet
from collectors.fleet.polling import GroupPollers
from infra.errors import AppError
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

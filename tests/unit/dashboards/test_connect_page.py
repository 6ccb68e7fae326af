"""The guide: lines with this site's address and token, what a poller is told, and the first event when it is here."""

from __future__ import annotations

import pytest

from collectors.cloud.libvirt_poller import LibvirtSettings
from collectors.cloud.openstack_poller import OpenStackSettings
from collectors.pollers.seams import settings_of
from collectors.probes.probe_poller import ProbeSettings
from collectors.sensing.modbus_poller import ModbusSettings
from collectors.sensing.mqtt_poller import MqttSettings
from collectors.snmp.snmp_poller import SnmpSettings
from dashboards.commands import run
from dashboards.pages import connect
from dashboards.pages.connect_kinds import KINDS
from dashboards.rooms import Rooms
from dashboards.visit import visit
from infra.clock import SystemClock
from tests.browser.fake_connecting import FakeConnecting
from tests.browser.fake_events import event_store
from tests.browser.fake_rooms import fake_rooms
from tests.unit.dashboards.test_agents_page import words

GIVEN = {
    "snmp": ({"hosts": "192.0.2.1 192.0.2.2:1161", "community": "hush"}, SnmpSettings),
    "mqtt": ({"host": "broker", "port": "1883", "topics": "yaodun/#", "user": "u", "password": "p"}, MqttSettings),
    "modbus": ({"host": "192.0.2.9", "unit": "1", "device": "c-1", "address": "10", "scale": "0.1"}, ModbusSettings),
    "probe": ({"address": "https://portal.example/", "label": "门户"}, ProbeSettings),
    "openstack": ({"url": "https://k:5000/v3", "user": "w", "password": "p"}, OpenStackSettings),
    "libvirt": ({"uri": "qemu:///system"}, LibvirtSettings),
}


async def test_lines_carry_the_address_others_reach(rooms: Rooms) -> None:
    said = words(await connect.steps.draw(visit(rooms, "/ui/connect", "?kind=syslog")))
    assert 'target="10.0.4.2" port="5514"' in said
    assert "只有本机可达" not in said


async def test_a_shut_door_and_one_that_only_this_host_reaches_say_what_to_set() -> None:
    empty = fake_rooms("empty")
    assert "flows_listen" in words(await connect.steps.draw(visit(empty, "/ui/connect", "?kind=flows")))
    said = words(await connect.steps.draw(visit(empty, "/ui/connect", "?kind=push")))
    assert "只有本机可达" in said
    assert 'http_listen = "0.0.0.0:8601"' in said


async def test_a_token_is_shown_once_inside_the_lines_that_use_it(rooms: Rooms) -> None:
    look = visit(rooms, "/ui/connect", "?kind=push")
    outcome, _ = await run(look, "connect.token", {"kind": "push", "source": "cold-1"})
    assert "Bearer yds_once_cold-1" in words(outcome.shown)
    assert "http://10.0.4.2:8601/sensing/" in words(outcome.shown)


@pytest.mark.parametrize("kind", GIVEN)
async def test_what_the_form_says_is_what_the_poller_reads(rooms: Rooms, kind: str) -> None:
    values, settings = GIVEN[kind]
    outcome, _ = await run(visit(rooms, "/ui/connect", ""), "connect.watch", {"kind": kind, "name": "one", **values})
    assert outcome.go.startswith(f"/ui/connect?kind={kind}&since=")
    [tree] = rooms.connecting.pollers()
    told = {key: value for key, value in tree.items() if key not in ("kind", "name")}
    assert settings_of(told, settings)
    connecting = rooms.connecting
    assert isinstance(connecting, FakeConnecting)
    assert set(connecting.secrets) == set(KINDS[kind].secrets)
    assert not set(KINDS[kind].secrets) & set(told)
    await run(visit(rooms, "/ui/connect", ""), "connect.forget", {"name": "one"})
    assert rooms.connecting.pollers() == []


async def test_agents_elsewhere_are_told_by_their_group(rooms: Rooms) -> None:
    look = visit(rooms, "/ui/connect", "?kind=snmp")
    assert "分组 edge 的代理" in words(await connect.body(look))
    values = {"kind": "snmp", "name": "core", "hosts": "192.0.2.1", "community": "file:/etc/core", "group": "edge"}
    await run(look, "connect.watch", values)
    assert [each.get("group") for each in rooms.connecting.pollers()] == ["edge"]
    assert "edge" in words(await connect.polled.draw(look))
    await run(look, "connect.forget", {"name": "core"})
    assert len(rooms.connecting.pollers()) == 1
    await run(look, "connect.forget", {"name": "core", "group": "edge"})
    assert rooms.connecting.pollers() == []


async def test_without_agents_elsewhere_nobody_is_asked_which() -> None:
    assert "由谁" not in words(await connect.body(visit(fake_rooms("empty"), "/ui/connect", "?kind=snmp")))


async def test_the_first_event_is_told_when_it_is_here(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = event_store(tmp_path_factory.mktemp("events"), SystemClock(), hours=1)
    full = fake_rooms("full", events=store)
    said = words(await connect.seen.draw(visit(full, "/ui/connect", "?kind=push")))
    assert "已收到首条事件" in said
    assert "cs-0001" in said
    assert "等待首条事件" in words(await connect.seen.draw(visit(fake_rooms("empty"), "/ui/connect", "?kind=push")))

"""Paths between zones: allowed ones are counted, others told, and one between intranet and extranet is critical."""

from __future__ import annotations

from datetime import UTC, datetime

from collectors.sightings import Sightings
from collectors.sources.host_identity import describe, neighbours
from collectors.zone_watch import CROSS_RULE, ZoneWatch
from infra.exchange import Level
from infra.register.identity import SightedBy
from infra.register.zones import Zone, ZoneKind

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
INNER = Zone(id="inner", name_zh="内网", kind=ZoneKind.INTRANET, networks=("10.0.0.0/8",), reaches=("dmz:tcp/443",))
OUTER = Zone(id="outer", name_zh="外网", kind=ZoneKind.EXTRANET, networks=("172.16.0.0/12",), reaches=("dmz",))
DMZ = Zone(id="dmz", name_zh="隔离区", kind=ZoneKind.DMZ, networks=("10.9.0.0/16",))


def connection(source: str, target: str, port: int = 443, name: str = "e1") -> dict[str, object]:
    return {"@timestamp": NOON, "event.id": name, "source.ip": source, "destination.ip": target,
            "destination.port": port, "network.transport": "tcp", "yaodun.stream": "flows"}  # fmt: skip


def told(*events: dict[str, object]) -> dict[str, Level]:
    watch = ZoneWatch([INNER, OUTER, DMZ])
    for event in events:
        watch.see(event)
    return {signal.entity_value: signal.level for signal in watch.signals(watch.take())}


def test_an_allowed_path_is_silent_and_another_service_on_it_is_not() -> None:
    assert told(connection("10.1.0.1", "10.9.0.1")) == {}
    assert told(connection("10.1.0.1", "10.9.0.1", 22)) == {"inner > dmz": Level.HIGH}


def test_between_intranet_and_extranet_nothing_is_worse_either_way() -> None:
    found = told(connection("10.1.0.1", "172.16.0.9"), connection("172.16.0.9", "10.1.0.1"))
    assert found == {"inner > outer": Level.CRITICAL, "outer > inner": Level.CRITICAL}


def test_the_signal_leads_to_the_first_event_and_repeats_within_the_hour_are_the_same() -> None:
    watch = ZoneWatch([INNER, OUTER])
    for name in ("e1", "e2"):
        watch.see(connection("10.1.0.1", "172.16.0.9", name=name))
    (one,) = watch.signals(watch.take())
    assert (one.rule_id, one.event_ids) == (CROSS_RULE, ("e1",))
    watch.see(connection("10.1.0.2", "172.16.0.8", name="e9"))
    (again,) = watch.signals(watch.take())
    assert again.id == one.id


def test_traffic_within_a_zone_and_with_unknown_private_networks_is_no_path() -> None:
    assert told(connection("10.1.0.1", "10.1.0.2"), connection("192.168.0.1", "10.1.0.2")) == {}


def test_the_host_describes_itself_and_the_event_becomes_an_observation() -> None:
    sightings = Sightings()
    sightings.see({"@timestamp": NOON, "host.id": "m1", "host.name": "web", "yaodun.stream": "inventory",
                   **describe("1.0")})  # fmt: skip
    (seen,) = sightings.take()
    assert (seen.by, seen.machine_id, seen.name, seen.facts["agent"]) == (SightedBy.AGENT, "m1", "web", "1.0")


def test_neighbours_are_read_as_the_kernel_writes_them(tmp_path) -> None:
    table = tmp_path / "arp"
    table.write_text(
        "IP address       HW type     Flags       HW address            Mask     Device\n"
        "10.0.0.1         0x1         0x2         3c:ec:ef:00:00:01     *        eth0\n"
        "10.0.0.2         0x1         0x0         00:00:00:00:00:00     *        eth0\n"
    )
    sightings = Sightings()
    for found in neighbours(table):
        for _ in range(3):
            sightings.see({"@timestamp": NOON, "yaodun.stream": "inventory", "host.id": "m1", **found})
    (seen,) = sightings.take()
    assert (seen.by, seen.ips, seen.macs) == (SightedBy.ARP, ("10.0.0.1",), ("3c:ec:ef:00:00:01",))

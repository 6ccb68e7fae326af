"""Baselines and measurements that came as events: the newest counts, what is unknown is not believed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from infra.events.stream import Stream
from infra.register import Address, AddressKind, Asset
from infra.register.zones import OUTSIDE, Zone, ZoneKind, ZonePath
from ops.controls.measured import MeasuredFacts
from ops.controls.traffic import TrafficFacts
from ops.filing.observed import Observed
from tests.unit.ops.controls.test_telemetry import NOW, Store, event, fill, opened

__all__ = ["opened"]
HOUR = timedelta(hours=1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=NOW.tzinfo)


def told(source: Any, asset: str = "") -> dict[str, Any]:
    return {found.kind: found.value for found in source.facts("trace", NOW) if found.asset == asset}


def finding(number: int, ago: timedelta, check: str, outcome: str) -> Any:
    return event(
        number, NOW - ago, event__dataset="host.baseline", rule__id=check, event__outcome=outcome, host__name="web1",
        yaodun__asset="web1", message="/etc/login.defs:160",
    )  # fmt: skip


def test_the_newest_finding_of_a_check_counts_and_unknown_checks_are_left_out(opened: Store) -> None:
    fill(opened, Stream.LOGS, [
        finding(1, 3 * HOUR, "ssh.root_login", "failure"), finding(2, HOUR, "ssh.root_login", "success"),
        finding(3, HOUR, "no.such_check", "failure"), finding(4, HOUR, "audit.daemon", "maybe"),
    ])  # fmt: skip
    assert told(MeasuredFacts(opened[0]), "web1") == {"baseline.ssh.root_login": "compliant"}


def test_a_metric_named_after_a_fact_is_that_fact_yes_or_no_where_a_rule_asks_so(opened: Store) -> None:
    def metric(number: int, name: str, value: float, instance: str) -> Any:
        fields = {"yaodun.metric.name": name, "yaodun.metric.value": value, "yaodun.metric.instance": instance}
        return event(number, NOW - HOUR, **fields)

    fill(opened, Stream.METRICS, [
        metric(1, "firewall.default_deny", 1, "fw1"), metric(2, "firewall.any_any_rules", 2, "fw1"),
        metric(3, "cpu.usage", 0.5, "fw1"), metric(4, "vulnerability.scan_age_days", 12, "trace"),
    ])  # fmt: skip
    assert told(MeasuredFacts(opened[0]), "fw1") == {"firewall.default_deny": True, "firewall.any_any_rules": 2.0}
    assert told(MeasuredFacts(opened[0])) == {"vulnerability.scan_age_days": 12.0}


class Nouns:
    def assets(self, system: str = "") -> Sequence[Asset]:
        held = (Address(AddressKind.IP, "10.6.0.5", LONG_AGO),)
        return [
            Asset(id="web1", name="web1", kind="host", system="trace", unit="u", zone="inner", addresses=held),
            Asset(id="fw1", name="fw1", kind="firewall", system="trace", unit="u", zone="inner"),
        ]


class Map:
    def __init__(self, reaches: tuple[str, ...] = ()) -> None:
        self._reaches = reaches

    def zones(self) -> Sequence[Zone]:
        inner = Zone(id="inner", name_zh="内", networks=("10.6.0.0/16",), reaches=self._reaches)
        return [inner, Zone(id="admin", name_zh="管", kind=ZoneKind.MANAGEMENT, networks=("10.8.0.0/24",))]

    def paths(self) -> Sequence[ZonePath]:
        return [ZonePath(source="inner", target="admin", service="tcp/22", first=NOW, last=NOW, count=3)]


def login(number: int, source: str, user: str = "root") -> Any:
    return event(
        number, NOW - HOUR, event__category=["authentication"], event__outcome="success", source__ip=source,
        user__name=user, yaodun__asset="web1",
    )  # fmt: skip


def flow(number: int, target: str) -> Any:
    return event(
        number, NOW - HOUR, event__category=["network"], source__ip="10.6.0.5", destination__ip=target,
        destination__port=443, yaodun__asset="fw1",
    )  # fmt: skip


def test_logins_past_the_bastion_and_shared_accounts_are_named(opened: Store) -> None:
    away = [login(number, f"10.9.0.{number}", "ops") for number in range(7)]
    fill(opened, Stream.LOGS, [login(90, "10.8.0.5"), *away])
    found = told(TrafficFacts(opened[0], Nouns(), Map()))
    assert found["accounts.shared_logins"] == ["ops"]
    assert found["admin.system_outside_bastion"] == sorted(f"10.9.0.{number}" for number in range(7))
    assert found["admin.system_command_audit_pct"] == 0.0


def test_connections_to_public_addresses_count_only_where_the_zone_may_not_go_out(opened: Store) -> None:
    fill(opened, Stream.LOGS, [flow(1, "203.0.113.9"), flow(2, "10.7.0.1")])
    strict = told(TrafficFacts(opened[0], Nouns(), Map()))
    assert strict["boundary.unauthorised_egress"] == ["10.6.0.5 -> 203.0.113.9"]
    assert strict["zones.flows_round_boundary"] == ["inner -> admin tcp/22"]
    assert strict["audit.boundary_sources_silent"] == []
    free = told(TrafficFacts(opened[0], Nouns(), Map((OUTSIDE,))))
    assert free["boundary.unauthorised_egress"] == []


def test_without_events_traffic_says_nothing_good(opened: Store) -> None:
    found = told(TrafficFacts(opened[0], Nouns(), Map()))
    assert "accounts.shared_logins" not in found
    assert "boundary.unauthorised_egress" not in found
    assert found["audit.boundary_sources_silent"] == ["fw1"]
    assert found["monitoring.asset_coverage_pct"] == 0.0


def test_visits_and_deployment_fill_table_two_and_silence_fills_nothing(opened: Store) -> None:
    assert Observed(opened[0]).object("other", NOW) == []
    fill(opened, Stream.LOGS, [
        event(1, NOW - HOUR, network__direction="inbound"), event(2, NOW - HOUR, network__direction="internal"),
        event(3, NOW - HOUR, cloud__provider="药监云", cloud__region="cn-north-1"),
    ])  # fmt: skip
    seen = {
        name: value for _, stated in Observed(opened[0]).object("trace", NOW) for name, value in stated.values.items()
    }
    assert seen["T2.service_audience"] == "both"
    assert seen["T2.network_nature"] == "2"
    assert seen["T2.technologies"] == ["cloud"]
    stored = {
        name: value
        for _, each in Observed(opened[0]).category("trace/flow", NOW)
        for name, value in each.values.items()
    }
    assert stored["T6.storage_region"] == ["1"]
    assert stored["T6.data_name"] == "flow"
    assert "T6.sources" not in stored

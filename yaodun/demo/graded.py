"""Graded protection on the simulated site: systems graded, one filing begun, and what hosts and devices report for it.

Everything is labelled as simulated and comes through the receivers; gradings are proposed by the one who runs the
demonstration and wait for another person's review.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from infra.clock import rfc3339
from infra.exchange import Dimension
from infra.register import Register
from infra.register.nouns import Asset
from infra.register.seed import REGULATOR
from infra.register.zones import OUTSIDE, Zone, ZoneKind, Zones
from infra.web.seams import Actor
from ops.baseline.registry import all_checks
from ops.controls.board import Profile
from ops.controls.profiles import profile_of
from ops.controls.service import Controls
from ops.filing.beginning import begin
from ops.filing.service import Filings
from ops.grading.objects import Degree, GradedObject, Harmed, ObjectKind, Tick
from ops.grading.service import Gradings
from yaodun.demo.hosts import addresses, members
from yaodun.demo.label import Document, labelled
from yaodun.simulation.dice import Dice

SERIOUS, GENERAL = Degree.SERIOUS, Degree.GENERAL
GRADED = {
    "cloud": (ObjectKind.CLOUD_PLATFORM, SERIOUS, SERIOUS),
    "sharing": (ObjectKind.BIGDATA_PLATFORM, SERIOUS, GENERAL),
    "portal": (ObjectKind.INFORMATION_SYSTEM, GENERAL, SERIOUS),
    "trace": (ObjectKind.INFORMATION_SYSTEM, SERIOUS, SERIOUS),
    "licence": (ObjectKind.INFORMATION_SYSTEM, SERIOUS, SERIOUS),
    "secops": (ObjectKind.INFORMATION_SYSTEM, SERIOUS, SERIOUS),
}
FILED = "trace"
SHARED = {"demo-net-fw1": "firewall", "demo-net-core1": "network_device", "demo-room-1": "room"}
"""What every system stands in and behind."""
WEAK = {
    "password.max_days_default": "/etc/login.defs:160 PASS_MAX_DAYS 99999",
    "ssh.root_login": "/etc/ssh/sshd_config:33 PermitRootLogin yes",
    "audit.immutable": "/etc/audit/rules.d: -e 2 is missing",
}
"""Checks some simulated hosts fail, with what would be seen."""
CATEGORIES = {"flow": (310 << 30, 9 << 30), "recall": (4 << 30, 60 << 20)}
"""Data categories of the filed system: size now and growth a month, in bytes."""
MEASURED: dict[str, dict[str, float]] = {
    "demo-net-fw1": {
        "firewall.default_deny": 1, "firewall.any_any_rules": 0, "firewall.shadowed_rules": 2,
        "firewall.unused_rules": 0, "firewall.five_tuple_rules": 1, "firewall.stateful": 1,
        "firewall.application_rules": 1, "device.trusted_boot": 0,
    },
    "demo-net-core1": {
        "network.peak_cpu_pct": 61, "network.peak_memory_pct": 48, "network.peak_sessions_pct": 35,
        "network.peak_bandwidth_pct": 72, "device.admin_protocols_clear": 0, "device.trusted_boot": 0,
    },
    "demo-room-1": {
        "room.door_log_age_days": 0.1, "room.door_open_unauthorised": 0, "room.camera_silent": 0,
        "room.fire_panel_ok": 1, "room.water_sensor_ok": 1, "room.ups_runtime_minutes": 42,
    },
    "": {
        "vulnerability.scan_age_days": 12, "vulnerability.overdue": 3, "audit.remote_access_report_age_days": 9,
        "remote.sessions_without_approval": 0, "remote.left_open": 0, "backup.last_success_age_days": 0.4,
        "backup.last_restore_drill_age_days": 88, "backup.offsite_lag_minutes": 18, "audit.store_backup_age_days": 0.5,
        "admin.audit_outside_bastion": 0, "admin.security_outside_bastion": 0, "network.single_points": 1,
        "availability.without_standby": 0, "malware.gateway_active": 1, "malware.gateway_signature_age_days": 3,
        "mail.gateway_active": 1, "accounts.policy_owner_known": 1, "web.injection_successes": 1,
        "storage.sensitive_clear_text": 2, "privacy.access_outliers": 1, "admin.system_actions_by_others": 0,
        "admin.security_actions_by_others": 0, "accounts.leavers_active": 0, "accounts.vendor_without_request": 0,
        "accounts.vendor_after_end": 0, "build.scan_missing": 0, "build.unprotected_branches": 0,
        "delivery.unscanned": 0, "delivery.source_unreviewed": 0, "assets.without_importance": 0,
        "configuration.without_manual": 4, "operations.tools_unapproved": 0, "malware.removable_media_unscanned": 0,
        "wireless.flows_round_gateway": 0, "accounts.single_factor_logins": 1,
    },
}  # fmt: skip
"""What devices and other tools of a site would report, by asset ('' the object), each metric named after its fact."""


def facilities(register: Register, zones: Zones, actor: Actor) -> None:
    """The room, the kinds of the boundary devices, and two zones: who may go out, and where administrators sit."""
    register.save_asset(
        actor,
        Asset(id="demo-room-1", name="demo-room-1（模拟 simulated）", kind="room", system="network", unit=REGULATOR,
              zone="demo", importance=0.8, dimension=Dimension.INFRASTRUCTURE),
    )  # fmt: skip
    known = {asset.id: asset for asset in register.assets()}
    for name, kind in (("demo-net-fw1", "firewall"), ("demo-net-core1", "switch")):
        found = known[name]
        register.save_asset(actor, msgspec.structs.replace(found, kind=kind))
    zones.save_zone(
        actor,
        Zone(id="demo", name_zh="模拟业务区", name_en="Simulated zone", networks=("10.66.0.0/16",), reaches=("demo",)),
    )
    zones.save_zone(
        actor,
        Zone(id="demo-admin", name_zh="模拟管理区", name_en="Simulated management zone", kind=ZoneKind.MANAGEMENT,
             networks=("10.88.0.0/24",), reaches=("demo", OUTSIDE)),
    )  # fmt: skip


def settle(
    actor: Actor, register: Register, gradings: Gradings, controls: Controls, filings: Filings, now: datetime
) -> str:
    """Grade the systems, declare what is evaluated, begin one filing; its id. A second run changes nothing."""
    systems = {system.id: system for system in register.systems()}
    done = gradings.all_latest()
    for name, (kind, s, a) in GRADED.items():
        if name in done:
            continue
        thing = GradedObject(
            id=name, name=systems[name].name_zh, unit=systems[name].unit, kind=kind, s=(Tick(Harmed.SOCIETY, s),),
            a=(Tick(Harmed.SOCIETY, a),), description=systems[name].about,
            public_service=kind is ObjectKind.BIGDATA_PLATFORM,
        )  # fmt: skip
        profile = profile_of(gradings.keep(actor, thing), register.assets(name))
        controls.declare(actor, _with_shared(profile))
    filed = next((each.id for each in filings.find() if FILED in each.document.objects), "")
    kept = gradings.latest(FILED)
    return filed or (begin(filings, actor, kept, now.year).id if kept else "")


def _with_shared(profile: Profile) -> Profile:
    return msgspec.structs.replace(profile, assets={**profile.assets, **SHARED}, extensions=())


def telemetry(dice: Dice, now: datetime, scenario: str) -> Iterator[Document]:
    """Baselines of every host, readings of room and devices, flows with their protocols, sizes of data."""
    for host in addresses():
        yield from _baseline(dice, host, now, scenario)
    for number in range(48):
        at = now - timedelta(minutes=30 * number + 5)
        for kind, mean in (("temperature", 22.5), ("humidity", 48.0)):
            yield _reading(at, scenario, kind, dice.normal(mean, 1.2))
    for system in GRADED:
        yield from _measured(system, now, scenario)
        yield from _traffic(dice, system, now, scenario)
    yield from _sizes(now, scenario)


def _baseline(dice: Dice, host: str, now: datetime, scenario: str) -> Iterator[Document]:
    weak = {name for name in WEAK if dice.whole(0, 9) < 3}
    for check in all_checks():
        good = check.id not in weak
        fields = {
            "event.kind": "state", "event.dataset": "host.baseline", "event.category": ["configuration"],
            "rule.id": check.id, "event.outcome": "success" if good else "failure",
            "cloud.provider": "药监云", "cloud.region": "cn-north-1", "cloud.availability_zone": "demo-room-1",
            "message": WEAK.get(check.id, check.id) if not good else f"{check.id}: as required",
        }  # fmt: skip
        yield labelled(host, now - timedelta(minutes=20), "everyday", scenario, fields)


def _reading(at: datetime, scenario: str, kind: str, value: float) -> Document:
    return {
        "@timestamp": rfc3339(at), "ecs.version": "9.4.0", "event.kind": "metric", "yaodun.simulated": True,
        "tags": ["simulated"], "labels": {"scenario": scenario, "stage": "everyday"}, "yaodun.system": "network",
        "yaodun.sensor.id": f"demo-room-1-{kind}", "yaodun.sensor.kind": kind, "yaodun.sensor.value": round(value, 2),
        "yaodun.sensor.place": "demo-room-1", "event.category": ["host"], "message": f"{kind} {value:.1f}",
    }  # fmt: skip


def _measured(system: str, now: datetime, scenario: str) -> Iterator[Document]:
    for asset, values in MEASURED.items():
        for name, value in values.items():
            yield _metric(system, now - timedelta(minutes=10), scenario, name, value, asset or system)


def _metric(system: str, at: datetime, scenario: str, name: str, value: float, instance: str) -> Document:
    return {
        "@timestamp": rfc3339(at), "ecs.version": "9.4.0", "event.kind": "metric", "yaodun.simulated": True,
        "tags": ["simulated"], "labels": {"scenario": scenario, "stage": "everyday"}, "yaodun.system": system,
        "yaodun.metric.name": name, "yaodun.metric.value": float(value), "yaodun.metric.instance": instance,
    }  # fmt: skip


def _traffic(dice: Dice, system: str, now: datetime, scenario: str) -> Iterator[Document]:
    """A day of flows of a system: TLS with its suite mostly, some of it from outside, a little in the clear."""
    hosts = next(member.hosts for member in members() if member.id == system)
    suites = ("TLS_AES_256_GCM_SHA384", "ECC_SM4_GCM_SM3", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
    others = [host for host in addresses() if host not in hosts]
    for number in range(60):
        at = now - timedelta(minutes=dice.between(10, 1400))
        outside = number % 3 == 0
        source = f"223.70.{dice.whole(1, 200)}.{dice.whole(2, 250)}" if outside else addresses()[dice.choose(others)]
        clear = number % 29 == 7
        fields = {
            "event.category": ["network"], "event.type": ["connection", "allowed"], "event.action": "allowed",
            "source.ip": source, "destination.ip": addresses()[hosts[0]], "destination.port": 80 if clear else 443,
            "network.transport": "tcp", "network.protocol": "http" if clear else "tls", "user.name": "-",
            "network.bytes": dice.whole(4_000, 900_000), "network.direction": "inbound" if outside else "internal",
            "url.domain": f"{system}.demo.example.cn", "yaodun.system": system,
        }  # fmt: skip
        if not clear:
            fields |= {"tls.cipher": dice.choose(suites), "tls.version": "1.3", "tls.version_protocol": "tls"}
        yield labelled("demo-net-fw1", at, "everyday", scenario, fields)


def _sizes(now: datetime, scenario: str) -> Iterator[Document]:
    for category, (size, growth) in CATEGORIES.items():
        for day in range(28):
            at = now - timedelta(days=day, minutes=15)
            yield _metric(FILED, at, scenario, "db.size", size - growth * day / 30.4, f"{FILED}/{category}")

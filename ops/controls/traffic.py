"""Facts from who talked to whom: logins, boundary devices, detection, ways round the zones, sensors and devices."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from infra.events.stream import Stream
from infra.register import AddressKind, Asset
from infra.register.zones import OUTSIDE, Zone, ZoneKind, ZonePath, allowed
from infra.store.query.tree import (
    And,
    Composite,
    Exists,
    Filter,
    Filters,
    Query,
    Range,
    Stats,
    Term,
    Terms,
    TermsCount,
    Window,
)
from infra.store.seams import EventStore
from ops.controls.facts import OBJECT, Fact, fact

COLLECTOR = "traffic"
RECENT = timedelta(days=7)
DAY = timedelta(days=1)
MOST = 1_000
SHARED_FROM = 6
"""An account used from so many addresses within a week is shared."""
BOUNDARY_KINDS = ("firewall", "switch", "router", "network_device", "gateway", "wireless")
COMFORT = {"temperature": (18.0, 28.0), "humidity": (30.0, 75.0)}
PEAKS = {
    "cpu.usage": ("network.peak_cpu_pct", 100.0), "memory.used": ("network.peak_memory_pct", 100.0),
    "interface.utilisation": ("network.peak_bandwidth_pct", 100.0),
    "sessions.used": ("network.peak_sessions_pct", 100.0),
}  # fmt: skip


class Assets(Protocol):
    """The register's assets."""

    def assets(self, system: str = "") -> Sequence[Asset]: ...


class Zoning(Protocol):
    """Zones and the paths seen between them (``infra.register.zones.Zones``)."""

    def zones(self) -> Sequence[Zone]: ...

    def paths(self) -> Sequence[ZonePath]: ...


class TrafficFacts:
    """A ``FactSource``; a kind is told only where there is something to judge it by."""

    def __init__(self, store: EventStore, assets: Assets, zones: Zoning) -> None:
        self._store, self._assets, self._zones = store, assets, zones

    def facts(self, object_id: str, now: datetime) -> Iterator[Fact]:
        """Everything traffic says about the object."""
        evidence = f"/hunt?q=yaodun.system:{object_id}&tr=7d"
        for asset, kind, value in self._all(object_id, now):
            yield fact(asset, kind, value, now, COLLECTOR, evidence=evidence)

    def _all(self, object_id: str, now: datetime) -> Iterator[tuple[str, str, Any]]:
        mine = list(self._assets.assets(object_id))
        for kind, value in (
            *self._logins(object_id, now), *self._egress(mine, now), *self._paths(), *self._sensitive(object_id, now),
        ):  # fmt: skip
            yield OBJECT, kind, value
        for kind, value in self._boundary(mine, now):
            yield OBJECT, kind, value
        yield from self._devices(now)
        yield from self._rooms(now)

    def _query(
        self, now: datetime, chosen: Filter, streams: tuple[str, ...] = (Stream.LOGS, Stream.FLOWS),
        span: timedelta = RECENT,
    ) -> Query:  # fmt: skip
        return Query(streams=streams, window=Window(now - span, now + timedelta(seconds=1)), filter=chosen, limit=0)

    def _logins(self, object_id: str, now: datetime) -> Iterator[tuple[str, Any]]:
        entered = And((Term("yaodun.system", object_id), Term("event.category", "authentication")))
        good = And((entered, Term("event.outcome", "success")))
        pairs = Composite(("user.name", "source.ip"), MOST)
        found = self._store.aggregate(self._query(now, good), {"p": pairs})["p"].buckets
        seen = [(str(bucket.key[0]), str(bucket.key[1])) for bucket in found if bucket.key[0] and bucket.key[1]]
        if not seen:
            return
        users = {user: {address for name, address in seen if name == user} for user, _ in seen}
        yield "accounts.shared_logins", sorted(user for user, places in users.items() if len(places) >= SHARED_FROM)
        bastions = [net for zone in self._zones.zones() if zone.kind is ZoneKind.MANAGEMENT for net in zone.networks]
        if bastions:
            away = {address for _, address in seen if not _inside(address, bastions)}
            yield "admin.system_outside_bastion", sorted(away)
            yield "zones.management_zone_flows_outside", sorted(away)
        yield from self._commands(object_id, now)

    def _commands(self, object_id: str, now: datetime) -> Iterator[tuple[str, Any]]:
        """Share of hosts administrators logged in to that also report the commands run on them."""
        on = Term("yaodun.system", object_id)
        entered = self._hosts(now, And((on, Term("event.category", "authentication"))))
        told = self._hosts(now, And((on, Term("event.category", "process"))))
        if entered:
            yield "admin.system_command_audit_pct", round(100 * len(entered & told) / len(entered), 2)

    def _hosts(self, now: datetime, chosen: Filter, span: timedelta = RECENT) -> set[str]:
        streams = (Stream.LOGS, Stream.FLOWS, Stream.INVENTORY)
        counted = self._store.aggregate(
            self._query(now, chosen, streams, span), {"a": TermsCount("yaodun.asset", MOST)}
        )
        return {str(bucket.key) for bucket in counted["a"].buckets}

    def _egress(self, mine: Sequence[Asset], now: datetime) -> Iterator[tuple[str, Any]]:
        """Connections of the object's addresses to public ones, from zones that may not reach the outside."""
        own = {each.value: asset.zone for asset in mine for each in asset.addresses if each.kind is AddressKind.IP}
        if not own:
            return
        sent = And((Terms("source.ip", tuple(own)), Term("event.category", "network"), Exists("destination.ip")))
        pairs = Composite(("source.ip", "destination.ip"), MOST)
        found = self._store.aggregate(self._query(now, sent), {"p": pairs})["p"].buckets
        if not found:
            return
        may = {zone.id for zone in self._zones.zones() if any(r.partition(":")[0] == OUTSIDE for r in zone.reaches)}
        public = [
            bucket.key for bucket in found if _public(str(bucket.key[1])) and own.get(str(bucket.key[0])) not in may
        ]
        yield "boundary.unauthorised_egress", sorted(f"{source} -> {target}" for source, target in public)
        yield "boundary.egress_check_age_days", 0

    def _paths(self) -> Iterator[tuple[str, Any]]:
        zones, paths = {zone.id: zone for zone in self._zones.zones()}, self._zones.paths()
        if not zones or not paths:
            return
        wrong = [
            f"{path.source} -> {path.target} {path.service}"
            for path in paths
            if path.source in zones and path.target in zones
            and not allowed(zones[path.source], zones[path.target], path.service)
        ]  # fmt: skip
        yield "zones.flows_round_boundary", sorted(wrong)
        yield "boundary.flows_round_boundary", sorted(wrong)

    def _sensitive(self, object_id: str, now: datetime) -> Iterator[tuple[str, Any]]:
        """Credentials the sensor saw in the clear; none where protocols were recognised and no credential was."""
        on = Term("yaodun.system", object_id)
        if (
            not self._store.aggregate(self._query(now, And((on, Exists("network.protocol")))), {"n": COUNT})["n"]
            .buckets[0]
            .count
        ):
            return
        shown = And((on, Exists("yaodun.flow.credential")))
        pairs = Composite(("destination.ip", "destination.port"), MOST)
        found = self._store.aggregate(self._query(now, shown), {"p": pairs})["p"].buckets
        yield "flows.sensitive_clear_text", sorted(f"{b.key[0]}:{b.key[1]}" for b in found)

    def _boundary(self, mine: Sequence[Asset], now: datetime) -> Iterator[tuple[str, Any]]:
        """Whether devices at the boundary log, and which hosts nobody registered."""
        devices = {asset.id for asset in self._assets.assets() if asset.kind in BOUNDARY_KINDS}
        if devices:
            logged = self._hosts(now, Terms("yaodun.asset", tuple(devices)), DAY)
            yield "audit.boundary_sources_silent", sorted(devices - logged)
            yield "audit.boundary_user_coverage_pct", round(100 * len(devices & logged) / len(devices), 2)
        if mine:
            strays = [asset.name for asset in self._assets.assets() if not asset.system and not asset.unit]
            yield "boundary.unknown_devices", sorted(strays)[:100]
            wanted = {asset.id for asset in mine if asset.kind not in ("room", "machine_room")}
            heard = self._hosts(now, Terms("yaodun.asset", tuple(wanted)))
            yield "monitoring.asset_coverage_pct", round(100 * len(heard & wanted) / max(len(wanted), 1), 2)
            listed = self._inventories(now, tuple(wanted))
            yield "configuration.without_snapshot", sorted(wanted - listed)

    def _inventories(self, now: datetime, wanted: tuple[str, ...]) -> set[str]:
        query = self._query(now, Terms("yaodun.asset", wanted), (Stream.INVENTORY,))
        found = self._store.aggregate(query, {"a": TermsCount("yaodun.asset", MOST)})["a"].buckets
        return {str(bucket.key) for bucket in found}

    def _devices(self, now: datetime) -> Iterator[tuple[str, str, Any]]:
        """Peaks of network devices over a week."""
        devices = tuple(asset.id for asset in self._assets.assets() if asset.kind in BOUNDARY_KINDS)
        if not devices:
            return
        chosen = And((Terms("yaodun.asset", devices), Terms("yaodun.metric.name", tuple(PEAKS))))
        value = TermsCount("yaodun.metric.name", 10, inner={"value": Stats("yaodun.metric.value")})
        counted = TermsCount("yaodun.asset", MOST, inner={"name": value})
        found = self._store.aggregate(self._query(now, chosen, (Stream.METRICS,)), {"a": counted})["a"].buckets
        for device in found:
            for name in device.inner["name"].buckets:
                kind, scale = PEAKS[str(name.key)]
                top = name.inner["value"].values.get("max")
                if top is not None:
                    yield str(device.key), kind, round(scale * top, 2)

    def _rooms(self, now: datetime) -> Iterator[tuple[str, str, Any]]:
        """Share of readings of a room's sensors within the range of its devices."""
        rooms = [asset.id for asset in self._assets.assets() if asset.kind in ("room", "machine_room")]
        for room in rooms:
            for kind, (low, high) in COMFORT.items():
                on = And((Term("yaodun.sensor.place", room), Term("yaodun.sensor.kind", kind)))
                good = Filters(
                    {"all": Exists("yaodun.sensor.value"), "good": _between("yaodun.sensor.value", low, high)}
                )
                streams = (Stream.METRICS, Stream.LOGS)
                counts = {
                    b.key: b.count
                    for b in self._store.aggregate(self._query(now, on, streams, DAY), {"f": good})["f"].buckets
                }
                if counts.get("all"):
                    yield room, f"room.{kind}_in_range_pct", round(100 * counts.get("good", 0) / counts["all"], 2)


COUNT = Filters({"all": Exists("@timestamp")})


def _between(field: str, low: float, high: float) -> Filter:
    return Range(field, gte=low, lte=high)


def _inside(address: str, networks: Sequence[str]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return found.is_loopback or any(found in ipaddress.ip_network(net, strict=False) for net in networks)


def _public(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    inner = any(found in net for net in INNER if net.version == found.version)
    return not (inner or found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified)


INNER = tuple(
    ipaddress.ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
"""Networks nobody reaches from outside (RFC 1918, 6598, 4193)."""

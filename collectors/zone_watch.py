"""Connections between zones: counted as they pass, and told where no rule of the site allows them."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from infra.events import Signal, Why
from infra.events.stream import Event
from infra.exchange import Dimension, Level
from infra.ids import stable_id
from infra.register.zones import OUTSIDE, Zone, ZoneKind, allowed

RULE = "platform.zone-path"
CROSS_RULE = "platform.zone-crossing"
Seen = tuple[datetime, datetime, int, str]
_APART = frozenset((ZoneKind.INTRANET, ZoneKind.EXTRANET))
_KNOWN_PORTS = 49_152


class ZoneWatch:
    """``see`` is called for every event; ``take`` gives what was counted since, ``signals`` what was not allowed."""

    def __init__(self, zones: Sequence[Zone]) -> None:
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str, str], Seen] = {}
        self.use(zones)

    def use(self, zones: Sequence[Zone]) -> None:
        """Judge by these zones from now on."""
        self._zones = {zone.id: zone for zone in zones}
        networks = sorted(
            ((ipaddress.ip_network(network), zone.id) for zone in zones for network in zone.networks),
            key=lambda each: -each[0].prefixlen,
        )

        @lru_cache(maxsize=65_536)
        def find(address: str) -> str:
            try:
                wanted = ipaddress.ip_address(address)
            except ValueError:
                return ""
            inside = next((zone for network, zone in networks if wanted in network), "")
            return inside or (OUTSIDE if wanted.is_global else "")

        self._find = find

    def see(self, event: Event) -> None:
        """Take note of a connection in ``event``."""
        if not self._zones or "destination.ip" not in event or "source.ip" not in event:
            return
        source, target = self._find(event["source.ip"]), self._find(event["destination.ip"])
        if not source or not target or source == target:
            return
        key = (source, target, service_of(event))
        at, event_id = event["@timestamp"], event.get("event.id", "")
        with self._lock:
            first, last, count, begun = self._seen.get(key, (at, at, 0, event_id))
            self._seen[key] = (min(first, at), max(last, at), count + 1, begun)

    def take(self) -> dict[tuple[str, str, str], Seen]:
        """What was counted since the last time."""
        with self._lock:
            taken, self._seen = self._seen, {}
        return taken

    def signals(self, seen: Mapping[tuple[str, str, str], Seen]) -> list[Signal]:
        """One signal an hour for each path that nothing allows; between intranet and extranet it is critical."""
        found = []
        for (source, target, service), (first, _, count, event) in seen.items():
            one, other = self._zone(source), self._zone(target)
            if not allowed(one, other, service):
                found.append(_signal(one, other, service, first, count, event))
        return found

    def _zone(self, zone: str) -> Zone:
        return self._zones.get(zone) or Zone(id=zone, name_zh=zone, kind=ZoneKind.OUTSIDE)


def service_of(event: Event) -> str:
    """``tcp/443``; ports of the other side's choice are told as ``tcp`` alone."""
    transport = str(event.get("network.transport") or "ip")
    port: Any = event.get("destination.port")
    return f"{transport}/{port}" if isinstance(port, int) and 0 < port < _KNOWN_PORTS else transport


def _signal(one: Zone, other: Zone, service: str, first: datetime, count: int, event: str) -> Signal:
    crossing = {one.kind, other.kind} == _APART
    rule = CROSS_RULE if crossing else RULE
    hour = first.strftime("%Y%m%d%H")
    path = f"{one.id} > {other.id}"
    return Signal(
        id=stable_id(rule, path, service, hour), time=first, rule_id=rule,
        rule_name="Path between intranet and extranet" if crossing else "Path between zones that nothing allows",
        detector="platform", level=Level.CRITICAL if crossing else Level.HIGH, event_ids=(event,) if event else (),
        entity_type="zone_path", entity_value=path, author="Yaodun", dimension=Dimension.INFRASTRUCTURE,
        why=(Why("yaodun.zone", path, "no allowed path"), Why("service", service, f"{count} connections")),
        techniques=("T1021",) if crossing else (),
    )  # fmt: skip

"""Flow records as documents of the flows stream: ECS names, times of any kind as epoch milliseconds, sizes as they
were counted (sampling beside them, never multiplied in).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from collectors.flows.decoder import Decoded, Facts
from collectors.flows.elements import elements
from collectors.flows.packet import IPFIX, V5, V9, Header
from collectors.flows.template import Record
from infra.events.stream import Event

DATASETS = {V5: "netflow5", V9: "netflow9", IPFIX: "ipfix"}
TRANSPORTS = {
    1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 41: "ipv6", 47: "gre", 50: "esp", 51: "ah", 58: "ipv6-icmp", 89: "ospf",
    112: "vrrp", 132: "sctp",
}  # fmt: skip
DIRECTIONS = {0: "ingress", 1: "egress"}
_FIELDS = {each.name: each.field for each in elements().values() if each.field}
_UPTIME_WRAP = 1 << 32
_COMMON: Event = {
    "event.kind": "event", "event.category": ["network"], "event.type": ["connection"], "event.action": "network_flow",
    "event.module": "flows",
}  # fmt: skip


def flow_document(record: Record, header: Header, facts: Facts, dataset: str = "") -> Event:
    """The document of one record; ``@timestamp`` is the end of the flow where the record says it."""
    plan = _plan(tuple(record))
    event: Event = {**_COMMON, "event.dataset": dataset or DATASETS[header.version]}
    for name, target in plan.fields:
        event[target] = record[name]
    roles = {target: record[name] for name, target in plan.roles}
    _roles(event, roles)
    _times(event, roles, header, facts)
    _sums(event)
    if sampling := facts.sampling or header.sampling:
        event.setdefault("yaodun.flow.sampling", sampling)
    if plan.rest:
        event["yaodun.flow.fields"] = {name: record[name] for name in plan.rest}
    return event


class _Plan(NamedTuple):
    """Where the elements of a record go: fields of the event, roles of ours, and what is kept beside them."""

    fields: tuple[tuple[str, str], ...]
    roles: tuple[tuple[str, str], ...]
    rest: tuple[str, ...]


@lru_cache(maxsize=4_096)
def _plan(names: tuple[str, ...]) -> _Plan:
    known = [(name, _FIELDS[name]) for name in names if name in _FIELDS]
    plain = tuple(pair for pair in known if "." in pair[1] and pair[1] not in _ROLES)
    return _Plan(
        plain, tuple(pair for pair in known if pair not in plain), tuple(name for name in names if name not in _FIELDS)
    )


_ROLES = frozenset(target for target in _FIELDS.values() if target.endswith((".uptime", ".s", ".ms")))


def _roles(event: Event, roles: dict[str, Any]) -> None:
    if (protocol := roles.get("protocol")) is not None:
        event["network.iana_number"] = str(protocol)
        event["network.transport"] = TRANSPORTS.get(protocol, str(protocol))
    for role in ("ingress", "egress"):
        if number := roles.get(role):
            event[f"observer.{role}.interface.name"] = str(number)
    if (direction := roles.get("direction")) is not None:
        event["network.direction"] = DIRECTIONS.get(direction, "unknown")
    if vlan := event.get("network.vlan.id"):
        event["network.vlan.id"] = str(vlan)
    if address := event.get("source.ip"):
        event["network.type"] = _family(address)


@lru_cache(maxsize=65_536)
def _family(address: str) -> str:
    return "ipv6" if ":" in address else "ipv4"


def _times(event: Event, roles: dict[str, Any], header: Header, facts: Facts) -> None:
    start, end = (_moment(roles, role, header, facts) for role in ("start", "end"))
    if start:
        event["event.start"] = start
    if end:
        event["event.end"] = end
    if start and end and end >= start:
        event["event.duration"] = (end - start) * 1_000_000
    if moment := end or start or header.exported_ms:
        event["@timestamp"] = moment


def _moment(roles: dict[str, Any], role: str, header: Header, facts: Facts) -> int:
    if value := roles.get(f"{role}.ms"):
        return int(value)
    if value := roles.get(f"{role}.s"):
        return int(value) * 1000
    uptime = roles.get(f"{role}.uptime")
    if uptime is None:
        return 0
    if header.uptime_ms >= 0:
        ago = (header.uptime_ms - int(uptime)) % _UPTIME_WRAP
        return header.exported_ms - (ago if ago < _UPTIME_WRAP // 2 else ago - _UPTIME_WRAP)
    boot = roles.get("boot.ms") or facts.boot_ms
    return int(boot) + int(uptime) if boot else 0


def _sums(event: Event) -> None:
    for unit in ("bytes", "packets"):
        there, back = event.get(f"source.{unit}"), event.get(f"destination.{unit}")
        if there is not None or back is not None:
            event[f"network.{unit}"] = (there or 0) + (back or 0)


def options_document(decoded: Decoded, record: Record) -> Event:
    """What an exporter tells about itself."""
    return {
        "event.kind": "event", "event.category": ["network"], "event.type": ["info"], "event.action": "flow_options",
        "event.module": "flows", "event.dataset": DATASETS[decoded.header.version],
        "@timestamp": decoded.header.exported_ms, "yaodun.flow.fields": record,
    }  # fmt: skip

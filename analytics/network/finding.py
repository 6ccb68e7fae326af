"""What a network detector says, and how that becomes a signal."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address, ip_network
from socket import AF_INET, inet_pton
from typing import Any, Generic, TypeVar

from infra.events import Event, Signal, Why
from infra.exchange import Level
from infra.ids import stable_id

_OWN = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")))
Held = TypeVar("Held")
DETECTOR = "network"


class Kind(StrEnum):
    """What was found. The ids of the first five are those of the rules that see the plain cases, so that both count on
    one alert."""

    PORT_SCAN = "6b0d6b0e-4f0e-4c41-9d3c-0b1f0c0f0a31"
    HOST_SWEEP = "6b0d6b0e-4f0e-4c41-9d3c-0b1f0c0f0a32"
    ARP_SPOOFING = "6b0d6b0e-4f0e-4c41-9d3c-0b1f0c0f0a34"
    DNS_TUNNEL = "6b0d6b0e-4f0e-4c41-9d3c-0b1f0c0f0a37"
    GENERATED_DOMAINS = "6b0d6b0e-4f0e-4c41-9d3c-0b1f0c0f0a39"
    BEACON = "6b0d6b0e-4f0e-4c41-9d3c-0b1f0c0f0a50"
    LONG_CONNECTION = "6b0d6b0e-4f0e-4c41-9d3c-0b1f0c0f0a51"


TITLES: Mapping[Kind, tuple[str, tuple[str, ...]]] = {
    Kind.PORT_SCAN: ("Port scan seen on the wire", ("T1046",)),
    Kind.HOST_SWEEP: ("Sweep of many hosts seen on the wire", ("T1018",)),
    Kind.ARP_SPOOFING: ("One address claimed by two network cards", ("T1557.002",)),
    Kind.DNS_TUNNEL: ("Names of one domain carry data", ("T1071.004", "T1048.003")),
    Kind.GENERATED_DOMAINS: ("Many domains that do not exist", ("T1568.002",)),
    Kind.BEACON: ("Connections as regular as a beacon", ("T1071", "T1573")),
    Kind.LONG_CONNECTION: ("Connection that lasts for hours", ("T1071", "T1572")),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: about which address, how bad, and the numbers (name, value, what they had to meet)."""

    kind: Kind
    entity: str
    level: Level
    numbers: tuple[tuple[str, object, str], ...]


def signal_of(finding: Finding, event: Event) -> Signal:
    """The signal of a finding that ``event`` completed."""
    title, techniques = TITLES[finding.kind]
    event_id = str(event.get("event.id", ""))
    return Signal(
        id=stable_id(DETECTOR, finding.kind.value, event_id, finding.entity),
        time=event["@timestamp"],
        rule_id=finding.kind.value,
        rule_name=title,
        detector=DETECTOR,
        level=finding.level,
        event_ids=(event_id,),
        entity_type="ip",
        entity_value=finding.entity,
        why=tuple(Why(name, _text(value), pattern) for name, value, pattern in finding.numbers),
        author="Yaodun",
        techniques=techniques,
        system=str(event.get("yaodun.system") or ""),
        asset=str(event.get("yaodun.asset") or ""),
    )


def _text(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def seconds(event: Event, field: str = "@timestamp") -> float:
    """Unix time of a date of a conformed event; that of the event itself where it has none there."""
    moment: Any = event.get(field) or event["@timestamp"]
    return moment.timestamp() if isinstance(moment, datetime) else 0.0


@lru_cache(maxsize=65_536)
def inside(address: str) -> bool:
    """Whether an address is nobody's on the open network: private (RFC 1918, 4193), loopback and the like."""
    try:
        one, two, *_ = inet_pton(AF_INET, address)
    except (OSError, ValueError):
        return _inside(address)
    return (
        one in (10, 127) or 224 <= one < 240 or (one == 172 and two >> 4 == 1) or (one == 192 and two == 168)
        or (one == 100 and two >> 6 == 1) or (one == 169 and two == 254)
    )  # fmt: skip


def _inside(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return True
    own = any(parsed.version == network.version and parsed in network for network in _OWN)
    return own or parsed.is_loopback or parsed.is_link_local or parsed.is_multicast


class Bounded(Generic[Held]):
    """A table of at most ``most`` things; those not asked for longest go first, and are counted."""

    def __init__(self, most: int, make: Callable[[], Held]) -> None:
        self._most, self._make = most, make
        self._held: OrderedDict[Hashable, Held] = OrderedDict()
        self.evicted = 0

    def __getitem__(self, key: Hashable) -> Held:
        found = self._held.get(key)
        if found is None:
            if len(self._held) >= self._most:
                self._held.popitem(last=False)
                self.evicted += 1
            found = self._held[key] = self._make()
        else:
            self._held.move_to_end(key)
        return found

    def __len__(self) -> int:
        return len(self._held)

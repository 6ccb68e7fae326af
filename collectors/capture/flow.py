"""One conversation, both ways, and the table of those that go on."""

from __future__ import annotations

import base64
import hashlib
import struct
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address

TRANSPORTS = {1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp", 132: "sctp", 47: "gre", 50: "esp", 2: "igmp"}
FIN, RST = 1, 4
LOOKED_AT = 4
"""Packets with content of each side that are looked into; names are asked and answered in each."""


class Side:
    """One direction of a conversation: packets, bytes on the wire, TCP flags, the last time in nanoseconds.

    ``looking`` says how many packets with content are still looked into.
    """

    __slots__ = ("bytes", "flags", "flow", "last", "looking", "packets")

    def __init__(self, flow: Flow, first: int, looking: int) -> None:
        self.flow, self.last, self.looking = flow, first, looking
        self.packets = self.bytes = self.flags = 0


class Flow:
    """A conversation: ``a`` is the side that spoke first."""

    __slots__ = (
        "a", "asked", "b", "destination", "first", "inspected", "mac_a", "mac_b", "port_a", "port_b", "protocol",
        "seen_as", "source", "vlan",
    )  # fmt: skip

    def __init__(self, protocol: int, addresses: tuple[bytes, bytes], ports: tuple[int, int], first: int) -> None:
        self.protocol, self.first = protocol, first
        self.source, self.destination = addresses
        self.port_a, self.port_b = ports
        looking = LOOKED_AT if protocol in (6, 17) else 0
        self.a, self.b = Side(self, first, looking), Side(self, first, looking)
        self.vlan: int | None = None
        self.mac_a = self.mac_b = b""
        self.seen_as = ""
        self.inspected: dict[str, object] = {}
        self.asked: dict[str, tuple[int, dict[str, object]]] = {}

    @property
    def last(self) -> int:
        """When anything was heard last, in nanoseconds."""
        return max(self.a.last, self.b.last)

    @property
    def over(self) -> bool:
        """Whether TCP closed it: reset, or finished by both sides."""
        if self.protocol != 6:
            return False
        return bool((self.a.flags | self.b.flags) & RST or self.a.flags & self.b.flags & FIN)


def text_address(raw: bytes) -> str:
    """The address in its usual text."""
    return str(IPv4Address(raw) if len(raw) == 4 else IPv6Address(raw))


def community_id(flow: Flow) -> str:
    """Community ID v1 (https://github.com/corelight/community-id-spec), seed 0."""
    one, two = (flow.source, flow.port_a), (flow.destination, flow.port_b)
    (source, port_a), (destination, port_b) = (one, two) if one <= two else (two, one)
    body = b"\0\0" + source + destination + bytes((flow.protocol, 0))
    if flow.protocol in (6, 17, 132):
        body += struct.pack("!HH", port_a, port_b)
    return "1:" + base64.b64encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()


def moment(time_ns: int) -> str:
    """Unix time in nanoseconds as RFC 3339 with microseconds."""
    return datetime.fromtimestamp(time_ns / 1e9, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

"""The head of a sampled packet: Ethernet, VLAN, IPv4, IPv6, TCP and UDP ports, as far as its octets reach."""

from __future__ import annotations

from collectors.flows.elements import to_ip4, to_ip6, to_mac
from collectors.flows.template import Record

_VLAN_TAGS = (0x8100, 0x88A8)
_WITH_PORTS = (6, 17, 132)
_EXTENSIONS6 = (0, 43, 60)
MAX_TAGS = 4


def read_ethernet(octets: memoryview) -> Record:
    """Addresses and what lies behind them."""
    if len(octets) < 14:
        return {}
    target, source = to_mac(bytes(octets[:6])), to_mac(bytes(octets[6:12]))
    record: Record = {"destinationMacAddress": target, "sourceMacAddress": source}
    position, kind = 14, int.from_bytes(octets[12:14], "big")
    for _ in range(MAX_TAGS):
        if kind not in _VLAN_TAGS or len(octets) < position + 4:
            break
        record["vlanId"] = int.from_bytes(octets[position : position + 2], "big") & 0xFFF
        kind, position = int.from_bytes(octets[position + 2 : position + 4], "big"), position + 4
    if kind in (0x0800, 0x86DD):
        record |= read_ip(octets[position:])
    return record


def read_ip(octets: memoryview) -> Record:
    """Addresses, protocol, ports."""
    version = octets[0] >> 4 if len(octets) else 0
    if version == 4 and len(octets) >= 20:
        protocol, length = octets[9], (octets[0] & 15) * 4
        record: Record = {
            "sourceIPv4Address": to_ip4(bytes(octets[12:16])), "destinationIPv4Address": to_ip4(bytes(octets[16:20])),
            "protocolIdentifier": protocol,
        }  # fmt: skip
        fragment = int.from_bytes(octets[6:8], "big") & 0x1FFF
        return record if fragment else record | _ports(octets[length:], protocol)
    if version == 6 and len(octets) >= 40:
        protocol, rest = octets[6], octets[40:]
        while protocol in _EXTENSIONS6 and len(rest) >= 8:
            protocol, rest = rest[0], rest[(rest[1] + 1) * 8 :]
        return {
            "sourceIPv6Address": to_ip6(bytes(octets[8:24])), "destinationIPv6Address": to_ip6(bytes(octets[24:40])),
            "protocolIdentifier": protocol,
        } | _ports(rest, protocol)  # fmt: skip
    return {}


def _ports(rest: memoryview, protocol: int) -> Record:
    if protocol not in _WITH_PORTS or len(rest) < 4:
        return {}
    record: Record = {
        "sourceTransportPort": int.from_bytes(rest[:2], "big"),
        "destinationTransportPort": int.from_bytes(rest[2:4], "big"),
    }
    if protocol == 6 and len(rest) >= 14:
        record["tcpControlBits"] = rest[13]
    return record

"""Below IP: where the network layer of a captured packet begins, whatever wraps it.

Link types: https://www.tcpdump.org/linktypes.html; tunnels: RFC 2784, 7348, 8300, draft-foschiano-erspan.
"""

from __future__ import annotations

from typing import NamedTuple

ETHERNET, RAW, NULL, LOOP, CHDLC, SLL, SLL2, PPP, RAW4, RAW6 = 1, 101, 0, 108, 104, 113, 276, 9, 228, 229
OLD_RAW = (12, 14)
IP4, IP6, ARP = 0x0800, 0x86DD, 0x0806
VLANS = (0x8100, 0x88A8, 0x9100)
VNTAG, DCE = 0x8926, 0x8903
ETAG, NSH, MPLS, PPPOE, TRANSPARENT, ERSPAN2, ERSPAN3 = 0x893F, 0x894F, 0x8847, 0x8864, 0x6558, 0x88BE, 0x22EB
VXLAN = 4789
DEEPEST = 8


class Place(NamedTuple):
    """Where the network layer lies: its EtherType, its offset, the outermost VLAN (None without one), and the offset of
    the Ethernet header it came in (-1 without one)."""

    kind: int
    at: int
    vlan: int | None = None
    ethernet: int = -1


def place_of(data: bytes, link: int) -> Place | None:
    """Where the network layer of a packet begins; None where nothing known lies inside."""
    if link == ETHERNET:
        return ethernet(data, 0)
    if link in (RAW, RAW4, RAW6, *OLD_RAW):
        return _by_version(data, 0)
    if link in (NULL, LOOP):
        return _by_version(data, 4)
    if link == SLL and len(data) >= 16:
        return _inside(data, int.from_bytes(data[14:16]), 16, None, -1)
    if link == SLL2 and len(data) >= 20:
        return _inside(data, int.from_bytes(data[0:2]), 20, None, -1)
    if link == CHDLC and len(data) >= 4:
        return _inside(data, int.from_bytes(data[2:4]), 4, None, -1)
    if link == PPP:
        return _ppp(data, 2 if data[:2] == b"\xff\x03" else 0)
    return None


def ethernet(data: bytes, at: int) -> Place | None:
    """The network layer of an Ethernet frame that begins at ``at``."""
    if len(data) < at + 14:
        return None
    return _inside(data, int.from_bytes(data[at + 12 : at + 14]), at + 14, None, at)


def _inside(data: bytes, kind: int, at: int, vlan: int | None, frame: int) -> Place | None:
    """Through tags and labels to something that has a network layer."""
    for _ in range(DEEPEST):
        if kind in VLANS and len(data) >= at + 4:
            tag, kind, at = int.from_bytes(data[at : at + 2]) & 0xFFF, int.from_bytes(data[at + 2 : at + 4]), at + 4
            vlan = tag if vlan is None else vlan
        elif kind == ETAG and len(data) >= at + 8:
            kind, at = int.from_bytes(data[at + 6 : at + 8]), at + 8
        elif kind == VNTAG and len(data) >= at + 6:
            kind, at = int.from_bytes(data[at + 4 : at + 6]), at + 6
        elif kind == DCE:
            return ethernet(data, at + 2)
        elif kind == MPLS and len(data) >= at + 4:
            bottom, at = data[at + 2] & 1, at + 4
            if bottom:
                return _by_version(data, at)
        elif kind == PPPOE:
            return _ppp(data, at + 6)
        elif kind == NSH and len(data) >= at + 8:
            return _service_header(data, at)
        else:
            break
    return Place(kind, at, vlan, frame) if kind in (IP4, IP6, ARP) and len(data) > at else None


def _by_version(data: bytes, at: int) -> Place | None:
    version = data[at] >> 4 if len(data) > at else 0
    return Place(IP4, at) if version == 4 else Place(IP6, at) if version == 6 else None


def _ppp(data: bytes, at: int) -> Place | None:
    protocol = data[at : at + 2]
    kind = {b"\x00\x21": IP4, b"\x00\x57": IP6}.get(protocol)
    return Place(kind, at + 2) if kind and len(data) > at + 2 else None


def _service_header(data: bytes, at: int) -> Place | None:
    length, inner = (data[at + 1] & 0x3F) * 4, data[at + 3]
    at += length
    if inner == 3:
        return ethernet(data, at)
    return _by_version(data, at) if inner in (1, 2) else None


def unwrapped(data: bytes, protocol: int, at: int, ports: tuple[int, int]) -> Place | None:
    """What a tunnel carries: IP in IP, GRE (with ERSPAN and Ethernet), VXLAN; None where it is no tunnel."""
    if protocol in (4, 41):
        return _by_version(data, at)
    if protocol == 47 and len(data) >= at + 4:
        return _gre(data, at)
    if protocol == 17 and VXLAN in ports and len(data) >= at + 16 and data[at + 8] & 0x08:
        return ethernet(data, at + 16)
    return None


def _gre(data: bytes, at: int) -> Place | None:
    flags, kind = int.from_bytes(data[at : at + 2]), int.from_bytes(data[at + 2 : at + 4])
    if flags & 7:
        return None
    at += 4 + 4 * bool(flags & 0x8000) + 4 * bool(flags & 0x2000) + 4 * bool(flags & 0x1000)
    if kind == ERSPAN2:
        return ethernet(data, at + (8 if flags & 0x1000 else 0))
    if kind == ERSPAN3:
        return ethernet(data, at + 12)
    if kind == TRANSPARENT:
        return ethernet(data, at)
    return _inside(data, kind, at, None, -1)

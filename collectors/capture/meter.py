"""The flow meter: packets in, documents out when a conversation ends, falls silent or lasts long.

Addresses and ports are cut out of the packet as bytes and are the key of the table as they are; nothing else is
decoded per packet. What the first packets of a conversation carry is looked at by ``Looker``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from collectors.capture import link
from collectors.capture.flow import TRANSPORTS, Flow, Side, community_id, moment, text_address
from collectors.capture.looker import Looker
from collectors.capture.pcapfile import Packet

IDLE_NS = 60 * 1_000_000_000
LONG_NS = 1800 * 1_000_000_000
MOST_FLOWS = 200_000
SWEEP_NEW = 5_000
"""A look for what ended comes with so many new conversations."""
PLAIN = b"\x08\x00\x45"
"""EtherType and first byte of IPv4 without options."""
_NOTHING: list[dict[str, Any]] = []

Document = dict[str, Any]


class Meter:
    """Meters one stream of packets. Bounded: beyond ``MOST_FLOWS`` the quietest conversations are told and dropped."""

    def __init__(self) -> None:
        self.sides: dict[bytes, Side] = {}
        """Sides by what they send under: addresses and ports, behind the protocol unless it is TCP over IPv4."""
        self._flows: dict[bytes, Flow] = {}
        self._looker = Looker()
        self._until_sweep = SWEEP_NEW
        self.packets = 0
        self.unread = 0

    def feed(self, packets: Iterable[Packet]) -> Iterator[Document]:
        """The documents that packets bring about, in the order of the packets."""
        for packet in packets:
            yield from self.one(packet)

    def one(self, packet: Packet) -> list[Document]:
        """The documents that one packet brings about."""
        self.packets += 1
        self._take(packet)
        if self._until_sweep <= 0 or len(self._flows) > MOST_FLOWS:
            self._until_sweep = SWEEP_NEW
            self._looker.found.extend(list(self.sweep(packet.time_ns)))
        return self._collected() if self._looker.found else _NOTHING

    def _collected(self) -> list[Document]:
        found = self._looker.found[:]
        self._looker.found.clear()
        return found

    def _content(self, side: Side, time_ns: int, data: bytes, start: int, end: int) -> None:
        if end > start and len(data) > start:
            self._looker.look(side, time_ns, data[start:end])

    def sweep(self, now_ns: int, unanswered_ns: int = IDLE_NS) -> Iterator[Document]:
        """Tell the conversations that ended, fell silent or have lasted long, and forget them; unanswered ones
        after ``unanswered_ns``."""
        limit = IDLE_NS if len(self._flows) <= MOST_FLOWS else 0
        done = [
            key
            for key, flow in self._flows.items()
            if now_ns - flow.last > limit
            or flow.over
            or now_ns - flow.first > LONG_NS
            or (now_ns - flow.last > unanswered_ns and not flow.b.packets)
        ]
        for key in done:
            yield from self._told(self._forget(key))

    def finish(self) -> Iterator[Document]:
        """Tell everything that is left."""
        for key in list(self._flows):
            yield from self._told(self._forget(key))

    def _told(self, flow: Flow) -> Iterator[Document]:
        """What is left to tell of a conversation: names nobody answered, then itself."""
        self._looker.over(flow)
        yield from self._collected()
        yield document(flow)

    def _forget(self, key: bytes) -> Flow:
        self.sides.pop(key, None)
        self.sides.pop(_reverse(key), None)
        return self._flows.pop(key)

    def _take(self, packet: Packet) -> None:
        place = link.place_of(packet.data, packet.link)
        for _ in range(link.DEEPEST):
            if place is None:
                self.unread += 1
                return
            if place.kind == link.ARP:
                self._looker.arp(packet.time_ns, packet.data, place.at)
                return
            place = self._layer(packet, place)
            if place is None:
                return

    def _layer(self, packet: Packet, place: link.Place) -> link.Place | None:
        """Count the packet on its conversation; the place inside where it is a tunnel."""
        found = _ip4(packet.data, place.at) if place.kind == link.IP4 else _ip6(packet.data, place.at)
        if found is None:
            self.unread += 1
            return None
        protocol, source, destination, at, end, whole = found
        data = packet.data
        ports = (0, 0)
        if whole and protocol in (6, 17, 132) and len(data) >= at + 4:
            ports = int.from_bytes(data[at : at + 2]), int.from_bytes(data[at + 2 : at + 4])
        if whole and (inner := link.unwrapped(data, protocol, at, ports)) is not None:
            return inner
        key = b"" if protocol == 6 and len(source) == 4 else bytes((protocol,))
        key += source + destination + ports[0].to_bytes(2) + ports[1].to_bytes(2)
        side = self._side(key, packet.time_ns, lambda: Flow(protocol, (source, destination), ports, packet.time_ns))
        side.last = packet.time_ns
        side.packets += 1
        side.bytes += packet.length
        side.flags |= data[at + 13] if protocol == 6 and len(data) > at + 13 else 0
        _note_frame(side.flow, data, place)
        if side.looking and whole:
            start = at + (data[at + 12] >> 4) * 4 if protocol == 6 and len(data) > at + 12 else at + 8
            self._content(side, packet.time_ns, data, start, end)
        return None

    def _side(self, key: bytes, time_ns: int, make: Callable[[], Flow]) -> Side:
        """The side that sends under ``key``; after a long silence a new conversation begins."""
        side = self.sides.get(key)
        if side is not None and time_ns - side.flow.last <= IDLE_NS:
            return side
        if side is not None:
            old = key if side is side.flow.a else _reverse(key)
            self._looker.found.extend(list(self._told(self._forget(old))))
        self._until_sweep -= 1
        flow = self._flows[key] = make()
        self.sides[_reverse(key)] = flow.b
        self.sides[key] = flow.a
        return flow.a


def _note_frame(flow: Flow, data: bytes, place: link.Place) -> None:
    if flow.vlan is None:
        flow.vlan = place.vlan
    if not flow.mac_a and place.ethernet >= 0:
        both = data[place.ethernet : place.ethernet + 12]
        flow.mac_b, flow.mac_a = both[:6], both[6:]


def _reverse(key: bytes) -> bytes:
    """The key of the other side: a protocol byte (none for TCP over IPv4), two addresses, two ports."""
    lead = len(key) & 1
    size = (len(key) - lead - 4) // 2
    source, destination = key[lead : lead + size], key[lead + size : lead + 2 * size]
    return key[:lead] + destination + source + key[-2:] + key[-4:-2]


def _ip4(data: bytes, at: int) -> tuple[int, bytes, bytes, int, int, bool] | None:
    """Protocol, addresses, where its content begins and ends, and whether this is no later fragment."""
    if len(data) < at + 20 or data[at] >> 4 != 4 or (size := (data[at] & 15) * 4) < 20:
        return None
    whole = not (data[at + 6] & 0x1F or data[at + 7])
    end = at + int.from_bytes(data[at + 2 : at + 4])
    return data[at + 9], data[at + 12 : at + 16], data[at + 16 : at + 20], at + size, end, whole


def _ip6(data: bytes, at: int) -> tuple[int, bytes, bytes, int, int, bool] | None:
    if len(data) < at + 40 or data[at] >> 4 != 6:
        return None
    end = at + 40 + int.from_bytes(data[at + 4 : at + 6])
    kind, place, whole = data[at + 6], at + 40, True
    for _ in range(link.DEEPEST):
        if kind in (0, 43, 60) and len(data) >= place + 2:
            kind, place = data[place], place + 8 + data[place + 1] * 8
        elif kind == 44 and len(data) >= place + 8:
            whole = whole and not int.from_bytes(data[place + 2 : place + 4]) & 0xFFF8
            kind, place = data[place], place + 8
        else:
            break
    return kind, data[at + 8 : at + 24], data[at + 24 : at + 40], place, end, whole


def document(flow: Flow) -> Document:
    """One conversation in the fields of the event table. Byte counts are those on the wire."""
    transport = TRANSPORTS.get(flow.protocol)
    made: Document = {
        "@timestamp": moment(flow.first),
        "event.kind": "event",
        "event.category": ["network"],
        "event.type": ["connection"],
        "event.action": "network_flow",
        "event.module": "flows",
        "event.dataset": "yaodun.flow",
        "event.start": moment(flow.first),
        "event.end": moment(flow.last),
        "event.duration": flow.last - flow.first,
        "source.ip": text_address(flow.source),
        "destination.ip": text_address(flow.destination),
        "source.bytes": flow.a.bytes,
        "source.packets": flow.a.packets,
        "destination.bytes": flow.b.bytes,
        "destination.packets": flow.b.packets,
        "network.bytes": flow.a.bytes + flow.b.bytes,
        "network.packets": flow.a.packets + flow.b.packets,
        "network.type": "ipv4" if len(flow.source) == 4 else "ipv6",
        "network.iana_number": str(flow.protocol),
        "network.community_id": community_id(flow),
        "yaodun.stream": "flows",
    }
    if transport:
        made["network.transport"] = transport
    if flow.protocol in (6, 17, 132):
        made |= {"source.port": flow.port_a, "destination.port": flow.port_b}
    if flow.protocol == 6:
        made["yaodun.flow.tcp_flags"] = flow.a.flags | flow.b.flags
    if flow.seen_as:
        made["network.protocol"] = flow.seen_as
    if flow.vlan is not None:
        made["network.vlan.id"] = str(flow.vlan)
    if flow.mac_a:
        made |= {"source.mac": _mac(flow.mac_a), "destination.mac": _mac(flow.mac_b)}
    return made | flow.inspected


def _mac(raw: bytes) -> str:
    return "-".join(f"{byte:02X}" for byte in raw)

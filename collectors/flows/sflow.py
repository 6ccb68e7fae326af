"""sFlow v5 datagrams (sflow.org, "sFlow Version 5", 2004): flow samples and interface counters.

A sample gives one record under the same names as NetFlow's; every structure lies in its own length, so what is not
known is stepped over, and what lies about its length ends the datagram with ``FlowPacketError``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from collectors.flows.elements import to_ip4, to_ip6, to_mac
from collectors.flows.packet import Header
from collectors.flows.sampled_header import read_ethernet, read_ip
from collectors.flows.template import FlowPacketError, Record

VERSION = 5
MAX_SAMPLES = 512
MAX_RECORDS = 64
_TWO = struct.Struct("!II")
_FLOW, _COUNTERS, _FLOW_EXPANDED, _COUNTERS_EXPANDED = 1, 2, 3, 4
_COUNTER_NAMES = (
    "ifIndex", "ifType", "ifSpeed", "ifDirection", "ifStatus", "ifInOctets", "ifInUcastPkts", "ifInMulticastPkts",
    "ifInBroadcastPkts", "ifInDiscards", "ifInErrors", "ifInUnknownProtos", "ifOutOctets", "ifOutUcastPkts",
    "ifOutMulticastPkts", "ifOutBroadcastPkts", "ifOutDiscards", "ifOutErrors", "ifPromiscuousMode",
)  # fmt: skip
_INTERFACE = struct.Struct("!IIQIIQ6IQ6I")


class Sample(NamedTuple):
    """A record of a flow, or of counters (``counters`` True)."""

    counters: bool
    record: Record


def is_sflow(data: bytes) -> bool:
    """sFlow counts its version in 32 bits, NetFlow in 16."""
    return data[:4] == b"\0\0\0\x05"


def sflow_header(data: bytes) -> tuple[Header, str, int]:
    """Header (``domain`` is the sub-agent), the agent's address, and where the samples begin."""
    try:
        _, family = _TWO.unpack_from(data)
        width = {1: 4, 2: 16}[family]
        agent = bytes(data[8 : 8 + width])
        sub_agent, sequence, uptime, count = struct.unpack_from("!IIII", data, 8 + width)
    except (struct.error, KeyError):
        raise FlowPacketError("packet_short") from None
    if count > MAX_SAMPLES:
        raise FlowPacketError("packet_truncated")
    address = to_ip4(agent) if width == 4 else to_ip6(agent)
    return Header(VERSION, sub_agent, sequence, 0, uptime, count), address, 24 + width


def samples_of(data: bytes) -> Iterator[Sample]:
    """The samples of a datagram."""
    header, _, position = sflow_header(data)
    for _ in range(header.records):
        kind, body, position = _structure(data, position)
        try:
            if kind in (_FLOW, _FLOW_EXPANDED):
                yield Sample(counters=False, record=_flow(body, expanded=kind == _FLOW_EXPANDED))
            elif kind in (_COUNTERS, _COUNTERS_EXPANDED):
                yield from _counters(body, expanded=kind == _COUNTERS_EXPANDED)
        except (struct.error, IndexError):
            raise FlowPacketError("sample_broken") from None


def count_samples(data: bytes) -> int:
    """How many records ``samples_of`` gives."""
    return sum(1 for _ in samples_of(data))


def _structure(data: bytes | memoryview, position: int) -> tuple[int, memoryview, int]:
    if position + 8 > len(data):
        raise FlowPacketError("packet_truncated")
    kind, length = _TWO.unpack_from(data, position)
    end = position + 8 + length
    if end > len(data):
        raise FlowPacketError("packet_truncated")
    return kind, memoryview(data)[position + 8 : end], end


def _flow(body: memoryview, *, expanded: bool) -> Record:
    record: Record = {}
    if expanded:
        _, _, _, rate, _, drops, _, ingress, _, egress, count = struct.unpack_from("!11I", body)
        position = 44
    else:
        _, _, rate, _, drops, ingress, egress, count = struct.unpack_from("!8I", body)
        ingress, egress, position = ingress & 0x3FFFFFFF, egress & 0x3FFFFFFF, 32
    record |= {"samplingInterval": rate, "ingressInterface": ingress, "egressInterface": egress, "packetDeltaCount": 1}
    if drops:
        record["sflowDrops"] = drops
    for _ in range(min(count, MAX_RECORDS)):
        kind, part, position = _structure(body, position)
        if reader := _FLOW_RECORDS.get(kind):
            for name, value in reader(part).items():
                record.setdefault(name, value)
    return record


def _raw_header(part: memoryview) -> Record:
    protocol, frame_length, _, length = struct.unpack_from("!IIII", part)
    octets = part[16 : 16 + length]
    record: Record = {"octetDeltaCount": frame_length}
    if protocol == 1:
        record |= read_ethernet(octets)
    elif protocol in (11, 12):
        record |= read_ip(octets)
    return record


def _ethernet(part: memoryview) -> Record:
    length = int.from_bytes(part[:4], "big")
    source, target = bytes(part[4:10]), bytes(part[12:18])
    return {"octetDeltaCount": length, "sourceMacAddress": to_mac(source), "destinationMacAddress": to_mac(target)}


def _ip4(part: memoryview) -> Record:
    length, protocol = _TWO.unpack_from(part)
    return _addresses(length, protocol, to_ip4(bytes(part[8:12])), to_ip4(bytes(part[12:16])), part[16:], "IPv4")


def _ip6(part: memoryview) -> Record:
    length, protocol = _TWO.unpack_from(part)
    return _addresses(length, protocol, to_ip6(bytes(part[8:24])), to_ip6(bytes(part[24:40])), part[40:], "IPv6")


def _addresses(length: int, protocol: int, source: str, target: str, rest: memoryview, family: str) -> Record:
    source_port, target_port, flags = struct.unpack_from("!III", rest)
    return {
        "octetDeltaCount": length, "protocolIdentifier": protocol & 255, "tcpControlBits": flags & 0xFFFF,
        f"source{family}Address": source, f"destination{family}Address": target,
        "sourceTransportPort": source_port & 0xFFFF, "destinationTransportPort": target_port & 0xFFFF,
    }  # fmt: skip


def _switch(part: memoryview) -> Record:
    return {"vlanId": struct.unpack_from("!I", part)[0] & 0xFFF}


_FLOW_RECORDS = {1: _raw_header, 2: _ethernet, 3: _ip4, 4: _ip6, 1001: _switch}


def _counters(body: memoryview, *, expanded: bool) -> Iterator[Sample]:
    """Generic interface counters; others are stepped over."""
    count, position = (int.from_bytes(body[12:16], "big"), 16) if expanded else (int.from_bytes(body[8:12], "big"), 12)
    for _ in range(min(count, MAX_RECORDS)):
        kind, part, position = _structure(body, position)
        if kind == 1:
            values: tuple[Any, ...] = _INTERFACE.unpack_from(part)
            yield Sample(counters=True, record=dict(zip(_COUNTER_NAMES, values, strict=True)))

"""Devices: flow records, SNMP, MQTT, page tampering."""

from __future__ import annotations

import random
import statistics
import struct
import time
from collections.abc import Iterator
from typing import Any

from bench import Row, figure

_ROUNDS = 7
_PACKETS = 1_500
_RECORDS = 30
_FIELDS = (
    (8, 4), (12, 4), (21, 4), (22, 4), (1, 4), (2, 4), (10, 4), (14, 4), (7, 2), (11, 2), (4, 1), (6, 1), (60, 1),
    (5, 1), (61, 1), (32, 2),
)  # fmt: skip
"""The template softflowd sends for IPv4."""


@figure("flow_records_s", "flow_vs_netflow")
def flows() -> Iterator[Row]:
    """NetFlow v9 packets as softflowd lays them out, decoded to named fields: ours and the ``netflow`` package on the
    same packets, alternating; every field of every record is compared first."""
    import netflow

    from collectors.flows.decoder import FlowDecoder

    first, packets = _export_packets()
    theirs: dict[str, Any] = {"netflow": {}, "ipfix": {}}
    ours = FlowDecoder()
    list(ours.decode(first))
    netflow.parse_packet(first, theirs)
    for packet in packets:
        _same(ours, packet, netflow.parse_packet(packet, theirs).flows)
    rates, peers = [], []
    for _ in range(_ROUNDS):
        rates.append(_rate(lambda packet: sum(len(each.records) for each in ours.decode(packet)), packets))
        peers.append(_rate(lambda packet: len(netflow.parse_packet(packet, theirs).flows), packets[::5]))
    rate, peer = statistics.median(rates), statistics.median(peers)
    yield Row("flow_records_s", rate, "1/s", "netflow package", peer, rate / peer)
    yield Row("flow_vs_netflow", rate / peer, "ratio", "netflow package", peer, rate / peer)


def _export_packets() -> tuple[bytes, list[bytes]]:
    chance = random.Random(7)
    size = sum(width for _, width in _FIELDS)
    own = struct.pack("!HH", 1024, len(_FIELDS)) + b"".join(struct.pack("!HH", *field) for field in _FIELDS)
    first = struct.pack("!HHIIII", 9, 1, 100_000, 1_790_000_000, 0, 1) + struct.pack("!HH", 0, 4 + len(own)) + own
    packets = []
    for number in range(_PACKETS):
        body = b"".join(_record(chance, size) for _ in range(_RECORDS))
        pad = -len(body) % 4
        head = struct.pack("!HHIIII", 9, _RECORDS, 100_000, 1_790_000_000, number + 1, 1)
        packets.append(head + struct.pack("!HH", 1024, 4 + len(body) + pad) + body + bytes(pad))
    return first, packets


def _record(chance: random.Random, size: int) -> bytes:
    """Two thousand clients of one site and the servers they use, as addresses repeat in life."""
    source = bytes((10, 7, chance.randrange(8), chance.randrange(1, 255)))
    target = bytes((198, 51, 100, chance.randrange(1, 255)))
    return source + target + chance.randbytes(size - 8)


def _same(ours: Any, packet: bytes, theirs: list[Any]) -> None:
    found = [list(record.values()) for each in ours.decode(packet) for record in each.records]
    expected = [list(flow.data.values()) for flow in theirs]
    if found != expected:
        raise RuntimeError("the decoders do not agree")


def _rate(decode: Any, packets: list[bytes]) -> float:
    began = time.process_time()
    records = sum(decode(packet) for packet in packets)
    return records / (time.process_time() - began)

"""Export packets written for tests, after the published layouts; nothing of the decoder is used to write them."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Sequence

SECONDS = 1_790_000_000
Fields = Sequence[tuple[int, int]]
ENTERPRISE = 1 << 31


def v5(sequence: int, flows: Sequence[tuple[str, str, int, int, int, int, int]], sampling: int = 0) -> bytes:
    """``flows``: source, destination, source port, destination port, protocol, packets, octets."""
    head = struct.pack("!HHIIIIBBH", 5, len(flows), 100_000, SECONDS, 0, sequence, 0, 3, sampling)
    body = b""
    for source, target, source_port, target_port, protocol, packets, octets in flows:
        addresses = ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed
        body += addresses + struct.pack(
            "!IHHIIIIHHBBBBHHBBH", 0, 1, 2, packets, octets, 90_000, 99_000, source_port, target_port, 0, 0x1B,
            protocol, 0, 64_500, 64_501, 24, 16, 0,
        )  # fmt: skip
    return head + body


def v9(sequence: int, *sets: bytes, domain: int = 7, count: int = 1) -> bytes:
    return struct.pack("!HHIIII", 9, count, 100_000, SECONDS, sequence, domain) + b"".join(sets)


def ipfix(sequence: int, *sets: bytes, domain: int = 7) -> bytes:
    body = b"".join(sets)
    return struct.pack("!HHIII", 10, 16 + len(body), SECONDS, sequence, domain) + body


def a_set(number: int, body: bytes, pad: int = 0) -> bytes:
    return struct.pack("!HH", number, 4 + len(body) + pad) + body + b"\0" * pad


def template(number: int, fields: Fields) -> bytes:
    body = b""
    for element, length in fields:
        if element >= ENTERPRISE:
            enterprise, own = (element - ENTERPRISE) >> 16, element & 0x7FFF
            body += struct.pack("!HHI", own | 0x8000, length, enterprise)
        else:
            body += struct.pack("!HH", element, length)
    return struct.pack("!HH", number, len(fields)) + body


def enterprise_element(enterprise: int, element: int) -> int:
    return ENTERPRISE + (enterprise << 16) + element


def sflow(sequence: int, *samples: bytes) -> bytes:
    head = struct.pack("!II4sIIII", 5, 1, b"\xc0\x00\x02\x01", 0, sequence, 5_000, len(samples))
    return head + b"".join(samples)


def flow_sample(packet: bytes, rate: int = 512) -> bytes:
    padded = packet + b"\0" * (-len(packet) % 4)
    raw = struct.pack("!IIIIII", 1, 16 + len(padded), 1, 1_400, 4, len(packet)) + padded
    body = struct.pack("!8I", 1, 3, rate, 9_000, 0, 11, 12, 1) + raw
    return struct.pack("!II", 1, len(body)) + body


def counter_sample(index: int, received: int, sent: int) -> bytes:
    values = struct.pack("!IIQIIQ6IQ6I", index, 6, 10**9, 1, 3, received, *[1] * 6, sent, *[2] * 6)
    record = struct.pack("!II", 1, len(values)) + values
    body = struct.pack("!III", 1, 7, 1) + record
    return struct.pack("!II", 2, len(body)) + body

"""Capture files: classic pcap (both byte orders, micro- and nanoseconds) and pcapng.

A file cut short gives what is whole.

Formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO, NamedTuple

from infra.errors import AppError, ErrorKind

CHUNK = 1 << 22
MAX_PACKET = 1 << 18
MAX_BLOCK = 16 << 20
MAGIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
NG = b"\x0a\x0d\x0d\x0a"
_SECTION, _INTERFACE, _SIMPLE, _ENHANCED, _PACKET = 0x0A0D0D0A, 1, 3, 6, 2


class Packet(NamedTuple):
    """One captured packet: Unix time in nanoseconds, link type (LINKTYPE_*), the captured bytes, their length on the
    wire."""

    time_ns: int
    link: int
    data: bytes
    length: int


def packets(stream: IO[bytes], place: str, head: bytes = b"") -> Iterator[Packet]:
    """The packets of a capture; ``head`` are its first four bytes where they were read already.

    What is damaged or cut short ends it quietly, after all that is whole. Raises ``AppError(INVALID)`` where the file
    does not begin as a capture.
    """
    head = head or stream.read(4)
    if head == NG:
        yield from _sections(stream, head)
    elif head in MAGIC:
        yield from _classic(stream, place, head)
    else:
        raise AppError(ErrorKind.INVALID, "collectors.capture.no_capture", place=place)


def classic_head(stream: IO[bytes], place: str, head: bytes) -> tuple[str, int, int]:
    """Byte order, nanoseconds per tick and link type of a classic capture, behind its first four bytes."""
    order, unit_ns = MAGIC[head]
    rest = stream.read(20)
    if len(rest) < 20:
        raise AppError(ErrorKind.INVALID, "collectors.capture.no_capture", place=place)
    return order, unit_ns, struct.unpack(order + "HHiIII", rest)[5] & 0xFFFF


def _classic(stream: IO[bytes], place: str, head: bytes) -> Iterator[Packet]:
    order, unit_ns, link = classic_head(stream, place, head)
    take = struct.Struct(order + "IIII").unpack
    while len(head := stream.read(16)) == 16:
        seconds, fraction, captured, length = take(head)
        if captured > MAX_PACKET or len(data := stream.read(captured)) < captured:
            return
        yield Packet(seconds * 1_000_000_000 + fraction * unit_ns, link, data, length)


class _Interface(NamedTuple):
    link: int
    snap: int
    unit: tuple[int, int]


def _sections(stream: IO[bytes], head: bytes) -> Iterator[Packet]:
    """pcapng: blocks of sections; unknown blocks are passed over."""
    order, interfaces = "<", list[_Interface]()
    while len(head) == 4:
        rest = stream.read(8 if head == NG else 4)
        if len(rest) < 4:
            return
        if head == NG:
            order, interfaces = ("<" if rest[4:8] == b"\x4d\x3c\x2b\x1a" else ">"), []
        (size,) = struct.unpack(order + "I", rest[:4])
        left = size - 4 - len(rest)
        if not 0 <= left <= MAX_BLOCK:
            return
        body = rest[4:] + stream.read(left)
        if len(body) < size - 8:
            return
        (kind,) = struct.unpack(order + "I", head)
        if kind == _INTERFACE:
            interfaces.append(_interface(body[:-4], order))
        elif (packet := _block(kind, body[:-4], order, interfaces)) is not None:
            yield packet
        head = stream.read(4)


def _interface(body: bytes, order: str) -> _Interface:
    link, _, snap = struct.unpack_from(order + "HHI", body.ljust(8, b"\0"))
    return _Interface(link, snap or MAX_PACKET, _unit(body[8:], order))


def _unit(options: bytes, order: str) -> tuple[int, int]:
    """Nanoseconds per tick as numerator and denominator (option ``if_tsresol``; microseconds without it)."""
    at = 0
    while at + 4 <= len(options):
        code, size = struct.unpack_from(order + "HH", options, at)
        if code == 0:
            break
        if code == 9 and size == 1 and at + 4 < len(options):
            power = options[at + 4]
            return (10**9, 1 << (power & 0x7F)) if power & 0x80 else (10**9, 10**power)
        at += 4 + (size + 3 & ~3)
    return 1000, 1


def _block(kind: int, body: bytes, order: str, interfaces: list[_Interface]) -> Packet | None:
    if kind == _SIMPLE and interfaces and len(body) >= 4:
        (length,) = struct.unpack_from(order + "I", body)
        return Packet(0, interfaces[0].link, body[4 : 4 + min(length, interfaces[0].snap)], length)
    if kind not in (_ENHANCED, _PACKET) or len(body) < 20:
        return None
    number, high, low, captured, length = struct.unpack_from(order + "IIIII", body)
    if kind == _PACKET:
        number = number >> 16 if order == ">" else number & 0xFFFF
    if number >= len(interfaces):
        return None
    link, _, (ticks, per) = interfaces[number]
    return Packet((high << 32 | low) * ticks // per, link, body[20 : 20 + captured], length)

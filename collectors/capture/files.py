"""A capture file through the meter.

Classic pcap takes the short road: one look at a record tells whether it is a packet of a known side, which is counted
where it lies; everything else is cut out and goes the meter's way.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

from collectors.capture.meter import IDLE_NS, PLAIN, Document, Meter
from collectors.capture.pcapfile import CHUNK, MAGIC, MAX_PACKET, Packet, classic_head, packets

ETHERNET = 1
LOOK = "IIII12x3s5xHxB2x12s9xB"
"""A record's head (seconds, fraction, captured, length), then of Ethernet and IPv4: EtherType with the first byte,
fragment bits, protocol, addresses with ports, TCP flags."""
SHORTEST = 54
"""Ethernet, IPv4 and TCP heads without options."""


def metered(stream: IO[bytes], place: str) -> Iterator[Document]:
    """Everything a capture file tells. ``AppError(INVALID)`` with ``place`` where it is no capture."""
    meter = Meter()
    head = stream.read(4)
    if head in MAGIC:
        yield from feed_classic(meter, stream, place, head)
    else:
        yield from meter.feed(packets(stream, place, head))
    yield from meter.finish()


def feed_classic(meter: Meter, stream: IO[bytes], place: str, head: bytes) -> Iterator[Document]:
    """The documents of a classic capture, behind its first four bytes; the same as packet by packet."""
    order, unit_ns, link = classic_head(stream, place, head)
    look, whole = struct.Struct(order + LOOK), (0, 0x40 if order == "<" else 0x4000)
    take, known, one = look.unpack_from, meter.sides.get, meter.one
    buffer, at, size, ended = b"", 0, 0, False
    padding = bytes(look.size)
    while True:
        if at + look.size > size:
            chunk = b"" if ended else stream.read(CHUNK)
            size = size - at + len(chunk)
            # Behind the end of the file lie zeros, so that the last records can be looked at in the same way.
            buffer, at, ended = buffer[at : len(buffer) - len(padding)] + chunk + padding, 0, not chunk
            if size < 16:
                return
        seconds, fraction, captured, length, plain, fragment, protocol, key, flags = take(buffer, at)
        begin = at + 16
        end = begin + captured
        if captured > MAX_PACKET or (end > size and ended):
            return
        if end > size:
            chunk = stream.read(CHUNK)
            size = size - at + len(chunk)
            buffer, at, ended = buffer[at : len(buffer) - len(padding)] + chunk + padding, 0, not chunk
            continue
        at = end
        time_ns = seconds * 1_000_000_000 + fraction * unit_ns
        if plain == PLAIN and protocol == 6 and link == ETHERNET and captured >= SHORTEST and fragment in whole:
            side = known(key)
            if side is not None and not side.looking and time_ns - side.last <= IDLE_NS:
                side.last = time_ns
                side.packets += 1
                side.bytes += length
                side.flags |= flags
                meter.packets += 1
                continue
        yield from one(Packet(time_ns, link, buffer[begin:end], length))

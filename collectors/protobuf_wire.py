"""The wire format of Protocol Buffers, as far as small hostile messages need it: field after field, bounded."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_DOUBLE = struct.Struct("<d")
MAX_FIELDS = 4_000_000


def fields(data: bytes | memoryview) -> Iterator[tuple[int, int | bytes | memoryview]]:
    """Number and value of each field: whole numbers for varints, views for what has a length, 8 or 4 bytes for fixed
    ones.

    Raises ``ValueError`` on what is no message.
    """
    view = memoryview(data)
    position = 0
    count = 0
    while position < len(view):
        count += 1
        if count > MAX_FIELDS:
            raise ValueError("too many fields")
        key, position = varint(view, position)
        if not key >> 3:
            raise ValueError("field numbers begin at 1")
        kind = key & 7
        if kind == 0:
            value, position = varint(view, position)
            yield key >> 3, value
            continue
        if kind == 2:
            length, position = varint(view, position)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError("unknown wire type")
        if position + length > len(view):
            raise ValueError("the message is cut short")
        yield key >> 3, view[position : position + length]
        position += length


def varint(view: memoryview, position: int) -> tuple[int, int]:
    """A whole number of at most 64 bits and the position behind it."""
    value = shift = 0
    while True:
        if position >= len(view) or shift > 63:
            raise ValueError("a number is cut short")
        byte = view[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, position
        shift += 7


def signed(value: int) -> int:
    """A varint as int64."""
    return value - (1 << 64) if value >= 1 << 63 else value


def double(value: bytes | memoryview) -> float:
    """Eight bytes as a number."""
    (number,) = _DOUBLE.unpack(value)
    return float(number)

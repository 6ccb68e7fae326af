"""The bytes of a spool segment: a header, then records of ``magic, length, crc32, payload``; zeros behind the last.

The checksum covers segment number, offset and length too, so that a record copied elsewhere, or a frame quoted inside
another frame, is never taken for one.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from infra.errors import AppError, ErrorKind

MAGIC = b"\xf5YDF"
_RECORD = struct.Struct("<4sII")
_SALT = struct.Struct("<QQI")
_HEADER = struct.Struct("<8sQ")
_SIGN = b"YDSPOOL\x01"
HEADER_BYTES = _HEADER.size
RECORD_BYTES = _RECORD.size


def segment_header(segment: int) -> bytes:
    """The first bytes of segment ``segment``."""
    return _HEADER.pack(_SIGN, segment)


def check_header(data: bytes, segment: int, place: str) -> None:
    """Raises ``AppError(INVALID)`` where ``data`` does not begin segment ``segment``."""
    if data[:HEADER_BYTES] != segment_header(segment):
        raise AppError(ErrorKind.INVALID, "infra.spool_not_a_segment", place=place)


def _checksum(segment: int, offset: int, payload: bytes | memoryview) -> int:
    return zlib.crc32(payload, zlib.crc32(_SALT.pack(segment, offset, len(payload))))


def record(segment: int, offset: int, payload: bytes) -> bytes:
    """``payload`` as the record that stands at ``offset`` of ``segment``."""
    return _RECORD.pack(MAGIC, len(payload), _checksum(segment, offset, payload)) + payload


@dataclass(frozen=True, slots=True)
class Found:
    """A sound record: its payload and the offset behind it. ``skipped`` damaged bytes lay before it."""

    payload: memoryview
    end: int
    skipped: int = 0


def records(data: memoryview, segment: int, start: int) -> Iterator[Found]:
    """The sound records in ``data``, which begins at offset ``start`` of ``segment``.

    Stops at the first place behind which no sound record follows: the end, a torn write or a record cut off by the
    end of ``data``. Damage in between is skipped and its size told.
    """
    at, damaged = 0, 0
    while at < len(data):
        payload = _at(data, at, segment, start)
        if payload is None:
            onward = _resync(data, at + 1, segment, start)
            if onward is None:
                return
            damaged, at = onward - at, onward
            continue
        at += RECORD_BYTES + len(payload)
        yield Found(payload, start + at, damaged)
        damaged = 0


def needed(data: memoryview) -> int:
    """Bytes that the record at the front of ``data`` takes in all; 0 where none begins there."""
    if len(data) < RECORD_BYTES:
        return 0
    magic, length, _ = _RECORD.unpack_from(data)
    return RECORD_BYTES + length if magic == MAGIC else 0


def _at(data: memoryview, at: int, segment: int, start: int) -> memoryview | None:
    if at + RECORD_BYTES > len(data):
        return None
    magic, length, checksum = _RECORD.unpack_from(data, at)
    if magic != MAGIC or at + RECORD_BYTES + length > len(data):
        return None
    payload = data[at + RECORD_BYTES : at + RECORD_BYTES + length]
    return payload if _checksum(segment, start + at, payload) == checksum else None


def _resync(data: memoryview, at: int, segment: int, start: int) -> int | None:
    rest = bytes(data[at:])
    hit = rest.find(MAGIC)
    while hit >= 0:
        if _at(data, at + hit, segment, start) is not None:
            return at + hit
        hit = rest.find(MAGIC, hit + 1)
    return None

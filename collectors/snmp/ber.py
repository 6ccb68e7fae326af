"""ASN.1 as SNMP writes it (RFC 3417, section 8): definite lengths, a handful of types, nothing deeper than a message.

Every length is checked against what is there; integers have at most nine octets, OIDs at most 128 numbers.
"""

from __future__ import annotations

from collections.abc import Iterable

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
ADDRESS, COUNTER32, GAUGE32, TICKS, OPAQUE, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x44, 0x46
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_VIEW = 0x80, 0x81, 0x82
MAX_NUMBERS = 128
Value = int | bytes | str
Oid = tuple[int, ...]


class BerError(ValueError):
    """Octets that are no message."""


def take(data: bytes, position: int, end: int) -> tuple[int, int, int]:
    """Tag, start and end of the element at ``position``."""
    if position + 2 > end:
        raise BerError("an element is cut short")
    tag, length, start = data[position], data[position + 1], position + 2
    if length & 0x80:
        octets = length & 0x7F
        if not 1 <= octets <= 4 or start + octets > end:
            raise BerError("a length is broken")
        length, start = int.from_bytes(data[start : start + octets], "big"), start + octets
    if start + length > end:
        raise BerError("an element reaches beyond its message")
    return tag, start, start + length


def inside(data: bytes, position: int, end: int, wanted: int) -> tuple[int, int]:
    """Start and end of the element at ``position``, which must have the tag ``wanted``."""
    tag, start, after = take(data, position, end)
    if tag != wanted:
        raise BerError(f"tag {tag:#x} where {wanted:#x} is expected")
    return start, after


def integer_at(data: bytes, position: int, end: int) -> tuple[int, int]:
    """An INTEGER and the position behind it."""
    start, after = inside(data, position, end, INTEGER)
    if not 1 <= after - start <= 9:
        raise BerError("an integer is broken")
    return int.from_bytes(data[start:after], "big", signed=True), after


def octets_at(data: bytes, position: int, end: int) -> tuple[bytes, int]:
    """An OCTET STRING and the position behind it."""
    start, after = inside(data, position, end, OCTETS)
    return data[start:after], after


def read_oid(octets: bytes) -> Oid:
    """The numbers of an OBJECT IDENTIFIER."""
    numbers: list[int] = []
    value = 0
    for octet in octets:
        value = value << 7 | octet & 0x7F
        if value >> 32:
            raise BerError("an OID is broken")
        if not octet & 0x80:
            if not numbers:
                first = min(value // 40, 2)
                numbers += [first, value - 40 * first]
            else:
                numbers.append(value)
            value = 0
    if not numbers or len(numbers) > MAX_NUMBERS or octets[-1] & 0x80:
        raise BerError("an OID is broken")
    return tuple(numbers)


def read_value(tag: int, octets: bytes) -> Value | None:
    """A value of Python; None for "there is none" and the end of the view."""
    if tag in (OCTETS, OPAQUE):
        return octets
    if tag in (INTEGER, COUNTER32, GAUGE32, TICKS, COUNTER64):
        if not 1 <= len(octets) <= 9:
            raise BerError("an integer is broken")
        return int.from_bytes(octets, "big", signed=tag == INTEGER)
    if tag == OID:
        return ".".join(map(str, read_oid(octets)))
    if tag == ADDRESS:
        return ".".join(map(str, octets[:4]))
    if tag in (NULL, NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_VIEW):
        return None
    raise BerError(f"a value of unknown type {tag:#x}")


def element(tag: int, body: bytes) -> bytes:
    """One element."""
    length = len(body)
    if length < 0x80:
        return bytes((tag, length)) + body
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + body


def integer(value: int) -> bytes:
    """An INTEGER."""
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def sequence(parts: Iterable[bytes], tag: int = SEQUENCE) -> bytes:
    """A SEQUENCE of encoded parts."""
    return element(tag, b"".join(parts))


def oid(numbers: Oid) -> bytes:
    """An OBJECT IDENTIFIER."""
    body = bytearray()
    for number in (numbers[0] * 40 + numbers[1], *numbers[2:]):
        octets = [number & 0x7F]
        while number := number >> 7:
            octets.append(number & 0x7F | 0x80)
        body += bytes(reversed(octets))
    return element(OID, bytes(body))

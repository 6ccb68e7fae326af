"""Strict DER of the few small structures cryptography needs: SM2 signatures and SM2 ciphertexts.

Anything that is not the one canonical encoding is refused, so that a signature has exactly one form.
Source: ITU-T X.690 clause 10, GM/T 0009 (SM2Signature, SM2Cipher).
"""

from __future__ import annotations

from infra.errors import AppError, ErrorKind


def _malformed(place: str) -> AppError:
    return AppError(ErrorKind.INVALID, "trust.crypto.der_malformed", place=place)


def read_tlv(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Tag, start and end of the content of the element at ``at``; single-octet tags and minimal lengths only."""
    if at + 2 > end:
        raise _malformed("length")
    tag, first = data[at], data[at + 1]
    if tag & 0x1F == 0x1F:
        raise _malformed("tag")
    if first < 0x80:
        start, length = at + 2, first
    else:
        start, length = _long_length(data, at + 2, end, first & 0x7F)
    if start + length > end:
        raise _malformed("length")
    return tag, start, start + length


def _long_length(data: bytes, at: int, end: int, octets: int) -> tuple[int, int]:
    if not 1 <= octets <= 4 or at + octets > end or data[at] == 0:
        raise _malformed("length")
    length = int.from_bytes(data[at : at + octets], "big")
    if length < 0x80:
        raise _malformed("length")
    return at + octets, length


def read_unsigned(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A non-negative INTEGER in minimal form and where it ends."""
    tag, start, stop = read_tlv(data, at, end)
    if tag != 2 or start == stop or data[start] & 0x80:
        raise _malformed("integer")
    if stop - start > 1 and data[start] == 0 and not data[start + 1] & 0x80:
        raise _malformed("integer")
    return int.from_bytes(data[start:stop], "big"), stop


def length_octets(length: int) -> bytes:
    """The minimal DER length octets."""
    if length < 0x80:
        return bytes((length,))
    body = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(body),)) + body


def tlv(tag: int, content: bytes) -> bytes:
    """One element: tag, length, content."""
    return bytes((tag,)) + length_octets(len(content)) + content


def integer(value: int) -> bytes:
    """A DER INTEGER."""
    size = (value.bit_length() // 8 + 1) if value >= 0 else ((value + 1).bit_length() // 8 + 1)
    return tlv(2, value.to_bytes(size, "big", signed=True))


def encode_pair(r: int, s: int) -> bytes:
    """``SEQUENCE { r INTEGER, s INTEGER }``, the form of SM2 and ECDSA signatures."""
    return tlv(0x30, integer(r) + integer(s))


def decode_pair(data: bytes) -> tuple[int, int]:
    """The two integers of a canonical signature; ``AppError(INVALID)`` for any other encoding or trailing octets."""
    tag, start, stop = read_tlv(data, 0, len(data))
    if tag != 0x30 or stop != len(data):
        raise _malformed("signature")
    r, at = read_unsigned(data, start, stop)
    s, at = read_unsigned(data, at, stop)
    if at != stop:
        raise _malformed("signature")
    return r, s

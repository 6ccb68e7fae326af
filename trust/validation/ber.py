"""CMS may come in BER with indefinite lengths (streaming writers); this makes the same structure with definite ones."""

from __future__ import annotations

from trust.crypto.der import read_tlv, tlv

MAX_DEPTH = 32


def definite(data: bytes) -> bytes:
    """``data`` with definite lengths and joined string pieces; ``ValueError`` where malformed or too deep.

    Octets that hold no indefinite length come back untouched.
    """
    element, end = _element(data, 0, 0)
    if end != len(data):
        raise ValueError("trailing octets")
    return element


def _element(data: bytes, at: int, depth: int) -> tuple[bytes, int]:
    if depth > MAX_DEPTH or at + 2 > len(data) or data[at] & 0x1F == 0x1F:
        raise ValueError("BER")
    tag, first = data[at], data[at + 1]
    if first == 0x80:
        return _indefinite(data, at, depth)
    size = first & 0x7F if first & 0x80 else 0
    if size > 4:
        raise ValueError("BER")
    begin = at + 2 + size
    length = int.from_bytes(data[at + 2 : begin], "big") if size else first
    end = begin + length
    if end > len(data):
        raise ValueError("BER")
    if not tag & 0x20:
        return tlv(tag, data[begin:end]), end
    parts, inner = [], begin
    while inner < end:
        part, inner = _element(data, inner, depth + 1)
        parts.append(part)
    if inner != end:
        raise ValueError("BER")
    return _build(tag, parts), end


def _indefinite(data: bytes, at: int, depth: int) -> tuple[bytes, int]:
    if not data[at] & 0x20:
        raise ValueError("BER")
    parts, inner = [], at + 2
    while data[inner : inner + 2] != b"\x00\x00":
        part, inner = _element(data, inner, depth + 1)
        parts.append(part)
    return _build(data[at], parts), inner + 2


def _build(tag: int, parts: list[bytes]) -> bytes:
    if tag == 0x24:
        return tlv(0x04, b"".join(_octets(part) for part in parts))
    return tlv(tag, b"".join(parts))


def _octets(part: bytes) -> bytes:
    tag, begin, end = read_tlv(part, 0, len(part))
    if tag != 4:
        raise ValueError("BER")
    return part[begin:end]

"""Is this DER all the way down? One walk over the tags, with bounded size and depth.

A verdict over bytes must not depend on which of several encodings a reader happens to accept, so everything that is
not canonical (indefinite or padded lengths, padded integers, odd booleans, unsorted sets, unused bits) is a fault.
Source: ITU-T X.690 clauses 8, 10, 11.
"""

from __future__ import annotations

from infra.errors import AppError
from trust.crypto.der import read_tlv

MAX_DEPTH = 24
MAX_ELEMENTS = 200_000
_STRINGS = {12, 18, 19, 20, 22, 26, 27, 28, 30}


_CHECKED = frozenset({0, 1, 2, 3, 5, 6, 10, 16, 17})
"""Primitive universal types whose content can depart from DER."""


class _Walk:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.left = MAX_ELEMENTS

    def run(self, start: int, stop: int, depth: int) -> str:
        """The first fault between ``start`` and ``stop``, or empty."""
        at, data = start, self.data
        while at < stop:
            self.left -= 1
            if depth > MAX_DEPTH or self.left < 0:
                return "too deep or too many elements"
            tag, begin, end = read_tlv(data, at, stop)
            if (tag & 0x20 or tag in _CHECKED) and (fault := self._element(tag, begin, end, depth)):
                return fault
            at = end
        return ""

    def _element(self, tag: int, begin: int, end: int, depth: int) -> str:
        if tag & 0x20:
            if not tag & 0xC0 and tag & 0x1F not in (16, 17):
                return "constructed string"
            fault = self.run(begin, end, depth + 1)
            return fault or (self._unsorted(begin, end) if tag == 0x31 else "")
        if tag & 0xC0:
            return ""
        return _primitive_fault(tag, self.data[begin:end])

    def _unsorted(self, begin: int, end: int) -> str:
        elements, at = [], begin
        while at < end:
            stop = read_tlv(self.data, at, end)[2]
            elements.append(self.data[at:stop])
            at = stop
        return "" if elements == sorted(elements) else "unsorted set"


def _primitive_fault(tag: int, content: bytes) -> str:
    if tag == 1:
        return "" if content in (b"\x00", b"\xff") else "boolean"
    if tag in (2, 10):
        padded = len(content) > 1 and (
            (content[0] == 0 and not content[1] & 0x80) or (content[0] == 0xFF and content[1] & 0x80)
        )
        return "integer" if padded or not content else ""
    if tag == 3:
        return _bit_string_fault(content)
    if tag == 5:
        return "null" if content else ""
    if tag == 6:
        return _oid_fault(content)
    if tag in (16, 17):
        return "primitive sequence"
    if tag == 0:
        return "end of contents"
    return ""


def _oid_fault(content: bytes) -> str:
    if not content or content[-1] & 0x80:
        return "object identifier"
    first = True
    for octet in content:
        if first and octet == 0x80:
            return "object identifier"
        first = not octet & 0x80
    return ""


def _bit_string_fault(content: bytes) -> str:
    if not content or content[0] > 7 or (len(content) == 1 and content[0]):
        return "bit string"
    unused = content[0]
    return "bit string" if unused and content[-1] & ((1 << unused) - 1) else ""


def der_fault(data: bytes) -> str:
    """The first departure from DER in ``data``, in two or three words; empty where there is none."""
    try:
        end = read_tlv(data, 0, len(data))[2]
        if end != len(data):
            return "trailing octets"
        return _Walk(data).run(0, len(data), 0)
    except AppError as error:
        return str(error.detail.get("place", "malformed"))

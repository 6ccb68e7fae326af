"""Distinguished names: read once, compared by RFC 5280 clause 7.1 whatever string type each side was written in.

Old Chinese authorities write GB 18030 octets into TeletexString; those are read as what they are.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from trust.crypto.algorithm import dotted
from trust.crypto.der import read_tlv

Attribute = tuple[str, str]
Rdn = frozenset[Attribute]

_SHORT = {
    "2.5.4.3": "CN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "street",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.4": "SN",
    "2.5.4.42": "GN",
    "2.5.4.46": "dnQualifier",
    "1.2.840.113549.1.9.1": "emailAddress",
    "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
}
EMAIL = "1.2.840.113549.1.9.1"
COMMON_NAME = "2.5.4.3"


@dataclass(frozen=True, slots=True)
class Name:
    """A name: its DER, its attributes as written, and the form it is compared in."""

    der: bytes
    rdns: tuple[tuple[Attribute, ...], ...]
    key: tuple[Rdn, ...]

    @property
    def text(self) -> str:
        """For people: ``CN=..., O=..., C=CN``, most specific first."""
        parts = [f"{_SHORT.get(oid, oid)}={value}" for rdn in reversed(self.rdns) for oid, value in rdn]
        return ", ".join(parts)

    @property
    def empty(self) -> bool:
        """Has it no attribute at all?"""
        return not self.rdns

    def values(self, oid: str) -> list[str]:
        """All values of one attribute type."""
        return [value for rdn in self.rdns for kind, value in rdn if kind == oid]

    def within(self, base: Name) -> bool:
        """Does it lie in the subtree that starts at ``base``?"""
        return self.key[: len(base.key)] == base.key

    def matches(self, other: Name) -> bool:
        """Are both names the same by RFC 5280 clause 7.1?"""
        return self.der == other.der or self.key == other.key


@lru_cache(maxsize=8192)
def read_name(der: bytes) -> Name:
    """The name of a DER ``Name``; ``ValueError`` or ``AppError`` where malformed."""
    tag, start, stop = read_tlv(der, 0, len(der))
    if tag != 0x30 or stop != len(der):
        raise ValueError("name")
    rdns: list[tuple[Attribute, ...]] = []
    at = start
    while at < stop:
        set_tag, begin, end = read_tlv(der, at, stop)
        if set_tag != 0x31 or begin == end or len(rdns) >= 64:
            raise ValueError("relative name")
        rdns.append(tuple(_attributes(der, begin, end)))
        at = end
    return Name(der, tuple(rdns), tuple(frozenset((oid, prepare(value)) for oid, value in rdn) for rdn in rdns))


def _attributes(der: bytes, at: int, stop: int) -> list[Attribute]:
    found = []
    while at < stop:
        tag, begin, end = read_tlv(der, at, stop)
        oid_tag, oid_begin, oid_end = read_tlv(der, begin, end)
        value_tag, value_begin, value_end = read_tlv(der, oid_end, end)
        if (tag, oid_tag) != (0x30, 6) or value_end != end:
            raise ValueError("attribute")
        found.append((dotted(der[oid_begin:oid_end]), _decode(value_tag, der[value_begin:value_end])))
        at = end
    return found


def _decode(tag: int, content: bytes) -> str:
    match tag:
        case 12:
            return content.decode("utf-8")
        case 18 | 19 | 22 | 26:
            return content.decode("ascii")
        case 20:
            return _teletex(content)
        case 28:
            return content.decode("utf-32-be")
        case 30:
            return content.decode("utf-16-be")
    return f"#{tag:02x}{content.hex()}"


def _teletex(content: bytes) -> str:
    try:
        return content.decode("ascii")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError:
        return content.decode("latin-1")


@lru_cache(maxsize=16384)
def prepare(value: str) -> str:
    """A string in the form it is compared in: folded case, normal form KC, white space squeezed."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold()).split())

"""Building revocation lists: full, delta, partitioned (RFC 5280 section 5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from trust.ca.template import extension, moment, point_name
from trust.crypto.der import integer, tlv

REASON_CODES = {
    "unspecified": 0,
    "key_compromise": 1,
    "ca_compromise": 2,
    "affiliation_changed": 3,
    "superseded": 4,
    "cessation_of_operation": 5,
    "certificate_hold": 6,
    "remove_from_crl": 8,
    "privilege_withdrawn": 9,
}


@dataclass(frozen=True, slots=True)
class Revoked:
    """One entry."""

    serial: int
    at: datetime
    reason: str = "unspecified"
    invalid_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListScope:
    """Which list it is: number, base number of a delta, addresses and part number of a partitioned one."""

    number: int
    base: int | None = None
    points: tuple[str, ...] = ()
    partition: int | None = None


def crl_tbs(
    issuer: bytes,
    key_id: bytes,
    algorithm: bytes,
    scope: ListScope,
    this_update: datetime,
    next_update: datetime,
    entries: Iterable[Revoked],
) -> bytes:
    """The to-be-signed octets of a list."""
    listed = b"".join(_entry(entry) for entry in entries)
    body = integer(1) + algorithm + issuer + moment(this_update) + moment(next_update)
    return tlv(0x30, body + (tlv(0x30, listed) if listed else b"") + tlv(0xA0, tlv(0x30, _extensions(key_id, scope))))


def _extensions(key_id: bytes, scope: ListScope) -> bytes:
    found = extension("2.5.29.35", tlv(0x30, tlv(0x80, key_id))) + extension("2.5.29.20", integer(scope.number))
    if scope.base is not None:
        found += extension("2.5.29.27", integer(scope.base), critical=True)
    if scope.partition is not None and scope.points:
        name = tlv(0x30, tlv(0xA0, point_name(scope.points, scope.partition)))
        found += extension("2.5.29.28", name, critical=True)
    return found


def _entry(entry: Revoked) -> bytes:
    extensions = b""
    if entry.reason != "unspecified":
        extensions += extension("2.5.29.21", tlv(10, bytes((REASON_CODES[entry.reason],))))
    if entry.invalid_since is not None:
        extensions += extension("2.5.29.24", tlv(24, entry.invalid_since.strftime("%Y%m%d%H%M%SZ").encode()))
    body = integer(entry.serial) + moment(entry.at)
    return tlv(0x30, body + (tlv(0x30, extensions) if extensions else b""))

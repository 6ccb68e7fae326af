"""A revocation list: read in one pass, with a sorted index.

A million entries cost seconds to read, a look-up microseconds.

In: DER octets.  Out: ``Crl`` and, by serial number, ``Entry``.  Source: RFC 5280 section 5.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from infra.errors import AppError, ErrorKind
from trust.crypto.der import read_tlv
from trust.validation import extension as ext
from trust.validation.certificate import Extension, read_extension, read_time
from trust.validation.der import der_fault
from trust.validation.extension import PointName, children
from trust.validation.general import Form, read_general_names
from trust.validation.name import Name, read_name

MAX_CRL = 256 << 20
NUMBER = "2.5.29.20"
DELTA = "2.5.29.27"
ISSUING_POINT = "2.5.29.28"
REASON = "2.5.29.21"
INVALIDITY = "2.5.29.24"
ENTRY_ISSUER = "2.5.29.29"
HOLD_INSTRUCTION = "2.5.29.23"
_KEY = 24
_MEMO = 4096

REASONS = {
    0: "unspecified",
    1: "key_compromise",
    2: "ca_compromise",
    3: "affiliation_changed",
    4: "superseded",
    5: "cessation_of_operation",
    6: "certificate_hold",
    8: "remove_from_crl",
    9: "privilege_withdrawn",
    10: "aa_compromise",
}
_CRL_KNOWN = {NUMBER, DELTA, ISSUING_POINT, ext.AUTHORITY_KEY, ext.FRESHEST, ext.ISSUER_NAME}
_ENTRY_KNOWN = {REASON, INVALIDITY, ENTRY_ISSUER, HOLD_INSTRUCTION}


@dataclass(frozen=True, slots=True)
class IssuingPoint:
    """The scope of a list: where it is published and what it covers."""

    name: PointName | None = None
    only_user: bool = False
    only_ca: bool = False
    only_attribute: bool = False
    reasons: frozenset[str] | None = None
    indirect: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One revoked certificate: since when, why, and from when the key may have been misused."""

    revoked: datetime
    reason: str = "unspecified"
    invalid_since: datetime | None = None


@dataclass(frozen=True)
class Crl:
    """A revocation list. ``unknown_critical`` holds extensions (also of entries) that make it unusable."""

    der: bytes = field(repr=False)
    tbs: bytes = field(repr=False)
    signature_algorithm: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    issuer: Name
    this_update: datetime
    next_update: datetime | None
    extensions: dict[str, Extension] = field(repr=False)
    number: int | None
    base_number: int | None
    point: IssuingPoint | None
    key_id: bytes | None
    unknown_critical: frozenset[str]
    count: int
    index: bytes = field(repr=False)
    issuers: tuple[tuple[int, Name], ...] = field(repr=False)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the octets, hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def is_delta(self) -> bool:
        """Does it hold changes only?"""
        return self.base_number is not None

    def find(self, serial: int, issuer: Name) -> Entry | None:
        """The entry of a certificate, None where it is not listed."""
        size = max(1, (serial.bit_length() + 8) // 8)
        if size > 20:
            return None
        wanted = serial.to_bytes(20, "big", signed=True)
        low, high = 0, len(self.index) // _KEY
        index = self.index
        while low < high:
            middle = (low + high) // 2
            if index[middle * _KEY : middle * _KEY + 20] < wanted:
                low = middle + 1
            else:
                high = middle
        while index[low * _KEY : low * _KEY + 20] == wanted:
            offset = int.from_bytes(index[low * _KEY + 20 : low * _KEY + _KEY], "big")
            if self._issuer_at(offset).matches(issuer):
                return self._entry(offset)
            low += 1
        return None

    def _issuer_at(self, offset: int) -> Name:
        at = bisect_right(self.issuers, offset, key=lambda row: row[0])
        return self.issuers[at - 1][1] if at else self.issuer

    def _entry(self, offset: int) -> Entry:
        rows = list(children(self.tbs, *read_tlv(self.tbs, offset, len(self.tbs))[1:]))
        revoked, _ = read_time(rows[1][0], self.tbs[rows[1][2] : rows[1][3]])
        if len(rows) < 3:
            return Entry(revoked)
        found = _extensions(self.tbs[rows[2][1] : rows[2][3]])
        return Entry(revoked, _reason(found), _invalidity(found))


def _reason(found: dict[str, Extension]) -> str:
    if REASON not in found:
        return "unspecified"
    start, stop = ext.sequence(found[REASON].value, 10)
    return REASONS.get(int.from_bytes(found[REASON].value[start:stop], "big"), "unspecified")


def _invalidity(found: dict[str, Extension]) -> datetime | None:
    if INVALIDITY not in found:
        return None
    value = found[INVALIDITY].value
    tag, start, stop = read_tlv(value, 0, len(value))
    return read_time(tag, value[start:stop])[0]


def _extensions(element: bytes) -> dict[str, Extension]:
    found: dict[str, Extension] = {}
    for row in children(element, *ext.sequence(element)):
        extension = read_extension(element[row[1] : row[3]])
        if extension.oid in found:
            raise ValueError("extension repeated")
        found[extension.oid] = extension
    return found


class _Entries:
    """One pass over revokedCertificates: index rows, sticky issuers of indirect lists, unknown critical extensions."""

    def __init__(self, tbs: bytes) -> None:
        self.tbs = tbs
        self.rows: list[bytes] = []
        self.issuers: list[tuple[int, Name]] = []
        self.unknown: set[str] = set()
        self._memo: dict[bytes, tuple[frozenset[str], Name | None]] = {}

    def scan(self, at: int, stop: int) -> None:
        tbs, rows = self.tbs, self.rows
        while at < stop:
            length = tbs[at + 1]
            begin = at + 2
            if length < 0x80:
                tag, end = tbs[at], begin + length
            else:
                tag, begin, end = read_tlv(tbs, at, stop)
            size = tbs[begin + 1]
            serial_end = begin + 2 + size
            if tag != 0x30 or tbs[begin] != 2 or not 0 < size <= 20 or serial_end + 2 > end or end > stop:
                raise ValueError("entry")
            serial = tbs[begin + 2 : serial_end]
            pad = b"\xff" if serial[0] & 0x80 else b"\x00"
            rows.append(serial.rjust(20, pad) + at.to_bytes(4, "big"))
            extensions_at = serial_end + 2 + tbs[serial_end + 1]
            if extensions_at != end:
                self._extensions(at, tbs[extensions_at:end])
            at = end

    def _extensions(self, at: int, element: bytes) -> None:
        known = self._memo.get(element)
        if known is None:
            known = _judge_entry(element)
            if len(self._memo) < _MEMO:
                self._memo[element] = known
        unknown, issuer = known
        self.unknown |= unknown
        if issuer is not None:
            self.issuers.append((at, issuer))


def _judge_entry(element: bytes) -> tuple[frozenset[str], Name | None]:
    found = _extensions(element)
    unknown = frozenset(oid for oid, extension in found.items() if extension.critical and oid not in _ENTRY_KNOWN)
    if ENTRY_ISSUER not in found:
        return unknown, None
    value = found[ENTRY_ISSUER].value
    names = read_general_names(value, *ext.sequence(value))
    directory = next((name.directory for name in names if name.form is Form.DIRECTORY), None)
    return unknown, directory or Name(b"", (), (frozenset({("unnamed", "")}),))


def _point(value: bytes) -> IssuingPoint:
    fields: dict[str, Any] = {}
    flags = {0x81: "only_user", 0x82: "only_ca", 0x84: "indirect", 0x85: "only_attribute"}
    for tag, _, begin, end in children(value, *ext.sequence(value)):
        if tag == 0xA0:
            fields["name"] = ext.read_point_name(value[begin:end])
        elif tag == 0x83:
            fields["reasons"] = ext.read_reasons(value[begin:end])
        elif tag in flags and end - begin == 1:
            fields[flags[tag]] = value[begin] != 0
        else:
            raise ValueError("issuing distribution point")
    return IssuingPoint(**fields)


def _number(found: dict[str, Extension], oid: str) -> int | None:
    if oid not in found:
        return None
    start, stop = ext.sequence(found[oid].value, 2)
    return ext.unsigned(found[oid].value[start:stop], 1 << 160)


@lru_cache(maxsize=2)
def read_crl(der: bytes) -> Crl:
    """The list of ``der``; ``AppError(INVALID)`` where the octets are none or not DER."""
    if len(der) > MAX_CRL:
        raise AppError(ErrorKind.TOO_LARGE, "trust.validation.too_large", limit=MAX_CRL)
    try:
        return _read(der)
    except (ValueError, IndexError, AppError, OverflowError):
        raise AppError(ErrorKind.INVALID, "trust.validation.crl_unreadable") from None


def _read(der: bytes) -> Crl:
    start, stop = ext.sequence(der)
    rows = list(children(der, start, stop))
    if [row[0] for row in rows] != [0x30, 0x30, 3]:
        raise ValueError("certificate list")
    tbs = der[rows[0][1] : rows[0][3]]
    algorithm = der[rows[1][1] : rows[1][3]]
    whole = der[rows[2][2] : rows[2][2] + 1] == b"\x00"
    # A signature with unused bits is no signature of whole octets: the list can be read, but never verifies.
    return _body(der, tbs, algorithm, der[rows[2][2] + 1 : rows[2][3]] if whole else b"")


def _body(der: bytes, tbs: bytes, algorithm: bytes, signature: bytes) -> Crl:
    rows = list(children(tbs, *ext.sequence(tbs)))
    rows = rows[1:] if rows[0][0] == 2 else rows
    if [row[0] for row in rows[:2]] != [0x30, 0x30] or tbs[rows[0][1] : rows[0][3]] != algorithm:
        raise ValueError("signature algorithm")
    times = [row for row in rows[2:4] if row[0] in (23, 24)]
    rest = rows[2 + len(times) :]
    entries, found = _Entries(tbs), dict[str, Extension]()
    for tag, _, begin, end in rest:
        if tag == 0x30:
            entries.scan(begin, end)
        elif tag == 0xA0:
            found = _checked_extensions(tbs[begin:end])
        else:
            raise ValueError("tbsCertList")
    moments = [read_time(row[0], tbs[row[2] : row[3]])[0] for row in times]
    entries.rows.sort()
    authority = ext.read_authority_key(found[ext.AUTHORITY_KEY].value) if ext.AUTHORITY_KEY in found else None
    unknown = {oid for oid, extension in found.items() if extension.critical and oid not in _CRL_KNOWN}
    return Crl(
        der=der,
        tbs=tbs,
        signature_algorithm=algorithm,
        signature=signature,
        issuer=read_name(tbs[rows[1][1] : rows[1][3]]),
        this_update=moments[0],
        next_update=moments[1] if len(moments) > 1 else None,
        extensions=found,
        number=_number(found, NUMBER),
        base_number=_number(found, DELTA),
        point=_point(found[ISSUING_POINT].value) if ISSUING_POINT in found else None,
        key_id=authority.key_id if authority else None,
        unknown_critical=frozenset(unknown | entries.unknown),
        count=len(entries.rows),
        index=b"".join(entries.rows),
        issuers=tuple(entries.issuers),
    )


def _checked_extensions(element: bytes) -> dict[str, Extension]:
    if der_fault(element):
        raise ValueError("extensions")
    return _extensions(element)

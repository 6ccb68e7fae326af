"""A certificate: read once, strictly, with every fault of its encoding noted instead of guessed away.

In: DER octets.  Out: ``Certificate``.  Octets that are no certificate at all raise ``AppError(INVALID)``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any

from infra.errors import AppError, ErrorKind
from trust.crypto import asn1
from trust.crypto.algorithm import SubjectKey, dotted, load_key
from trust.crypto.der import read_tlv
from trust.validation import extension as ext
from trust.validation.codes import Code
from trust.validation.der import der_fault
from trust.validation.extension import children
from trust.validation.name import Name, read_name

MAX_CERTIFICATE = 1 << 20
MAX_EXTENSIONS = 256

assert asn1.SM2_CURVE


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension as it stands: critical or not, value octets."""

    oid: str
    critical: bool
    value: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """Something the certificate itself gets wrong; ``detail`` names the part."""

    code: Code
    detail: str = ""


@dataclass(frozen=True)
class Certificate:
    """The parts of a certificate. Two certificates are equal when their octets are."""

    der: bytes
    tbs: bytes = field(repr=False, compare=False)
    version: int = field(compare=False)
    serial: int = field(compare=False)
    signature_algorithm: bytes = field(repr=False, compare=False)
    signature: bytes = field(repr=False, compare=False)
    issuer: Name = field(compare=False)
    subject: Name = field(compare=False)
    not_before: datetime = field(compare=False)
    not_after: datetime = field(compare=False)
    spki: bytes = field(repr=False, compare=False)
    extensions: dict[str, Extension] = field(repr=False, compare=False)
    values: dict[str, Any] = field(repr=False, compare=False)
    faults: tuple[Fault, ...] = field(compare=False)

    def __hash__(self) -> int:
        return hash(self.der)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the octets, hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def key(self) -> SubjectKey | None:
        """The public key, None where unsupported or malformed."""
        return load_key(self.spki)

    @cached_property
    def self_issued(self) -> bool:
        """Same name on both sides."""
        return self.issuer.matches(self.subject)

    def get(self, oid: str) -> Any:
        """The value of a known, well-formed extension, else None."""
        return self.values.get(oid)

    def critical(self, oid: str) -> bool:
        """Is the extension there and critical?"""
        return oid in self.extensions and self.extensions[oid].critical

    @property
    def is_ca(self) -> bool:
        """Does it say that it is an authority?"""
        basic: ext.BasicConstraints | None = self.get(ext.BASIC)
        return basic is not None and basic.ca

    @property
    def key_usage(self) -> frozenset[str] | None:
        """Names of the key usage bits, None without the extension."""
        usage: frozenset[str] | None = self.get(ext.KEY_USAGE)
        return usage

    @property
    def label(self) -> str:
        """For people: the subject, or the serial number where the subject is empty."""
        return self.subject.text or f"serialNumber={self.serial:x}"


class _Reader:
    """Walks one certificate; collects faults on the way."""

    def __init__(self, der: bytes) -> None:
        self.der = der
        self.faults: list[Fault] = []
        self.extensions: dict[str, Extension] = {}
        self.values: dict[str, Any] = {}

    def fault(self, code: Code, detail: str = "") -> None:
        self.faults.append(Fault(code, detail))

    def read(self) -> Certificate:
        rows = list(children(self.der, *ext.sequence(self.der)))
        if [row[0] for row in rows] != [0x30, 0x30, 3]:
            raise ValueError("certificate")
        tbs = self.der[rows[0][1] : rows[0][3]]
        algorithm = self.der[rows[1][1] : rows[1][3]]
        bits = self.der[rows[2][2] : rows[2][3]]
        if bits[:1] != b"\x00":
            self.fault(Code.SIGNATURE_BAD, "unused bits")
        return self._tbs(tbs, algorithm, bits[1:])

    def _tbs(self, tbs: bytes, algorithm: bytes, signature: bytes) -> Certificate:
        rows = list(children(tbs, *ext.sequence(tbs)))
        version = self._version(tbs, rows)
        fields = rows[1:] if rows[0][0] == 0xA0 else rows
        tags = [row[0] for row in fields]
        if tags[:6] != [2, 0x30, 0x30, 0x30, 0x30, 0x30]:
            raise ValueError("tbsCertificate")
        elements = [tbs[row[1] : row[3]] for row in fields[:6]]
        if [row[0] for row in children(elements[5], *ext.sequence(elements[5]))] != [0x30, 3]:
            raise ValueError("subjectPublicKeyInfo")
        if elements[1] != algorithm:
            self.fault(Code.ALGORITHMS_DIFFER)
        self._optional(tbs, fields[6:], version)
        not_before, not_after = self._validity(elements[3])
        return Certificate(
            der=self.der,
            tbs=tbs,
            version=version,
            serial=self._serial(tbs[fields[0][2] : fields[0][3]]),
            signature_algorithm=algorithm,
            signature=signature,
            issuer=self._name(elements[2], "issuer"),
            subject=self._name(elements[4], "subject"),
            not_before=not_before,
            not_after=not_after,
            spki=elements[5],
            extensions=self.extensions,
            values=self.values,
            faults=tuple(self.faults),
        )

    def _version(self, tbs: bytes, rows: list[tuple[int, int, int, int]]) -> int:
        if not rows or rows[0][0] != 0xA0:
            return 1
        tag, begin, end = read_tlv(tbs, rows[0][2], rows[0][3])
        version = int.from_bytes(tbs[begin:end], "big") + 1
        if tag != 2 or version not in (2, 3):
            self.fault(Code.VERSION_UNSUPPORTED, str(version))
        return version

    def _serial(self, content: bytes) -> int:
        serial = int.from_bytes(content, "big", signed=True)
        if serial <= 0:
            self.fault(Code.SERIAL_NOT_POSITIVE)
        if len(content) > 20:
            self.fault(Code.SERIAL_TOO_LONG)
        return serial

    def _name(self, element: bytes, part: str) -> Name:
        try:
            return read_name(element)
        except (ValueError, AppError):
            self.fault(Code.NAME_MALFORMED, part)
            return Name(element, (), ())

    def _validity(self, element: bytes) -> tuple[datetime, datetime]:
        rows = list(children(element, *ext.sequence(element)))
        moments = [self._moment(row[0], element[row[2] : row[3]]) for row in rows]
        if len(moments) != 2:
            raise ValueError("validity")
        return moments[0], moments[1]

    def _moment(self, tag: int, content: bytes) -> datetime:
        moment, sound = read_time(tag, content)
        if not sound:
            self.fault(Code.VALIDITY_MALFORMED)
        return moment

    def _optional(self, tbs: bytes, rows: list[tuple[int, int, int, int]], version: int) -> None:
        last = 0
        for tag, _, begin, end in rows:
            if tag not in (0x81, 0x82, 0xA3) or tag <= last:
                raise ValueError("tbsCertificate")
            last = tag
            if version == 1 or (tag == 0xA3 and version != 3):
                self.fault(Code.EXTENSIONS_NEED_VERSION_3)
            if tag == 0xA3:
                self._extensions(tbs[begin:end])

    def _extensions(self, element: bytes) -> None:
        rows = list(children(element, *ext.sequence(element)))
        if not rows or len(rows) > MAX_EXTENSIONS:
            raise ValueError("extensions")
        for row in rows:
            found = read_extension(element[row[1] : row[3]])
            if found.oid in self.extensions:
                self.fault(Code.EXTENSION_REPEATED, found.oid)
                continue
            self.extensions[found.oid] = found
            self._value(found)

    def _value(self, found: Extension) -> None:
        if found.oid not in ext.READERS:
            return
        try:
            read = _read_short if len(found.value) <= _SHORT else _read_value
            self.values[found.oid] = read(found.oid, found.value)
        except (ValueError, AppError):
            code = _EXTENSION_FAULT.get(found.oid, Code.EXTENSION_MALFORMED)
            self.fault(code, found.oid)


_EXTENSION_FAULT = {
    ext.NAME_CONSTRAINTS: Code.NAME_CONSTRAINT_MALFORMED,
    ext.SUBJECT_NAME: Code.SAN_MALFORMED,
    ext.EXTENDED_USAGE: Code.EKU_MALFORMED,
}


def _read_value(oid: str, value: bytes) -> Any:
    """The value of an extension that has a reader; ``ValueError`` or ``AppError`` where it is not DER or malformed."""
    if fault := der_fault(value):
        raise ValueError(fault)
    return ext.READERS[oid](value)


_SHORT = 256
_read_short = lru_cache(maxsize=8192)(_read_value)
"""Key usages, constraints and key identifiers are the same in thousands of certificates; values are never changed."""


def read_extension(element: bytes) -> Extension:
    """One extension, as ``_read_extension`` reads it; short ones are remembered."""
    return _short_extension(element) if len(element) <= _SHORT else _read_extension(element)


def _read_extension(element: bytes) -> Extension:
    """One ``Extension``; an explicit ``critical FALSE`` is not DER and is refused."""
    rows = list(children(element, *ext.sequence(element)))
    tags = [row[0] for row in rows]
    if tags not in ([6, 4], [6, 1, 4]):
        raise ValueError("extension")
    critical = len(rows) == 3
    if critical and element[rows[1][2] : rows[1][3]] not in (b"\xff", b"\x00"):
        raise ValueError("critical")
    flag = critical and element[rows[1][2] : rows[1][3]] == b"\xff"
    return Extension(dotted(element[rows[0][2] : rows[0][3]]), flag, element[rows[-1][2] : rows[-1][3]])


_short_extension = lru_cache(maxsize=8192)(_read_extension)


@lru_cache(maxsize=4096)
def read_time(tag: int, content: bytes) -> tuple[datetime, bool]:
    """A moment and whether it is written as RFC 5280 clause 4.1.2.5 demands; ``ValueError`` where unreadable."""
    text = content.decode("ascii")
    if tag == 23:
        digits = text.removesuffix("Z")
        if not digits.isdigit() or len(digits) not in (10, 12):
            raise ValueError("UTCTime")
        year = int(digits[:2])
        moment = _moment(f"{2000 + year if year < 50 else 1900 + year}{digits[2:].ljust(10, '0')}")
        return moment, len(text) == 13 and text.endswith("Z")
    if tag != 24 or len(text) < 14 or not text[:14].isdigit():
        raise ValueError("time")
    moment = _moment(text[:14])
    return moment, len(text) == 15 and text.endswith("Z")


def _moment(digits: str) -> datetime:
    numbers = [int(digits[a:b]) for a, b in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))]
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[arg-type,misc]


@lru_cache(maxsize=20_000)
def read_certificate(der: bytes) -> Certificate:
    """The certificate of ``der``; ``AppError(INVALID)`` where the octets are none."""
    if len(der) > MAX_CERTIFICATE:
        raise AppError(ErrorKind.TOO_LARGE, "trust.validation.too_large", limit=MAX_CERTIFICATE)
    reader = _Reader(der)
    if fault := der_fault(der):
        reader.fault(Code.NOT_DER, fault)
    try:
        return reader.read()
    except (ValueError, IndexError, AppError, OverflowError):
        raise AppError(ErrorKind.INVALID, "trust.validation.unreadable", detail=fault or "structure") from None

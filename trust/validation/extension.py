"""Extensions of certificates: one reader per object identifier, each strict, each bounded.

A reader gets the DER of the extension's value and gives a Python value, or raises ``ValueError``.
Source: RFC 5280 clause 4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from trust.crypto.algorithm import dotted
from trust.crypto.der import read_tlv
from trust.validation.general import GeneralName, read_general_name, read_general_names

ANY_POLICY = "2.5.29.32.0"
ANY_USAGE = "2.5.29.37.0"
BASIC = "2.5.29.19"
KEY_USAGE = "2.5.29.15"
EXTENDED_USAGE = "2.5.29.37"
SUBJECT_NAME = "2.5.29.17"
ISSUER_NAME = "2.5.29.18"
SUBJECT_KEY = "2.5.29.14"
AUTHORITY_KEY = "2.5.29.35"
POLICIES = "2.5.29.32"
MAPPINGS = "2.5.29.33"
POLICY_CONSTRAINTS = "2.5.29.36"
INHIBIT_ANY = "2.5.29.54"
NAME_CONSTRAINTS = "2.5.29.30"
POINTS = "2.5.29.31"
FRESHEST = "2.5.29.46"
ACCESS = "1.3.6.1.5.5.7.1.1"

KEY_USAGE_BITS = (
    "digital_signature",
    "non_repudiation",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
REASON_BITS = (
    "unused",
    "key_compromise",
    "ca_compromise",
    "affiliation_changed",
    "superseded",
    "cessation_of_operation",
    "certificate_hold",
    "privilege_withdrawn",
    "aa_compromise",
)
ALL_REASONS = frozenset(REASON_BITS[1:])


@dataclass(frozen=True, slots=True)
class BasicConstraints:
    """Is it an authority, and how many authorities may follow."""

    ca: bool
    path_length: int | None


@dataclass(frozen=True, slots=True)
class AuthorityKey:
    """Which key signed: identifier, or issuer and serial."""

    key_id: bytes | None
    issuer: tuple[GeneralName, ...] | None
    serial: int | None


@dataclass(frozen=True, slots=True)
class PolicyConstraints:
    """Certificates that may follow before a policy is required, and before mapping ends."""

    require_explicit: int | None
    inhibit_mapping: int | None


@dataclass(frozen=True, slots=True)
class Subtree:
    """A base of name constraints; ``whole`` is False where minimum or maximum were set."""

    base: GeneralName
    whole: bool


@dataclass(frozen=True, slots=True)
class NameConstraints:
    """Permitted and excluded subtrees, None where the field is absent."""

    permitted: tuple[Subtree, ...] | None
    excluded: tuple[Subtree, ...] | None


@dataclass(frozen=True, slots=True)
class PointName:
    """Where a list is found: full names, or a name relative to the issuer of the list (DER of the RDN's content)."""

    full: tuple[GeneralName, ...] = ()
    relative: bytes = b""


@dataclass(frozen=True, slots=True)
class DistributionPoint:
    """Where revocation of a certificate is published, for which reasons, and by whom."""

    name: PointName | None
    reasons: frozenset[str] | None
    issuer: tuple[GeneralName, ...] | None


def children(der: bytes, start: int, stop: int) -> Iterator[tuple[int, int, int, int]]:
    """Tag, beginning of the element, beginning and end of its content, one after the other."""
    at = start
    while at < stop:
        tag, begin, end = read_tlv(der, at, stop)
        yield tag, at, begin, end
        at = end


def sequence(der: bytes, tag: int = 0x30) -> tuple[int, int]:
    """Start and end of the content of the one element ``der`` must be."""
    found, start, stop = read_tlv(der, 0, len(der))
    if found != tag or stop != len(der):
        raise ValueError("sequence")
    return start, stop


def unsigned(content: bytes, limit: int = 1 << 31) -> int:
    """A non-negative integer below ``limit``."""
    value = int.from_bytes(content, "big", signed=True)
    if not content or not 0 <= value < limit:
        raise ValueError("integer")
    return value


def _bits(content: bytes, names: tuple[str, ...]) -> frozenset[str]:
    if not content or content[0] > 7:
        raise ValueError("bit string")
    value = content[1:]
    found = {name for i, name in enumerate(names) if i // 8 < len(value) and value[i // 8] & (0x80 >> i % 8)}
    return frozenset(found)


def read_basic(der: bytes) -> BasicConstraints:
    """``BasicConstraints``; a path length without cA is malformed."""
    ca, length = False, None
    for position, (tag, _, begin, end) in enumerate(children(der, *sequence(der))):
        if tag == 1 and position == 0:
            ca = der[begin:end] == b"\xff"
        elif tag == 2 and length is None:
            length = unsigned(der[begin:end])
        else:
            raise ValueError("basic constraints")
    if length is not None and not ca:
        raise ValueError("path length without cA")
    return BasicConstraints(ca, length)


def read_key_usage(der: bytes) -> frozenset[str]:
    """``KeyUsage``: names of the bits; at least one must be set."""
    start, stop = sequence(der, 3)
    found = _bits(der[start:stop], KEY_USAGE_BITS)
    if not found:
        raise ValueError("key usage without a bit")
    return found


def read_extended_usage(der: bytes) -> frozenset[str]:
    """``ExtKeyUsageSyntax``: dotted purposes, at least one."""
    found = [dotted(_content(der, row, 6)) for row in children(der, *sequence(der))]
    if not found:
        raise ValueError("no purpose")
    return frozenset(found)


def _content(der: bytes, row: tuple[int, int, int, int], tag: int) -> bytes:
    if row[0] != tag:
        raise ValueError("tag")
    return der[row[2] : row[3]]


def read_names(der: bytes) -> tuple[GeneralName, ...]:
    """``GeneralNames``, at least one."""
    names = read_general_names(der, *sequence(der))
    if not names:
        raise ValueError("no name")
    return names


def read_key_id(der: bytes) -> bytes:
    """``SubjectKeyIdentifier``."""
    start, stop = sequence(der, 4)
    return der[start:stop]


def read_authority_key(der: bytes) -> AuthorityKey:
    """``AuthorityKeyIdentifier``."""
    key_id, issuer, serial = None, None, None
    for tag, _, begin, end in children(der, *sequence(der)):
        match tag:
            case 0x80:
                key_id = der[begin:end]
            case 0xA1:
                issuer = read_general_names(der, begin, end)
            case 0x82:
                serial = int.from_bytes(der[begin:end], "big", signed=True)
            case _:
                raise ValueError("authority key identifier")
    return AuthorityKey(key_id, issuer, serial)


def read_policies(der: bytes) -> frozenset[str]:
    """``CertificatePolicies``: dotted policies, none twice."""
    found: list[str] = []
    for row in children(der, *sequence(der)):
        content = _content(der, row, 0x30)
        tag, begin, end = read_tlv(content, 0, len(content))
        if tag != 6:
            raise ValueError("policy")
        found.append(dotted(content[begin:end]))
    if not found or len(found) != len(set(found)) or len(found) > 1024:
        raise ValueError("policies")
    return frozenset(found)


def read_mappings(der: bytes) -> tuple[tuple[str, str], ...]:
    """``PolicyMappings``: pairs of issuer domain policy and subject domain policy."""
    pairs = []
    for row in children(der, *sequence(der)):
        content = _content(der, row, 0x30)
        oids = [dotted(_content(content, inner, 6)) for inner in children(content, 0, len(content))]
        if len(oids) != 2:
            raise ValueError("mapping")
        pairs.append((oids[0], oids[1]))
    if not pairs or len(pairs) > 1024:
        raise ValueError("mappings")
    return tuple(pairs)


def read_policy_constraints(der: bytes) -> PolicyConstraints:
    """``PolicyConstraints``; one of the two fields at least."""
    values: dict[int, int] = {}
    for tag, _, begin, end in children(der, *sequence(der)):
        if tag not in (0x80, 0x81) or tag in values:
            raise ValueError("policy constraints")
        values[tag] = unsigned(der[begin:end])
    if not values:
        raise ValueError("policy constraints")
    return PolicyConstraints(values.get(0x80), values.get(0x81))


def read_inhibit_any(der: bytes) -> int:
    """``InhibitAnyPolicy``: certificates that may still use anyPolicy."""
    start, stop = sequence(der, 2)
    return unsigned(der[start:stop])


def read_name_constraints(der: bytes) -> NameConstraints:
    """``NameConstraints``; one of the two fields at least, neither of them empty."""
    found: dict[int, tuple[Subtree, ...]] = {}
    for tag, _, begin, end in children(der, *sequence(der)):
        if tag not in (0xA0, 0xA1) or tag in found or begin == end:
            raise ValueError("name constraints")
        found[tag] = tuple(_subtree(der[row[2] : row[3]], row[0]) for row in children(der, begin, end))
    if not found:
        raise ValueError("name constraints")
    return NameConstraints(found.get(0xA0), found.get(0xA1))


def _subtree(content: bytes, tag: int) -> Subtree:
    if tag != 0x30:
        raise ValueError("subtree")
    base, at = read_general_name(content, 0, len(content))
    rest = list(children(content, at, len(content)))
    whole = all(row[0] == 0x80 and content[row[2] : row[3]] == b"\x00" for row in rest)
    return Subtree(base, whole)


def read_points(der: bytes) -> tuple[DistributionPoint, ...]:
    """``CRLDistributionPoints``."""
    rows = children(der, *sequence(der))
    found = tuple(_point(_content(der, row, 0x30)) for row in rows)
    if not found or len(found) > 256:
        raise ValueError("distribution points")
    return found


def _point(content: bytes) -> DistributionPoint:
    fields: dict[str, Any] = {}
    for tag, _, begin, end in children(content, 0, len(content)):
        match tag:
            case 0xA0:
                fields["name"] = read_point_name(content[begin:end])
            case 0x81:
                fields["reasons"] = _bits(content[begin:end], REASON_BITS)
            case 0xA2:
                fields["issuer"] = read_general_names(content, begin, end)
            case _:
                raise ValueError("distribution point")
    return DistributionPoint(fields.get("name"), fields.get("reasons"), fields.get("issuer"))


def read_point_name(content: bytes) -> PointName:
    """``DistributionPointName``: full names or one relative name."""
    tag, begin, end = read_tlv(content, 0, len(content))
    if tag == 0xA0:
        return PointName(full=read_general_names(content, begin, end))
    if tag == 0xA1:
        return PointName(relative=content[begin:end])
    raise ValueError("distribution point name")


def read_reasons(content: bytes) -> frozenset[str]:
    """``ReasonFlags`` from the content of an implicitly tagged bit string."""
    return _bits(content, REASON_BITS)


def read_access(der: bytes) -> tuple[tuple[str, GeneralName], ...]:
    """``AuthorityInfoAccessSyntax``: method and location."""
    found = []
    for row in children(der, *sequence(der)):
        content = _content(der, row, 0x30)
        tag, begin, end = read_tlv(content, 0, len(content))
        location, stop = read_general_name(content, end, len(content))
        if tag != 6 or stop != len(content):
            raise ValueError("access description")
        found.append((dotted(content[begin:end]), location))
    if not found:
        raise ValueError("no access description")
    return tuple(found)


READERS: dict[str, Callable[[bytes], Any]] = {
    BASIC: read_basic,
    KEY_USAGE: read_key_usage,
    EXTENDED_USAGE: read_extended_usage,
    SUBJECT_NAME: read_names,
    ISSUER_NAME: read_names,
    SUBJECT_KEY: read_key_id,
    AUTHORITY_KEY: read_authority_key,
    POLICIES: read_policies,
    MAPPINGS: read_mappings,
    POLICY_CONSTRAINTS: read_policy_constraints,
    INHIBIT_ANY: read_inhibit_any,
    NAME_CONSTRAINTS: read_name_constraints,
    POINTS: read_points,
    FRESHEST: read_points,
    ACCESS: read_access,
}

UNDERSTOOD_CRITICAL = frozenset(READERS) - {ACCESS}
"""Extensions the path rules act on, so that they may be critical."""

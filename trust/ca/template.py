"""Certificates from DER templates: the constant parts are encoded once, only what differs is spliced in.

In: profile, issuer, subject, key.  Out: the to-be-signed octets, and the whole certificate around a signature.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from trust.ca.profile import IssuanceProfile
from trust.crypto.der import integer, tlv
from trust.validation.extension import KEY_USAGE_BITS
from trust.validation.ocsp import key_bits

_TRUE = b"\x01\x01\xff"


@lru_cache(maxsize=1024)
def oid(dotted: str) -> bytes:
    """DER of an object identifier."""
    arcs = [int(part) for part in dotted.split(".")]
    out = bytearray()
    for arc in (arcs[0] * 40 + arcs[1], *arcs[2:]):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        out.extend(reversed(groups))
    return tlv(6, bytes(out))


def extension(dotted: str, value: bytes, critical: bool = False) -> bytes:
    """One extension."""
    return tlv(0x30, oid(dotted) + (_TRUE if critical else b"") + tlv(4, value))


@lru_cache(maxsize=1024)
def moment(value: datetime) -> bytes:
    """UTCTime up to 2049, GeneralizedTime after (RFC 5280 clause 4.1.2.5)."""
    if value.year < 2050:
        return tlv(23, value.strftime("%y%m%d%H%M%SZ").encode())
    return tlv(24, value.strftime("%Y%m%d%H%M%SZ").encode())


def bits(names: tuple[str, ...]) -> bytes:
    """A named bit list without trailing zeros."""
    value = sum(1 << (15 - KEY_USAGE_BITS.index(name)) for name in names)
    octets = value.to_bytes(2, "big").rstrip(b"\x00")
    unused = (octets[-1] & -octets[-1]).bit_length() - 1 if octets else 0
    return tlv(3, bytes((unused,)) + octets)


def key_identifier(spki: bytes) -> bytes:
    """160 bits over the subject's public key: SHA-256 truncated (RFC 7093 clause 2, method 1)."""
    return hashlib.sha256(key_bits(spki)).digest()[:20]


@dataclass(frozen=True, slots=True)
class Limits:
    """What only authorities' certificates hold: DER of name constraints, and the policy fields."""

    name_constraints: bytes = b""
    policy_constraints: bytes = b""
    mappings: bytes = b""
    inhibit_any: bytes = b""
    path_length: int | None = None


NO_LIMITS = Limits()


@dataclass(frozen=True)
class Template:
    """All that is the same in every certificate of one issuer and profile."""

    profile: IssuanceProfile
    issuer_name: bytes = field(repr=False)
    issuer_key_id: bytes = field(repr=False)
    algorithm: bytes = field(repr=False)
    points: tuple[str, ...] = ()
    limits: Limits = NO_LIMITS

    def __post_init__(self) -> None:
        object.__setattr__(self, "_constant", self._constant_extensions())

    def _constant_extensions(self) -> bytes:
        profile, found = self.profile, []
        found.append(extension("2.5.29.35", tlv(0x30, tlv(0x80, self.issuer_key_id))))
        found.append(extension("2.5.29.15", bits(profile.usage), critical=True))
        found.append(self._basic_constraints())
        if profile.extended_usage:
            purposes = b"".join(oid(purpose) for purpose in profile.extended_usage)
            found.append(extension("2.5.29.37", tlv(0x30, purposes), critical=profile.extended_usage_critical))
        if profile.policies:
            found.append(extension("2.5.29.32", tlv(0x30, b"".join(tlv(0x30, oid(p)) for p in profile.policies))))
        if profile.no_check:
            found.append(extension("1.3.6.1.5.5.7.48.1.5", b"\x05\x00"))
        for dotted, value in (
            ("2.5.29.30", self.limits.name_constraints),
            ("2.5.29.33", self.limits.mappings),
            ("2.5.29.36", self.limits.policy_constraints),
            ("2.5.29.54", self.limits.inhibit_any),
        ):
            if value:
                found.append(extension(dotted, value, critical=True))
        return b"".join(found)

    def _basic_constraints(self) -> bytes:
        if not self.profile.ca:
            return extension("2.5.29.19", tlv(0x30, b""), critical=True)
        length = self.limits.path_length if self.limits.path_length is not None else self.profile.path_length
        body = _TRUE + (integer(length) if length is not None else b"")
        return extension("2.5.29.19", tlv(0x30, body), critical=True)

    def tbs(
        self,
        serial: int,
        subject: bytes,
        spki: bytes,
        not_before: datetime,
        not_after: datetime,
        names: bytes = b"",
        partition: int | None = None,
    ) -> bytes:
        """The to-be-signed octets; ``names`` is DER of ``GeneralNames``, critical where the subject is empty."""
        extensions = self._constant + extension("2.5.29.14", tlv(4, key_identifier(spki)))  # type: ignore[attr-defined]
        if names:
            extensions += extension("2.5.29.17", names, critical=subject == b"\x30\x00")
        if self.points:
            extensions += extension("2.5.29.31", self.distribution_point(partition))
        return tlv(
            0x30,
            b"\xa0\x03\x02\x01\x02"
            + integer(serial)
            + self.algorithm
            + self.issuer_name
            + tlv(0x30, moment(not_before) + moment(not_after))
            + subject
            + spki
            + tlv(0xA3, tlv(0x30, extensions)),
        )

    def distribution_point(self, partition: int | None) -> bytes:
        """``CRLDistributionPoints`` with the place of the certificate's part of the list."""
        return tlv(0x30, tlv(0x30, tlv(0xA0, point_name(self.points, partition))))


def point_name(places: tuple[str, ...], partition: int | None) -> bytes:
    """``DistributionPointName`` of URLs; ``{partition}`` in them is filled in."""
    urls = (place.replace("{partition}", str(partition or 0)) for place in places)
    return tlv(0xA0, b"".join(tlv(0x86, url.encode("ascii")) for url in urls))


def whole(tbs: bytes, algorithm: bytes, signature: bytes) -> bytes:
    """Certificate or list around a signature."""
    return tlv(0x30, tbs + algorithm + tlv(3, b"\x00" + signature))

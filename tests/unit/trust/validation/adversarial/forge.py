"""Makes certificates and lists octet by octet, so that every rule can be broken one at a time.

Only ``cryptography`` signs; all structure is assembled here.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
START = NOW - timedelta(days=365)
END = NOW + timedelta(days=365)
_serials = itertools.count(1000)


def t(tag: int, *parts: bytes) -> bytes:
    """One element."""
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def seq(*parts: bytes) -> bytes:
    return t(0x30, *parts)


def num(value: int, tag: int = 2) -> bytes:
    return t(tag, value.to_bytes(max(1, (value.bit_length() + 8) // 8), "big", signed=True))


def oid(text: str) -> bytes:
    first, second, *rest = (int(arc) for arc in text.split("."))
    out = b""
    for arc in (first * 40 + second, *rest):
        octets = [arc & 127]
        while arc > 127:
            arc >>= 7
            octets.insert(0, arc & 127 | 128)
        out += bytes(octets)
    return t(6, out)


def utf8(text: str) -> bytes:
    return t(12, text.encode())


def printable(text: str) -> bytes:
    return t(19, text.encode())


def rdn(kind: str, value: bytes) -> bytes:
    return t(0x31, seq(oid(kind), value))


CN, O, C, OU, EMAIL = "2.5.4.3", "2.5.4.10", "2.5.4.6", "2.5.4.11", "1.2.840.113549.1.9.1"  # noqa: E741


def name(*pairs: tuple[str, str]) -> bytes:
    """A name of UTF8String values (country as PrintableString, mail as IA5String)."""
    makers = {C: printable, EMAIL: lambda text: t(22, text.encode())}
    return seq(*(rdn(kind, makers.get(kind, utf8)(value)) for kind, value in pairs))


def cn(text: str) -> bytes:
    return name((C, "CN"), (O, "Forge"), (CN, text))


def when(moment: datetime) -> bytes:
    """UTCTime before 2050, GeneralizedTime after."""
    if moment.year < 2050:
        return t(23, moment.strftime("%y%m%d%H%M%SZ").encode())
    return t(24, moment.strftime("%Y%m%d%H%M%SZ").encode())


ECDSA_SHA256 = seq(oid("1.2.840.10045.4.3.2"))
RSA_SHA256 = seq(oid("1.2.840.113549.1.1.11"), t(5))
RSA_SHA1 = seq(oid("1.2.840.113549.1.1.5"), t(5))
RSA_MD5 = seq(oid("1.2.840.113549.1.1.4"), t(5))
ED25519 = seq(oid("1.3.101.112"))


@dataclass
class Key:
    """A key pair with the algorithm it signs with."""

    private: Any
    algorithm: bytes = ECDSA_SHA256
    digest: hashes.HashAlgorithm = field(default_factory=hashes.SHA256)

    @property
    def spki(self) -> bytes:
        return self.private.public_key().public_bytes(  # type: ignore[no-any-return]
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def key_id(self) -> bytes:
        return hashlib.sha1(self.spki).digest()

    def sign(self, data: bytes) -> bytes:
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, padding.PKCS1v15(), self.digest)
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(data)
        return self.private.sign(data, ec.ECDSA(self.digest))  # type: ignore[no-any-return]


@cache
def key(label: str) -> Key:
    """A P-256 key for each label."""
    return Key(ec.generate_private_key(ec.SECP256R1()))


@cache
def rsa_key(label: str, bits: int = 2048) -> Key:
    return Key(rsa.generate_private_key(65537, bits), RSA_SHA256)


@cache
def edwards_key(label: str) -> Key:
    return Key(ed25519.Ed25519PrivateKey.generate(), ED25519)


def ext(kind: str, value: bytes, critical: bool = False) -> bytes:
    flag = t(1, b"\xff") if critical else b""
    return seq(oid(kind), flag, t(4, value))


def basic(ca: bool = True, length: int | None = None, critical: bool = True) -> bytes:
    body = (t(1, b"\xff") if ca else b"") + (num(length) if length is not None else b"")
    return ext("2.5.29.19", seq(body), critical)


def usage(*bits: int, critical: bool = True) -> bytes:
    value = sum(1 << (15 - bit) for bit in bits)
    octets = value.to_bytes(2, "big").rstrip(b"\x00")
    unused = next(i for i in range(8) if octets[-1] >> i & 1) if octets else 0
    return ext("2.5.29.15", t(3, bytes([unused]) + octets), critical)


def ski(owner: Key, critical: bool = False) -> bytes:
    return ext("2.5.29.14", t(4, owner.key_id), critical)


def aki(owner: Key, critical: bool = False) -> bytes:
    return ext("2.5.29.35", seq(t(0x80, owner.key_id)), critical)


def dns(text: str) -> bytes:
    return t(0x82, text.encode("latin-1"))


def mail(text: str) -> bytes:
    return t(0x81, text.encode("latin-1"))


def uri(text: str) -> bytes:
    return t(0x86, text.encode("latin-1"))


def ip(octets: bytes) -> bytes:
    return t(0x87, octets)


def directory(value: bytes) -> bytes:
    return t(0xA4, value)


def other(kind: str = "1.3.6.1.4.1.311.20.2.3", text: str = "x") -> bytes:
    return t(0xA0, oid(kind), t(0xA0, utf8(text)))


def san(*names: bytes, critical: bool = False) -> bytes:
    return ext("2.5.29.17", seq(*names), critical)


def constraints(permitted: list[bytes] | None = None, excluded: list[bytes] | None = None) -> bytes:
    body = b""
    if permitted is not None:
        body += t(0xA0, *(seq(base) for base in permitted))
    if excluded is not None:
        body += t(0xA1, *(seq(base) for base in excluded))
    return ext("2.5.29.30", seq(body), critical=True)


def eku(*kinds: str, critical: bool = False) -> bytes:
    return ext("2.5.29.37", seq(*(oid(kind) for kind in kinds)), critical)


def policies(*kinds: str, critical: bool = False) -> bytes:
    return ext("2.5.29.32", seq(*(seq(oid(kind)) for kind in kinds)), critical)


def mappings(*pairs: tuple[str, str]) -> bytes:
    return ext("2.5.29.33", seq(*(seq(oid(a), oid(b)) for a, b in pairs)), critical=True)


def policy_constraints(explicit: int | None = None, mapping: int | None = None) -> bytes:
    body = (num(explicit, 0x80) if explicit is not None else b"") + (num(mapping, 0x81) if mapping is not None else b"")
    return ext("2.5.29.36", seq(body), critical=True)


def inhibit_any(skip: int) -> bytes:
    return ext("2.5.29.54", num(skip), critical=True)


@dataclass
class Made:
    """A certificate with what is needed to issue below it."""

    der: bytes
    subject: bytes
    key: Key
    serial: int


Change = Callable[[list[bytes]], list[bytes]]


def certificate(
    subject: bytes,
    owner: Key,
    issuer: Made | None = None,
    *,
    extensions: list[bytes] | None = None,
    start: bytes | None = None,
    end: bytes | None = None,
    serial: int | bytes | None = None,
    version: int | None = 2,
    algorithm: bytes | None = None,
    inner_algorithm: bytes | None = None,
    spki: bytes | None = None,
    issuer_name: bytes | None = None,
    change: Change | None = None,
    spoil: Callable[[bytes], bytes] | None = None,
    signer: Key | None = None,
) -> Made:
    """A certificate; ``change`` edits the fields of the TBS before signing, ``spoil`` the signature after."""
    signing = signer or (issuer.key if issuer else owner)
    used = algorithm or signing.algorithm
    number = next(_serials) if serial is None else serial
    raw_serial = number if isinstance(number, bytes) else num(number)
    fields = [
        b"" if version is None else t(0xA0, num(version)),
        raw_serial,
        inner_algorithm or used,
        issuer_name or (issuer.subject if issuer else subject),
        seq(start or when(START), end or when(END)),
        subject,
        spki or owner.spki,
        t(0xA3, seq(*extensions)) if extensions else b"",
    ]
    tbs = seq(*(change(fields) if change else fields))
    signature = signing.sign(tbs)
    signature = spoil(signature) if spoil else signature
    der = seq(tbs, used, t(3, b"\x00", signature))
    return Made(der, subject, owner, number if isinstance(number, int) else 0)


def root(label: str = "root", **more: Any) -> Made:
    owner = more.pop("owner", None) or key(label)
    given = more.pop("extensions", None)
    extensions = given if given is not None else [basic(), usage(5, 6), ski(owner)]
    return certificate(more.pop("subject", None) or cn(label), owner, extensions=extensions, **more)


def middle(issuer: Made, label: str = "middle", extra: list[bytes] | None = None, **more: Any) -> Made:
    owner = more.pop("owner", None) or key(label)
    given = more.pop("extensions", None)
    length = more.pop("length", None)
    base = [basic(length=length), usage(5, 6), ski(owner), aki(issuer.key)]
    extensions = given if given is not None else base + (extra or [])
    return certificate(more.pop("subject", None) or cn(label), owner, issuer, extensions=extensions, **more)


def leaf(issuer: Made, label: str = "leaf", extra: list[bytes] | None = None, **more: Any) -> Made:
    owner = more.pop("owner", None) or key(label)
    names = more.pop("names", None)
    given = more.pop("extensions", None)
    alternative = [san(*(names if names is not None else [dns("leaf.example.cn")]))] if names != [] else []
    base = [usage(0), ski(owner), aki(issuer.key), *alternative]
    extensions = given if given is not None else base + (extra or [])
    return certificate(more.pop("subject", None) or cn(label), owner, issuer, extensions=extensions, **more)


def crl(
    issuer: Made,
    revoked: list[bytes] | None = None,
    *,
    number: int | None = 1,
    extensions: list[bytes] | None = None,
    this: datetime | None = None,
    following: datetime | None = None,
    signer: Key | None = None,
    spoil: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """A revocation list."""
    signing = signer or issuer.key
    listed = list(extensions or [])
    if number is not None:
        listed.append(ext("2.5.29.20", num(number)))
    listed.append(aki(signing))
    tbs = seq(
        num(1),
        signing.algorithm,
        issuer.subject,
        when(this or NOW - timedelta(days=1)),
        when(following or NOW + timedelta(days=7)),
        seq(*revoked) if revoked else b"",
        t(0xA0, seq(*listed)),
    )
    signature = signing.sign(tbs)
    return seq(tbs, signing.algorithm, t(3, b"\x00", spoil(signature) if spoil else signature))


def entry(
    serial: int, *, days_ago: int = 10, reason: int | None = None, extensions: list[bytes] | None = None
) -> bytes:
    """One entry of a list."""
    listed = list(extensions or [])
    if reason is not None:
        listed.append(ext("2.5.29.21", t(10, bytes([reason]))))
    return seq(num(serial), when(NOW - timedelta(days=days_ago)), seq(*listed) if listed else b"")


def point(*names: bytes, tag: int = 0xA0) -> bytes:
    """A DistributionPointName with full names, explicitly tagged."""
    return t(tag, t(0xA0, *names))


def issuing_point(body: bytes) -> bytes:
    return ext("2.5.29.28", seq(body), critical=True)


def points(*bodies: bytes) -> bytes:
    return ext("2.5.29.31", seq(*(seq(body) for body in bodies)))

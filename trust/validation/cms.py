"""Signed messages: CMS and PKCS#7 (RFC 5652) and their Chinese twin (GM/T 0010), attached or detached.

In: message octets, content where detached.  Out: the signers, and for each whether its signature holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from infra.errors import AppError, ErrorKind
from trust.crypto.algorithm import Check, KeyKind, check_signature, dotted, split_identifier
from trust.crypto.asn1 import SM2_SM3, SM3
from trust.crypto.curve import DEFAULT_ID
from trust.crypto.der import read_tlv, tlv
from trust.crypto.sm3 import sm3
from trust.validation import extension as ext
from trust.validation.ber import definite
from trust.validation.certificate import Certificate, read_certificate, read_time
from trust.validation.codes import Code
from trust.validation.crl import Crl, read_crl
from trust.validation.extension import children, sequence
from trust.validation.name import Name, read_name
from trust.validation.verdict import Reason

MAX_MESSAGE = 64 << 20
MAX_SIGNERS = 64
_PKCS7 = "1.2.840.113549.1.7."
_GM = "1.2.156.10197.6.1.4.2."
SIGNED = {_PKCS7 + "2", _GM + "2"}
_CONTENT_TYPE = "1.2.840.113549.1.9.3"
_DIGEST = "1.2.840.113549.1.9.4"
_SIGNING_TIME = "1.2.840.113549.1.9.5"

Digest = Callable[[bytes], bytes]
_DIGESTS: dict[str, tuple[str, Digest]] = {
    "1.3.14.3.2.26": ("sha1", lambda data: hashlib.sha1(data, usedforsecurity=False).digest()),
    "2.16.840.1.101.3.4.2.4": ("sha224", lambda data: hashlib.sha224(data).digest()),
    "2.16.840.1.101.3.4.2.1": ("sha256", lambda data: hashlib.sha256(data).digest()),
    "2.16.840.1.101.3.4.2.2": ("sha384", lambda data: hashlib.sha384(data).digest()),
    "2.16.840.1.101.3.4.2.3": ("sha512", lambda data: hashlib.sha512(data).digest()),
    SM3: ("sm3", sm3),
}
_RSA = {"sha1": 5, "sha224": 14, "sha256": 11, "sha384": 12, "sha512": 13}
_ECDSA = {"sha1": "1", "sha224": "3.1", "sha256": "3.2", "sha384": "3.3", "sha512": "3.4"}


@dataclass(frozen=True, slots=True)
class Signer:
    """One signer: who (issuer and serial, or key identifier), over what, with which signature."""

    issuer: Name | None
    serial: int | None
    key_id: bytes | None
    digest_oid: str
    algorithm: bytes
    signature: bytes = field(repr=False)
    attributes: bytes | None = field(repr=False)
    content_type: str | None
    message_digest: bytes | None
    signing_time: datetime | None

    def is_for(self, certificate: Certificate) -> bool:
        """Is ``certificate`` the one the signer names?"""
        if self.key_id is not None:
            return bool(certificate.get(ext.SUBJECT_KEY) == self.key_id)
        assert self.issuer is not None
        return certificate.serial == self.serial and certificate.issuer.matches(self.issuer)


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A signed message: content (None where detached), its type, signers, and what was sent along."""

    chinese: bool
    content_type: str
    content: bytes | None = field(repr=False)
    signers: tuple[Signer, ...]
    certificates: tuple[Certificate, ...]
    crls: tuple[Crl, ...]


def is_signed_message(data: bytes) -> bool:
    """Do the octets start like a ContentInfo that holds signed data?"""
    head = data[:40]
    return any(head.find(tlv(6, _oid(oid))) >= 0 for oid in SIGNED)


def _oid(text: str) -> bytes:
    arcs = [int(part) for part in text.split(".")]
    out = bytearray()
    for arc in (arcs[0] * 40 + arcs[1], *arcs[2:]):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        out.extend(reversed(groups))
    return bytes(out)


def read_message(data: bytes) -> SignedMessage:
    """The message of ``data``; ``AppError(INVALID)`` where it is none."""
    if len(data) > MAX_MESSAGE:
        raise AppError(ErrorKind.TOO_LARGE, "trust.validation.too_large", limit=MAX_MESSAGE)
    try:
        return _content_info(definite(data))
    except (ValueError, IndexError, AppError, OverflowError, RecursionError):
        raise AppError(ErrorKind.INVALID, "trust.validation.message_unreadable") from None


def _content_info(der: bytes) -> SignedMessage:
    oid_row, content_row = children(der, *sequence(der))
    oid = dotted(der[oid_row[2] : oid_row[3]])
    if oid not in SIGNED or content_row[0] != 0xA0:
        raise ValueError("content type")
    return _signed_data(der[content_row[2] : content_row[3]], oid.startswith(_GM))


def _signed_data(der: bytes, chinese: bool) -> SignedMessage:
    rows = list(children(der, *sequence(der)))
    if [row[0] for row in rows[:3]] != [2, 0x31, 0x30] or rows[-1][0] != 0x31:
        raise ValueError("signed data")
    content_type, content = _encapsulated(der[rows[2][1] : rows[2][3]])
    certificates: list[Certificate] = []
    crls: list[Crl] = []
    for tag, _, begin, end in rows[3:-1]:
        for row in children(der, begin, end):
            element = der[row[1] : row[3]]
            if tag == 0xA0 and row[0] == 0x30:
                certificates.append(read_certificate(element))
            elif tag == 0xA1 and row[0] == 0x30:
                crls.append(read_crl(element))
    signers = [_signer(der[row[1] : row[3]]) for row in children(der, rows[-1][2], rows[-1][3])]
    if len(signers) > MAX_SIGNERS:
        raise ValueError("signers")
    return SignedMessage(chinese, content_type, content, tuple(signers), tuple(certificates), tuple(crls))


def _encapsulated(der: bytes) -> tuple[str, bytes | None]:
    rows = list(children(der, *sequence(der)))
    content_type = dotted(der[rows[0][2] : rows[0][3]])
    if len(rows) == 1:
        return content_type, None
    tag, begin, end = read_tlv(der, rows[1][2], rows[1][3])
    return content_type, der[begin:end] if tag in (4, 0x30) else der[rows[1][2] : rows[1][3]]


def _signer(der: bytes) -> Signer:
    rows = list(children(der, *sequence(der)))
    issuer, serial, key_id = _identity(der, rows[1])
    digest_oid, _ = split_identifier(der[rows[2][1] : rows[2][3]])
    at, attributes = 3, None
    if rows[at][0] == 0xA0:
        attributes = tlv(0x31, der[rows[at][2] : rows[at][3]])
        at += 1
    algorithm, signature = der[rows[at][1] : rows[at][3]], rows[at + 1]
    split_identifier(algorithm)  # malformed ones end the reading here
    if signature[0] != 4:
        raise ValueError("signature")
    known = _attributes(attributes) if attributes else {}
    return Signer(
        issuer=issuer,
        serial=serial,
        key_id=key_id,
        digest_oid=digest_oid,
        algorithm=algorithm,
        signature=der[signature[2] : signature[3]],
        attributes=attributes,
        content_type=_attribute_oid(known.get(_CONTENT_TYPE)),
        message_digest=known[_DIGEST][1] if _DIGEST in known else None,
        signing_time=_attribute_time(known.get(_SIGNING_TIME)),
    )


def _identity(der: bytes, row: tuple[int, int, int, int]) -> tuple[Name | None, int | None, bytes | None]:
    if row[0] == 0x80:
        return None, None, der[row[2] : row[3]]
    name, serial = children(der, row[2], row[3])
    return read_name(der[name[1] : name[3]]), int.from_bytes(der[serial[2] : serial[3]], "big", signed=True), None


def _attributes(der: bytes) -> dict[str, tuple[int, bytes]]:
    """Tag and content of the single value of each attribute; an attribute twice or with several values is malformed."""
    found: dict[str, tuple[int, bytes]] = {}
    for row in children(der, *sequence(der, 0x31)):
        oid_row, values = children(der, row[2], row[3])
        oid = dotted(der[oid_row[2] : oid_row[3]])
        inner = list(children(der, values[2], values[3]))
        if oid in found or (oid in (_CONTENT_TYPE, _DIGEST, _SIGNING_TIME) and len(inner) != 1):
            raise ValueError("attribute")
        if inner:
            found[oid] = (inner[0][0], der[inner[0][2] : inner[0][3]])
    return found


def _attribute_oid(value: tuple[int, bytes] | None) -> str | None:
    return dotted(value[1]) if value and value[0] == 6 else None


def _attribute_time(value: tuple[int, bytes] | None) -> datetime | None:
    return read_time(*value)[0] if value else None


def check_signer(
    message: SignedMessage, signer: Signer, certificate: Certificate, content: bytes | None, sm2_id: bytes = DEFAULT_ID
) -> list[Reason]:
    """Why the signer's signature does not hold under ``certificate``; empty where it does."""
    label = certificate.label
    signed = message.content if message.content is not None else content
    if signed is None:
        return [Reason(Code.CONTENT_MISSING, label)]
    if message.content is not None and content is not None and content != message.content:
        return [Reason(Code.CONTENT_DIFFERS, label)]
    digest = _DIGESTS.get(signer.digest_oid)
    if digest is None:
        return [Reason(Code.SIGNATURE_UNSUPPORTED, label, signer.digest_oid)]
    if digest[0] == "sha1":
        return [Reason(Code.HASH_WEAK, label, "sha1")]
    if trouble := _attribute_trouble(message, signer, digest[1](signed)):
        return [Reason(trouble, label)]
    covered = signer.attributes if signer.attributes is not None else signed
    return _check(signer, certificate, covered, digest[0], sm2_id)


def _attribute_trouble(message: SignedMessage, signer: Signer, digest: bytes) -> Code | None:
    if signer.attributes is None:
        return None if message.content_type in (_PKCS7 + "1", _GM + "1") else Code.MESSAGE_MALFORMED
    if signer.content_type != message.content_type or signer.message_digest is None:
        return Code.MESSAGE_MALFORMED
    return None if signer.message_digest == digest else Code.CONTENT_DIFFERS


def _check(signer: Signer, certificate: Certificate, covered: bytes, digest: str, sm2_id: bytes) -> list[Reason]:
    identifier = _identifier(signer, certificate, digest)
    if identifier is None:
        return [Reason(Code.SIGNATURE_UNSUPPORTED, certificate.label)]
    check = check_signature(certificate.spki, identifier, covered, signer.signature, sm2_id)
    if check is not Check.GOOD:
        return [Reason(Code.MESSAGE_SIGNATURE_BAD, certificate.label, str(check))]
    usage = certificate.key_usage
    if usage is not None and not usage & {"digital_signature", "non_repudiation"}:
        return [Reason(Code.SIGNER_USAGE, certificate.label)]
    return []


def _identifier(signer: Signer, certificate: Certificate, digest: str) -> bytes | None:
    """The AlgorithmIdentifier that fits key and digest; messages name the bare key algorithm as often as the pair."""
    key = certificate.key
    oid, _ = split_identifier(signer.algorithm)
    match key.kind if key else None:
        case KeyKind.SM2 if digest == "sm3":
            return tlv(0x30, tlv(6, _oid(SM2_SM3)))
        case KeyKind.RSA if oid != "1.2.840.113549.1.1.10" and digest in _RSA:
            return tlv(0x30, tlv(6, _oid(f"1.2.840.113549.1.1.{_RSA[digest]}")) + b"\x05\x00")
        case KeyKind.EC if digest in _ECDSA:
            return tlv(0x30, tlv(6, _oid(f"1.2.840.10045.4.{_ECDSA[digest]}")))
        case KeyKind.RSA | KeyKind.ED25519 | KeyKind.ED448:
            return signer.algorithm
    return None

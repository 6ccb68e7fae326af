"""Signature algorithms of X.509 and CMS: from an AlgorithmIdentifier and a key to yes, no, or cannot tell.

In: SubjectPublicKeyInfo and AlgorithmIdentifier in DER.  Out: ``Check``.
Sources: RFC 3279, 4055, 5758, 8410; GM/T 0009.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from asn1crypto import algos
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa

from infra.errors import AppError
from trust.crypto import asn1, sm2
from trust.crypto.curve import CURVE_OID, DEFAULT_ID
from trust.crypto.der import read_tlv


class Check(StrEnum):
    """Outcome of one signature check."""

    GOOD = "good"
    BAD = "bad"
    UNSUPPORTED = "unsupported"
    MISMATCH = "mismatch"


class KeyKind(StrEnum):
    """Families of public keys."""

    RSA = "rsa"
    DSA = "dsa"
    EC = "ec"
    ED25519 = "ed25519"
    ED448 = "ed448"
    SM2 = "sm2"


@dataclass(frozen=True)
class SubjectKey:
    """A public key of a certificate: its family, size in bits, curve (may be empty), and the key object."""

    kind: KeyKind
    bits: int
    curve: str
    key: Any


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A signature algorithm: family of keys, hash (None where the algorithm fixes it), and whether PSS."""

    kind: KeyKind
    hash: hashes.HashAlgorithm | None = None
    pss: bool = False


# Broken hashes are known by name so that a signature over one is refused for that reason, not as unknown.
_MD5, _SHA1 = hashes.MD5(), hashes.SHA1()  # noqa: S303
_OIDS: dict[str, Algorithm] = {
    "1.2.840.113549.1.1.4": Algorithm(KeyKind.RSA, _MD5),
    "1.2.840.113549.1.1.5": Algorithm(KeyKind.RSA, _SHA1),
    "1.2.840.113549.1.1.14": Algorithm(KeyKind.RSA, hashes.SHA224()),
    "1.2.840.113549.1.1.11": Algorithm(KeyKind.RSA, hashes.SHA256()),
    "1.2.840.113549.1.1.12": Algorithm(KeyKind.RSA, hashes.SHA384()),
    "1.2.840.113549.1.1.13": Algorithm(KeyKind.RSA, hashes.SHA512()),
    "1.2.840.113549.1.1.10": Algorithm(KeyKind.RSA, None, pss=True),
    "1.2.840.10040.4.3": Algorithm(KeyKind.DSA, _SHA1),
    "2.16.840.1.101.3.4.3.1": Algorithm(KeyKind.DSA, hashes.SHA224()),
    "2.16.840.1.101.3.4.3.2": Algorithm(KeyKind.DSA, hashes.SHA256()),
    "1.2.840.10045.4.1": Algorithm(KeyKind.EC, _SHA1),
    "1.2.840.10045.4.3.1": Algorithm(KeyKind.EC, hashes.SHA224()),
    "1.2.840.10045.4.3.2": Algorithm(KeyKind.EC, hashes.SHA256()),
    "1.2.840.10045.4.3.3": Algorithm(KeyKind.EC, hashes.SHA384()),
    "1.2.840.10045.4.3.4": Algorithm(KeyKind.EC, hashes.SHA512()),
    "1.3.101.112": Algorithm(KeyKind.ED25519),
    "1.3.101.113": Algorithm(KeyKind.ED448),
    asn1.SM2_SM3: Algorithm(KeyKind.SM2),
}
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "md5": _MD5,
    "sha1": _SHA1,
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "sm3": hashes.SM3(),
}
_NULL = b"\x05\x00"


def hash_named(name: str) -> hashes.HashAlgorithm | None:
    """The hash asn1crypto calls ``name``, or None."""
    return _HASHES.get(name)


@lru_cache(maxsize=256)
def signature_algorithm(identifier: bytes) -> Algorithm | None:
    """The algorithm of a DER AlgorithmIdentifier, None where unknown or its parameters are not what they must be."""
    try:
        oid, parameters = split_identifier(identifier)
    except (AppError, ValueError):
        return None
    algorithm = _OIDS.get(oid)
    if algorithm is None or algorithm.pss:
        return algorithm if algorithm and parameters else None
    allowed = (b"", _NULL) if algorithm.kind in (KeyKind.RSA, KeyKind.SM2, KeyKind.DSA) else (b"",)
    return algorithm if parameters in allowed else None


def split_identifier(identifier: bytes) -> tuple[str, bytes]:
    """Dotted object identifier and raw parameters of a DER AlgorithmIdentifier."""
    tag, start, stop = read_tlv(identifier, 0, len(identifier))
    _, oid_start, oid_stop = read_tlv(identifier, start, stop)
    if tag != 0x30:
        raise ValueError("not a sequence")
    return dotted(identifier[oid_start:oid_stop]), identifier[oid_stop:stop]


@lru_cache(maxsize=4096)
def dotted(content: bytes) -> str:
    """Dotted form of the content octets of an OBJECT IDENTIFIER; ``ValueError`` where malformed."""
    if not content or content[-1] & 0x80:
        raise ValueError("object identifier")
    arcs, value = [], 0
    for octet in content:
        if not value and octet == 0x80:
            raise ValueError("object identifier")
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))


@lru_cache(maxsize=4096)
def load_key(spki: bytes) -> SubjectKey | None:
    """The key of a DER SubjectPublicKeyInfo, None where unsupported or malformed (off-curve points included)."""
    try:
        if (point := _sm2_point(spki)) is not None:
            return SubjectKey(KeyKind.SM2, 256, "sm2", sm2.PublicKey.from_point(point))
        if _explicit_curve(spki):
            return None
        return _international(serialization.load_der_public_key(spki))
    except (AppError, ValueError, TypeError, UnsupportedAlgorithm):
        return None


def _explicit_curve(spki: bytes) -> bool:
    """Curves written out in full are refused (RFC 5480 clause 2.1.1: MUST NOT)."""
    return spki[:40].find(bytes.fromhex("06072a8648ce3d020130")) >= 0


def _sm2_point(spki: bytes) -> bytes | None:
    _, start, stop = read_tlv(spki, 0, len(spki))
    _, _, algorithm_stop = read_tlv(spki, start, stop)
    oid, parameters = split_identifier(spki[start:algorithm_stop])
    named = parameters.startswith(b"\x06") and dotted(parameters[2:]) == CURVE_OID
    if not (named and oid == "1.2.840.10045.2.1") and not (oid == CURVE_OID and (named or not parameters)):
        return None
    tag, bits_start, bits_stop = read_tlv(spki, algorithm_stop, stop)
    if tag != 3 or bits_stop != stop or stop != len(spki) or spki[bits_start : bits_start + 1] != b"\x00":
        raise ValueError("public key")
    return spki[bits_start + 1 : bits_stop]


def _international(key: Any) -> SubjectKey | None:
    match key:
        case rsa.RSAPublicKey():
            return SubjectKey(KeyKind.RSA, key.key_size, "", key)
        case ec.EllipticCurvePublicKey():
            return SubjectKey(KeyKind.EC, key.curve.key_size, key.curve.name, key)
        case ed25519.Ed25519PublicKey():
            return SubjectKey(KeyKind.ED25519, 256, "ed25519", key)
        case ed448.Ed448PublicKey():
            return SubjectKey(KeyKind.ED448, 448, "ed448", key)
        case dsa.DSAPublicKey():
            return SubjectKey(KeyKind.DSA, key.key_size, "", key)
    return None


def check_signature(
    spki: bytes, identifier: bytes, message: bytes, signature: bytes, sm2_id: bytes = DEFAULT_ID
) -> Check:
    """Does ``signature`` sign ``message`` under the key of ``spki`` and the algorithm of ``identifier``?"""
    algorithm, key = signature_algorithm(identifier), load_key(spki)
    if algorithm is None or key is None:
        return Check.UNSUPPORTED
    if algorithm.kind is not key.kind:
        return Check.MISMATCH
    if key.kind is KeyKind.SM2:
        return Check.GOOD if key.key.verify(message, signature, sm2_id) else Check.BAD
    checker = _pss(identifier) if algorithm.pss else _CHECKERS[key.kind]
    if checker is None:
        return Check.UNSUPPORTED
    try:
        checker(key.key, algorithm.hash, message, signature)
    except InvalidSignature:
        return Check.BAD
    except (ValueError, UnsupportedAlgorithm):
        return Check.UNSUPPORTED
    return Check.GOOD


Checker = Callable[[Any, Any, bytes, bytes], None]
_CHECKERS: dict[KeyKind, Checker] = {
    KeyKind.RSA: lambda key, digest, message, signature: key.verify(signature, message, padding.PKCS1v15(), digest),
    KeyKind.EC: lambda key, digest, message, signature: key.verify(signature, message, ec.ECDSA(digest)),
    KeyKind.DSA: lambda key, digest, message, signature: key.verify(signature, message, digest),
    KeyKind.ED25519: lambda key, _, message, signature: key.verify(signature, message),
    KeyKind.ED448: lambda key, _, message, signature: key.verify(signature, message),
}


def _pss(identifier: bytes) -> Checker | None:
    try:
        parameters = algos.SignedDigestAlgorithm.load(identifier, strict=True)["parameters"]
        digest = _HASHES[parameters["hash_algorithm"]["algorithm"].native]
        mask = _HASHES[parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native]
        salt = parameters["salt_length"].native
    except (ValueError, KeyError, TypeError):
        return None
    if not 0 <= salt <= 512:
        return None
    scheme = padding.PSS(padding.MGF1(mask), salt)
    return lambda key, _, message, signature: key.verify(signature, message, scheme, digest)


def weak_hash(identifier: bytes) -> str:
    """``md5`` or ``sha1`` where the algorithm rests on a broken hash, else empty."""
    algorithm = signature_algorithm(identifier)
    if algorithm is None or algorithm.hash is None:
        return ""
    return algorithm.hash.name if algorithm.hash.name in ("md5", "sha1") else ""

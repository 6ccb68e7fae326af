"""Signatures of playbooks: made, countersigned and verified. Source: CACAO 2.0 CS01 clause 10.7; RFC 7518, 8037, 8785.

What is signed is the text of the hash in lower-case hexadecimal, not its octets (the committee's RS256 example shows
it; its prose does not say so). The hash is over the canonical playbook that carries this one signature without its
``value``.
A countersignature signs the signature object it stands in, in the same manner. ``SM2`` with ``sm3`` is our addition.
"""

from __future__ import annotations

import base64
import binascii
import copy
import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import uuid4

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from infra.clock import rfc3339
from infra.errors import AppError, ErrorKind
from playbooks.model.jcs import canonical
from playbooks.model.shape import read_moment
from trust.crypto import sm2
from trust.crypto.algorithm import KeyKind, SubjectKey, load_key
from trust.crypto.sm3 import sm3
from trust.keys import material

MAX_DEPTH = 8


class Seal(StrEnum):
    """What became of one signature."""

    GOOD = "good"
    BAD = "bad"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNSUPPORTED = "unsupported"
    UNKNOWN_KEY = "unknown-key"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Sealed:
    """One signature as verified: ``trusted`` where its key is one the site accepts. ``counter`` are those on it."""

    id: str
    signee: str
    algorithm: str
    seal: Seal
    trusted: bool
    fingerprint: str
    counter: tuple[Sealed, ...] = ()


class _Scheme(NamedTuple):
    kind: KeyKind
    digest: Any = None
    pss: bool = False
    size: int = 0


_S256, _S384, _S512 = hashes.SHA256(), hashes.SHA384(), hashes.SHA512()
SCHEMES: dict[str, _Scheme] = {
    "RS256": _Scheme(KeyKind.RSA, _S256), "RS384": _Scheme(KeyKind.RSA, _S384), "RS512": _Scheme(KeyKind.RSA, _S512),
    "PS256": _Scheme(KeyKind.RSA, _S256, pss=True), "PS384": _Scheme(KeyKind.RSA, _S384, pss=True),
    "PS512": _Scheme(KeyKind.RSA, _S512, pss=True), "ES256": _Scheme(KeyKind.EC, _S256, size=32),
    "ES384": _Scheme(KeyKind.EC, _S384, size=48), "ES512": _Scheme(KeyKind.EC, _S512, size=66),
    "Ed25519": _Scheme(KeyKind.ED25519), "Ed448": _Scheme(KeyKind.ED448), "SM2": _Scheme(KeyKind.SM2),
}  # fmt: skip
_CURVES = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1"}
_MIN_RSA_BITS = 2048


def digest_text(name: str, data: bytes) -> bytes | None:
    """The hash in hexadecimal, as it is signed; None for an unknown algorithm."""
    if name == "sm3":
        return sm3(data).hex().encode()
    plain = {"sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}.get(name)
    return hashlib.new(plain, data).hexdigest().encode() if plain else None


def bare(tree: dict[str, Any]) -> dict[str, Any]:
    """The playbook without any signature."""
    return {key: value for key, value in tree.items() if key != "signatures"}


def playbook_hash(tree: dict[str, Any]) -> str:
    """SHA-256 of the canonical playbook without its signatures: what approvals and pins are bound to."""
    return hashlib.sha256(canonical(bare(tree))).hexdigest()


def preimage(tree: dict[str, Any], signature: dict[str, Any]) -> bytes:
    """The canonical octets that a signature's hash is over."""
    own = {key: value for key, value in signature.items() if key not in ("value", "signature")}
    return canonical({**bare(tree), "signatures": [own]})


def _counter_preimage(outer: dict[str, Any], inner: dict[str, Any]) -> bytes:
    own = {key: value for key, value in inner.items() if key not in ("value", "signature")}
    return canonical({**outer, "signature": own})


def algorithm_for(private: Any) -> tuple[str, str]:
    """The algorithm and hash a key signs with unless told otherwise."""
    match private:
        case sm2.PrivateKey():
            return "SM2", "sm3"
        case ed25519.Ed25519PrivateKey():
            return "Ed25519", "sha-256"
        case ed448.Ed448PrivateKey():
            return "Ed448", "sha-512"
        case ec.EllipticCurvePrivateKey():
            found = {
                "secp256r1": ("ES256", "sha-256"),
                "secp384r1": ("ES384", "sha-384"),
                "secp521r1": ("ES512", "sha-512"),
            }
            if private.curve.name in found:
                return found[private.curve.name]
        case rsa.RSAPrivateKey():
            return "RS256", "sha-256"
    raise AppError(ErrorKind.INVALID, "playbooks.sign.key_kind", place="key")


def sign(
    tree: dict[str, Any], private: Any, *, signee: str, identity: str, at: datetime, until: datetime | None = None,
    algorithm: str = "", counter: str = "",
) -> dict[str, Any]:  # fmt: skip
    """A copy of the playbook with one more signature, or with a countersignature on the signature ``counter``."""
    usual, digest = algorithm_for(private)
    chosen = algorithm or usual
    if chosen != usual and (SCHEMES.get(chosen) is None or SCHEMES[chosen].kind is not SCHEMES[usual].kind):
        raise AppError(ErrorKind.INVALID, "playbooks.sign.algorithm", place=chosen, known=", ".join(SCHEMES))
    if chosen != usual:
        digest = f"sha-{chosen[-3:]}"
    signed = copy.deepcopy(tree)
    signature: dict[str, Any] = {
        "type": "jss", "id": f"jss--{uuid4()}", "created_by": identity, "created": rfc3339(at), "modified": rfc3339(at),
        "signee": signee, "valid_from": rfc3339(at), "related_to": tree["id"], "related_version": tree["modified"],
        "hash_algorithm": digest, "algorithm": chosen,
        "public_key": base64.b64encode(_spki(private)).decode(),
    }  # fmt: skip
    if until is not None:
        signature["valid_until"] = rfc3339(until)
    if counter:
        outer = _named(signed, counter)
        signature |= {"related_to": outer["id"], "related_version": outer["modified"]}
        data = _counter_preimage({key: value for key, value in outer.items() if key != "signature"}, signature)
        outer["signature"] = signature
    else:
        data = preimage(signed, signature)
        signed.setdefault("signatures", []).append(signature)
    text = digest_text(digest, data)
    assert text is not None
    signature["value"] = base64.urlsafe_b64encode(_sign(private, chosen, text)).rstrip(b"=").decode()
    return signed


def _named(tree: dict[str, Any], signature_id: str) -> dict[str, Any]:
    pending = list(tree.get("signatures", []))
    while pending:
        each = pending.pop()
        if not isinstance(each, dict):
            continue
        if each.get("id") == signature_id:
            if "signature" in each:
                raise AppError(ErrorKind.CONFLICT, "playbooks.sign.countersigned", place=signature_id)
            return each
        pending.append(each.get("signature"))
    raise AppError(ErrorKind.NOT_FOUND, "playbooks.sign.no_signature", place=signature_id)


def _spki(private: Any) -> bytes:
    return material.spki_of(private)


def _padding(scheme: _Scheme) -> Any:
    if scheme.pss:
        return padding.PSS(padding.MGF1(scheme.digest), scheme.digest.digest_size)
    return padding.PKCS1v15()


def _sign(private: Any, algorithm: str, text: bytes) -> bytes:
    scheme = SCHEMES[algorithm]
    match private:
        case sm2.PrivateKey():
            return private.sign(text)
        case ec.EllipticCurvePrivateKey():
            r, s = decode_dss_signature(private.sign(text, ec.ECDSA(scheme.digest)))
            return r.to_bytes(scheme.size, "big") + s.to_bytes(scheme.size, "big")
        case rsa.RSAPrivateKey():
            how = (
                padding.PSS(padding.MGF1(scheme.digest), scheme.digest.digest_size)
                if scheme.pss
                else padding.PKCS1v15()
            )
            return private.sign(text, how, scheme.digest)
    signed: bytes = private.sign(text)
    return signed


def verify(tree: dict[str, Any], at: datetime, anchors: frozenset[str] = frozenset()) -> tuple[Sealed, ...]:
    """Every signature of the playbook. ``anchors`` are fingerprints (SHA-256 of the public key) the site trusts.

    Nothing in a playbook makes a key trusted: a certificate or key in it only says which one was used.
    """
    listed = tree.get("signatures")
    about = (tree.get("id"), tree.get("modified"))
    each = [one for one in (listed if isinstance(listed, list) else ()) if isinstance(one, dict)]
    return tuple(_verify(one, preimage(tree, one), about, at, anchors, 0) for one in each)


def _verify(
    each: dict[str, Any], data: bytes, about: tuple[Any, Any], at: datetime, anchors: frozenset[str], depth: int
) -> Sealed:
    spki = _key_of(each)
    fingerprint = hashlib.sha256(spki).hexdigest() if spki else ""
    inner, counter = each.get("signature"), tuple[Sealed, ...]()
    if isinstance(inner, dict) and depth < MAX_DEPTH:
        outer = {key: value for key, value in each.items() if key != "signature"}
        who = (each.get("id"), each.get("modified"))
        counter = (_verify(inner, _counter_preimage(outer, inner), who, at, anchors, depth + 1),)
    seal = _judge(each, data, about, spki, at)
    if inner is not None and (not counter or counter[0].seal is not Seal.GOOD):
        seal = Seal.BAD if seal is Seal.GOOD else seal
    name, signee, algorithm = (str(each.get(key, ""))[:200] for key in ("id", "signee", "algorithm"))
    return Sealed(name, signee, algorithm, seal, seal is Seal.GOOD and fingerprint in anchors, fingerprint, counter)


def _judge(each: dict[str, Any], data: bytes, about: tuple[Any, Any], spki: bytes | None, at: datetime) -> Seal:
    scheme = SCHEMES.get(str(each.get("algorithm")))
    text = digest_text(str(each.get("hash_algorithm")), data)
    if scheme is None or text is None:
        return Seal.UNSUPPORTED
    value = _unpadded(each.get("value"))
    if value is None or (each.get("related_to"), each.get("related_version")) != about or each.get("type") != "jss":
        return Seal.MALFORMED if value is None else Seal.BAD
    key = load_key(spki) if spki else None
    if key is None:
        return Seal.UNKNOWN_KEY
    if not _holds(key, str(each["algorithm"]), scheme, text, value):
        return Seal.BAD
    if each.get("revoked") not in (None, False):
        return Seal.REVOKED
    return Seal.GOOD if _in_time(each, at) else Seal.EXPIRED


def _in_time(each: dict[str, Any], at: datetime) -> bool:
    for name, before in (("valid_from", True), ("valid_until", False)):
        if name in each:
            bound = read_moment(each[name])
            if bound is None or (at < bound if before else at >= bound):
                return False
    return True


def _key_of(each: dict[str, Any]) -> bytes | None:
    """The public key a signature names (base64 or PEM of SubjectPublicKeyInfo, or the first certificate of a chain)."""
    named, chain = each.get("public_key"), each.get("public_cert_chain")
    if (named is None) == (chain is None):
        return None
    if isinstance(named, str):
        return _octets(named)
    first = chain[0] if isinstance(chain, list) and chain and isinstance(chain[0], str) else ""
    try:
        certificate = x509.load_der_x509_certificate(_octets(first) or b"")
        return certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    except (ValueError, UnsupportedAlgorithm):
        return None


def _octets(text: str) -> bytes | None:
    body = "".join(line for line in text.splitlines() if not line.startswith("-----"))
    try:
        data = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == body else None


def _unpadded(value: Any) -> bytes | None:
    """Octets of base64url without padding, in its one canonical writing."""
    if not isinstance(value, str) or not 0 < len(value) <= 16_384:
        return None
    try:
        data = base64.b64decode(value + "=" * (-len(value) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.urlsafe_b64encode(data).rstrip(b"=").decode() == value else None


def _holds(key: SubjectKey, name: str, scheme: _Scheme, text: bytes, value: bytes) -> bool:
    if key.kind is not scheme.kind or (key.kind is KeyKind.RSA and key.bits < _MIN_RSA_BITS):
        return False
    if key.kind is KeyKind.SM2:
        return bool(key.key.verify(text, value))
    try:
        if key.kind is KeyKind.EC:
            return _curve_holds(key, name, scheme, text, value)
        if key.kind is KeyKind.RSA:
            how = (
                padding.PSS(padding.MGF1(scheme.digest), scheme.digest.digest_size)
                if scheme.pss
                else padding.PKCS1v15()
            )
            key.key.verify(value, text, how, scheme.digest)
        else:
            key.key.verify(value, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def _curve_holds(key: SubjectKey, name: str, scheme: _Scheme, text: bytes, value: bytes) -> bool:
    if key.curve != _CURVES[name] or len(value) != 2 * scheme.size:
        return False
    r, s = int.from_bytes(value[: scheme.size], "big"), int.from_bytes(value[scheme.size :], "big")
    key.key.verify(encode_dss_signature(r, s), text, ec.ECDSA(scheme.digest))
    return True


def demand_signed(tree: dict[str, Any], at: datetime, anchors: frozenset[str]) -> tuple[Sealed, ...]:
    """The trusted good signatures; ``AppError(FORBIDDEN)`` where there is none or one is bad."""
    found = verify(tree, at, anchors)
    bad = next((one for one in found if one.seal in (Seal.BAD, Seal.MALFORMED, Seal.REVOKED)), None)
    trusted = tuple(one for one in found if one.trusted)
    if bad is not None or not trusted:
        state = str(bad.seal) if bad else (str(found[0].seal) if found else "unsigned")
        if not bad and found and found[0].seal is Seal.GOOD:
            state = "untrusted key"
        raise AppError(ErrorKind.FORBIDDEN, "playbooks.unsigned", place=str(tree.get("id"))[:80], state=state)
    return trusted


__all__ = ["Seal", "Sealed", "demand_signed", "playbook_hash", "sign", "verify"]

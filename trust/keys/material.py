"""Private keys as octets: making them, signing with them, reading and writing PKCS#8 (SM2 too).

Source: RFC 5958, RFC 8018 (PBES2), GM/T 0009. Only ``trust.keys`` holds these objects, and only in memory.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from infra.errors import AppError, ErrorKind
from trust.crypto import sm2, sm4
from trust.crypto.algorithm import dotted, split_identifier
from trust.crypto.curve import CURVE_OID, SIZE
from trust.crypto.der import integer, read_tlv, tlv
from trust.keys.algorithm import sm2_spki
from trust.keys.seams import KeyKind

_CURVES = {KeyKind.P256: ec.SECP256R1, KeyKind.P384: ec.SECP384R1}
_RSA = {KeyKind.RSA2048: 2048, KeyKind.RSA3072: 3072, KeyKind.RSA4096: 4096}
_EC_KEY = "1.2.840.10045.2.1"
_PBES2 = "1.2.840.113549.1.5.13"
_PRF = {
    "1.2.840.113549.2.7": "sha1",
    "1.2.840.113549.2.9": "sha256",
    "1.2.840.113549.2.11": "sha512",
    "1.2.156.10197.1.401.2": "sm3",
}
_SM4_CBC = "1.2.156.10197.1.104.2"
_AES_CBC = {"2.16.840.1.101.3.4.1.2": 16, "2.16.840.1.101.3.4.1.42": 32}
_ITERATIONS = 210_000


def _unreadable() -> AppError:
    return AppError(ErrorKind.INVALID, "trust.keys.key_unreadable")


def generate(kind: KeyKind) -> Any:
    """A new private key from the operating system's randomness."""
    if kind is KeyKind.SM2:
        return sm2.PrivateKey.generate()
    if kind is KeyKind.ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind]())
    return rsa.generate_private_key(65537, _RSA[kind])


def kind_of(private: Any) -> KeyKind:
    """The kind of a private key; ``AppError(INVALID)`` for kinds the site does not sign with."""
    match private:
        case sm2.PrivateKey():
            return KeyKind.SM2
        case ed25519.Ed25519PrivateKey():
            return KeyKind.ED25519
        case ec.EllipticCurvePrivateKey():
            return {"secp256r1": KeyKind.P256, "secp384r1": KeyKind.P384}[private.curve.name]
        case rsa.RSAPrivateKey():
            return KeyKind(f"rsa{private.key_size}")
    raise _unreadable()


def spki_of(private: Any) -> bytes:
    """SubjectPublicKeyInfo of a private key."""
    if isinstance(private, sm2.PrivateKey):
        return sm2_spki(private.public.point)
    public: bytes = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return public


def sign(private: Any, message: bytes, sm2_id: bytes) -> bytes:
    """A signature by the algorithm that belongs to the kind of key (``trust.keys.algorithm``)."""
    match private:
        case sm2.PrivateKey():
            return private.sign(message, sm2_id)
        case ed25519.Ed25519PrivateKey():
            return private.sign(message)
        case ec.EllipticCurvePrivateKey():
            digest = hashes.SHA256() if private.curve.key_size <= 256 else hashes.SHA384()
            return private.sign(message, ec.ECDSA(digest))
        case rsa.RSAPrivateKey():
            return private.sign(message, padding.PKCS1v15(), hashes.SHA256())
    raise _unreadable()


def to_pkcs8(private: Any) -> bytes:
    """Unencrypted PKCS#8, for wrapping only."""
    if not isinstance(private, sm2.PrivateKey):
        plain: bytes = private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return plain
    algorithm = bytes.fromhex("301306072a8648ce3d020106082a811ccf5501822d")
    public = tlv(0xA1, tlv(3, b"\x00" + private.public.point))
    inner = tlv(0x30, integer(1) + tlv(4, private.secret.to_bytes(SIZE, "big")) + public)
    return tlv(0x30, integer(0) + algorithm + tlv(4, inner))


def from_pkcs8(data: bytes) -> Any:
    """The private key of unencrypted PKCS#8 (SM2 too); ``AppError(INVALID)`` where unreadable."""
    try:
        if (secret := _sm2_secret(data)) is not None:
            return sm2.PrivateKey(secret)
        return serialization.load_der_private_key(data, None)
    except (ValueError, TypeError, IndexError, UnsupportedAlgorithm):
        raise _unreadable() from None


def _sm2_secret(data: bytes) -> int | None:
    tag, start, stop = read_tlv(data, 0, len(data))
    if tag != 0x30:
        raise _unreadable()
    _, _, version_end = read_tlv(data, start, stop)
    if data[version_end] == 4:
        return _sec1_secret(data, start, stop)
    _, _, algorithm_end = read_tlv(data, version_end, stop)
    oid, parameters = split_identifier(data[version_end:algorithm_end])
    named = parameters.startswith(b"\x06") and dotted(parameters[2:]) == CURVE_OID
    if not (oid == _EC_KEY and named) and oid != CURVE_OID:
        return None
    _, inner, inner_end = read_tlv(data, algorithm_end, stop)
    _, inner, inner_end = read_tlv(data, inner, inner_end)
    _, _, version_end = read_tlv(data, inner, inner_end)
    _, secret, secret_end = read_tlv(data, version_end, inner_end)
    return int.from_bytes(data[secret:secret_end], "big")


def _sec1_secret(data: bytes, start: int, stop: int) -> int | None:
    """SEC 1 ECPrivateKey with the SM2 curve as its parameters, as ``openssl ecparam`` writes it."""
    _, _, version_end = read_tlv(data, start, stop)
    _, secret, secret_end = read_tlv(data, version_end, stop)
    if tlv(6, bytes.fromhex("2a811ccf5501822d")) not in data[secret_end:stop]:
        return None
    return int.from_bytes(data[secret:secret_end], "big")


def seal_pkcs8(private: Any, password: bytes) -> bytes:
    """EncryptedPrivateKeyInfo: PBES2, PBKDF2 with HMAC-SHA-256, SM4-CBC. ``openssl pkcs8`` reads it."""
    salt, iv = secrets.token_bytes(16), secrets.token_bytes(16)
    key = hashlib.pbkdf2_hmac("sha256", password, salt, _ITERATIONS, sm4.KEY_SIZE)
    prf = tlv(0x30, bytes.fromhex("06082a864886f70d02090500"))
    derivation = tlv(
        0x30, bytes.fromhex("06092a864886f70d01050c") + tlv(0x30, tlv(4, salt) + integer(_ITERATIONS) + prf)
    )
    cipher = tlv(0x30, bytes.fromhex("06082a811ccf55016802") + tlv(4, iv))
    scheme = tlv(0x30, bytes.fromhex("06092a864886f70d01050d") + tlv(0x30, derivation + cipher))
    return tlv(0x30, scheme + tlv(4, sm4.cbc_encrypt(key, iv, to_pkcs8(private))))


def open_pkcs8(data: bytes, password: bytes) -> Any:
    """The private key of EncryptedPrivateKeyInfo with SM4 or AES in CBC; ``AppError(INVALID)`` for a wrong password."""
    try:
        _, start, stop = read_tlv(data, 0, len(data))
        _, _, scheme_end = read_tlv(data, start, stop)
        oid, parameters = split_identifier(data[start:scheme_end])
        _, body, body_end = read_tlv(data, scheme_end, stop)
        if oid != _PBES2:
            raise ValueError("scheme")
        return from_pkcs8(_decrypt(parameters, data[body:body_end], password))
    except (ValueError, IndexError, AppError, KeyError):
        raise AppError(ErrorKind.INVALID, "trust.keys.wrong_password") from None


def _decrypt(parameters: bytes, body: bytes, password: bytes) -> bytes:
    _, start, stop = read_tlv(parameters, 0, len(parameters))
    _, _, derivation_end = read_tlv(parameters, start, stop)
    _, derivation = split_identifier(parameters[start:derivation_end])
    cipher, iv_element = split_identifier(parameters[derivation_end:stop])
    size = sm4.KEY_SIZE if cipher == _SM4_CBC else _AES_CBC[cipher]
    key, iv = _derive(derivation, password, size), iv_element[2:]
    if cipher == _SM4_CBC:
        return sm4.cbc_decrypt(key, iv, body)
    decryptor, unpadder = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor(), PKCS7(128).unpadder()
    return unpadder.update(decryptor.update(body) + decryptor.finalize()) + unpadder.finalize()


def _derive(derivation: bytes, password: bytes, size: int) -> bytes:
    _, start, stop = read_tlv(derivation, 0, len(derivation))
    _, salt, at = read_tlv(derivation, start, stop)
    _, count, end = read_tlv(derivation, at, stop)
    iterations = int.from_bytes(derivation[count:end], "big")
    if not 1 <= iterations <= 10_000_000:
        raise ValueError("iterations")
    name = "sha1"
    while end < stop:
        tag, _, following = read_tlv(derivation, end, stop)
        if tag == 0x30:
            name = _PRF[split_identifier(derivation[end:following])[0]]
        end = following
    return hashlib.pbkdf2_hmac(name, password, derivation[salt:at], iterations, size)

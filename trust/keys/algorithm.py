"""The one signature algorithm of each kind of key, as a DER AlgorithmIdentifier, and how public keys are written."""

from __future__ import annotations

from trust.crypto.der import tlv
from trust.keys.seams import KeyKind

_SM2_KEY = bytes.fromhex("301306072a8648ce3d020106082a811ccf5501822d")

ALGORITHM: dict[KeyKind, bytes] = {
    KeyKind.SM2: bytes.fromhex("300a06082a811ccf55018375"),
    KeyKind.P256: bytes.fromhex("300a06082a8648ce3d040302"),
    KeyKind.P384: bytes.fromhex("300a06082a8648ce3d040303"),
    KeyKind.RSA2048: bytes.fromhex("300d06092a864886f70d01010b0500"),
    KeyKind.RSA3072: bytes.fromhex("300d06092a864886f70d01010b0500"),
    KeyKind.RSA4096: bytes.fromhex("300d06092a864886f70d01010b0500"),
    KeyKind.ED25519: bytes.fromhex("300506032b6570"),
}


def sm2_spki(point: bytes) -> bytes:
    """SubjectPublicKeyInfo of an uncompressed SM2 point (GM/T 0009 clause 7.1)."""
    return tlv(0x30, _SM2_KEY + tlv(3, b"\x00" + point))

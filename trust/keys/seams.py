"""The seam of key providers. Software and PKCS#11 implement it; an SDF device (GM/T 0018) has its place here."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import msgspec


class KeyKind(StrEnum):
    """Kinds of signing keys the site makes."""

    SM2 = "sm2"
    P256 = "p256"
    P384 = "p384"
    RSA2048 = "rsa2048"
    RSA3072 = "rsa3072"
    RSA4096 = "rsa4096"
    ED25519 = "ed25519"


class Custody(StrEnum):
    """Where a private key lies. ``keys.custody.<value>`` of the text catalogues says it in words."""

    SOFTWARE = "software"
    TOKEN = "token"  # noqa: S105 - a place, no password


class KeyRef(msgspec.Struct, frozen=True):
    """A key without its secret: id, label, kind, SubjectPublicKeyInfo, and where the private half lies."""

    id: str
    label: str
    kind: KeyKind
    spki: bytes
    custody: Custody


class KeyProvider(Protocol):
    """Makes and uses private keys that never leave it.

    ``sign`` signs a whole message with the one algorithm that belongs to the key's kind (``trust.keys.algorithm``);
    for SM2 the provider computes Z from ``sm2_id`` itself. A provider never signs a bare digest: whoever could hand in
    digests could have anything signed. Errors: ``AppError(UNAVAILABLE)`` while sealed, ``AppError(NOT_FOUND)``.
    """

    def generate(self, label: str, kind: KeyKind) -> KeyRef:
        """A new key; the label is for people and need not be unique."""
        ...

    def find(self, key_id: str) -> KeyRef:
        """The key with this id."""
        ...

    def keys(self) -> list[KeyRef]:
        """All keys, oldest first."""
        ...

    def sign(self, key_id: str, message: bytes, sm2_id: bytes) -> bytes:
        """A signature of ``message``: DER for SM2 and ECDSA, PKCS#1 v1.5 for RSA, RFC 8032 for Ed25519."""
        ...

    def destroy(self, key_id: str) -> None:
        """Forget the private half for good."""
        ...

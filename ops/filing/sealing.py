"""The seal of a package: who vouches for its manifest, and what a reader may conclude from it."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import msgspec


class Seal(msgspec.Struct, frozen=True):
    """A signature with the public key (DER SubjectPublicKeyInfo) that checks it."""

    algorithm: str
    signature: bytes
    key: bytes


class Sealed(StrEnum):
    """What is known of a package's seal."""

    OURS = "ours"
    """By this site's signer."""
    OTHER = "other"
    """Whole, but by a key this site does not know: compare its fingerprint with the sender's."""
    NONE = "none"
    """It bears none."""
    UNCHECKED = "unchecked"
    """It bears one and nobody here can check it."""


class Sealer(Protocol):
    """Seals manifests and judges seals; the trust service implements it, this room never sees the key."""

    algorithm: str

    def seal(self, manifest: bytes) -> Seal | None:
        """The seal; None where the signer does not answer, so that the package says it is unsealed."""
        ...

    def judge(self, manifest: bytes, seal: Seal) -> Sealed | None:
        """Whose seal it is; None where it is broken."""
        ...

"""Seals of what the site makes: signatures over two digests of a thing, under a purpose no other signature has.

The signer is given digests and builds the octets itself. A key of a purpose needs no shareholders (models are sealed
and filings handed out while the authorities' keys are locked) and can sign nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.durable import replace_file
from infra.errors import AppError, ErrorKind
from trust.crypto.algorithm import Check, check_signature
from trust.crypto.sm3 import sm3
from trust.keys import material
from trust.keys.algorithm import ALGORITHM
from trust.keys.seams import KeyKind

DIGEST = 32
_ID = b"1234567812345678"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a key signs and nothing else: the first octets of every message, its files' stem, its kind."""

    context: bytes
    stem: str
    kind: KeyKind

    def message(self, *digests: bytes) -> bytes:
        """The octets that are signed."""
        return self.context + b"".join(digests)


MODEL = Purpose(b"yaodun-model-v1\x00", "model", KeyKind.ED25519)
"""SHA-256 of a model's card and of its arrays."""
PACKAGE = Purpose(b"yaodun-package-v1\x00", "package", KeyKind.SM2)
"""SHA-256 and SM3 of the manifest of what is handed in."""
WEIGHTS = Purpose(b"yaodun-posture-weights-v1\x00", "weights", KeyKind.SM2)
"""SHA-256 and SM3 of a version of the posture's weights."""


class Seals:
    """The key of one purpose, made with the first seal; the public half lies beside it for those who check."""

    def __init__(self, folder: Path, purpose: Purpose) -> None:
        self._folder, self._purpose = folder, purpose

    def seal(self, **digests: str) -> dict[str, str]:
        """Signature and public key (SubjectPublicKeyInfo), both base64, over digests given in hexadecimal in their
        order; ``AppError(INVALID)`` names the one that is none."""
        found = [_digest(text, place) for place, text in digests.items()]
        private = self._key()
        made = material.sign(private, self._purpose.message(*found), _ID)
        return {
            "algorithm": str(self._purpose.kind),
            "signature": base64.b64encode(made).decode(),
            "key": base64.b64encode(material.spki_of(private)).decode(),
        }

    def _key(self) -> Any:
        path, public = self._folder / f"{self._purpose.stem}.key", public_half(self._folder, self._purpose)
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            private = material.generate(self._purpose.kind)
            replace_file(path, material.to_pkcs8(private), private=True)
        private = material.from_pkcs8(path.read_bytes())
        if not public.exists():
            replace_file(public, material.spki_of(private), private=True)
        return private


def digests(data: bytes) -> tuple[bytes, bytes]:
    """SHA-256 and SM3, as purposes take them that seal one text."""
    return hashlib.sha256(data).digest(), sm3(data)


def public_half(folder: Path, purpose: Purpose) -> Path:
    """Where the public key lies."""
    return folder / f"{purpose.stem}.spki"


def holds(folder: Path, purpose: Purpose, message: bytes, signature: bytes) -> bool:
    """Is this the seal of the signer whose folder this is? False as well where it never sealed anything."""
    try:
        spki = public_half(folder, purpose).read_bytes()
    except OSError:
        return False
    return signed_by(spki, purpose, message, signature)


def signed_by(spki: bytes, purpose: Purpose, message: bytes, signature: bytes) -> bool:
    """Is this a seal of that purpose by that public key?"""
    well = message.startswith(purpose.context) and len(message) == len(purpose.context) + 2 * DIGEST
    return well and check_signature(spki, ALGORITHM[purpose.kind], message, signature, _ID) is Check.GOOD


def _digest(text: str, place: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != DIGEST:
        raise AppError(ErrorKind.INVALID, "trust.signer.digest_wrong", place=place)
    return found

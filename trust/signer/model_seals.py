"""Seals of models: a signature over what a model is (the hash of its card) and what it holds (the hash of its arrays).

The signer is given two digests and builds the octets itself, under a purpose no other signature of it has. The key
needs no shareholders (models are sealed while the authorities' keys are locked) and can sign nothing else.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from infra.durable import replace_file
from infra.errors import AppError, ErrorKind
from trust.crypto.algorithm import Check, check_signature
from trust.keys import material
from trust.keys.algorithm import ALGORITHM
from trust.keys.seams import KeyKind

CONTEXT = b"yaodun-model-v1\x00"
DIGEST = 32
_ID = b"1234567812345678"
_PUBLIC = "model.spki"


class ModelSeals:
    """The key of one site, made with the first seal; the public half lies beside it for those who check."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def seal(self, card: str, body: str) -> dict[str, str]:
        """Signature (base64) over two SHA-256 digests given in hexadecimal; ``AppError(INVALID)`` for anything else."""
        digests = [_digest(card, "card"), _digest(body, "body")]
        made = material.sign(self._key(), CONTEXT + b"".join(digests), _ID)
        return {"algorithm": str(KeyKind.ED25519), "signature": base64.b64encode(made).decode()}

    def _key(self) -> Any:
        path = self._folder / "model.key"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            private = material.generate(KeyKind.ED25519)
            replace_file(path, material.to_pkcs8(private), private=True)
        private = material.from_pkcs8(path.read_bytes())
        if not (self._folder / _PUBLIC).exists():
            replace_file(self._folder / _PUBLIC, material.spki_of(private), private=True)
        return private


def holds(folder: Path, message: bytes, signature: bytes) -> bool:
    """Is this the seal of the signer whose folder this is? False as well where it never sealed anything."""
    try:
        spki = (folder / _PUBLIC).read_bytes()
    except OSError:
        return False
    well = message.startswith(CONTEXT) and len(message) == len(CONTEXT) + 2 * DIGEST
    return well and check_signature(spki, ALGORITHM[KeyKind.ED25519], message, signature) is Check.GOOD


def _digest(text: str, place: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != DIGEST:
        raise AppError(ErrorKind.INVALID, "trust.signer.digest_wrong", place=place)
    return found

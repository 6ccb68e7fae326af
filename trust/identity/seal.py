"""Sealing small secrets at rest (one-time password seeds) with AES-256-GCM (NIST SP 800-38D)."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.errors import AppError, ErrorKind

_NONCE = 12
KEY_BYTES = 32


class Sealer:
    """Seals and opens under one key; ``context`` binds a secret to its place, so that it cannot be moved."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, secret: bytes, context: str) -> bytes:
        """``secret`` unreadable without the key."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, secret, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """The secret; ``AppError(INTERNAL)`` where key or context is another one."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
        except InvalidTag:
            raise AppError(ErrorKind.INTERNAL, "trust.seal_broken", place=context) from None

    def __repr__(self) -> str:
        return "Sealer(...)"


def sealer_of(path: Path) -> Sealer:
    """The sealer of the key in ``path``; made on first use, readable by its owner only."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return Sealer(_existing(path))
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return Sealer(key)


def _existing(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise AppError(ErrorKind.ENVIRONMENT, "trust.key_damaged", place=str(path), bytes=len(key))
    return key

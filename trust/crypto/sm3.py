"""SM3 (GB/T 32905-2016): hash, HMAC and the key derivation function of SM2."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from cryptography.hazmat.primitives import hashes

from infra.errors import AppError, ErrorKind

SIZE = 32
_NATIVE = "sm3" in {name.lower() for name in hashlib.algorithms_available}


def sm3(*parts: bytes) -> bytes:
    """The 32-octet hash of the parts, one after the other."""
    if _NATIVE:
        native = hashlib.new("sm3")
        for part in parts:
            native.update(part)
        return native.digest()
    other = hashes.Hash(hashes.SM3())
    for part in parts:
        other.update(part)
    return other.finalize()


class Sm3:
    """SM3 with the shape ``hmac`` and ``hashlib`` expect of a hash object."""

    name = "sm3"
    digest_size = SIZE
    block_size = 64

    def __init__(self, data: bytes = b"") -> None:
        self._hash = hashes.Hash(hashes.SM3())
        self._hash.update(data)

    def update(self, data: bytes) -> None:
        """Add ``data``."""
        self._hash.update(data)

    def copy(self) -> Sm3:
        """An independent copy of the state."""
        twin = Sm3.__new__(Sm3)
        twin._hash = self._hash.copy()
        return twin

    def digest(self) -> bytes:
        """The hash of all data so far."""
        return self._hash.copy().finalize()

    def hexdigest(self) -> str:
        """The same in hexadecimal."""
        return self.digest().hex()


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    """HMAC with SM3 (GB/T 15852.2), 32 octets."""
    maker: Any = Sm3
    return hmac.new(key, data, maker).digest()


def derive(secret: bytes, length: int) -> bytes:
    """``length`` octets of the key derivation function of GB/T 32918.4 clause 5.4.3."""
    if not 0 < length <= 1 << 24:
        raise AppError(ErrorKind.INVALID, "trust.crypto.length_out_of_range", length=length)
    blocks = (length + SIZE - 1) // SIZE
    return b"".join(sm3(secret, counter.to_bytes(4, "big")) for counter in range(1, blocks + 1))[:length]

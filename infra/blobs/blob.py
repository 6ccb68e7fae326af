"""A blob, and the seam behind which a folder or an object store keeps it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO, Protocol

import msgspec


class Blob(msgspec.Struct, frozen=True):
    """Bytes by what they are: ``id`` is their SHA-256 in hexadecimal; ``sm3`` is '' where the machine lacks SM3."""

    id: str
    size: int
    sm3: str = ""


class BlobStore(Protocol):
    """Keeps blobs. Nothing is ever changed: the same content is the same blob, other content is another.

    ``put`` raises ``AppError(TOO_LARGE)`` above ``limit`` bytes and keeps nothing then; ``open`` raises
    ``AppError(NOT_FOUND)``; ``verify`` reads everything and says whether it still is what its name says.
    """

    def put(self, chunks: Iterable[bytes], limit: int) -> Blob: ...

    def open(self, blob: str) -> BinaryIO: ...

    def verify(self, blob: str) -> bool: ...

    def has(self, blob: str) -> bool: ...

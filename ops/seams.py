"""Seams the rooms of graded protection share: where attached files lie."""

from __future__ import annotations

from typing import Protocol


class Blobs(Protocol):
    """Write-once files named after their SHA-256."""

    def put(self, data: bytes) -> str:
        """Keep ``data``; returns its SHA-256 in hex."""

    def get(self, sha256: str) -> bytes:
        """The bytes; ``AppError(NOT_FOUND)`` if they are not there."""

"""A bookmark: how far a reader whose work is idempotent has come in a spool; losing it only repeats work."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from infra.spool.position import SpoolPosition


class Bookmark:
    """A position kept in one small file, replaced atomically."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> SpoolPosition:
        """The position kept last; the beginning where none is or it cannot be read."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=SpoolPosition)
        except (OSError, msgspec.MsgspecError):
            return SpoolPosition()

    def save(self, position: SpoolPosition) -> None:
        """Keep ``position``."""
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        draft.write_bytes(msgspec.json.encode(position))
        draft.replace(self._path)

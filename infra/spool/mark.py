"""The mark: how far the spool is on disk. Readers never go beyond it.

A reader that took a frame not yet synced could commit a position which a power cut then removes from the spool; what
is written there afterwards would never be read. The mark is written after ``fdatasync`` alone, so it never says more
than the disk holds, whatever becomes of its own page.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from infra.spool.position import SpoolPosition

_MARK = struct.Struct("<Q")
_NAME = "mark"


class Mark:
    """Eight bytes shared by the writer and the readers of one spool, segment and offset in one word."""

    def __init__(self, folder: Path, write: bool) -> None:
        flags = os.O_RDWR | os.O_CREAT if write else os.O_RDONLY
        self._file = os.open(folder / _NAME, flags | os.O_CLOEXEC, 0o600)

    def set(self, position: SpoolPosition) -> None:
        os.pwrite(self._file, _MARK.pack(position.segment << 32 | position.offset), 0)

    def get(self) -> SpoolPosition:
        data = os.pread(self._file, _MARK.size, 0)
        if len(data) < _MARK.size:
            return SpoolPosition()
        (word,) = _MARK.unpack(data)
        return SpoolPosition(word >> 32, word & 0xFFFFFFFF)

    def close(self) -> None:
        os.close(self._file)

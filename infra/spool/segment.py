"""Segment files: their names, how one is begun, how one is recovered after a crash."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from infra.durable import sync_folder
from infra.spool.record import HEADER_BYTES, check_header, records, segment_header

log = logging.getLogger(__name__)
_SUFFIX = ".spool"


def segment_path(folder: Path, segment: int) -> Path:
    """Where segment ``segment`` lies."""
    return folder / f"{segment:010d}{_SUFFIX}"


def segments(folder: Path) -> list[int]:
    """Numbers of the segments in ``folder``, oldest first."""
    return sorted(int(path.stem) for path in folder.glob(f"*{_SUFFIX}") if path.stem.isdigit())


@dataclass(slots=True)
class Segment:
    """The open segment of a writer: ``end`` is where the next record goes, ``durable`` what is known to be on disk."""

    number: int
    file: int
    end: int
    durable: int

    def write(self, data: bytes) -> None:
        """Append ``data`` at the end; short writes go on."""
        view = memoryview(data)
        while view:
            written = os.pwrite(self.file, view, self.end)
            self.end += written
            view = view[written:]

    def sync(self) -> None:
        """Everything written so far is on disk, or ``OSError``."""
        os.fdatasync(self.file)
        self.durable = self.end

    def finish(self, length: int) -> None:
        """Cut the preallocated rest off and close; readers then know where the segment ends."""
        try:
            os.ftruncate(self.file, length)
            os.fsync(self.file)
        finally:
            os.close(self.file)


def begin_segment(folder: Path, number: int, size: int) -> Segment:
    """A new segment with ``size`` bytes reserved on disk; ``OSError(ENOSPC)`` where there are not as many."""
    path = segment_path(folder, number)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(file, 0, size)
        os.pwrite(file, segment_header(number), 0)
        os.fsync(file)
        sync_folder(folder)
    except OSError:
        os.close(file)
        path.unlink(missing_ok=True)
        raise
    return Segment(number, file, HEADER_BYTES, HEADER_BYTES)


def recover_segment(folder: Path, number: int) -> int:
    """Cut segment ``number`` behind its last sound record and sync it; the length it has then."""
    path = segment_path(folder, number)
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        data = os.pread(file, os.fstat(file).st_size, 0)
        if len(data) < HEADER_BYTES or not any(data[:HEADER_BYTES]):
            return _restart(file, number)
        check_header(data, number, str(path))
        end = _sound_end(memoryview(data), number, path)
        os.ftruncate(file, end)
        os.fsync(file)
        return end
    finally:
        os.close(file)


def _restart(file: int, number: int) -> int:
    os.pwrite(file, segment_header(number), 0)
    os.ftruncate(file, HEADER_BYTES)
    os.fsync(file)
    return HEADER_BYTES


def _sound_end(data: memoryview, number: int, path: Path) -> int:
    end = HEADER_BYTES
    for found in records(data[HEADER_BYTES:], number, HEADER_BYTES):
        if found.skipped:
            log.error("spool.damaged", extra={"path": str(path), "before": found.end, "bytes": found.skipped})
        end = found.end
    return end

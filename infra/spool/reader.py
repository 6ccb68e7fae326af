"""The reading end of a spool: frames in order from a position, following the writer, in any process."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from infra.durable import sync_folder
from infra.events.frame import Frame, decode_frame
from infra.spool.mark import Mark
from infra.spool.position import SpoolPosition
from infra.spool.record import HEADER_BYTES, check_header, needed, records
from infra.spool.segment import segment_path, segments
from infra.spool.shares import shares_path

log = logging.getLogger(__name__)


class SpoolReader:
    """Reads from ``position`` on; each frame comes with the position behind it.

    Never returns a frame that is not on disk. Frames that are damaged on disk are skipped, logged and counted in
    ``damaged_bytes``. ``release`` removes what every reader has taken; only the reader that owns the spool calls it.
    """

    def __init__(self, folder: Path, position: SpoolPosition | None = None) -> None:
        self.folder = folder
        self.position = position or SpoolPosition()
        self.damaged_bytes = 0
        self._mark: Mark | None = None
        self._file = -1
        self._open = 0

    def read(self, max_bytes: int = 8 * 1024 * 1024, max_frames: int = 1000) -> list[tuple[Frame, SpoolPosition]]:
        """The next frames, at most so many and about so many bytes (one frame always fits); [] where none is there."""
        durable = self._durable()
        while self.position < durable:
            taken = self._read_segment(durable, max_bytes, max_frames)
            if taken:
                self.position = taken[-1][1]
                return taken
            if not self._next_segment(durable):
                break
        return []

    def lag_bytes(self) -> int:
        """Bytes between the position and the end of what is durable."""
        durable, total = self._durable(), 0
        for number in segments(self.folder):
            if self.position.segment <= number <= durable.segment:
                start = self.position.offset if number == self.position.segment else HEADER_BYTES
                end = durable.offset if number == durable.segment else segment_path(self.folder, number).stat().st_size
                total += max(0, end - start)
        return total

    def _durable(self) -> SpoolPosition:
        if self._mark is None:
            try:
                self._mark = Mark(self.folder, write=False)
            except FileNotFoundError:
                return SpoolPosition()
        return self._mark.get()

    def _read_segment(
        self, durable: SpoolPosition, max_bytes: int, max_frames: int
    ) -> list[tuple[Frame, SpoolPosition]]:
        if not self._reach(self.position.segment):
            return []
        start = max(self.position.offset, HEADER_BYTES)
        end = self._end(durable)
        if start >= end:
            return []
        data = self._window(start, end, max_bytes)
        taken = self._decode(data, start, max_frames)
        if not taken and start + len(data) < end:
            taken = self._decode(memoryview(os.pread(self._file, end - start, start)), start, max_frames)
        return taken

    def _window(self, start: int, end: int, max_bytes: int) -> memoryview:
        data = memoryview(os.pread(self._file, min(max_bytes, end - start), start))
        whole = needed(data)
        if len(data) < whole <= end - start:
            data = memoryview(os.pread(self._file, whole, start))
        return data

    def _decode(self, data: memoryview, start: int, max_frames: int) -> list[tuple[Frame, SpoolPosition]]:
        taken = []
        for found in records(data, self._open, start):
            if found.skipped:
                self.damaged_bytes += found.skipped
                log.error("spool.damaged", extra={"segment": self._open, "before": found.end, "bytes": found.skipped})
            taken.append((decode_frame(found.payload), SpoolPosition(self._open, found.end)))
            if len(taken) >= max_frames:
                break
        return taken

    def _end(self, durable: SpoolPosition) -> int:
        return durable.offset if durable.segment == self._open else os.fstat(self._file).st_size

    def _reach(self, number: int) -> bool:
        if self._open == number and self._file >= 0:
            return True
        self._shut()
        path = segment_path(self.folder, number)
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        self._open = number
        check_header(os.pread(self._file, HEADER_BYTES, 0), number, str(path))
        return True

    def _next_segment(self, durable: SpoolPosition) -> bool:
        later = [number for number in segments(self.folder) if self.position.segment < number <= durable.segment]
        if not later:
            return False
        self._note_lost_tail()
        self.position = SpoolPosition(later[0], HEADER_BYTES)
        return True

    def _note_lost_tail(self) -> None:
        if self._open == self.position.segment and self._file >= 0:
            left = os.fstat(self._file).st_size - max(self.position.offset, HEADER_BYTES)
            if left > 0:
                self.damaged_bytes += left
                log.error("spool.damaged", extra={"segment": self._open, "bytes": left})

    def release(self, position: SpoolPosition) -> int:
        """Remove the segments that end before ``position``; how many."""
        gone = [number for number in segments(self.folder) if number < position.segment]
        for number in gone:
            shares_path(self.folder, number).unlink(missing_ok=True)
            segment_path(self.folder, number).unlink(missing_ok=True)
        if gone:
            sync_folder(self.folder)
        return len(gone)

    def _shut(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def close(self) -> None:
        """Give the files back."""
        self._shut()
        if self._mark is not None:
            self._mark.close()
            self._mark = None

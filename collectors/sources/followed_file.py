"""One log file being followed: what it is, how far it was read, and what has become of its name."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from collectors.places import Places

CHUNK = 1 << 17
"""Bytes read at once; a longer line is cut off there and its rest skipped."""
KEPT_OF_LONG = (1 << 20) + 1
BACKLOG = 1 << 20
"""Bytes of old content that are read of a file that was there before the agent."""
_FIRST_LINE = 1_024
_AUDIT_SERIAL = re.compile(rb"audit\(\d+\.\d+:(\d+)\)")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines from ``offset`` on; ``place`` reaches ``reached`` when they are durable."""

    path: str
    body: bytes
    offset: int
    identity: str
    place: str
    reached: str


class FollowedFile:
    """Raises ``OSError`` where it cannot be opened. ``fresh`` files are read from their start."""

    def __init__(self, path: Path, *, fresh: bool) -> None:
        self._path = path
        self._fresh = fresh
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        self._fingerprint = ""
        self._generation = 0
        self._offset = 0
        self._skipping = False
        self._quiet_at = -1
        self._ended = False
        self.gone = False

    def read(self, places: Places) -> list[Chunk]:
        """What is there to hand over now, at most one chunk and what follows a rotation; [] where nothing is."""
        if not self._fingerprint and not self._recognise(places):
            return self._after_rotation() if self._moved() else []
        size = os.fstat(self._file).st_size
        if size < self._offset:
            self._restart(places)
            return []
        if chunk := self._next(size):
            return [chunk]
        return self._after_rotation() if self._moved() else []

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _recognise(self, places: Places) -> bool:
        head = os.pread(self._file, _FIRST_LINE, 0)
        line, end, _ = head.partition(b"\n")
        if not end and len(head) < _FIRST_LINE:
            return False
        found = os.fstat(self._file)
        digest = hashlib.blake2b(line, digest_size=9, key=f"{found.st_dev}:{found.st_ino}".encode()).hexdigest()
        self._fingerprint = digest
        known = places.reached(self._place)
        if known:
            offset, _, generation = known.partition("/")
            self._offset, self._generation = int(offset), int(generation or "0")
        elif not self._fresh and found.st_size > BACKLOG:
            self._offset = self._line_after(found.st_size - BACKLOG)
        return True

    def _line_after(self, offset: int) -> int:
        return offset + os.pread(self._file, CHUNK, offset).find(b"\n") + 1

    def _restart(self, places: Places) -> None:
        """The file was cut: what comes now is new, even at offsets that were read before."""
        generation = self._generation + 1
        self._fingerprint, self._offset, self._fresh, self._skipping = "", 0, True, False
        if self._recognise(places) and self._offset:
            self._offset, self._generation = 0, max(generation, self._generation + 1)

    def _next(self, size: int) -> Chunk | None:
        data = os.pread(self._file, CHUNK, self._offset)
        end = data.rfind(b"\n") + 1
        if self._skipping:
            self._skip(data)
            return None
        if not end:
            if len(data) < CHUNK:
                return None
            self._skipping = True
            long = os.pread(self._file, KEPT_OF_LONG, self._offset)
            return self._chunk(long, len(long)) if len(long) == KEPT_OF_LONG else None
        body = self._whole_events(data[:end], size)
        if not body:
            return None
        if not body.strip():
            self._offset += len(body)
            return None
        return self._chunk(body, len(body))

    def _skip(self, data: bytes) -> None:
        """The rest of a line that was too long."""
        end = data.find(b"\n")
        self._offset += end + 1 if end >= 0 else len(data)
        self._skipping = end < 0

    def _whole_events(self, body: bytes, size: int) -> bytes:
        """Audit events have several lines: the last one is held back until it is followed or nothing more comes."""
        last = body.rfind(b"\n", 0, len(body) - 1) + 1
        serial = _AUDIT_SERIAL.search(body, last)
        if serial is None or self._quiet_at == size:
            return body
        self._quiet_at = size
        cut = last
        while cut > 0:
            before = body.rfind(b"\n", 0, cut - 1) + 1
            found = _AUDIT_SERIAL.search(body, before, cut)
            if found is None or found[1] != serial[1]:
                break
            cut = before
        return body[:cut]

    def _chunk(self, body: bytes, length: int) -> Chunk:
        start, self._offset = self._offset, self._offset + length
        return Chunk(
            path=str(self._path),
            body=body,
            offset=start,
            identity=f"{self._fingerprint}.{self._generation}",
            place=self._place,
            reached=f"{self._offset}/{self._generation}",
        )

    @property
    def _place(self) -> str:
        return f"file:{self._fingerprint}"

    def _moved(self) -> bool:
        """Whether the name now leads to another file, or to none."""
        try:
            now = self._path.stat()
        except FileNotFoundError:
            return True
        mine = os.fstat(self._file)
        return (now.st_dev, now.st_ino) != (mine.st_dev, mine.st_ino)

    def _after_rotation(self) -> list[Chunk]:
        """The last line of the old file, ended or not; then the new one, from its start."""
        rest = os.pread(self._file, KEPT_OF_LONG, self._offset)
        chunks = [self._chunk(rest, len(rest))] if rest.strip() and self._fingerprint and not self._skipping else []
        self.close()
        try:
            self.__init__(self._path, fresh=True)  # type: ignore[misc]
        except FileNotFoundError:
            self.gone = True
        return chunks

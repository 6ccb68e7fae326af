"""Log files of this host: followed through rotation and truncation, each line once, by fingerprint and offset.

A file is known by its inode and first line, not by its name. What an earlier run handed over is remembered in the
agent's ``Places``, so a restart or a crash goes on at the very byte.
"""

from __future__ import annotations

import asyncio
import glob
import logging
import time
from collections.abc import Sequence
from pathlib import Path

from collectors.delivery import deliver
from collectors.frames import FrameKind, count_lines
from collectors.places import PLACE, REACHED, Places
from collectors.sources.followed_file import Chunk, FollowedFile
from collectors.sources.reporting import Host, Reporter, Reporting
from infra.events.frame import Frame
from infra.events.seams import EventSink

_log = logging.getLogger(__name__)
LOOK_S = 1.0
DISCOVER_S = 10.0
MAX_FILES = 512
MAX_FRAMES = 16


class LogFilesSource(Reporting):
    """Follows every file of ``patterns``. ``from_start`` reads old content of files seen for the first time as well."""

    def __init__(
        self, host: Host, places: Places, patterns: Sequence[str], *, from_start: bool = False,
        look_s: float = LOOK_S, discover_s: float = DISCOVER_S,
    ) -> None:  # fmt: skip
        self._reporter = Reporter(host, "files")
        self._places = places
        self._patterns = tuple(patterns)
        self._from_start = from_start
        self._look_s, self._discover_s = look_s, discover_s
        self._files: dict[str, FollowedFile] = {}
        self._unreadable: set[str] = set()
        self._discovered = False

    async def run(self, sink: EventSink) -> None:
        """Until cancelled. ``sink`` is the agent's ``Places``."""
        discover_at = 0.0
        try:
            while True:
                if time.monotonic() >= discover_at:
                    self._discover()
                    discover_at = time.monotonic() + self._discover_s
                if not await self._look(sink):
                    await asyncio.sleep(self._look_s)
        finally:
            for file in self._files.values():
                file.close()
            self._files.clear()

    def _discover(self) -> None:
        self._unreadable.clear()
        for pattern in self._patterns:
            for path in glob.glob(pattern):  # noqa: PTH207 - patterns are absolute
                if path not in self._files and len(self._files) < MAX_FILES:
                    self._open(path)
        self._discovered = True
        if self._files:
            self._reporter.running()
        elif self._unreadable:
            self._reporter.not_available("files_unreadable", files=", ".join(sorted(self._unreadable))[:300])
        else:
            self._reporter.not_available("files")

    def _open(self, path: str) -> None:
        try:
            file = FollowedFile(Path(path), fresh=self._discovered or self._from_start)
        except PermissionError:
            self._unreadable.add(path)
        except OSError as error:
            _log.info("source.file_not_read", extra={"path": path, "problem": str(error)})
        else:
            self._files[path] = file

    async def _look(self, sink: EventSink) -> bool:
        """Reads what is new; whether there is more of it right now."""
        more = False
        for path, file in list(self._files.items()):
            try:
                chunks = file.read(self._places)
            except OSError as error:
                _log.warning("source.file_failed", extra={"path": path, "problem": str(error)})
                file.close()
                del self._files[path]
                continue
            if chunks:
                await deliver(sink, [self._frame(chunk) for chunk in chunks])
                more = True
            if file.gone and not chunks:
                file.close()
                del self._files[path]
        return more

    def _frame(self, chunk: Chunk) -> Frame:
        count = max(1, count_lines(chunk.body))
        return self._reporter.frame(
            FrameKind.FILE,
            count,
            chunk.body,
            identity=chunk.identity,
            source=f"{self._reporter.host.name}{chunk.path}",
            path=chunk.path,
            offset=str(chunk.offset),
            **{PLACE: chunk.place, REACHED: chunk.reached},
        )

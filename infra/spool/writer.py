"""The writing end of a spool: many callers, one thread that writes and syncs for all who wait."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from infra.errors import AppError, ErrorKind
from infra.events.frame import Frame, encode_frame
from infra.spool.admission import Limits, check_reserve, disk_trouble, frame_too_large, share_used_up, too_many_pending
from infra.spool.mark import Mark
from infra.spool.position import SpoolPosition
from infra.spool.quota import Quota
from infra.spool.record import HEADER_BYTES, RECORD_BYTES, record
from infra.spool.segment import Segment, begin_segment, recover_segment, segments
from infra.spool.shares import read_shares, write_shares

log = logging.getLogger(__name__)
_RESCAN_S = 0.05


@dataclass(slots=True)
class _Request:
    payloads: list[bytes]
    wanted: Counter[str]
    segment: int = 0
    done: Future[None] = field(default_factory=Future)


class SpoolWriter:
    """Takes frames and returns when they are on disk (``EventSink``). One writer per folder, in any thread or loop.

    ``floor`` is a segment number that was surely used before: a site that lost the folder, but kept the store, goes
    on behind the position it had committed. Raises ``AppError(CONFLICT)`` where another process writes this spool.
    """

    def __init__(self, folder: Path, limits: Limits | None = None, floor: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder
        self.limits = limits or Limits()
        self._lock_file = _lock(folder)
        self._mark = Mark(folder, write=True)
        self._quota = Quota(self.limits.total)
        self._number = max([floor, self._mark.get().segment, *self._recover()])
        self._segment: Segment | None = None
        self._scanned = 0.0
        self._queue: deque[_Request] = deque()
        self._pending = 0
        self._closing = False
        self._counts: Counter[str] = Counter()
        self._wake = threading.Condition()
        self._begin_first()
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    def _recover(self) -> list[int]:
        known = segments(self.folder)
        for number in known[-1:]:
            recover_segment(self.folder, number)
        for number in known:
            for source, size in read_shares(self.folder, number).items():
                self._quota.add(number, source, size)
        return known

    def _begin_first(self) -> None:
        try:
            self._roll()
        except OSError as error:
            log.warning("spool.cannot_begin", extra={"folder": str(self.folder), "problem": str(error)})

    async def accept(self, frames: Sequence[Frame]) -> None:
        """Returns when every frame is on disk. ``AppError(RATE_LIMITED | UNAVAILABLE)`` with ``retry_after_s``: none
        of them is acknowledged, the caller keeps them."""
        if frames:
            await asyncio.wrap_future(self._submit(frames))

    def append(self, frames: Sequence[Frame]) -> None:
        """As ``accept``, waiting in this thread."""
        if frames:
            self._submit(frames).result()

    def _submit(self, frames: Sequence[Frame]) -> Future[None]:
        payloads = [encode_frame(frame) for frame in frames]
        wanted: Counter[str] = Counter()
        room = self.limits.segment - HEADER_BYTES - RECORD_BYTES
        for frame, payload in zip(frames, payloads, strict=True):
            if len(payload) > room:
                raise frame_too_large(len(payload), room)
            wanted[frame.source] += len(payload) + RECORD_BYTES
        request = _Request(payloads, wanted)
        with self._wake:
            self._admit(request)
            self._queue.append(request)
            self._wake.notify()
        return request.done

    def _admit(self, request: _Request) -> None:
        if self._closing:
            raise AppError(ErrorKind.UNAVAILABLE, "infra.spool_closed", place=str(self.folder), retry_after_s=5)
        size = request.wanted.total()
        if self._pending and self._pending + size > self.limits.pending:
            self._counts["refused"] += 1
            raise too_many_pending()
        offender = self._quota.full_for(request.wanted)
        if offender is not None and self._rescan():
            offender = self._quota.full_for(request.wanted)
        if offender is not None:
            self._counts["refused"] += 1
            raise share_used_up(offender)
        request.segment = self._number
        self._pending += size
        for source, held in request.wanted.items():
            self._quota.add(request.segment, source, held)

    def _rescan(self) -> bool:
        now = time.monotonic()
        if now - self._scanned < _RESCAN_S:
            return False
        self._scanned = now
        self._quota.keep_only({*segments(self.folder), self._number})
        return True

    def _run(self) -> None:
        try:
            self._serve()
        finally:
            with self._wake:
                self._closing = True
                left = list(self._queue)
                self._queue.clear()
            self._settle(left, AppError(ErrorKind.UNAVAILABLE, "infra.spool_closed", place=str(self.folder)))

    def _serve(self) -> None:
        while (batch := self._take()) is not None:
            trouble: BaseException = AppError(ErrorKind.INTERNAL, "infra.spool_closed", place=str(self.folder))
            try:
                self._commit(batch)
                self._settle(batch, None)
            except OSError as error:
                log.exception("spool.write_failed", extra={"folder": str(self.folder)})
                self._abandon()
                trouble = disk_trouble(error, self.folder)
            finally:
                self._settle(batch, trouble)

    def _take(self) -> list[_Request] | None:
        with self._wake:
            while not self._queue and not self._closing:
                self._wake.wait()
            batch = list(self._queue)
            self._queue.clear()
        if not batch:
            return None
        return [request for request in batch if self._still_wanted(request)]

    def _still_wanted(self, request: _Request) -> bool:
        if request.done.set_running_or_notify_cancel():
            return True
        self._forget(request, kept=False)
        return False

    def _forget(self, request: _Request, kept: bool) -> None:
        with self._wake:
            self._pending -= request.wanted.total()
            if not kept:
                for source, held in request.wanted.items():
                    self._quota.add(request.segment, source, -held)

    def _settle(self, batch: list[_Request], trouble: BaseException | None) -> None:
        for request in batch:
            if request.done.done():
                continue
            self._forget(request, kept=trouble is None)
            if trouble is None:
                request.done.set_result(None)
            else:
                request.done.set_exception(trouble)

    def _commit(self, batch: list[_Request]) -> None:
        segment = self._segment or self._roll()
        lines: list[bytes] = []
        at = segment.end
        for request in batch:
            for payload in request.payloads:
                if at + RECORD_BYTES + len(payload) > self.limits.segment:
                    segment.write(b"".join(lines))
                    segment = self._roll()
                    lines, at = [], segment.end
                line = record(segment.number, at, payload)
                lines.append(line)
                at += len(line)
        if lines:
            segment.write(b"".join(lines))
        segment.sync()
        self._mark.set(SpoolPosition(segment.number, segment.durable))
        self._counts["groups"] += 1
        self._counts["frames"] += sum(len(request.payloads) for request in batch)

    def _roll(self) -> Segment:
        if old := self._segment:
            self._segment = None
            old.finish(old.end)
            write_shares(self.folder, old.number, self._quota.segment(old.number))
        check_reserve(self.folder, self.limits.segment, self.limits.reserve)
        self._segment = begin_segment(self.folder, self._number + 1, self.limits.segment)
        self._number += 1
        self._mark.set(SpoolPosition(self._number, HEADER_BYTES))
        return self._segment

    def _abandon(self) -> None:
        """After a failed sync the page cache may lie about what is on disk (fsync reports an error once): keep what
        was durable, never write to this file again."""
        if segment := self._segment:
            self._segment = None
            try:
                segment.finish(segment.durable)
            except OSError:
                log.exception("spool.finish_failed", extra={"folder": str(self.folder)})

    def stats(self) -> dict[str, int]:
        """Bytes used and allowed, segments, frames written, groups synced, requests refused."""
        with self._wake:
            self._rescan()
            return {
                "bytes": self._quota.used,
                "bytes_allowed": self.limits.total,
                "segment": self._number,
                "frames": self._counts["frames"],
                "groups": self._counts["groups"],
                "refused": self._counts["refused"],
            }

    def held(self, source: str) -> int:
        """Bytes of the spool that ``source`` holds."""
        with self._wake:
            return self._quota.held(source)

    def close(self) -> None:
        """Write what waits, cut the last segment, let another writer in. Safe to call twice."""
        with self._wake:
            already, self._closing = self._closing, True
            self._wake.notify_all()
        if already:
            return
        self._thread.join()
        if self._segment:
            self._segment.finish(self._segment.end)
            write_shares(self.folder, self._segment.number, self._quota.segment(self._segment.number))
        self._mark.close()
        os.close(self._lock_file)


def _lock(folder: Path) -> int:
    file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise AppError(ErrorKind.CONFLICT, "infra.spool_locked", place=str(folder)) from None
    return file

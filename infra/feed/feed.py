"""One poller per process: reads new notices and hands them to whoever asked for their topic."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from infra.clock import Clock, SystemClock
from infra.feed.notice import Notice, NoticeRow
from infra.feed.waker import Waker, waker_of
from infra.records import Records

log = logging.getLogger(__name__)

PAUSE_S = 0.25
LATE = timedelta(seconds=30)
"""How much later than its neighbours a notice may become visible: several writers number notices before they commit,
so a small number can appear behind a large one."""
KEPT = timedelta(hours=1)
_PAGE = 1000

Hearer = Callable[[Notice], None]


class Feed:
    """The feed of one process: every notice since it was made, once ``start`` was called.

    Make it before reading what it tells changes of, so that no change falls between. Hearers run on the poller's
    thread, one after the other, and must be quick.
    """

    def __init__(self, records: Records, clock: Clock | None = None, waker: Waker | None = None) -> None:
        self._records = records
        self._clock = clock or SystemClock()
        self._waker = waker or waker_of(records.engine)
        self._hearers: dict[int, tuple[frozenset[str], Hearer]] = {}
        self._numbers = count()
        self._versions: dict[str, int] = defaultdict(int)
        self._seen: dict[int, datetime] = {}
        self._floor = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._trimmed = self._clock.monotonic()
        self._take(self._fresh())

    def subscribe(self, topics: Iterable[str], hearer: Hearer) -> Callable[[], None]:
        """Call ``hearer`` with each notice of ``topics``; the answer ends it."""
        with self._lock:
            number = next(self._numbers)
            self._hearers[number] = (frozenset(topics), hearer)
        return lambda: self._hearers.pop(number, None) and None

    def versions(self) -> dict[str, int]:
        """A growing number per topic that was heard of."""
        return dict(self._versions)

    def start(self) -> None:
        """Begin to tell."""
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; returns when the poller has ended."""
        self._stop.set()
        self._waker.wake()
        if self._thread is not None:
            self._thread.join()
        self._waker.close()

    def poll(self) -> int:
        """Look once and hand out what is new; how many. (``start`` does this by itself.)"""
        fresh = self._take(self._fresh())
        for notice in fresh:
            self._versions[notice.topic] = max(self._versions[notice.topic], notice.id)
            self._hand_out(notice)
        return len(fresh)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.poll()
                self._trim()
            except Exception:
                log.exception("feed.poll_failed")
            self._waker.wait(PAUSE_S)

    def _fresh(self) -> list[Notice]:
        def look(session: Session) -> list[Any]:
            query = select(NoticeRow.__table__).where(NoticeRow.id > self._floor).order_by(NoticeRow.id)
            return list(session.execute(query).all())

        return [Notice(*row) for row in self._records.read(look) if row.id not in self._seen]

    def _take(self, notices: list[Notice]) -> list[Notice]:
        """Remember them; forget those so old that nothing can appear beneath them any more."""
        for notice in notices:
            self._seen[notice.id] = notice.at
        settled = self._clock.now() - LATE
        old = [number for number, at in self._seen.items() if at < settled]
        if old:
            self._floor = max(self._floor, *old)
            self._seen = {number: at for number, at in self._seen.items() if number > self._floor}
        return notices

    def _hand_out(self, notice: Notice) -> None:
        for topics, hearer in list(self._hearers.values()):
            if notice.topic not in topics:
                continue
            try:
                hearer(notice)
            except Exception:
                log.exception("feed.hearer_failed", extra={"topic": notice.topic})

    def _trim(self) -> None:
        now = self._clock.monotonic()
        if now - self._trimmed < KEPT.total_seconds() / 4:
            return
        self._trimmed, before = now, self._clock.now() - KEPT
        self._records.write(lambda session: session.execute(delete(NoticeRow).where(NoticeRow.at < before)) and None)

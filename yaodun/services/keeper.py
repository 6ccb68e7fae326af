"""keeper: makes small segments large, drops what is older than the retention, keeps the disk from filling."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import sys
import threading
from collections import Counter
from datetime import date, timedelta
from typing import Any

from infra.events import Stream
from infra.ledger import record
from infra.store.embedded import EmbeddedStore
from infra.store.embedded.compact import Compaction, compact
from infra.store.embedded.retain import Dropped, Policy, Reason, retain
from infra.store.seams import EventStore
from yaodun.site import Site

log = logging.getLogger(__name__)
EVERY_S = 20.0
RETAIN_EVERY = 30
"""Retention is looked at every so many rounds."""


class Keeper:
    """The service, at low priority. What it makes and drops enters the ledger."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._store = site.open_store(read_only=False)
        self._policy = Policy(days=site.settings.store.retention_days, least_free_bytes=self._least_free())
        self._totals: Counter[str] = Counter()
        self._stop = threading.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Keep house until told to stop."""
        os.nice(10)
        worker = asyncio.create_task(asyncio.to_thread(self._work))
        await stop.wait()
        self._stop.set()
        await worker
        self._store.close()
        self._site.records.close()

    def status(self) -> dict[str, Any]:
        """Segments merged, made and unlinked, days dropped so far."""
        return {"totals": dict(self._totals)}

    def _least_free(self) -> int:
        disk = os.statvfs(self._site.home.root)
        return int(disk.f_blocks * disk.f_frsize * (1 - self._site.settings.store.disk_watermark))

    def _work(self) -> None:
        rounds = 0
        while not self._stop.wait(EVERY_S):
            try:
                self._round(look_at_days=rounds % RETAIN_EVERY == 0)
            except Exception:
                log.exception("keeper.round_failed")
            give_back()
            rounds += 1

    def _round(self, *, look_at_days: bool) -> None:
        store = self._store
        if isinstance(store, EmbeddedStore):
            self._tell_compaction(compact(store))
            if look_at_days:
                self._tell_dropped(retain(store, self._policy))
        elif look_at_days:
            self._tell_dropped(drop_expired(store, self._policy, self._site.clock.now().date()))

    def _tell_compaction(self, done: Compaction) -> None:
        self._totals["made"] += len(done.made)
        self._totals["replaced"] += done.replaced
        self._totals["unlinked"] += done.unlinked
        self._totals["duplicates"] += done.duplicates
        self._totals["indexed"] += done.indexed
        if not done.made:
            return
        segments = [{"path": item.path, "rows": item.rows, "sha256": item.sha256} for item in done.made]
        self._record("store.compact", "store:events", {"segments": segments, "replaced": done.replaced})

    def _tell_dropped(self, gone: list[Dropped]) -> None:
        self._totals["days_dropped"] += len(gone)
        for item in gone:
            detail = {"events": item.events, "reason": item.reason.value}
            self._record("store.drop_day", f"day:{item.stream}/{item.day.isoformat()}", detail)

    def _record(self, action: str, thing: str, detail: dict[str, Any]) -> None:
        self._site.records.write(
            lambda session: record(session, actor="keeper", action=action, thing=thing, detail=detail)
        )


def give_back() -> None:
    """Return what merging took to the system: both allocators keep it for a next time that may be hours away."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)


def drop_expired(store: EventStore, policy: Policy, today: date) -> list[Dropped]:
    """Drop the days of a cluster that are over; its disks are its administrators' to watch."""
    return [
        Dropped(stream, day, store.drop_day(stream, day), Reason.EXPIRED)
        for stream in Stream
        for day in store.days(stream)
        if day < today - timedelta(days=policy.keeps(stream))
    ]


def build(site: Site) -> Keeper:
    """The service of ``site``."""
    return Keeper(site)

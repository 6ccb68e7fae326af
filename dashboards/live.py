"""Live push: one task per process watches what has changed and tells every open page."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

from dashboards.rooms import Pulse

log = logging.getLogger(__name__)
POLL_S = 0.25
BEAT_S = 5.0
SETTLE_S = 0.3


@dataclass(slots=True)
class Watch:
    """Fans the pulse out to the open pages of this process. Pages wait on an event, never on the store."""

    pulse: Pulse
    versions: dict[str, int] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None
    _viewers: int = 0

    async def beats(self) -> AsyncIterator[list[str]]:
        """The topics that changed since the last beat of this viewer; an empty list at least every five seconds."""
        self._viewers += 1
        self._start()
        seen = dict(self.versions)
        try:
            yield []
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), BEAT_S)
                now = dict(self.versions)
                yield sorted(topic for topic in now if now[topic] != seen.get(topic))
                seen = now
                await asyncio.sleep(SETTLE_S)
        finally:
            self._viewers -= 1

    def _start(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="pulse")

    async def _run(self) -> None:
        while self._viewers > 0:
            try:
                found = await asyncio.to_thread(self.pulse.versions)
            except Exception:
                log.exception("pulse_failed")
                found = self.versions
            if found != self.versions:
                self.versions = dict(found)
                old, self._changed = self._changed, asyncio.Event()
                old.set()
            await asyncio.sleep(POLL_S)

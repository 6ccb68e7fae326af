"""Live push: one task per process watches what has changed and tells every open page."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

from dashboards.rooms import Pulse

log = logging.getLogger(__name__)
POLL_S = 0.25
BEAT_S = 5.0
SETTLE_S = 0.3
TICK = "tick"


@dataclass(slots=True)
class Watch:
    """Fans the pulse out to the open pages of this process. Pages wait on an event, never on the store."""

    pulse: Pulse
    versions: dict[str, int] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None
    _viewers: int = 0

    async def beats(self) -> AsyncIterator[list[str]]:
        """The topics that changed since the last beat of this viewer; ``tick`` is among them every five
        seconds, for what has no version of its own."""
        self._viewers += 1
        self._start()
        seen, tick = dict(self.versions), time.monotonic()
        try:
            yield []
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), BEAT_S)
                now = dict(self.versions)
                seen = seen or now
                ticked = [TICK] if time.monotonic() - tick >= BEAT_S else []
                tick = time.monotonic() if ticked else tick
                yield sorted(topic for topic in now if now[topic] != seen.get(topic)) + ticked
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

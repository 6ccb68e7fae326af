"""Live push: one task per process watches what has changed and tells every open page."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
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
    poll_s: float = POLL_S
    settle_s: float = SETTLE_S
    beat_s: float = BEAT_S
    versions: dict[str, int] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None
    _viewers: int = 0

    async def beats(self) -> AsyncGenerator[list[str], None]:
        """The topics that changed since the last beat of this viewer; ``tick`` is among them every five
        seconds, for what has no version of its own."""
        self._viewers += 1
        self._start()
        seen, tick = dict(self.versions), time.monotonic()
        try:
            yield []
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), self.beat_s)
                now = dict(self.versions)
                seen = seen or now
                ticked = [TICK] if time.monotonic() - tick >= self.beat_s else []
                tick = time.monotonic() if ticked else tick
                yield sorted(topic for topic in now if now[topic] != seen.get(topic)) + ticked
                seen = now
                await asyncio.sleep(self.settle_s)
        finally:
            self._viewers -= 1

    async def stopped(self) -> None:
        """Waits until nobody looks any more and the task has ended."""
        if self._task is not None:
            await self._task

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
            await asyncio.sleep(self.poll_s)

"""Registered devices that stopped speaking: told as events, so that the judge makes signals of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from collectors.delivery import deliver
from collectors.frames import FrameKind
from collectors.receivers.seams import Listener
from collectors.sensing.device import Device
from infra.events.frame import Frame
from infra.events.seams import EventSink
from infra.events.stream import Event, Stream

_log = logging.getLogger(__name__)
SOURCE = "yaodun/devices"
LOOK_S = 10.0
PATIENCE = 3.0
LEAST_S = 30.0


class SilentDevices:
    """Looks now and then. A receiver to its service: no door, but something to deliver. ``heard`` gives the epoch
    milliseconds at which each device was heard last."""

    def __init__(
        self, book: Callable[[], Mapping[str, Device]], heard: Callable[[], Mapping[str, int]],
        now_ns: Callable[[], int] = time.time_ns, look_s: float = LOOK_S,
    ) -> None:  # fmt: skip
        self._book, self._heard, self._now_ns, self._look_s = book, heard, now_ns, look_s
        self._since_ms = now_ns() // 1_000_000
        self._silent: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    @property
    def addresses(self) -> Sequence[Listener]:
        return []

    async def start(self, sink: EventSink) -> None:
        """Begins to look."""
        self._task = asyncio.create_task(self._run(sink), name="silent-devices")

    async def stop(self) -> None:
        """Ends."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def look(self) -> list[Event]:
        """Events for devices that became silent or are heard again since the last look. A device that was never heard
        counts from the start of this process."""
        now, heard = self._now_ns() // 1_000_000, self._heard()
        events = []
        for name, device in self._book().items():
            if not device.interval_s or device.retired or device.revoked:
                continue
            last = heard.get(name, 0)
            quiet_s = (now - max(last, self._since_ms if not last else 0)) / 1000
            silent = quiet_s > max(LEAST_S, device.interval_s * PATIENCE)
            if silent != (name in self._silent):
                (self._silent.add if silent else self._silent.discard)(name)
                events.append(_event(device, last or self._since_ms, now, quiet_s, silent=silent))
        return events

    async def _run(self, sink: EventSink) -> None:
        while True:
            await asyncio.sleep(self._look_s)
            try:
                events = await asyncio.to_thread(self.look)
                for start in range(0, len(events), 1_000):
                    part = events[start : start + 1_000]
                    body = msgspec.msgpack.encode(part)
                    await deliver(sink, [Frame(SOURCE, FrameKind.DOCUMENTS, len(part), self._now_ns(), body)])
            except Exception:  # noqa: BLE001 - logged; the next look may succeed
                _log.exception("devices.look_failed")


def _event(device: Device, last_ms: int, now_ms: int, quiet_s: float, *, silent: bool) -> Event:
    words = f"has been silent for {quiet_s / 60:.0f} minutes" if silent else "is heard again"
    return {
        "@timestamp": now_ms, "event.kind": "event", "event.category": ["host"], "event.type": ["info"],
        "event.action": "sensor-silent" if silent else "sensor-heard", "event.module": "sensing",
        "event.dataset": "sensing.device", "event.start": last_ms, "yaodun.stream": Stream.LOGS.value,
        "yaodun.sensor.id": device.id, "yaodun.sensor.place": device.place,
        "message": f"device {device.id} {words}; expected every {device.interval_s:g} s",
    }  # fmt: skip

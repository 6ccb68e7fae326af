"""The sensor's source: one interface, its frames through the meter, the documents to the spool like any other source's.

Reading and metering happen on a thread of their own. While the spool is full nothing is read, so that what is lost is
lost in the kernel's ring and counted there.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec

from collectors.capture.meter import Meter
from collectors.capture.tap import Tap
from collectors.delivery import deliver
from collectors.frames import FrameKind
from collectors.receivers.seams import Refusals
from collectors.sources.reporting import Host, Reporter, Reporting
from infra.errors import AppError
from infra.events.frame import Frame
from infra.events.seams import EventSink

SWEEP_NS = 1_000_000_000
UNANSWERED_NS = 5 * 1_000_000_000
"""A conversation that nobody answered is told so soon: probes are wanted at once."""
MOST_AT_ONCE = 2_000
"""Documents of a frame."""
_encode = msgspec.msgpack.Encoder().encode


class SensorSource(Reporting):
    """Listens on ``interface`` until cancelled. Lost packets are refused under its id, reason ``dropped_by_kernel``."""

    def __init__(self, host: Host, interface: str, refusals: Refusals, *, promiscuous: bool = True) -> None:
        self._reporter = Reporter(host, f"sensor/{interface}")
        self._interface, self._promiscuous = interface, promiscuous
        self._refusals = refusals
        self._meter = Meter()
        self._swept = 0
        self.packets = self.dropped = 0

    async def run(self, sink: EventSink) -> None:
        """Until cancelled; returns where the interface is missing or may not be read."""
        try:
            tap = Tap(self._interface, promiscuous=self._promiscuous)
        except AppError as error:
            name = error.message_key.split(".")[-2]
            self._reporter.not_available(name, place=self._interface)
            return
        self._reporter.running()
        try:
            while True:
                await self._hand_over(sink, await asyncio.to_thread(self._turn, tap))
        finally:
            tap.close()

    def _turn(self, tap: Tap) -> list[dict[str, Any]]:
        """What came in a moment, what ended meanwhile, and what was lost."""
        made = list(self._meter.feed(tap.take()))
        now = time.time_ns()
        if now - self._swept >= SWEEP_NS:
            self._swept = now
            made += self._meter.sweep(now, UNANSWERED_NS)
            if lost := tap.dropped():
                self.dropped += lost
                self._refusals.refuse(self.id, lost, "dropped_by_kernel")
        self.packets = self._meter.packets
        return made

    async def _hand_over(self, sink: EventSink, documents: list[dict[str, Any]]) -> None:
        for at in range(0, len(documents), MOST_AT_ONCE):
            await deliver(sink, [self._frame(documents[at : at + MOST_AT_ONCE])])

    def _frame(self, documents: list[dict[str, Any]]) -> Frame:
        seen_by = {
            "observer.hostname": self._reporter.host.name, "observer.type": "sensor",
            "observer.ingress.interface.name": self._interface,
        }  # fmt: skip
        body = _encode([{**seen_by, **document, "host.name": None} for document in documents])
        return self._reporter.frame(FrameKind.DOCUMENTS, len(documents), body)

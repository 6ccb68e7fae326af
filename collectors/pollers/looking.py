"""Looking again and again, and handing over what was found: the loop that pollers of one thing share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NoReturn

import msgspec

from collectors.delivery import deliver
from collectors.frames import FrameKind
from collectors.sources.reporting import Reporter
from infra.events.seams import EventSink
from infra.events.stream import Event

LEAST_PAUSE_S = 0.1
_encode = msgspec.msgpack.Encoder().encode


async def hand_over(reporter: Reporter, sink: EventSink, documents: Sequence[Event]) -> None:
    """Into the spool as one frame; nothing where nothing was found."""
    if documents:
        await deliver(sink, [reporter.frame(FrameKind.DOCUMENTS, len(documents), _encode(documents))])


async def keep_looking(
    reporter: Reporter, sink: EventSink, look: Callable[[], Awaitable[Sequence[Event]]], interval_s: float
) -> NoReturn:
    """Until cancelled, begin a look every ``interval_s``; what ``look`` raises ends it, and it is tried again later."""
    while True:
        began = time.monotonic()
        documents = await look()
        reporter.running()
        await hand_over(reporter, sink, documents)
        await asyncio.sleep(max(LEAST_PAUSE_S, interval_s - (time.monotonic() - began)))

"""Hands frames to a sink with patience: a sink that is full or away is tried again, nothing is dropped here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from infra.errors import AppError, ErrorKind
from infra.events.frame import Frame
from infra.events.seams import EventSink

_AGAIN = (ErrorKind.RATE_LIMITED, ErrorKind.UNAVAILABLE)


async def deliver(
    sink: EventSink, frames: Sequence[Frame], *, first_wait_s: float = 0.02, max_wait_s: float = 2.0
) -> None:
    """Returns when ``frames`` are durable, however long the sink asks to wait; other failures are the caller's."""
    wait = first_wait_s
    while True:
        try:
            return await sink.accept(frames)
        except AppError as error:
            if error.kind not in _AGAIN:
                raise
        await asyncio.sleep(wait)
        wait = min(wait * 2, max_wait_s)

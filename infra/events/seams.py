"""The seams events cross: what finds threats in them, and what takes them in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from infra.events.frame import Frame
from infra.events.signal import Signal
from infra.events.stream import Event


class Detector(Protocol):
    """Finds signals in a batch of conformed events. Called in arrival order; must not keep the events.

    ``twins``, where given, holds for each event the place of the first one in the batch that says the same in every
    field but ``event.id``: what is worked out for that one holds for the others too.
    """

    def match(self, events: Sequence[Event], twins: Sequence[int] | None = None) -> list[Signal]: ...


class EventSink(Protocol):
    """Takes frames and returns when they are durable.

    Raises ``AppError(RATE_LIMITED)`` or ``AppError(UNAVAILABLE)`` when they cannot be kept now; the caller keeps them.
    """

    async def accept(self, frames: Sequence[Frame]) -> None: ...

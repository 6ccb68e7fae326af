"""The seam of sources: what the agent runs, and how a source says that it cannot run here."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import msgspec

from infra.events.seams import EventSink


class SourceState(StrEnum):
    """How a source is doing."""

    RUNNING = "running"
    NOT_AVAILABLE = "not_available"
    FAILED = "failed"
    STOPPED = "stopped"


class SourceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """State of one source. ``reason_key`` and ``remedy_key`` are keys of the text catalogues, ``detail`` fills their
    places; both are '' while it runs. ``records`` counts what it gave since the agent started, ``last_ns`` is Unix
    time in nanoseconds."""

    id: str
    state: SourceState
    reason_key: str = ""
    remedy_key: str = ""
    detail: dict[str, str] = {}
    records: int = 0
    last_ns: int = 0


class Source(Protocol):
    """Something the agent reads.

    ``run`` hands frames to the sink until it is cancelled; it returns early only where the source is not available,
    after setting ``status``. A sink that says RATE_LIMITED or UNAVAILABLE is tried again: the source keeps its place.
    """

    @property
    def id(self) -> str: ...

    @property
    def status(self) -> SourceStatus: ...

    async def run(self, sink: EventSink) -> None: ...

    def note_failure(self, error: BaseException) -> None:
        """``run`` raised ``error``; it will be called again later."""

"""Sinks for tests: one that keeps what it is given, one that is full for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from collectors.parsers.seams import Parsed, Refused
from collectors.parsers.shipped import ShippedParsers
from infra.errors import AppError, ErrorKind
from infra.events import Conformed, Conformer, table
from infra.events.frame import Frame
from infra.events.stream import Event


class KeepingSink:
    """Keeps every frame; ``busy`` of the first calls are told to come again."""

    def __init__(self, busy: int = 0) -> None:
        self.frames: list[Frame] = []
        self.busy = busy
        self._grown = asyncio.Event()

    async def accept(self, frames: Sequence[Frame]) -> None:
        if self.busy:
            self.busy -= 1
            raise AppError(ErrorKind.RATE_LIMITED, "infra.spool_busy", retry_after_s=1)
        self.frames += frames
        self._grown.set()

    @property
    def count(self) -> int:
        return sum(frame.count for frame in self.frames)

    async def until(self, count: int, timeout_s: float = 20.0) -> None:
        """Returns when ``count`` records are there."""
        async with asyncio.timeout(timeout_s):
            while self.count < count:
                self._grown.clear()
                await self._grown.wait()

    def parsed(self) -> list[Parsed]:
        """Everything kept, parsed; asserts that nothing was refused and that the account adds up."""
        answer = [each for frame in self.frames for each in ShippedParsers().parse(frame)]
        assert sum(each.records for each in answer) == self.count
        refusals = [each for each in answer if isinstance(each, Refused)]
        assert not refusals, refusals
        return [each for each in answer if isinstance(each, Parsed)]


def conforming(documents: Iterable[Event]) -> list[Event]:
    """The documents as events of the table; fails on the first that does not meet it."""
    conformer, now = Conformer(table()), datetime.now(UTC) + timedelta(minutes=1)
    found = [conformer.conform({key: value for key, value in each.items() if key != "yaodun.stream"}, now)
             for each in documents]  # fmt: skip
    refused = [each for each in found if not isinstance(each, Conformed)]
    assert not refused, refused
    return [each.event for each in found if isinstance(each, Conformed)]


class CountingRefusals:
    """Counts refusals by source and reason."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], int] = {}

    def refuse(self, source: str, records: int, reason: str) -> None:
        self.counts[source, reason] = self.counts.get((source, reason), 0) + records


class OneSource:
    """Knows one source by one bearer token."""

    async def authenticate(self, headers: dict[str, str]) -> str | None:
        return "web-shipper" if headers.get("authorization") == "Bearer right" else None

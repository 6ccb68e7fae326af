"""The seam between the pipeline and wherever events are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

import msgspec

from infra.events.stream import Event, Stream
from infra.spool.position import SpoolPosition
from infra.store.query.tree import Answer, AnyAggregation, Page, Query

__all__ = ["Batch", "EventStore", "SourceCount", "SpoolPosition", "StreamStats"]


class SourceCount(msgspec.Struct, frozen=True):
    """What became of one source's records in one batch, or in all of them.

    ``received`` is what the receiver counted when it took the delivery: ``received = stored + quarantined`` is a
    check and not a definition. ``newest_ns`` is when the newest was received, Unix time in nanoseconds.
    """

    stored: int = 0
    quarantined: int = 0
    received: int = 0
    newest_ns: int = 0


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What one turn of the pipeline made: events per stream, counts per source, the spool position after it.

    Each event carries ``event.id`` and ``@timestamp`` (aware ``datetime``). ``spool`` names the spool.
    """

    spool: str
    position: SpoolPosition
    events: Mapping[Stream, Sequence[Event]]
    counts: Mapping[str, SourceCount]


class StreamStats(msgspec.Struct, frozen=True):
    """Size and extent of one stream."""

    events: int
    bytes: int
    oldest: datetime | None
    newest: datetime | None


class EventStore(Protocol):
    """Append-only store of events. ``append`` is exactly once per spool position: a batch at or before the committed
    position changes nothing. Reads may come from any process."""

    def append(self, batch: Batch) -> None: ...

    def committed(self, spool: str) -> SpoolPosition: ...

    def counts(self) -> Mapping[str, SourceCount]: ...

    def search(self, query: Query) -> Page: ...

    def aggregate(self, query: Query, aggregations: Mapping[str, AnyAggregation]) -> Mapping[str, Answer]: ...

    def get(self, event_id: str) -> Event | None: ...

    def stats(self) -> Mapping[Stream, StreamStats]: ...

    def days(self, stream: Stream) -> Sequence[date]: ...

    def drop_day(self, stream: Stream, day: date) -> int: ...

    def close(self) -> None: ...

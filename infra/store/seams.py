"""The seam between the pipeline and wherever events are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import date, datetime
from typing import Protocol

import msgspec

from infra.events.stream import Event, Stream
from infra.spool.position import SpoolPosition
from infra.store.query.tree import Answer, AnyAggregation, Page, Query

__all__ = ["Batch", "EventStore", "SourceCount", "SpoolPosition", "StreamStats"]


class SourceCount(msgspec.Struct, frozen=True):
    """What became of one source's records in one batch, or in all of them.

    ``received`` is what the receiver counted when it took the delivery, so that it checks the others:
    ``received = stored + quarantined + duplicates``. ``newest_ns`` is when the newest was received, Unix time in
    nanoseconds. ``duplicates`` were delivered again after a lost reply and are in the store already.
    """

    stored: int = 0
    quarantined: int = 0
    received: int = 0
    newest_ns: int = 0
    duplicates: int = 0


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What one turn of the pipeline made: events per stream, counts per source, the spool position after it.

    Each event carries ``event.id`` and ``@timestamp`` (aware ``datetime``). ``spool`` names the spool. ``twins``, for
    streams that have any, are as of ``infra.events.Detector``: a store may bring what says the same into its form once.
    """

    spool: str
    position: SpoolPosition
    events: Mapping[Stream, Sequence[Event]]
    counts: Mapping[str, SourceCount]
    twins: Mapping[Stream, Sequence[int]] = {}


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

    def present(self, ids: Sequence[str]) -> Set[str]:
        """Those of ``ids`` that are in the store."""

    def ids_since(self, hour: str) -> Iterator[str]:
        """Every event id whose arrival hour (``YYYYMMDDHH``) is ``hour`` or later."""

    def stats(self) -> Mapping[Stream, StreamStats]: ...

    def days(self, stream: Stream) -> Sequence[date]: ...

    def drop_day(self, stream: Stream, day: date) -> int: ...

    def close(self) -> None: ...

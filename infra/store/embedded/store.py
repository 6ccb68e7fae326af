"""The embedded event store: what the rest of the platform sees of segments, manifest and engine."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from infra.clock import Clock
from infra.durable import sync_folder
from infra.errors import AppError, ErrorKind
from infra.events.stream import Event, Stream
from infra.spool.position import SpoolPosition
from infra.store.embedded.aggregate import Aggregate
from infra.store.embedded.columns import to_arrow
from infra.store.embedded.engine import Engine, Leash
from infra.store.embedded.manifest import Manifest
from infra.store.embedded.prune import narrowed
from infra.store.embedded.rows import fetch_rows, find_id
from infra.store.embedded.search import Search
from infra.store.embedded.segment import SIDECAR, Segment, read_ids, sync_folders, unlink_segments, write_segment
from infra.store.placing import by_day
from infra.store.query.limits import check_aggregations, check_query
from infra.store.query.shaping import micros, moment
from infra.store.query.tree import Answer, AnyAggregation, Filter, Ids, Page, Query
from infra.store.seams import Batch, SourceCount, StreamStats

ORPHAN_AGE = timedelta(minutes=10)

Result = TypeVar("Result")


class EmbeddedStore:
    """An ``EventStore`` in a folder of this machine. Reads may come from any thread and any process. Which
    day an event lies in says ``infra.store.placing``; those of another time lie in files of their own.
    """

    def __init__(self, folder: Path, clock: Clock, read_only: bool = False, leash: Leash | None = None) -> None:
        if not read_only:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder
        self.clock = clock
        self.manifest = Manifest(folder / "manifest.db", read_only)
        self.engine = Engine(leash or Leash(), folder / "tmp")
        self._writing = threading.Lock()
        self._lasting: set[Path] = set()
        """Folders of days whose own names are on disk. One that has to be made again is not among them."""
        if not read_only:
            self.sweep(ORPHAN_AGE)

    def append(self, batch: Batch) -> None:
        """Take ``batch`` in, on disk and visible when this returns; nothing where its position is in already."""
        with self._writing:
            if batch.position <= self.committed(batch.spool):
                return
            segments = [
                self._write(batch, stream, day, late, rows)
                for stream in batch.events
                for (day, late), rows in self._columns(batch, stream)
            ]
            self._sync_folders(segments)
            with self.manifest.transaction():
                if batch.position <= self.manifest.committed(batch.spool):
                    return
                self.manifest.add(segments)
                self.manifest.advance(batch.spool, batch.position)
                self.manifest.count(batch.counts)

    def _sync_folders(self, segments: Sequence[Segment]) -> None:
        """Make the names of ``segments`` durable; the folders above a day only where it has not been seen to last."""
        days = {(self.folder / segment.path).parent: segment for segment in segments}
        sync_folders(self.folder, [segment for day, segment in days.items() if day not in self._lasting])
        for day in days.keys() & self._lasting:
            sync_folder(day)
        self._lasting |= days.keys()

    def _columns(self, batch: Batch, stream: Stream) -> Iterator[tuple[tuple[date, bool], pa.Table]]:
        """The events of a stream by the day they lie in."""
        days = by_day(batch.events[stream], self.clock.now())
        for day, events in days.items():
            yield day, to_arrow(events, batch.twins.get(stream) if len(days) == 1 else None)

    def _write(self, batch: Batch, stream: Stream, day: date, late: bool, rows: pa.Table) -> Segment:
        name = f"{batch.spool}-{batch.position.segment}-{batch.position.offset}{'-late' if late else ''}.parquet"
        path = f"{stream}/{day.isoformat()}/{name.replace('/', '_')}"
        with suppress(FileExistsError):
            (self.folder / path).parent.mkdir(parents=True)
            self._lasting.discard((self.folder / path).parent)
        return write_segment(self.folder, path, stream, day.isoformat(), 0, rows)

    def committed(self, spool: str) -> SpoolPosition:
        """How far ``spool`` is in."""
        return self.manifest.committed(spool)

    def counts(self) -> Mapping[str, SourceCount]:
        """What each source brought so far."""
        return self.manifest.counts()

    def search(self, query: Query) -> Page:
        """A page of events. ``AppError(INVALID)`` for a query that cannot be, ``UNAVAILABLE`` for one that takes too
        long, ``RATE_LIMITED`` where too many run."""
        check_query(query)
        return self._steadily(lambda: Search(self.engine, self.folder, query, self._chosen(query)).page())

    def aggregate(self, query: Query, aggregations: Mapping[str, AnyAggregation]) -> Mapping[str, Answer]:
        """An answer for each aggregation over the events that ``query`` finds; errors as of ``search``."""
        check_query(query)
        check_aggregations(aggregations)
        return self._steadily(
            lambda: Aggregate(self.engine, self.folder, query, self._chosen(query)).answers(aggregations)
        )

    def get(self, event_id: str) -> Event | None:
        """The event called ``event_id``."""
        return self._steadily(lambda: self._get(event_id))

    def _get(self, event_id: str) -> Event | None:
        segments = self._narrowed(self.manifest.holding(event_id), Ids((event_id,)))
        where = find_id(self.folder, segments, event_id)
        return fetch_rows(self.engine, self.folder, segments, [where], ())[0] if where else None

    def present(self, ids: Sequence[str]) -> Set[str]:
        """Those of ``ids`` that are in the store; reads only the id column of segments that may hold them."""
        wanted = frozenset(ids)
        if not wanted:
            return frozenset()
        found: set[str] = set()
        between = self.manifest.between(min(wanted), max(wanted))
        for segment in self._narrowed(between, Ids(tuple(wanted))):
            found |= wanted.intersection(read_ids(self.folder / segment.path))
        return found

    def ids_since(self, hour: str) -> Iterator[str]:
        """Every id from the arrival hour on."""
        for segment in self.manifest.between(hour, "~"):
            yield from (name for name in read_ids(self.folder / segment.path) if name >= hour)

    def _chosen(self, query: Query) -> list[Segment]:
        streams = query.streams or tuple(Stream)
        segments = self.manifest.within(streams, micros(query.window.start), micros(query.window.end))
        return self._narrowed(segments, query.filter)

    def _narrowed(self, segments: Sequence[Segment], node: Filter) -> list[Segment]:
        """The segments, and of each the rows, that can hold what ``node`` asks for."""
        found = (narrowed(self.folder, segment, node) for segment in segments)
        return [segment for segment in found if segment is not None]

    def _steadily(self, read: Callable[[], Result]) -> Result:
        """Read again once where a file went away between plan and read: keeper had swapped or dropped it."""
        import duckdb

        try:
            return read()
        except (duckdb.IOException, FileNotFoundError):
            return read()

    def stats(self) -> Mapping[Stream, StreamStats]:
        """Size and extent of every stream that has events."""
        return {
            Stream(stream): StreamStats(rows, size, moment(t0), moment(t1))
            for stream, rows, size, t0, t1 in self.manifest.extent()
        }

    def days(self, stream: Stream) -> Sequence[date]:
        """Days of ``stream``, oldest first; see the class for which day an event lies in."""
        return [date.fromisoformat(day) for day in self.manifest.days(stream)]

    def drop_day(self, stream: Stream, day: date) -> int:
        """Remove a day of ``stream``; how many events went. ``AppError(CONFLICT)`` where it is on legal hold."""
        if reason := self.manifest.holds().get((stream, day.isoformat())):
            raise AppError(ErrorKind.CONFLICT, "infra.store_on_hold", place=f"{stream}/{day}", reason=reason)
        segments = self.manifest.of_day(stream, day.isoformat())
        with self.manifest.transaction():
            self.manifest.retire([segment.number for segment in segments], micros(self.clock.now()))
        folder = self.folder / stream / day.isoformat()
        if folder.exists():
            shutil.rmtree(folder)
            sync_folder(folder.parent)
        self.manifest.forget([segment.path for segment in segments])
        return sum(segment.rows for segment in segments)

    def sweep(self, age: timedelta) -> int:
        """Remove files older than ``age`` that no row of the manifest names: a crash left them; how many."""
        before = self.clock.now().astimezone(UTC) - age
        files = [path for path in self.folder.glob("*/*/*") if path.suffix in (".parquet", SIDECAR, f"{SIDECAR}-draft")]
        old = [path for path in files if datetime.fromtimestamp(path.stat().st_mtime, UTC) <= before]
        if not old:
            return 0
        known = self.manifest.paths()
        orphans = [path for path in old if str(path.relative_to(self.folder).with_suffix(".parquet")) not in known]
        unlink_segments(self.folder, [str(path.relative_to(self.folder)) for path in orphans])
        return len(orphans)

    def close(self) -> None:
        """Give everything back."""
        self.engine.close()
        self.manifest.close()

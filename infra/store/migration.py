"""Moving events from the embedded store into a cluster: day by day, resumable, counted and hashed on both sides.

May run while the platform still writes the embedded store: a day whose segments changed since it was moved is moved
again, and what is there already is not taken twice. The last run, with the platform stopped, also hands over how far
each spool is in and what each source brought, so that the cluster goes on where the folder ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from infra.durable import replace_file
from infra.errors import AppError, ErrorKind
from infra.events.stream import Event, Stream
from infra.store.embedded.columns import arrow_type, to_events
from infra.store.embedded.segment import Segment
from infra.store.embedded.store import EmbeddedStore
from infra.store.opensearch.digest import Sum
from infra.store.opensearch.store import OpenSearchStore

_ROWS = 8192
_LOOKS = 5


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A day after its move: what lies in the folder and what in the cluster."""

    stream: str
    day: str
    events: int
    sha256: str
    there: int
    there_sha256: str
    state: str = "moved"

    @property
    def equal(self) -> bool:
        """The cluster holds exactly these events."""
        return (self.events, self.sha256) == (self.there, self.there_sha256)


class Progress(msgspec.Struct):
    """How far a migration is: days that are done, by their segments; of the day begun, the segments that are there."""

    target: str = ""
    done: dict[str, str] = {}
    results: dict[str, Moved] = {}
    begun: dict[str, list[str]] = {}


class Migration:
    """From one embedded store into one cluster; ``path`` remembers how far it is."""

    def __init__(self, source: EmbeddedStore, target: OpenSearchStore, path: Path, name: str) -> None:
        self._source, self._target, self._path = source, target, path
        self._progress = _read(path)
        if self._progress.target != name:
            self._progress = Progress(target=name)

    def days(self) -> Iterator[Moved]:
        """Move every day, oldest first, and compare it; days that have not changed since are told as they were."""
        for day, stream in sorted((day, one) for one in Stream for day in self._source.days(one)):
            yield self._day(stream, day)

    def finish(self, spools: Sequence[str]) -> None:
        """Hand over positions and counts; only while nobody writes the source."""
        counts = dict(self._source.counts())
        for spool in spools:
            self._target.take_over(spool, self._source.committed(spool), counts)
            counts = {}

    def _day(self, stream: Stream, day: date) -> Moved:
        name = f"{stream}/{day.isoformat()}"
        for _ in range(_LOOKS):
            segments = self._source.manifest.of_day(stream, day.isoformat())
            shape = _shape(segments)
            if self._progress.done.get(name) == shape and (known := self._progress.results.get(name)):
                return msgspec.structs.replace(known, state="unchanged")
            with suppress(FileNotFoundError):  # keeper merged or dropped a segment meanwhile: look again
                return self._move(stream, day, name, segments, shape)
        raise AppError(ErrorKind.CONFLICT, "infra.store_restless", place=name)

    def _move(self, stream: Stream, day: date, name: str, segments: Sequence[Segment], shape: str) -> Moved:
        again = name in self._progress.begun or name in self._progress.done
        there = set(self._progress.begun.setdefault(name, []))
        self._keep()
        mine = Sum()
        known = doubled(self._source.folder, segments)
        for segment in segments:
            for events in _events(self._source.folder, segment, known):
                mine.add(events)
                if segment.path not in there:
                    self._target.take_in(stream, day, events, look_first=again)
            self._progress.begun[name].append(segment.path)
            self._keep()
        theirs = self._target.sum_of(stream, day)
        moved = Moved(
            stream=str(stream), day=day.isoformat(), events=mine.events, sha256=mine.sha256, there=theirs.events,
            there_sha256=theirs.sha256,
        )  # fmt: skip
        self._settle(name, moved, shape)
        return moved

    def _settle(self, name: str, moved: Moved, shape: str) -> None:
        """A day that is equal is done; of one that is not, everything is sent again the next time."""
        self._progress.begun[name] = []
        if moved.equal:
            del self._progress.begun[name]
            self._progress.done[name] = shape
            self._progress.results[name] = moved
        self._keep()

    def _keep(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self._path, msgspec.json.encode(self._progress))


def _read(path: Path) -> Progress:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Progress)
    except (FileNotFoundError, msgspec.MsgspecError):
        return Progress()


def _shape(segments: Sequence[Segment]) -> str:
    lines = "".join(f"{one.path} {one.sha256}\n" for one in sorted(segments, key=lambda one: one.path))
    return hashlib.sha256(lines.encode()).hexdigest()


def doubled(folder: Path, segments: Sequence[Segment]) -> dict[str, bool]:
    """Ids that lie in the day more than once until compaction removes them; False until one was taken."""
    if not segments:
        return {}
    columns = [pq.read_table(folder / one.path, columns=["event.id"])["event.id"] for one in segments]
    ids = pa.chunked_array([chunk.cast(pa.string()) for column in columns for chunk in column.chunks])
    if pc.count_distinct(ids).as_py() == len(ids):
        return {}
    counted = pc.value_counts(ids)
    return {
        str(one): False for one in counted.filter(pc.greater(counted.field("counts"), 1)).field("values").to_pylist()
    }


def _events(folder: Path, segment: Segment, known: dict[str, bool]) -> Iterator[list[Event]]:
    """The events of a segment in blocks, less those of ``known`` that were taken before."""
    with pq.ParquetFile(folder / segment.path) as file:
        for block in file.iter_batches(batch_size=_ROWS):
            rows = pa.Table.from_batches([block])
            rows = rows.cast(pa.schema([(name, arrow_type(name)) for name in rows.column_names]))
            yield [event for event in to_events(rows) if _first(event["event.id"], known)]


def _first(name: str, known: dict[str, bool]) -> bool:
    if name not in known:
        return True
    taken, known[name] = known[name], True
    return not taken

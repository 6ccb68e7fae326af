"""Whole events by file and row number: the row groups they lie in are unpacked, two at once, and events remembered."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC
from functools import cached_property, lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from infra.errors import AppError, ErrorKind
from infra.events.stream import Event
from infra.store.embedded.columns import arrow_type, to_events
from infra.store.embedded.engine import Engine
from infra.store.embedded.remembered import Place
from infra.store.embedded.segment import Segment
from infra.store.query.names import place
from infra.store.query.projection import ALWAYS, project
from infra.store.query.shaping import micros

_METADATA = 64
_TOGETHER = 16
"""Rows of one file that one thread reads; more are shared out."""


def fetch_rows(
    engine: Engine, root: Path, segments: Sequence[Segment], wanted: Sequence[Place], fields: Sequence[str]
) -> list[Event]:
    """The events at ``wanted`` (path, row), in that order; only ``fields`` of them where any are named."""
    if not wanted:
        return []
    columns = _columns(fields)
    found = engine.remembered.take(wanted) if columns is None else {}
    missing = [one for one in wanted if one not in found]
    if missing:
        deadline = time.monotonic() + engine.leash.timeout_s
        with engine.permit():
            for fresh in engine.readers.map(lambda task: _read(task[0], task[1], columns, deadline), _tasks(missing)):
                found.update(fresh)
        if columns is None:
            engine.remembered.keep({one: found[one] for one in missing})
    return [project(found[one], fields) for one in wanted]


def find_id(root: Path, segments: Sequence[Segment], event_id: str) -> Place | None:
    """Where the event called ``event_id`` lies; reads ids alone, and those of the ranges of each segment alone."""
    wanted = pa.scalar(event_id, pa.string())
    for segment in segments:
        file = str(root / segment.path)
        placed = layout(file)
        with pq.ParquetFile(file, metadata=placed.metadata, memory_map=True) as opened:
            for group in _groups(placed, segment):
                ids = opened.read_row_group(group, columns=["event.id"], use_threads=False).column(0)
                at = pc.index(ids.cast(pa.string()), wanted).as_py()
                if at >= 0:
                    return file, placed.starts[group] + at
    return None


def _groups(placed: Layout, segment: Segment) -> Iterator[int]:
    """The row groups that the ranges of ``segment`` touch."""
    ends = [*placed.starts[1:], segment.rows]
    for group, (start, end) in enumerate(zip(placed.starts, ends, strict=True)):
        if segment.ranges is None or any(first < end and start < last for first, last in segment.ranges):
            yield group


def sliced(root: Path, segments: Sequence[Segment], rows: int) -> list[Segment]:
    """``segments``, newest first, the newest of them parted where its last ``rows`` begin: merged ones lie in order of
    time, so the newest events of all stand there."""
    if not segments or (first := segments[0]).level == 0 or first.ranges is not None or first.rows < 2 * rows:
        return list(segments)
    placed = layout(str(root / first.path))
    group = bisect_right(placed.starts, first.rows - rows) - 1
    newest = placed.newest(group - 1) if group else None
    if newest is None:
        return list(segments)
    start = placed.starts[group]
    parts = [replace(first, ranges=((start, first.rows),)), replace(first, ranges=((0, start),), t1=newest)]
    return sorted([*parts, *segments[1:]], key=lambda one: -one.t1)


def _columns(fields: Sequence[str]) -> frozenset[str] | None:
    return frozenset({place(name).column for name in fields} | set(ALWAYS)) if fields else None


def _tasks(wanted: Sequence[Place]) -> list[tuple[str, list[int]]]:
    """Files and rows of each, neighbours together."""
    by_file: dict[str, list[int]] = defaultdict(list)
    for file, row in sorted(wanted):
        by_file[file].append(row)
    return [
        (file, rows[at : at + _TOGETHER]) for file, rows in by_file.items() for at in range(0, len(rows), _TOGETHER)
    ]


def _read(file: str, rows: Sequence[int], columns: frozenset[str] | None, deadline: float) -> dict[Place, Event]:
    """The events of some rows of one file."""
    placed = layout(file)
    groups = by_group(placed, rows)
    found: dict[Place, Event] = {}
    with pq.ParquetFile(file, metadata=placed.metadata, memory_map=True) as opened:
        names = [name for name in opened.schema_arrow.names if columns is None or name in columns]
        for group, chosen in groups.items():
            check_time(deadline)
            unpacked = opened.read_row_group(group, columns=names, use_threads=False)
            taken = unpacked.take(pa.array([row - placed.starts[group] for row in chosen]))
            typed = taken.cast(pa.schema([(name, arrow_type(name)) for name in taken.column_names]))
            found.update(zip([(file, row) for row in chosen], to_events(typed), strict=True))
    return found


def by_group(placed: Layout, rows: Iterable[int]) -> dict[int, list[int]]:
    """``rows`` by the row group each lies in."""
    groups: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        groups[bisect_right(placed.starts, row) - 1].append(row)
    return groups


def check_time(deadline: float) -> None:
    """Raise ``AppError(UNAVAILABLE)`` where ``deadline`` (monotonic) has passed."""
    if time.monotonic() > deadline:
        raise AppError(ErrorKind.UNAVAILABLE, "infra.query_timeout", seconds="—")


class Layout:
    """Where the row groups of a file begin."""

    def __init__(self, metadata: pq.FileMetaData) -> None:
        self.metadata = metadata

    def newest(self, group: int) -> int | None:
        """The newest microsecond of a row group; None where the file does not say."""
        described = self.metadata.row_group(group)
        for at in range(described.num_columns):
            if described.column(at).path_in_schema == "@timestamp":
                told = described.column(at).statistics
                return micros(told.max.replace(tzinfo=UTC)) if told is not None and told.has_min_max else None
        return None

    @cached_property
    def starts(self) -> list[int]:
        rows, starts = 0, []
        for group in range(self.metadata.num_row_groups):
            starts.append(rows)
            rows += self.metadata.row_group(group).num_rows
        return starts


@lru_cache(maxsize=_METADATA)
def layout(file: str) -> Layout:
    """Where the row groups of ``file`` begin; segments never change, so it is kept."""
    return Layout(pq.read_metadata(file))

"""Whole events by file and row number: the row groups they lie in are unpacked, two at once, and events remembered."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
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
        layout = _layout(file)
        with pq.ParquetFile(file, metadata=layout.metadata, memory_map=True) as opened:
            for group in _groups(layout, segment):
                ids = opened.read_row_group(group, columns=["event.id"], use_threads=False).column(0)
                at = pc.index(ids.cast(pa.string()), wanted).as_py()
                if at >= 0:
                    return file, layout.starts[group] + at
    return None


def _groups(layout: _Layout, segment: Segment) -> Iterator[int]:
    """The row groups that the ranges of ``segment`` touch."""
    ends = [*layout.starts[1:], segment.rows]
    for group, (start, end) in enumerate(zip(layout.starts, ends, strict=True)):
        if segment.ranges is None or any(first < end and start < last for first, last in segment.ranges):
            yield group


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
    layout = _layout(file)
    groups: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        groups[bisect_right(layout.starts, row) - 1].append(row)
    found: dict[Place, Event] = {}
    with pq.ParquetFile(file, metadata=layout.metadata, memory_map=True) as opened:
        names = [name for name in opened.schema_arrow.names if columns is None or name in columns]
        for group, chosen in groups.items():
            if time.monotonic() > deadline:
                raise AppError(ErrorKind.UNAVAILABLE, "infra.query_timeout", seconds="—")
            unpacked = opened.read_row_group(group, columns=names, use_threads=False)
            taken = unpacked.take(pa.array([row - layout.starts[group] for row in chosen]))
            typed = taken.cast(pa.schema([(name, arrow_type(name)) for name in taken.column_names]))
            found.update(zip([(file, row) for row in chosen], to_events(typed), strict=True))
    return found


class _Layout:
    """Where the row groups of a file begin."""

    def __init__(self, metadata: pq.FileMetaData) -> None:
        self.metadata = metadata

    @cached_property
    def starts(self) -> list[int]:
        rows, starts = 0, []
        for group in range(self.metadata.num_row_groups):
            starts.append(rows)
            rows += self.metadata.row_group(group).num_rows
        return starts


@lru_cache(maxsize=_METADATA)
def _layout(file: str) -> _Layout:
    return _Layout(pq.read_metadata(file))

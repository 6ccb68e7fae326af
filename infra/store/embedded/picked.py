"""Rows that the index names, read straight from the row groups they lie in.

To have the engine look for them costs several times as much: it plans for each file, and unpacks columns by vectors.
"""

from __future__ import annotations

import time
from collections.abc import Sequence, Set
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from infra.store.embedded.columns import arrow_type
from infra.store.embedded.engine import Engine
from infra.store.embedded.rows import by_group, check_time, layout
from infra.store.embedded.segment import Segment
from infra.store.embedded.spans import Spans, size
from infra.store.query.sql import known_columns

SPARSE = 512
"""Rows of one segment up to which they are kept one by one; above, by stretches."""
MOST = 4_096
"""Rows of all segments together up to which they are picked."""
PICKED_AS = 256
"""Rows that the engine looks at in the time that one is picked in."""
NAME = "picked"


def weight(ranges: Spans) -> int:
    """Rows that the engine would look at in the time that ``ranges`` are read in."""
    rows = size(ranges)
    return rows * PICKED_AS if rows <= SPARSE else rows


def picked_rows(segment: Segment) -> int:
    """Rows of ``segment`` that are picked one by one; none where the engine reads it."""
    rows = 0 if segment.ranges is None else size(segment.ranges)
    return rows if rows <= SPARSE else 0


def pick(
    engine: Engine, root: Path, segments: Sequence[Segment], columns: Set[str]
) -> tuple[list[Segment], dict[str, pa.Table]]:
    """Those of ``segments`` that the engine has to read, and the rows of the others: ``columns``, and ``file`` and
    ``row`` of each, by the name a statement knows them by."""
    few = [one for one in segments if picked_rows(one)]
    if not few or sum(map(picked_rows, few)) > MOST:
        return list(segments), {}
    wanted = sorted(known_columns(columns))
    deadline = time.monotonic() + engine.leash.timeout_s
    with engine.permit():
        parts = engine.readers.map(lambda one: _rows(root, one, wanted, deadline), few)
        made = pa.concat_tables(chain.from_iterable(parts))
    taken = {one.path for one in few}
    return [one for one in segments if one.path not in taken], {NAME: made}


def _rows(root: Path, segment: Segment, wanted: Sequence[str], deadline: float) -> list[pa.Table]:
    """The rows of the ranges of one segment, a table for each row group."""
    file = str(root / segment.path)
    placed = layout(file)
    present = [name for name in wanted if name in segment.columns]
    rows = chain.from_iterable(range(start, end) for start, end in segment.ranges or ())
    groups = by_group(placed, rows)
    with pq.ParquetFile(file, metadata=placed.metadata, memory_map=True) as opened:
        found = []
        for group, chosen in groups.items():
            check_time(deadline)
            unpacked = opened.read_row_group(group, columns=present, use_threads=False)
            taken = unpacked.take(pa.array([row - placed.starts[group] for row in chosen]))
            found.append(_whole(taken, wanted, file, chosen))
    return found


def _whole(taken: pa.Table, wanted: Sequence[str], file: str, rows: Sequence[int]) -> pa.Table:
    """``taken`` with every column that is wanted, of its own type, and where each row lies."""
    names = set(taken.column_names)
    columns = {
        name: taken.column(name).cast(arrow_type(name)) if name in names else pa.nulls(len(rows), arrow_type(name))
        for name in wanted
    }
    return pa.table({**columns, "file": pa.array([file] * len(rows)), "row": pa.array(rows, pa.int64())})

"""Segment files: Parquet, one stream and one day each, on disk before anyone is told of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from infra.durable import sync_folder
from infra.events.table import FieldType, table

SCHEMA_VERSION = 1
SIDECAR = ".tokens"
"""What ends the name of the filter beside a compacted segment."""
_DISTINCT = frozenset({"event.id", "event.original", "message", "event.hash", "event.ingested", "@timestamp"})

STRETCH_ROWS = 4_096
"""Rows that the index of a full segment tells apart of something common."""
GROUP_ROWS = 2_048
"""Rows that have to be unpacked to fetch one: small groups make pages quick and cost a few percent of disk."""
WIDE = 64
"""Columns of a segment from which on groups are twice as large: what a file says of its groups is kept in memory."""
_UNORDERED = (FieldType.TEXT, FieldType.FLAT, FieldType.BINARY, FieldType.WILDCARD)


@dataclass(frozen=True, slots=True)
class Segment:
    """What the manifest knows of one file. Times are microseconds of Unix time; ``path`` is below the store's.

    ``ranges`` are the rows, first and behind the last, that a query has to look at; None for all of them.
    """

    stream: str
    day: str
    path: str
    level: int
    rows: int
    bytes: int
    t0: int
    t1: int
    id0: str
    id1: str
    columns: frozenset[str]
    sha256: str
    version: int = SCHEMA_VERSION
    number: int = 0
    ranges: tuple[tuple[int, int], ...] | None = None


def write_segment(folder: Path, path: str, stream: str, day: str, level: int, rows: pa.Table) -> Segment:
    """Write ``rows`` to ``folder / path`` and sync the file; the folder is synced by ``sync_folders``."""
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    _write(rows, file, level)
    size, digest = _sync_and_hash(file)
    times = pc.min_max(rows.column("@timestamp").cast(pa.int64()))
    ids = pc.min_max(rows.column("event.id"))
    return Segment(
        stream,
        day,
        path,
        level,
        rows.num_rows,
        size,
        times["min"].as_py(),
        times["max"].as_py(),
        ids["min"].as_py(),
        ids["max"].as_py(),
        frozenset(rows.column_names),
        digest,
    )


def _write(rows: pa.Table, file: Path, level: int) -> None:
    names = rows.column_names
    repeating = _repeated if level else _repeats
    pq.write_table(
        rows,
        file,
        compression="zstd" if level else "lz4",
        compression_level=3 if level else None,
        row_group_size=GROUP_ROWS if len(names) < WIDE else 2 * GROUP_ROWS,
        use_dictionary=[name for name in names if repeating(name, rows)],
        write_statistics=[name for name in names if _ordered(name)],
        store_schema=False,
    )


def _repeated(name: str, rows: pa.Table) -> bool:
    """True where a value of a column stands there twice or more on the average: a dictionary of single ones would only
    have to be unpacked as a whole for one of them."""
    values = rows.column(name).slice(0, GROUP_ROWS).combine_chunks()
    if pa.types.is_list(values.type):
        values = pc.list_flatten(values)
    return 2 * len(values.unique()) <= len(values)


def _repeats(name: str, _: pa.Table) -> bool:
    field = table().get(name)
    return name not in _DISTINCT and field is not None and field.type in (FieldType.KEYWORD, FieldType.IP)


def _ordered(name: str) -> bool:
    field = table().get(name)
    return field is not None and field.type not in _UNORDERED


def _sync_and_hash(file: Path) -> tuple[int, str]:
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
        with os.fdopen(os.dup(handle), "rb") as readable:
            return os.fstat(handle).st_size, hashlib.file_digest(readable, "sha256").hexdigest()
    finally:
        os.close(handle)


def sync_folders(root: Path, segments: Iterable[Segment]) -> None:
    """Make the names of ``segments`` durable: each day folder, and every folder above it up to the root."""

    wanted: set[Path] = set()
    for segment in segments:
        parent = (root / segment.path).parent
        while parent != root.parent:
            wanted.add(parent)
            parent = parent.parent
    for path in sorted(wanted, reverse=True):
        sync_folder(path)


def unlink_segments(root: Path, paths: Sequence[str]) -> None:
    """Remove files that no manifest row names any more, and their sidecars; what is gone already is fine."""
    for path in paths:
        file = root / path
        file.unlink(missing_ok=True)
        file.with_suffix(SIDECAR).unlink(missing_ok=True)


def read_ids(path: Path) -> list[str]:
    """The ids of a segment file's events; none where the file went away meanwhile (its events are elsewhere)."""
    import pyarrow.parquet as pq

    try:
        column = pq.read_table(path, columns=["event.id"], use_threads=False)["event.id"]
    except FileNotFoundError:
        return []
    return [str(name) for name in column.to_pylist()]

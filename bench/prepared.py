"""A prepared store of ten million mixed events over seven days: compacted segments, made from one block of events.

Each segment holds the block with every column shuffled by itself, new ids, and its own stretch of time: the same
values, cardinalities and sizes as fresh events, without the hours that making them one by one would take.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench import mixed
from infra.clock import SystemClock
from infra.events.stream import Stream
from infra.store.embedded import EmbeddedStore, index
from infra.store.embedded.columns import to_arrow
from infra.store.embedded.compact import indexed
from infra.store.embedded.segment import SIDECAR, Segment, write_segment
from infra.store.query.shaping import micros

BLOCK = 262_144
SEGMENTS = 39
DAYS = 7
_block: pa.Table | None = None
_ALPHABET = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", dtype=np.uint8)


def prepared(folder: Path, segments: int = SEGMENTS) -> EmbeddedStore:
    """The store in ``folder``; made there first where it is not yet, which takes minutes. One with indices of an
    earlier version is made anew."""
    store = EmbeddedStore(folder, SystemClock())
    if any(not indexed(store.folder, segment) for segment in store.manifest.live()):
        store.close()
        shutil.rmtree(folder)
        store = EmbeddedStore(folder, SystemClock())
    if len(store.manifest.live()) < segments:
        _make(store, segments)
    return store


def _make(store: EmbeddedStore, segments: int) -> None:
    """Two processes, for each segment takes seconds."""
    start = micros(mixed.START)
    width = DAYS * 86_400_000_000 // segments
    made = {Path(segment.path).stem for segment in store.manifest.live()}
    wanted = [number for number in range(segments) if _name(number) not in made]
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn"), _begin) as workers:
        arguments = [(store.folder, number, start + number * width, width) for number in wanted]
        for segment in workers.map(_segment, *zip(*arguments, strict=True)):
            with store.manifest.transaction():
                store.manifest.add([segment])


def _begin() -> None:
    """Make the block that a process makes its segments of."""
    global _block
    _block = to_arrow(list(mixed.events(BLOCK)))


def _name(number: int) -> str:
    return f"prepared-{number:03d}"


def _segment(folder: Path, number: int, start: int, width: int) -> Segment:
    block = _block
    assert block is not None
    rng = np.random.default_rng(number)
    times = np.sort(rng.integers(start, start + width, BLOCK))
    columns = {name: block.column(name).take(rng.permutation(BLOCK)) for name in block.column_names}
    columns["@timestamp"] = pa.array(times, pa.timestamp("us"))
    columns["event.ingested"] = pa.array(times + rng.integers(0, 3_000_000, BLOCK), pa.timestamp("us"))
    columns["event.id"] = _ids(times, rng)
    rows = pa.table(columns)
    day = datetime.fromtimestamp(start / 1e6, UTC).date().isoformat()
    path = f"{Stream.LOGS}/{day}/{_name(number)}.parquet"
    made = write_segment(folder, path, Stream.LOGS, day, 1, rows)
    (folder / path).with_suffix(SIDECAR).write_bytes(index.build(rows))
    return made


def _ids(times: np.ndarray, rng: np.random.Generator) -> pa.Array:
    letters = _ALPHABET[rng.integers(0, 64, (len(times), 22))]
    hours = [datetime.fromtimestamp(int(us) // 3_600_000_000 * 3600, UTC).strftime("%Y%m%d%H-") for us in times]
    return pa.array([hour + letters[at].tobytes().decode() for at, hour in enumerate(hours)])


def where() -> Path:
    """The folder of the prepared store: ``YAODUN_BENCH_HOME`` or a place beside the caches of the user."""
    base = os.environ.get("YAODUN_BENCH_HOME") or Path("~/.cache/yaodun-bench").expanduser()
    return Path(base) / "events-10m"

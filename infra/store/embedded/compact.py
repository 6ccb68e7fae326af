"""Compaction: many small segments become few large ones, sorted by time, with an index of words beside each.

New files are written and synced, one transaction swaps them in, the old files go after a grace period, for readers of
other processes may hold their names. Segments of like size are merged (size-tiered), so an event is rewritten only
as often as the logarithm of a day's events, and a day has a bounded number of files.
"""

from __future__ import annotations

import fcntl
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from infra.ids import new_id
from infra.store.embedded import index
from infra.store.embedded.columns import arrow_type
from infra.store.embedded.segment import SIDECAR, Segment, sync_folders, unlink_segments, write_segment
from infra.store.embedded.store import EmbeddedStore
from infra.store.query.shaping import micros

LATE = "-late"


@dataclass(frozen=True, slots=True)
class Tiers:
    """How eagerly to merge: ``width`` segments of one size class become one, up to ``full_rows``; every segment that is
    not full is merged once its day has been over for ``settle``."""

    width: int = 8
    full_rows: int = 262_144
    settle: timedelta = timedelta(hours=6)
    grace: timedelta = timedelta(minutes=2)


@dataclass(slots=True)
class Compaction:
    """What was done: the new segments, how many they replaced, how many files were unlinked, duplicates removed, and
    how many segments of an earlier version were indexed anew."""

    made: list[Segment] = field(default_factory=list)
    replaced: int = 0
    unlinked: int = 0
    duplicates: int = 0
    indexed: int = 0


def compact(store: EmbeddedStore, tiers: Tiers | None = None, most: int = 64) -> Compaction:
    """Merge what is due, at most ``most`` merges, and unlink what was replaced longer than the grace ago.

    Does nothing where another process compacts this store at the moment.
    """
    chosen, done = tiers or Tiers(), Compaction()
    with _alone(store.folder) as alone:
        if not alone:
            return done
        for group in _due(store, chosen):
            if len(done.made) >= most:
                break
            _merge(store, group, done)
        done.unlinked = unlink_retired(store, chosen.grace)
        done.indexed = index_anew(store, most - len(done.made))
    return done


def index_anew(store: EmbeddedStore, most: int) -> int:
    """Give an index to merged segments that have none of this version; how many, at most ``most``."""
    without = (segment for segment in store.manifest.live() if segment.level and not indexed(store.folder, segment))
    done = 0
    for segment in islice(without, max(most, 0)):
        try:
            rows = _read(store.folder, [segment])
        except FileNotFoundError:
            continue
        _write_index(store.folder / segment.path, rows)
        done += 1
    return done


def indexed(folder: Path, segment: Segment) -> bool:
    """True where ``segment`` has an index of this version."""
    found = index.load((folder / segment.path).with_suffix(SIDECAR))
    return found is not None and found.current


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    file = os.open(folder / "keeper.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(file)


def unlink_retired(store: EmbeddedStore, grace: timedelta) -> int:
    """Unlink the files of segments that were replaced longer than ``grace`` ago; how many."""
    paths = store.manifest.dead_before(micros(store.clock.now() - grace))
    unlink_segments(store.folder, paths)
    store.manifest.forget(paths)
    return len(paths)


def _due(store: EmbeddedStore, tiers: Tiers) -> Iterator[list[Segment]]:
    today = store.clock.now()
    by_day: dict[tuple[str, str, bool], list[Segment]] = defaultdict(list)
    for segment in store.manifest.live():
        if segment.rows < tiers.full_rows or segment.level == 0:
            by_day[segment.stream, segment.day, LATE in segment.path].append(segment)
    for (_, day, _), segments in by_day.items():
        over = day < (today - tiers.settle).date().isoformat()
        yield from _groups(segments, tiers, over)


def _groups(segments: Sequence[Segment], tiers: Tiers, over: bool) -> Iterator[list[Segment]]:
    if over:
        if len(segments) > 1 or segments[0].level == 0:
            yield from _filled(segments, tiers, least=1)
        return
    classes: dict[int, list[Segment]] = defaultdict(list)
    for segment in segments:
        classes[max(segment.rows, 1).bit_length() // 3].append(segment)
    for members in classes.values():
        yield from _filled(members, tiers, least=tiers.width)


def _filled(segments: Sequence[Segment], tiers: Tiers, least: int) -> Iterator[list[Segment]]:
    """Runs of segments, oldest first, of about ``full_rows`` rows; runs shorter than ``least`` wait unless full."""
    group: list[Segment] = []
    rows = 0
    for segment in segments:
        if group and rows + segment.rows > tiers.full_rows:
            yield group
            group, rows = [], 0
        group.append(segment)
        rows += segment.rows
    if group and (len(group) >= least and (len(group) > 1 or group[0].level == 0)):
        yield group


def _merge(store: EmbeddedStore, group: Sequence[Segment], done: Compaction) -> None:
    first = group[0]
    rows = _sorted_once(_read(store.folder, group))
    late = LATE if LATE in first.path else ""
    path = f"{first.stream}/{first.day}/c-{new_id()}{late}.parquet"
    made = write_segment(store.folder, path, first.stream, first.day, 1, rows)
    _write_index(store.folder / path, rows)
    sync_folders(store.folder, [made])
    if store.manifest.swap([segment.number for segment in group], made, micros(store.clock.now())):
        done.made.append(made)
        done.replaced += len(group)
        done.duplicates += sum(segment.rows for segment in group) - made.rows
    else:
        unlink_segments(store.folder, [path])


def _read(folder: Path, group: Sequence[Segment]) -> pa.Table:
    tables = []
    for segment in group:
        rows = pq.ParquetFile(folder / segment.path).read()
        tables.append(rows.cast(pa.schema([(name, arrow_type(name)) for name in rows.column_names])))
    return pa.concat_tables(tables, promote_options="default")


def _sorted_once(rows: pa.Table) -> pa.Table:
    """``rows`` by time and id; of rows with one id the first to come stays."""
    if len(rows.column("event.id").unique()) < rows.num_rows:
        numbered = rows.select(["event.id"]).append_column("row", pa.array(range(rows.num_rows)))
        rows = rows.take(numbered.group_by("event.id").aggregate([("row", "min")]).column("row_min"))
    return rows.sort_by([("@timestamp", "ascending"), ("event.id", "ascending")])


def _write_index(segment: Path, rows: pa.Table) -> None:
    path = segment.with_suffix(SIDECAR)
    draft = path.with_suffix(f"{SIDECAR}-draft")
    with draft.open("wb") as file:
        file.write(index.build(rows))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)

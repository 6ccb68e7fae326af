"""The manifest: which segments there are, how far each spool is in, what each source brought. SQLite, synced in full.

One transaction makes segments visible, advances the spool position and adds the counts: so a batch is in exactly once
whatever happens in between. Any process may read it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from infra.errors import AppError, ErrorKind
from infra.spool.position import SpoolPosition
from infra.store.embedded.segment import Segment
from infra.store.seams import SourceCount

LAYOUT = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS shapes (id INTEGER PRIMARY KEY, columns TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS segments (
    id INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, day TEXT NOT NULL, path TEXT NOT NULL UNIQUE,
    level INTEGER NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL, t0 INTEGER NOT NULL, t1 INTEGER NOT NULL,
    id0 TEXT NOT NULL, id1 TEXT NOT NULL, shape INTEGER NOT NULL REFERENCES shapes (id), sha256 TEXT NOT NULL,
    version INTEGER NOT NULL, dead_since INTEGER);
CREATE INDEX IF NOT EXISTS segments_time ON segments (stream, t1) WHERE dead_since IS NULL;
CREATE INDEX IF NOT EXISTS segments_ids ON segments (id1, id0) WHERE dead_since IS NULL;
CREATE INDEX IF NOT EXISTS segments_dead ON segments (dead_since) WHERE dead_since IS NOT NULL;
CREATE TABLE IF NOT EXISTS spools (name TEXT PRIMARY KEY, segment INTEGER NOT NULL, "offset" INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS counts (source TEXT PRIMARY KEY, stored INTEGER NOT NULL, quarantined INTEGER NOT NULL,
    received INTEGER NOT NULL, newest_ns INTEGER NOT NULL, duplicates INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS holds (stream TEXT NOT NULL, day TEXT NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (stream, day));
"""
_COLUMNS = "stream, day, path, level, rows, bytes, t0, t1, id0, id1, shape, sha256, version"


class Manifest:
    """Opens, and makes where it may, the manifest of one store. Methods are safe to call from several threads."""

    def __init__(self, path: Path, read_only: bool) -> None:
        if read_only and not path.exists():
            raise AppError(ErrorKind.NOT_FOUND, "infra.store_absent", place=str(path.parent))
        self._lock = threading.RLock()
        self._shapes: dict[int, frozenset[str]] = {}
        self._database = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA synchronous=FULL")
        if read_only:
            self._database.execute("PRAGMA query_only=ON")
        else:
            self._prepare()
        self._check(path)

    def _prepare(self) -> None:
        self._database.execute("PRAGMA journal_mode=WAL")
        with self.transaction():
            (layout,) = self._database.execute("PRAGMA user_version").fetchone()
            if layout == 0:
                for statement in filter(str.strip, _TABLES.split(";\n")):
                    self._database.execute(statement)
                self._database.execute(f"PRAGMA user_version={LAYOUT}")

    def _check(self, path: Path) -> None:
        (layout,) = self._database.execute("PRAGMA user_version").fetchone()
        if layout != LAYOUT:
            raise AppError(ErrorKind.ENVIRONMENT, "infra.store_layout", place=str(path), found=layout, known=LAYOUT)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, on disk when it ends."""
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def add(self, segments: Iterable[Segment]) -> None:
        """Make ``segments`` visible; inside a transaction."""
        for segment in segments:
            self._database.execute(
                f"INSERT INTO segments ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    segment.stream, segment.day, segment.path, segment.level, segment.rows, segment.bytes, segment.t0,
                    segment.t1, segment.id0, segment.id1, self._shape(segment.columns), segment.sha256, segment.version,
                ),
            )  # fmt: skip

    def _shape(self, columns: frozenset[str]) -> int:
        text = msgspec.json.encode(sorted(columns)).decode()
        self._database.execute("INSERT OR IGNORE INTO shapes (columns) VALUES (?)", (text,))
        (shape,) = self._database.execute("SELECT id FROM shapes WHERE columns = ?", (text,)).fetchone()
        return int(shape)

    def retire(self, numbers: Sequence[int], now_us: int) -> None:
        """Hide segments; their files stay until ``forget``; inside a transaction."""
        self._database.executemany(
            "UPDATE segments SET dead_since = ? WHERE id = ?", [(now_us, number) for number in numbers]
        )

    def swap(self, numbers: Sequence[int], made: Segment, now_us: int) -> bool:
        """Put ``made`` in the place of the live segments ``numbers``; False, and nothing, where one is not live."""
        marks = ",".join("?" * len(numbers))
        with self.transaction():
            sql = f"SELECT count(*) FROM segments WHERE dead_since IS NULL AND id IN ({marks})"
            (live,) = self._database.execute(sql, list(numbers)).fetchone()
            if live != len(numbers):
                return False
            self.retire(numbers, now_us)
            self.add([made])
        return True

    def forget(self, paths: Sequence[str]) -> None:
        """Drop the rows of retired segments whose files are gone."""
        with self.transaction():
            self._database.executemany("DELETE FROM segments WHERE path = ?", [(path,) for path in paths])

    def committed(self, spool: str) -> SpoolPosition:
        """How far ``spool`` is in."""
        with self._lock:
            row = self._database.execute('SELECT segment, "offset" FROM spools WHERE name = ?', (spool,)).fetchone()
        return SpoolPosition(*row) if row else SpoolPosition()

    def advance(self, spool: str, position: SpoolPosition) -> None:
        """Move ``spool`` to ``position``; inside a transaction."""
        self._database.execute(
            'INSERT INTO spools VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET segment = ?, "offset" = ?',
            (spool, position.segment, position.offset, position.segment, position.offset),
        )

    def count(self, counts: Mapping[str, SourceCount]) -> None:
        """Add to what each source brought; inside a transaction."""
        self._database.executemany(
            "INSERT INTO counts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET"
            " stored = stored + excluded.stored, quarantined = quarantined + excluded.quarantined,"
            " received = received + excluded.received, newest_ns = max(newest_ns, excluded.newest_ns),"
            " duplicates = duplicates + excluded.duplicates",
            [(source, *msgspec.structs.astuple(one)) for source, one in counts.items()],
        )

    def counts(self) -> dict[str, SourceCount]:
        """What each source brought so far."""
        return {source: SourceCount(*numbers) for source, *numbers in self._rows("SELECT * FROM counts")}

    def within(self, streams: Sequence[str], t0: int, t1: int) -> list[Segment]:
        """Live segments of ``streams`` that may hold events in ``[t0, t1)``, newest first."""
        marks = ",".join("?" * len(streams))
        return self._segments(f"stream IN ({marks}) AND t1 >= ? AND t0 < ? ORDER BY t1 DESC", (*streams, t0, t1))

    def holding(self, event_id: str) -> list[Segment]:
        """Live segments whose range of ids includes ``event_id``."""
        return self._segments("id1 >= ? AND id0 <= ? ORDER BY t1 DESC", (event_id, event_id))

    def between(self, first: str, last: str) -> list[Segment]:
        """Live segments that may hold an id from ``first`` to ``last``."""
        return self._segments("id1 >= ? AND id0 <= ? ORDER BY id0", (first, last))

    def of_day(self, stream: str, day: str) -> list[Segment]:
        """Live segments of one day of one stream, oldest first."""
        return self._segments("stream = ? AND day = ? ORDER BY t0", (stream, day))

    def live(self) -> list[Segment]:
        """Every live segment, oldest first."""
        return self._segments("1 ORDER BY t0", ())

    def _segments(self, condition: str, parameters: Sequence[object]) -> list[Segment]:
        rows = self._rows(f"SELECT id, {_COLUMNS} FROM segments WHERE dead_since IS NULL AND {condition}", parameters)
        return [self._segment(*row) for row in rows]

    def _segment(
        self,
        number: int, stream: str, day: str, path: str, level: int, rows: int, size: int, t0: int, t1: int,
        id0: str, id1: str, shape: int, sha256: str, version: int,
    ) -> Segment:  # fmt: skip
        columns = self._columns(shape)
        return Segment(stream, day, path, level, rows, size, t0, t1, id0, id1, columns, sha256, version, number)

    def _columns(self, shape: int) -> frozenset[str]:
        if shape not in self._shapes:
            for known, text in self._rows("SELECT id, columns FROM shapes"):
                self._shapes[known] = frozenset(msgspec.json.decode(text))
        return self._shapes[shape]

    def extent(self) -> list[tuple[str, int, int, int, int]]:
        """Per stream: rows, bytes, oldest and newest microsecond."""
        return self._rows(
            "SELECT stream, sum(rows), sum(bytes), min(t0), max(t1) FROM segments"
            " WHERE dead_since IS NULL GROUP BY stream"
        )

    def days(self, stream: str) -> list[str]:
        """Days that ``stream`` has segments of, oldest first."""
        sql = "SELECT DISTINCT day FROM segments WHERE dead_since IS NULL AND stream = ? ORDER BY day"
        return [day for (day,) in self._rows(sql, (stream,))]

    def day_sizes(self) -> list[tuple[str, str, int, int]]:
        """Stream, day, segments and bytes of every day."""
        return self._rows(
            "SELECT stream, day, count(*), sum(bytes) FROM segments WHERE dead_since IS NULL GROUP BY stream, day"
        )

    def dead_before(self, moment_us: int) -> list[str]:
        """Paths of segments that were retired before ``moment_us``."""
        return [path for (path,) in self._rows("SELECT path FROM segments WHERE dead_since < ?", (moment_us,))]

    def paths(self) -> set[str]:
        """Every path a row names, live or retired."""
        return {path for (path,) in self._rows("SELECT path FROM segments")}

    def hold(self, stream: str, day: str, reason: str) -> None:
        """Put a legal hold on a day."""
        with self.transaction():
            self._database.execute("INSERT OR REPLACE INTO holds VALUES (?, ?, ?)", (stream, day, reason))

    def unhold(self, stream: str, day: str) -> None:
        """Lift a legal hold."""
        with self.transaction():
            self._database.execute("DELETE FROM holds WHERE stream = ? AND day = ?", (stream, day))

    def holds(self) -> dict[tuple[str, str], str]:
        """Days on hold and why."""
        return {(stream, day): reason for stream, day, reason in self._rows("SELECT stream, day, reason FROM holds")}

    def _rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        with self._lock:
            return self._database.execute(sql, parameters).fetchall()

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._database.close()

"""All indicators of the site in one SQLite file: a value may come from several sources, each with its own word.

One process writes (the worker that reads the folder), any number read. ``generation`` tells readers that they are old.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from analytics.intelligence.indicator import IndicatorKind, ThreatIndicator

_SCHEMA = """
CREATE TABLE IF NOT EXISTS indicators (
  value TEXT NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL, confidence INTEGER NOT NULL,
  since REAL NOT NULL, until REAL NOT NULL, name TEXT NOT NULL, seen REAL NOT NULL, hunted INTEGER NOT NULL DEFAULT 0,
  first INTEGER NOT NULL, turn INTEGER NOT NULL,
  PRIMARY KEY (value, kind, source)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
  source TEXT PRIMARY KEY, mark TEXT NOT NULL, taken REAL NOT NULL, entries INTEGER NOT NULL, refused INTEGER NOT NULL,
  problem TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS turns (last INTEGER NOT NULL);
INSERT INTO turns SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM turns);
"""
CACHE_KIB = 200_000
"""While writing: values come in no order, and the whole table should fit."""
_COLUMNS = "kind, value, source, confidence, since, until, name, seen"


class SourceView(msgspec.Struct, frozen=True, kw_only=True):
    """One feed: indicators that count and that have expired, the times its word is from, and how reading it went."""

    source: str
    taken: datetime
    refused: int
    problem: str
    counting: int
    expired: int
    oldest: datetime | None
    newest: datetime | None


class Shelf:
    """The file. For one thread."""

    def __init__(self, path: Path, *, write: bool = False) -> None:
        if write:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._base = sqlite3.connect(path, timeout=30, isolation_level=None)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")  # all of it can be made again from the feeds
            self._base.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
            self._base.executescript(_SCHEMA)
        else:
            self._base = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30, isolation_level=None
            )

    def generation(self) -> int:
        """Something that changes whenever a feed was taken in or forgotten."""
        return int(self._base.execute("SELECT last FROM turns").fetchone()[0])

    def replace(self, source: str, indicators: Iterable[ThreatIndicator], now: datetime) -> tuple[int, int]:
        """What ``source`` says now, in place of what it said; when each was first seen stays. (all, new)."""
        base, moment = self._base, now.timestamp()
        base.execute("BEGIN IMMEDIATE")
        try:
            turn = self._turn()
            base.executemany(
                "INSERT INTO indicators (value, kind, source, confidence, since, until, name, seen, first, turn) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET confidence = excluded.confidence, "
                "since = excluded.since, until = excluded.until, name = excluded.name, turn = excluded.turn",
                ((*_row(one, source, moment), turn, turn) for one in indicators),
            )
            base.execute("DELETE FROM indicators WHERE source = ? AND turn <> ?", (source, turn))
            total, fresh = base.execute(
                "SELECT count(*), coalesce(sum(first = turn), 0) FROM indicators WHERE source = ?", (source,)
            ).fetchone()
            base.execute("COMMIT")
        except BaseException:
            base.execute("ROLLBACK")
            raise
        return int(total), int(fresh)

    def _turn(self) -> int:
        self._base.execute("UPDATE turns SET last = last + 1")
        return self.generation()

    def note_file(self, source: str, mark: str, now: datetime, entries: int, refused: int, problem: str) -> None:
        """What became of a file."""
        self._base.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)",
            (source, mark, now.timestamp(), entries, refused, problem),
        )

    def marks(self) -> dict[str, str]:
        """The mark of each file that was taken or refused."""
        return dict(self._base.execute("SELECT source, mark FROM files"))

    def forget(self, source: str) -> None:
        """A file is gone: what it said is, too."""
        self._turn()
        for table in ("indicators", "files"):
            self._base.execute(f"DELETE FROM {table} WHERE source = ?", (source,))

    def files(self) -> list[dict[str, object]]:
        """Every file: when taken, entries, refused ones, the first problem."""
        rows = self._base.execute("SELECT source, taken, entries, refused, problem FROM files ORDER BY source")
        return [
            {"source": source, "taken": _moment(taken).isoformat(), "entries": entries, "refused": refused,
             "problem": problem}
            for source, taken, entries, refused, problem in rows
        ]  # fmt: skip

    def values(self, now: datetime) -> Iterator[tuple[str, str]]:
        """Kind and value of everything that counts at ``now``."""
        yield from self._base.execute("SELECT DISTINCT kind, value FROM indicators WHERE until > ?", (now.timestamp(),))

    def of(self, value: str, now: datetime) -> list[ThreatIndicator]:
        """What the sources say of a value, surest first."""
        rows = self._base.execute(
            f"SELECT {_COLUMNS} FROM indicators WHERE value = ? AND until > ? ORDER BY confidence DESC, source",
            (value, now.timestamp()),
        )
        return [_indicator(row) for row in rows]

    def search(self, text: str = "", limit: int = 100, offset: int = 0) -> list[ThreatIndicator]:
        """Indicators whose value begins with ``text``, expired ones among them."""
        rows = self._base.execute(
            f"SELECT {_COLUMNS} FROM indicators WHERE value >= ? AND value < ? ORDER BY value LIMIT ? OFFSET ?",
            (text, text + "\U0010ffff", limit, offset),
        )
        return [_indicator(row) for row in rows]

    def unhunted(self, limit: int) -> list[ThreatIndicator]:
        """Indicators that the store was not yet searched for."""
        rows = self._base.execute(f"SELECT {_COLUMNS} FROM indicators WHERE hunted = 0 LIMIT ?", (limit,))
        return [_indicator(row) for row in rows]

    def note_hunted(self, values: Sequence[str]) -> None:
        """The store was searched for these."""
        self._base.execute("BEGIN")
        self._base.executemany("UPDATE indicators SET hunted = 1 WHERE value = ?", ((value,) for value in values))
        self._base.execute("COMMIT")

    def counts(self, now: datetime) -> dict[str, int]:
        """Indicators that count, by kind."""
        return dict(
            self._base.execute(
                "SELECT kind, count(*) FROM indicators WHERE until > ? GROUP BY kind", (now.timestamp(),)
            )
        )

    def by_source(self, now: datetime) -> list[SourceView]:
        """Every source: what counts, what has expired, how old it is, when its file was read, what was wrong."""
        rows = self._base.execute(
            "SELECT source, taken, refused, problem, coalesce(counting, 0), coalesce(expired, 0), oldest, newest "
            "FROM files LEFT JOIN (SELECT source, sum(until > :now) AS counting, sum(until <= :now) AS expired, "
            "min(since) AS oldest, max(since) AS newest FROM indicators GROUP BY source) USING (source) "
            "ORDER BY source",
            {"now": now.timestamp()},
        )
        return [
            SourceView(
                source=source, taken=_moment(taken), refused=refused, problem=problem, counting=counting,
                expired=expired, oldest=None if oldest is None else _moment(oldest),
                newest=None if newest is None else _moment(newest),
            )
            for source, taken, refused, problem, counting, expired, oldest, newest in rows
        ]  # fmt: skip

    def close(self) -> None:
        self._base.close()


_Row = tuple[str, str, str, int, float, float, str, float]


def _row(one: ThreatIndicator, source: str, moment: float) -> _Row:
    times = one.since.timestamp(), one.until.timestamp()
    return one.value, one.kind.value, source, one.confidence, *times, one.name, moment


def _indicator(row: tuple[str, str, str, int, float, float, str, float]) -> ThreatIndicator:
    kind, value, source, confidence, since, until, name, seen = row
    return ThreatIndicator(
        kind=IndicatorKind(kind), value=value, source=source, confidence=confidence, since=_moment(since),
        until=_moment(until), name=name, seen=_moment(seen),
    )  # fmt: skip


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

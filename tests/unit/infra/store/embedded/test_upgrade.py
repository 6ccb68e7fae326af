"""Stores as earlier versions wrote them open, answer, and are brought up to date by keeper.

The layout of version 1 is written here by code of its own: a manifest by its SQL, segments with larger row groups, and
a Bloom filter where this version keeps an index.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import struct
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from infra.clock import ManualClock
from infra.errors import AppError
from infra.events.stream import Stream
from infra.spool.position import SpoolPosition
from infra.store.embedded import EmbeddedStore, index
from infra.store.embedded.columns import to_arrow
from infra.store.embedded.compact import Tiers, compact
from infra.store.query.tree import Phrase, Term
from infra.store.seams import SourceCount
from tests.contract.event_samples import NOON, ask, batch, event

LAYOUT_1 = """
CREATE TABLE shapes (id INTEGER PRIMARY KEY, columns TEXT NOT NULL UNIQUE);
CREATE TABLE segments (
    id INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, day TEXT NOT NULL, path TEXT NOT NULL UNIQUE,
    level INTEGER NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL, t0 INTEGER NOT NULL, t1 INTEGER NOT NULL,
    id0 TEXT NOT NULL, id1 TEXT NOT NULL, shape INTEGER NOT NULL REFERENCES shapes (id), sha256 TEXT NOT NULL,
    version INTEGER NOT NULL, dead_since INTEGER);
CREATE INDEX segments_time ON segments (stream, t1) WHERE dead_since IS NULL;
CREATE INDEX segments_ids ON segments (id1, id0) WHERE dead_since IS NULL;
CREATE INDEX segments_dead ON segments (dead_since) WHERE dead_since IS NOT NULL;
CREATE TABLE spools (name TEXT PRIMARY KEY, segment INTEGER NOT NULL, "offset" INTEGER NOT NULL);
CREATE TABLE counts (source TEXT PRIMARY KEY, stored INTEGER NOT NULL, quarantined INTEGER NOT NULL,
    received INTEGER NOT NULL, newest_ns INTEGER NOT NULL, duplicates INTEGER NOT NULL);
CREATE TABLE holds (stream TEXT NOT NULL, day TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (stream, day));
PRAGMA user_version=1;
"""
EVENTS = [event(at, message=f"code{at} von gestern 药品", host__name=f"h{at % 5}") for at in range(6000)]


def written_by_version_1(folder: Path) -> None:
    """One merged and one fresh segment, a committed position, counts, a hold."""
    folder.mkdir()
    database = sqlite3.connect(folder / "manifest.db")
    database.executescript("PRAGMA journal_mode=WAL;" + LAYOUT_1)
    for number, (level, part) in enumerate(((1, EVENTS[:5000]), (0, EVENTS[5000:]))):
        path = folder / "logs" / "2026-11-24" / f"old-{number}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = to_arrow(part)
        pq.write_table(rows, path, compression="zstd", row_group_size=16_384, store_schema=False)
        columns = json.dumps(sorted(rows.column_names), separators=(",", ":"))
        database.execute("INSERT OR IGNORE INTO shapes (columns) VALUES (?)", (columns,))
        (shape,) = database.execute("SELECT id FROM shapes WHERE columns = ?", (columns,)).fetchone()
        times = sorted(int(one["@timestamp"].timestamp() * 1e6) for one in part)
        ids = sorted(one["event.id"] for one in part)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        database.execute(
            "INSERT INTO segments (stream, day, path, level, rows, bytes, t0, t1, id0, id1, shape, sha256, version)"
            " VALUES ('logs', '2026-11-24', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
            (
                str(path.relative_to(folder)), level, len(part), path.stat().st_size, times[0], times[-1], ids[0],
                ids[-1], shape, digest,
            ),
        )  # fmt: skip
        if level:
            path.with_suffix(".tokens").write_bytes(struct.pack("<8sQI", b"YDBLOOM\x01", 64, 7) + bytes(8))
    database.execute("INSERT INTO spools VALUES ('test', 3, 77)")
    database.execute("INSERT INTO counts VALUES ('sample', 6000, 0, 6000, 1, 0)")
    database.execute("INSERT INTO holds VALUES ('logs', '2026-11-24', 'case 7')")
    database.commit()
    database.close()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    written_by_version_1(tmp_path / "events")
    return tmp_path / "events"


def test_it_opens_answers_and_goes_on_where_it_was(old: Path) -> None:
    store = EmbeddedStore(old, ManualClock(NOON))
    assert store.committed("test") == SpoolPosition(3, 77)
    assert store.counts()["sample"] == SourceCount(6000, 0, 6000, 1)
    assert store.manifest.holds() == {("logs", "2026-11-24"): "case 7"}
    assert store.search(ask(Phrase("message", "code77"))).events == (EVENTS[77],)
    assert store.search(ask(Term("host.name", "h3"), count_up_to=9999, limit=1)).total == 1200
    assert store.get(EVENTS[5500]["event.id"]) == EVENTS[5500]
    store.append(batch([EVENTS[0]], 3, 77))
    assert store.stats()[Stream.LOGS].events == 6000
    store.append(batch([event(9000, message="code9000 new")], 3, 99))
    assert store.search(ask(Phrase("message", "new"))).total == 1
    store.close()


def test_keeper_brings_it_up_to_date(old: Path) -> None:
    store = EmbeddedStore(old, ManualClock(NOON))
    merged = old / "logs" / "2026-11-24" / "old-0.tokens"
    assert index.load(merged) is None
    assert compact(store).indexed == 1
    assert index.load(merged) is not None
    assert compact(store).indexed == 0
    assert store.search(ask(Phrase("message", "code77"))).events == (EVENTS[77],)
    compact(store, Tiers(width=1, grace=timedelta(seconds=-1)))
    assert store.search(ask(Phrase("message", "code5999"))).events == (EVENTS[5999],)
    store.close()


def test_a_store_of_a_later_version_is_left_alone(old: Path) -> None:
    with sqlite3.connect(old / "manifest.db") as database:
        database.execute("PRAGMA user_version=99")
    database.close()
    with pytest.raises(AppError, match="99"):
        EmbeddedStore(old, ManualClock(NOON))

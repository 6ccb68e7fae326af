from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from infra.records import open_records
from infra.records.watch import Watch


def test_every_commit_of_anybody_is_seen_and_nothing_else(tmp_path: Path) -> None:
    one, other = open_records(tmp_path / "r.db"), open_records(tmp_path / "r.db")
    one.write(lambda session: session.execute(text("CREATE TABLE t (x INTEGER)")) and None)
    watch = Watch(one.engine)
    seen = watch.version()
    assert seen is not None
    one.read(lambda session: session.execute(text("SELECT * FROM t")).all())
    assert watch.version() == seen
    for number, records in enumerate((one, other, one)):
        records.write(lambda session, n=number: session.execute(text(f"INSERT INTO t VALUES ({n})")) and None)  # type: ignore[misc]
        assert watch.version() != seen
        seen = watch.version()
    watch.close()
    one.close()
    other.close()


def test_a_failed_transaction_changes_nothing(tmp_path: Path) -> None:
    records = open_records(tmp_path / "r.db")
    records.write(lambda session: session.execute(text("CREATE TABLE t (x INTEGER UNIQUE)")) and None)
    watch = Watch(records.engine)
    seen = watch.version()
    try:
        records.write(lambda session: session.execute(text("INSERT INTO t VALUES (1), (1)")) and None)
    except Exception:
        assert watch.version() == seen
    else:
        raise AssertionError("not refused")
    watch.close()
    records.close()

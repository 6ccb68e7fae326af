"""Records on SQLite: durable, one writer, group commit with separate fates, snapshots for readers."""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from infra.clock import ManualClock
from infra.records import Lease, open_records
from infra.records.lease import LeaseRow
from infra.records.migrate import migrate
from tests.fresh import fresh_records

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def records(tmp_path):
    found = fresh_records(tmp_path)
    yield found
    found.close()


def row(name: str, until: datetime = NOON) -> LeaseRow:
    return LeaseRow(name=name, holder="h", until=until, term=1)


def names(records) -> set[str]:
    return set(records.read(lambda session: session.execute(text("SELECT name FROM infra_leases")).scalars()))


def test_every_connection_is_durable_and_keeps_foreign_keys(records):
    def pragmas(session: Session):
        return [
            session.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert records.read(pragmas) == ["wal", 2, 1]
    assert records.write(pragmas) == ["wal", 2, 1]


def test_a_failing_work_undoes_only_itself(records):
    started, go = threading.Event(), threading.Event()

    def hold(session: Session) -> None:
        session.add(row("first"))
        started.set()
        go.wait(10)

    def fail(session: Session) -> None:
        session.add(row("doomed"))
        session.flush()
        raise ValueError("no")

    first = records.submit(hold)
    started.wait(10)
    works = [records.submit(lambda session, n=n: session.add(row(f"n{n}"))) for n in range(5)]
    doomed = records.submit(fail)
    clash = records.submit(lambda session: session.add(row("first")))
    after = records.submit(lambda session: session.add(row("after")))
    go.set()
    for work in (first, *works, after):
        work.result(10)
    with pytest.raises(ValueError, match="no"):
        doomed.result(10)
    with pytest.raises(IntegrityError):
        clash.result(10)
    assert names(records) == {"first", "after", *(f"n{n}" for n in range(5))}


def test_waiting_works_share_a_commit(records, tmp_path):
    """Another connection never sees some of a batch: they become visible together."""
    started, go = threading.Event(), threading.Event()
    records.submit(lambda _: (started.set(), go.wait(10)))
    started.wait(10)
    works = [records.submit(lambda session, n=n: session.add(row(f"n{n}"))) for n in range(20)]
    seen: set[int] = set()
    other = sqlite3.connect(tmp_path / "records.db")
    go.set()
    while not works[-1].done():
        seen.add(other.execute("SELECT count(*) FROM infra_leases").fetchone()[0])
    other.close()
    assert seen <= {0, 20}
    assert len(names(records)) == 20


def test_writers_of_several_processes_wait_for_each_other(tmp_path):
    first = open_records(tmp_path / "records.db")
    migrate(first.engine)
    second = open_records(tmp_path / "records.db")
    works = [(first, second)[n % 2].submit(lambda session, n=n: session.add(row(f"n{n}"))) for n in range(60)]
    for work in works:
        work.result(30)
    assert len(names(first)) == 60
    first.close()
    second.close()


def test_a_change_left_in_a_read_is_refused(records):
    with pytest.raises(RuntimeError, match="inside read"):
        records.read(lambda session: session.add(row("stray")))
    assert names(records) == set()


def test_a_write_inside_a_write_is_refused_and_not_a_deadlock(records):
    with pytest.raises(RuntimeError, match="inside write"):
        records.write(lambda _: records.write(lambda session: session.add(row("inner"))))


def test_moments_come_back_aware_in_utc_whatever_their_zone(records):
    beijing = NOON.astimezone(timezone(timedelta(hours=8)))
    records.write(lambda session: session.add(row("zone", beijing)))
    assert records.read(lambda session: session.get(LeaseRow, "zone")).until.isoformat() == NOON.isoformat()
    with pytest.raises(Exception, match="naive"):
        records.write(lambda session: session.add(row("naive", NOON.replace(tzinfo=None))))


def test_closing_finishes_waiting_writes_and_refuses_later_ones(tmp_path):
    records = open_records(tmp_path / "records.db")
    migrate(records.engine)
    works = [records.submit(lambda session, n=n: session.add(row(f"n{n}"))) for n in range(30)]
    records.close()
    assert all(work.done() and work.exception() is None for work in works)
    with pytest.raises(RuntimeError, match="closed"):
        records.write(lambda session: None)


def test_a_lease_is_held_by_one_until_it_ends_or_is_released(records):
    clock = ManualClock(NOON)
    one, two = Lease("job", "one", clock, 10), Lease("job", "two", clock, 10)
    assert records.write(one.hold)
    assert not records.write(two.hold)
    clock.advance(9)
    assert records.write(one.hold)
    clock.advance(9)
    assert not records.write(two.hold)
    clock.advance(1)
    assert records.write(two.hold)
    assert not records.write(one.hold)
    records.write(two.release)
    assert records.write(one.hold)


def test_rows_handed_out_by_a_read_stay_usable(records):
    records.write(lambda session: session.add(row("kept")))
    assert records.read(lambda session: session.get(LeaseRow, "kept")).holder == "h"

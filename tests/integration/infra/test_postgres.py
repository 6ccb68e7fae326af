"""Records and the ledger on a real PostgreSQL."""

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic import command
from sqlalchemy import inspect

from infra.clock import SystemClock
from infra.feed import Feed, publish
from infra.ledger import Ledger, Sequencer, record
from infra.records import Lease, open_records
from infra.records.lease import LeaseRow
from infra.records.migrate import configuration, migrate
from trust.audit import Audit, AuditFilter

pytestmark = pytest.mark.integration

MIGRATE = (
    "import sys; from infra.records import open_records; from infra.records.migrate import migrate;"
    "r = open_records(sys.argv[1]); migrate(r.engine); r.close()"
)


@pytest.fixture
def records(postgres_url):
    found = open_records(postgres_url)
    migrate(found.engine)
    yield found
    command.downgrade(configuration(found.engine), "base")
    found.close()


def test_several_processes_migrate_at_once(postgres_url):
    children = [
        subprocess.Popen([sys.executable, "-c", MIGRATE, postgres_url], stderr=subprocess.PIPE) for _ in range(3)
    ]
    assert [(child.communicate(timeout=120)[1], child.returncode) for child in children] == [(b"", 0)] * 3
    records = open_records(postgres_url)
    assert "infra_ledger_leaves" in inspect(records.engine).get_table_names()
    command.downgrade(configuration(records.engine), "base")
    assert set(inspect(records.engine).get_table_names()) == {"alembic_version"}
    records.close()


def test_moments_keep_their_instant(records):
    beijing = datetime(2026, 11, 24, 20, tzinfo=timezone(timedelta(hours=8)))
    records.write(lambda session: session.add(LeaseRow(name="z", holder="h", until=beijing, term=1)))
    found = records.read(lambda session: session.get(LeaseRow, "z"))
    assert found.until.isoformat() == "2026-11-24T12:00:00+00:00"
    assert found.until.tzinfo is UTC


def test_a_lease_has_one_holder_among_many_takers(postgres_url, records):
    others = [open_records(postgres_url) for _ in range(4)]
    held: list[bool] = []
    barrier = threading.Barrier(4)

    def take(number: int) -> None:
        lease = Lease("job", f"holder {number}", SystemClock(), 60)
        barrier.wait(20)
        held.append(others[number].write(lease.hold))

    threads = [threading.Thread(target=take, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for other in others:
        other.close()
    assert sorted(held) == [False, False, False, True]


def test_writers_of_several_connections_and_rival_sequencers_make_one_clean_tree(postgres_url, records):
    others = [open_records(postgres_url) for _ in range(3)]
    stop = threading.Event()

    def write(number: int) -> None:
        for count in range(100):
            others[number].write(
                lambda session, c=count: record(session, actor="w", action="a.b", thing=f"t:{number}-{c}", detail={})
            )

    writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    sequencers = [threading.Thread(target=Sequencer(other).run, args=(stop, 0.01)) for other in others]
    for thread in (*writers, *sequencers):
        thread.start()
    for thread in writers:
        thread.join(120)
    ledger = Ledger(records)
    for _ in range(600):
        head = ledger.head()
        if head and head.size == 300:
            break
        stop.wait(0.05)
    stop.set()
    for thread in sequencers:
        thread.join(60)
    report = ledger.verify()
    assert (report.leaves, report.findings) == (300, ())
    for other in others:
        other.close()


def test_the_feed_wakes_at_once(postgres_url, records):
    other = open_records(postgres_url)
    feed, heard = Feed(other), threading.Event()
    feed.subscribe(["t"], lambda notice: heard.set())
    feed.start()
    records.write(lambda session: publish(session, "t", "key"))
    assert heard.wait(1.0)
    feed.stop()
    other.close()


def test_free_text_of_the_audit_page(records):
    records.write(lambda session: record(session, actor="w", action="a.b", thing="t:1", detail={"why": "误报 100%"}))
    Sequencer(records).turn()
    audit = Audit(records)
    assert audit.rows(AuditFilter(text="误报 100%"), 10).total == 1
    assert audit.rows(AuditFilter(text="1_0"), 10).total == 0

"""The feed: heard once, by everybody who asked, in every process, only after the commit."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from infra.clock import ManualClock
from infra.feed import Feed, publish
from infra.feed.notice import NoticeRow
from infra.records import open_records
from tests.fresh import fresh_records, records_url


@pytest.fixture
def records(tmp_path):
    found = fresh_records(tmp_path)
    yield found
    found.close()


@pytest.fixture
def clock():
    return ManualClock(datetime(2026, 11, 24, 12, tzinfo=UTC))


@pytest.fixture
def feed(records, clock):
    return Feed(records, clock)


def tell(records, clock, topic, key="", number=None) -> None:
    def work(session):
        if number is None:
            publish(session, topic, key, at=clock.now())
        else:
            session.add(NoticeRow(id=number, topic=topic, key=key, detail={}, at=clock.now()))

    records.write(work)


def test_heard_once_by_those_who_asked_for_the_topic(feed, records, clock):
    heard, other = [], []
    feed.subscribe(["alerts", "rules"], lambda notice: heard.append((notice.topic, notice.key)))
    feed.subscribe(["audit"], other.append)
    tell(records, clock, "alerts", "a1")
    tell(records, clock, "rules", "r1")
    assert feed.poll() == 2
    assert feed.poll() == 0
    assert (heard, other) == ([("alerts", "a1"), ("rules", "r1")], [])


def test_what_is_told_between_making_and_starting_is_heard(records, clock):
    """Between them a service reads the register; a change after that reading must not be missed."""
    tell(records, clock, "devices", "before")
    feed, heard, came = Feed(records, clock), [], threading.Event()
    feed.subscribe(["devices"], lambda notice: (heard.append(notice.key), came.set()))
    tell(records, clock, "devices", "between")
    feed.start()
    try:
        assert came.wait(10)
        assert heard == ["between"]
    finally:
        feed.stop()


def test_a_change_that_is_undone_is_not_heard_of(feed, records, clock):
    def fail(session):
        publish(session, "alerts", at=clock.now())
        raise ValueError

    with pytest.raises(ValueError):
        records.write(fail)
    assert feed.poll() == 0


def test_a_notice_that_appears_late_beneath_others_is_heard(feed, records, clock):
    """Two writers: the one with the smaller number commits last."""
    heard = []
    feed.subscribe(["t"], lambda notice: heard.append(notice.id))
    tell(records, clock, "t", number=20)
    feed.poll()
    clock.advance(10)
    tell(records, clock, "t", number=19)
    feed.poll()
    clock.advance(60)
    feed.poll()
    assert heard == [20, 19]


def test_memory_does_not_grow(feed, records, clock):
    for _ in range(5):
        tell(records, clock, "t")
        feed.poll()
        clock.advance(31)
    feed.poll()
    assert len(feed._seen) <= 1


def test_versions_grow_by_topic(feed, records, clock):
    assert feed.versions() == {}
    tell(records, clock, "a")
    feed.poll()
    first = feed.versions()["a"]
    tell(records, clock, "b")
    tell(records, clock, "a")
    feed.poll()
    assert feed.versions()["a"] > first


def test_a_hearer_that_fails_does_not_silence_the_others(feed, records, clock):
    heard = []
    feed.subscribe(["t"], lambda notice: 1 / 0)
    end = feed.subscribe(["t"], heard.append)
    tell(records, clock, "t")
    feed.poll()
    assert len(heard) == 1
    end()
    tell(records, clock, "t")
    feed.poll()
    assert len(heard) == 1


def test_other_processes_hear_within_a_second_and_nothing_from_before(records, clock):
    tell(records, clock, "t", "before")
    other = open_records(records_url(records))
    feed, heard = Feed(other), threading.Event()
    keys = []
    feed.subscribe(["t"], lambda notice: (keys.append(notice.key), heard.set()))
    feed.start()
    records.write(lambda session: publish(session, "t", "after"))
    assert heard.wait(1.0)
    feed.stop()
    other.close()
    assert keys == ["after"]


def test_old_notices_are_swept(records, clock):
    feed, swept = Feed(records, clock), threading.Event()
    tell(records, clock, "t")
    clock.advance(7200)
    feed.start()
    for _ in range(100):
        if records.read(lambda session: session.scalar(select(func.count()).select_from(NoticeRow))) == 0:
            swept.set()
            break
        swept.wait(0.05)
    feed.stop()
    assert swept.is_set()

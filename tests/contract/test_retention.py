"""Retention by keeper's one rule, over whichever store: what is over goes by whole days, nothing else does."""

from __future__ import annotations

from datetime import date, timedelta

from infra.events.stream import Stream
from infra.store.embedded.retain import Policy
from infra.store.seams import EventStore
from tests.contract.event_samples import NOON, batch, event
from yaodun.services.keeper import drop_expired

TODAY = NOON.date()


def fill(store: EventStore) -> None:
    """An event on each of five days, of two streams."""
    for number, (days, stream) in enumerate(
        (days, stream) for days in range(5) for stream in (Stream.LOGS, Stream.METRICS)
    ):
        moment = NOON - timedelta(days=days)
        made = event(number, message=f"day {days}") | {"@timestamp": moment, "event.ingested": moment}
        store.append(batch([made], 1, number + 1, stream))


def test_days_that_are_over_go_and_are_told(store: EventStore) -> None:
    fill(store)
    gone = drop_expired(store, Policy(days=2), TODAY)
    expected = {(stream, TODAY - timedelta(days=days)) for stream in (Stream.LOGS, Stream.METRICS) for days in (3, 4)}
    assert {(item.stream, item.day) for item in gone} == expected
    assert {item.events for item in gone} == {1}
    for stream in (Stream.LOGS, Stream.METRICS):
        assert list(store.days(stream)) == [TODAY - timedelta(days=days) for days in (2, 1, 0)]
        assert store.stats()[stream].events == 3
    assert drop_expired(store, Policy(days=2), TODAY) == []


def test_a_stream_may_be_kept_for_another_time(store: EventStore) -> None:
    fill(store)
    drop_expired(store, Policy(days=30, stream_days={Stream.METRICS: 1}), TODAY)
    assert len(store.days(Stream.LOGS)) == 5
    assert list(store.days(Stream.METRICS)) == [TODAY - timedelta(days=1), TODAY]


def test_what_was_dropped_stays_dropped_when_its_spool_comes_again(store: EventStore) -> None:
    fill(store)
    drop_expired(store, Policy(days=2), TODAY)
    fill(store)
    assert date(2026, 11, 20) not in store.days(Stream.LOGS)

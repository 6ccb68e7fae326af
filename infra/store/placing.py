"""The day an event is kept under: the same rule in every store.

The day it happened, if that is at most ``EARLIEST`` before and ``LATEST`` after the day it came; else the day it came.
So a replayed old log is kept as long as the law wants from its arrival, and no sender can scatter events over thousands
of days. The day it came is ``event.ingested``, which a replay of the spool does not change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from infra.events.stream import Event

EARLIEST = timedelta(days=7)
LATEST = timedelta(days=1)


def day_of(event: Event, now: datetime) -> tuple[date, bool]:
    """The day of ``event``, and whether it is one of another time; ``now`` where it does not say when it came."""
    came = event.get("event.ingested")
    arrival = (came if isinstance(came, datetime) else now).date()
    return _placed(event["@timestamp"].date(), arrival)


def by_day(events: Sequence[Event], now: datetime) -> dict[tuple[date, bool], list[Event]]:
    """``events`` by ``day_of``, in their order. Mostly all lie in one: then only the first and the last are asked."""
    days: dict[tuple[date, bool], list[Event]] = defaultdict(list)
    if events and (one := _only_day(events, now)) is not None:
        days[one] = list(events)
        return days
    for event in events:
        days[day_of(event, now)].append(event)
    return days


def _only_day(events: Sequence[Event], now: datetime) -> tuple[date, bool] | None:
    times = [event["@timestamp"] for event in events]
    first, last = min(times).date(), max(times).date()
    arrivals = {came.date() if isinstance(came, datetime) else now.date() for came in _arrivals(events)}
    if first != last or len(arrivals) > 1 or {time.tzinfo for time in times} != {UTC}:
        return None
    return _placed(first, arrivals.pop())


def _arrivals(events: Sequence[Event]) -> set[object]:
    return {event.get("event.ingested") for event in events}


@lru_cache(maxsize=256)
def _placed(happened: date, arrival: date) -> tuple[date, bool]:
    late = not arrival - EARLIEST <= happened <= arrival + LATEST
    return (arrival if late else happened), late

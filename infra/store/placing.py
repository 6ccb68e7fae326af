"""The day an event is kept under: the same rule in every store.

The day it happened, if that is at most ``EARLIEST`` before and ``LATEST`` after the day it came; else the day it came.
So a replayed old log is kept as long as the law wants from its arrival, and no sender can scatter events over thousands
of days. The day it came is ``event.ingested``, which a replay of the spool does not change.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

from infra.events.stream import Event

EARLIEST = timedelta(days=7)
LATEST = timedelta(days=1)


def day_of(event: Event, now: datetime) -> tuple[date, bool]:
    """The day of ``event``, and whether it is one of another time; ``now`` where it does not say when it came."""
    came = event.get("event.ingested")
    arrival = (came if isinstance(came, datetime) else now).date()
    return _placed(event["@timestamp"].date(), arrival)


@lru_cache(maxsize=256)
def _placed(happened: date, arrival: date) -> tuple[date, bool]:
    late = not arrival - EARLIEST <= happened <= arrival + LATEST
    return (arrival if late else happened), late

"""Time: aware UTC inside, injected everywhere, so that tests own it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from infra.errors import AppError, ErrorKind


class Clock(Protocol):
    """Tells the time. ``now`` is aware UTC; ``monotonic`` is in seconds and never goes back."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is moved; for tests and replays."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Move both readings forward by ``seconds``."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


def rfc3339(moment: datetime) -> str:
    """RFC 3339 in UTC with millisecond precision, ending in ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_rfc3339(text: str, place: str = "time") -> datetime:
    """An aware moment from RFC 3339 text; raises ``AppError(INVALID)`` naming ``place``."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise AppError(ErrorKind.INVALID, "infra.time_malformed", place=place, text=text[:64]) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

"""A job: judges every whole window once, in order, and answers signals for the recent ones only."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from infra.events.signal import Signal
from infra.store.query.tree import Window

log = logging.getLogger(__name__)
MOST_SIGNALS = 200
"""Signals of one window; a model that finds more has lost its footing, and the rest is counted, not sent."""

Judge = Callable[[Window], list[Signal]]


class Job:
    """``run(now)`` judges the windows that ended since the last run (at first: those of ``history``, to learn)."""

    def __init__(self, name: str, every: timedelta, history: timedelta, judge: Judge, delay: timedelta) -> None:
        self.name, self.every, self.history, self.delay = name, every, history, delay
        self.judge = judge
        self._until: datetime | None = None

    def run(self, now: datetime) -> list[Signal]:
        """Signals of the windows that ended within the last three intervals; older ones only teach.

        ``delay`` waits for late events. After a long pause at most ``history`` is caught up.
        """
        end = floor(now - self.delay, self.every)
        start = max(self._until or end - self.history, end - self.history)
        found: list[Signal] = []
        while start < end:
            signals = self.judge(Window(start, start + self.every))
            if start + 3 * self.every >= end:
                found += signals[:MOST_SIGNALS]
            if len(signals) > MOST_SIGNALS:
                log.warning("scheduled.too_many", extra={"job": self.name, "signals": len(signals)})
            start += self.every
            self._until = start
        return found


def floor(moment: datetime, step: timedelta) -> datetime:
    """The last whole step at or before ``moment``, counted from the epoch."""
    seconds = step.total_seconds()
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)


def joined(groups: Sequence[list[Signal]]) -> list[Signal]:
    """All signals of several judges."""
    return [signal for group in groups for signal in group]

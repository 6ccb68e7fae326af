"""When something is due: at a calendar's times, every so often, or once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from apscheduler.triggers.cron import CronTrigger

from infra.errors import AppError, ErrorKind

BEIJING = "Asia/Shanghai"
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_NUMBER = re.compile(r"(?<![/\d])[0-7](?!\d)")
"""Weekday numbers mean what crontab(5) says (0 and 7 are Sunday); APScheduler counts from Monday."""


class Timing(msgspec.Struct, frozen=True, tag_field="is", tag=str.lower):
    """Base of every timing."""

    def after(self, moment: datetime) -> datetime | None:
        """The first due time later than ``moment`` (aware); None where there is none any more."""
        raise NotImplementedError

    def between(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """Due times in ``(after, until]``, in order."""
        due = self.after(after)
        while due is not None and due <= until:
            yield due
            due = self.after(due)

    def latest(self, after: datetime, until: datetime) -> datetime | None:
        """The last due time in ``(after, until]``; None where there is none."""
        found = None
        for due in self.between(after, until):
            found = due
        return found


class Every(Timing, frozen=True):
    """Each ``seconds``, counted from ``start`` on, so that a restart does not shift it."""

    seconds: float
    start: datetime

    def after(self, moment: datetime) -> datetime | None:
        if moment < self.start:
            return self.start
        step = timedelta(seconds=self.seconds)
        return self.start + (((moment - self.start) // step) + 1) * step

    def latest(self, after: datetime, until: datetime) -> datetime | None:
        if until < self.start:
            return None
        step = timedelta(seconds=self.seconds)
        due = self.start + ((until - self.start) // step) * step
        return due if due > after else None


class Cron(Timing, frozen=True):
    """Five fields (minute hour day month weekday) in the time of ``zone``."""

    expression: str
    zone: str = BEIJING

    def after(self, moment: datetime) -> datetime | None:
        due = _trigger(self.expression, self.zone).get_next_fire_time(moment, moment)
        return due.astimezone(moment.tzinfo) if due is not None else None


class Once(Timing, frozen=True):
    """At one moment."""

    at: datetime

    def after(self, moment: datetime) -> datetime | None:
        return self.at if self.at > moment else None


AnyTiming = Every | Cron | Once


def check_timing(timing: AnyTiming) -> None:
    """``AppError(INVALID)`` saying what is wrong with a timing."""
    if isinstance(timing, Every) and not 1 <= timing.seconds <= 366 * 86_400:
        raise AppError(ErrorKind.INVALID, "infra.schedule.seconds", place="seconds", seconds=timing.seconds)
    if isinstance(timing, Every | Once) and (timing.start if isinstance(timing, Every) else timing.at).tzinfo is None:
        raise AppError(ErrorKind.INVALID, "infra.schedule.naive", place="start" if isinstance(timing, Every) else "at")
    if isinstance(timing, Cron):
        _trigger(timing.expression, timing.zone)


@lru_cache(maxsize=4096)
def _trigger(expression: str, zone: str) -> Any:
    if len(expression) > 200 or len(expression.split()) != 5:
        raise AppError(ErrorKind.INVALID, "infra.schedule.cron", place="expression", expression=expression[:80])
    minute, hour, day, month, weekday = expression.split()
    named = _DAY_NUMBER.sub(lambda found: _DAYS[int(found[0])], weekday)
    try:
        return CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=named, timezone=ZoneInfo(zone))
    except (ValueError, KeyError, TypeError, OSError, AttributeError):
        shown = expression[:80]
        raise AppError(ErrorKind.INVALID, "infra.schedule.cron", place="expression", expression=shown) from None

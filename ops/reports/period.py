"""Periods of reports: whole days, weeks from Monday, months, in Beijing time."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

BEIJING = ZoneInfo("Asia/Shanghai")
_DAY = timedelta(days=1)


class Kind(StrEnum):
    """How long a report looks back."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """``[since, until)``; ``complete`` is off where it has not ended yet."""

    kind: Kind
    since: datetime
    until: datetime
    complete: bool = True

    @property
    def name(self) -> str:
        """``2026-11-18``, ``2026-11-16/22`` or ``2026-11``."""
        first, last = self.since.astimezone(BEIJING), (self.until - timedelta(seconds=1)).astimezone(BEIJING)
        if self.kind is Kind.MONTHLY:
            return f"{first:%Y-%m}"
        return f"{first:%Y-%m-%d}" if first.date() == last.date() else f"{first:%Y-%m-%d}/{last:%m-%d}"


def period_of(kind: Kind, at: datetime, *, current: bool = False) -> Period:
    """The last whole period before ``at``; with ``current`` the one ``at`` lies in, up to ``at``."""
    start = _start(kind, at)
    if current:
        return Period(kind=kind, since=start, until=at, complete=False)
    return Period(kind=kind, since=_start(kind, start - timedelta(seconds=1)), until=start)


def _start(kind: Kind, at: datetime) -> datetime:
    day = at.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    if kind is Kind.WEEKLY:
        day -= _DAY * day.weekday()
    elif kind is Kind.MONTHLY:
        day = day.replace(day=1)
    return day.astimezone(at.tzinfo)

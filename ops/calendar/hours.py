"""Working hours: how much of a span was worked, and when so much work will have passed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from infra.errors import AppError, ErrorKind
from ops.calendar.workdays import LONGEST_SPAN_DAYS, WorkCalendar

BEIJING = ZoneInfo("Asia/Shanghai")
Span = tuple[datetime, datetime]
_DAY = timedelta(days=1)


class Hours:
    """Counts time. Without a calendar every moment counts; with one only ``opens`` to ``closes`` of working days."""

    def __init__(
        self, calendar: WorkCalendar | None = None, opens: time = time(9), closes: time = time(17, 30)
    ) -> None:
        self._calendar, self._opens, self._closes = calendar, opens, closes

    def between(self, start: datetime, end: datetime, pauses: Sequence[Span] = ()) -> timedelta:
        """The time that counts in ``[start, end)`` without ``pauses`` (which may overlap); never negative."""
        total = timedelta(0)
        for first, last in _without(start, end, pauses):
            total += sum((right - left for left, right in self._worked(first, last)), timedelta(0))
        return total

    def after(self, start: datetime, amount: timedelta, pauses: Sequence[Span] = ()) -> datetime:
        """The moment at which ``amount`` has counted since ``start``; pauses still to come are not known."""
        left = amount
        horizon = start + timedelta(days=LONGEST_SPAN_DAYS)
        for first, last in _without(start, horizon, pauses):
            for opened, closed in self._worked(first, last):
                if closed - opened >= left:
                    return opened + left
                left -= closed - opened
        raise AppError(ErrorKind.INVALID, "ops.calendar.span_too_long", days=amount.days, limit=LONGEST_SPAN_DAYS)

    def _worked(self, start: datetime, end: datetime) -> Iterator[Span]:
        if self._calendar is None:
            if end > start:
                yield start, end
            return
        day = start.astimezone(BEIJING).date()
        last = end.astimezone(BEIJING).date()
        while day <= last:
            if self._calendar.is_working(day):
                opened, closed = max(start, self._at(day, self._opens)), min(end, self._at(day, self._closes))
                if closed > opened:
                    yield opened, closed
            day += _DAY

    def _at(self, day: date, moment: time) -> datetime:
        return datetime.combine(day, moment, BEIJING)


def _without(start: datetime, end: datetime, pauses: Sequence[Span]) -> Iterator[Span]:
    """``[start, end)`` cut around the pauses."""
    at = start
    for since, until in sorted(pauses):
        if since >= end:
            break
        if since > at:
            yield at, since
        at = max(at, until)
    if at < end:
        yield at, end

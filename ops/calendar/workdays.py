"""Working days of the People's Republic of China: weekends, published holidays and make-up days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from infra.errors import AppError, ErrorKind
from ops.rulepacks import Pack

LONGEST_SPAN_DAYS = 36_600
_DAY = timedelta(days=1)


class WorkCalendar:
    """Answers which days are worked.

    Years without a published notice count weekends only and are ``provisional``; answers that touch one must say so.
    """

    def __init__(self, holidays: frozenset[date], make_up: frozenset[date], years: frozenset[int]) -> None:
        self._holidays = holidays
        self._make_up = make_up
        self._years = years

    def is_working(self, day: date) -> bool:
        """Whether ``day`` is worked: make-up days are, holidays and other weekend days are not."""
        if day in self._make_up:
            return True
        return day.weekday() < 5 and day not in self._holidays

    def provisional(self, first: date, last: date) -> bool:
        """Whether a day between the two lies in a year whose notice is not loaded."""
        return any(year not in self._years for year in range(first.year, last.year + 1))

    def add(self, start: date, days: int) -> date:
        """The ``days``-th working day after ``start`` (before it when negative); 0 gives ``start`` itself."""
        if abs(days) > LONGEST_SPAN_DAYS:
            raise AppError(ErrorKind.INVALID, "ops.calendar.span_too_long", days=days, limit=LONGEST_SPAN_DAYS)
        step = _DAY if days > 0 else -_DAY
        day, left = start, abs(days)
        while left:
            day += step
            left -= self.is_working(day)
        return day

    def count(self, first: date, last: date) -> int:
        """Working days after ``first`` up to and with ``last``; negative when ``last`` is earlier."""
        if last < first:
            return -sum(self.is_working(day) for day in _days(last + _DAY, first))
        return sum(self.is_working(day) for day in _days(first + _DAY, last))


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += _DAY


def work_calendar(pack: Pack) -> WorkCalendar:
    """The calendar of a ``calendar`` pack; ``AppError(INVALID)`` names the year that contradicts itself."""
    holidays: set[date] = set()
    make_up: set[date] = set()
    years = pack.content["years"]
    for year, entry in years.items():
        off = {day for first, last in entry["holidays"] for day in _days(first, last)}
        worked = set(entry["make_up"])
        _check_year(int(year), off, worked)
        holidays |= off
        make_up |= worked
    return WorkCalendar(frozenset(holidays), frozenset(make_up), frozenset(int(year) for year in years))


def _check_year(year: int, off: set[date], worked: set[date]) -> None:
    wrong = (off & worked) | {day for day in worked if day.weekday() < 5} | {d for d in off | worked if d.year != year}
    if wrong:
        place = f"calendar.years.{year}: {min(wrong).isoformat()}"
        raise AppError(ErrorKind.INVALID, "ops.calendar.year_contradicts", place=place)

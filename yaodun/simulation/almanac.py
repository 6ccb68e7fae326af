"""The calendar of a simulated world: local days, holidays, office hours; seconds since the first local midnight."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

HOUR = 3600
DAY = 24 * HOUR
UTC_OFFSET_S = 8 * HOUR


class Almanac:
    """Days of a world from local midnight of ``first`` on. Times are seconds since then."""

    def __init__(self, first: date, days: int) -> None:
        self.first, self.days = first, days
        self.end = days * DAY
        self._origin = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(seconds=UTC_OFFSET_S)
        tree = tomllib.loads(files("yaodun.simulation").joinpath("calendar.toml").read_text(encoding="utf-8"))
        self.holidays = [(date.fromisoformat(begin), date.fromisoformat(end)) for begin, end in tree["off"]]
        self.extra = [date.fromisoformat(day) for day in tree["work"]]
        self._off = [self._is_off(first + timedelta(days=number)) for number in range(-60, days + 120)]

    def moment(self, second: float) -> datetime:
        """Aware UTC, whole seconds."""
        return self._origin + timedelta(seconds=int(second))

    def day_text(self, number: int) -> str:
        """ISO date of day ``number``."""
        return (self.first + timedelta(days=number)).isoformat()

    def is_off(self, number: int) -> bool:
        """Whether nobody works on day ``number``."""
        return self._off[number + 60] if -60 <= number < self.days + 120 else False

    def in_holiday(self, number: int) -> bool:
        """Whether day ``number`` lies in one of the holidays (not merely a weekend)."""
        day = self.first + timedelta(days=number)
        return any(begin <= day <= end for begin, end in self.holidays)

    def work_day(self, number: int) -> int:
        """The first working day from ``number`` on."""
        while self.is_off(number):
            number += 1
        return number

    def number_of(self, day: date) -> int:
        """Number of ``day``; negative before the beginning."""
        return (day - self.first).days

    def _is_off(self, day: date) -> bool:
        if day in self.extra:
            return False
        return day.weekday() >= 5 or any(begin <= day <= end for begin, end in self.holidays)

"""Working days against the published notices, and against another implementation where it is installed."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import AppError
from ops.calendar.workdays import WorkCalendar, work_calendar
from ops.rulepacks import shipped_packs

CALENDAR: WorkCalendar = work_calendar(shipped_packs().versions("calendar")[-1])


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 2, 14), True),
        (date(2026, 2, 28), True),
        (date(2026, 2, 23), False),
        (date(2026, 2, 24), True),
        (date(2026, 9, 20), True),
        (date(2026, 10, 7), False),
        (date(2026, 11, 21), False),
        (date(2025, 1, 26), True),
        (date(2025, 6, 2), False),
    ],
)
def test_days_of_the_notices(day: date, works: bool) -> None:
    assert CALENDAR.is_working(day) is works


def test_ten_working_days_over_the_spring_festival_of_2026() -> None:
    """Submitted Tuesday 10 February 2026: 11-13, make-up 14, then 24-27, make-up 28, and Monday 2 March."""
    assert CALENDAR.add(date(2026, 2, 10), 10) == date(2026, 3, 2)


def test_ten_working_days_over_national_day_of_2025() -> None:
    """Submitted Friday 26 September 2025: make-up 28, 29, 30, then 9, 10, make-up 11, 13, 14, 15, 16 October."""
    assert CALENDAR.add(date(2025, 9, 26), 10) == date(2025, 10, 16)


@given(st.dates(date(2023, 2, 1), date(2026, 10, 1)), st.integers(0, 60))
def test_count_undoes_add(start: date, days: int) -> None:
    end = CALENDAR.add(start, days)
    assert CALENDAR.count(start, end) == days
    assert days == 0 or CALENDAR.is_working(end)


def test_every_published_day_agrees_with_another_implementation() -> None:
    other = pytest.importorskip("chinese_calendar", reason="install chinesecalendar to compare every day")
    day = date(2023, 1, 1)
    while day.year < 2027:
        assert CALENDAR.is_working(day) is bool(other.is_workday(day)), day
        day += timedelta(days=1)


def test_a_year_without_notice_is_provisional() -> None:
    assert not CALENDAR.provisional(date(2026, 1, 1), date(2026, 12, 31))
    assert CALENDAR.provisional(date(2026, 12, 20), date(2027, 1, 5))


def test_an_endless_span_is_refused() -> None:
    with pytest.raises(AppError):
        CALENDAR.add(date(2026, 1, 1), 10**9)

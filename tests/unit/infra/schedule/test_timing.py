"""When things are due, by an independent reading of the rules."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import AppError
from infra.schedule import Cron, Every, Once
from infra.schedule.timing import AnyTiming, check_timing

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@given(st.integers(1, 10_000), moments)
def test_every_agrees_with_counting(seconds, moment):
    due = Every(float(seconds), START).after(moment)
    assert due > moment
    assert due >= START
    assert (due - START) % timedelta(seconds=seconds) == timedelta(0)
    assert due == START or due - timedelta(seconds=seconds) <= moment


@given(st.integers(60, 10_000), moments, st.integers(0, 100_000))
def test_latest_is_the_last_of_between(seconds, after, length):
    timing, until = Every(float(seconds), START), after + timedelta(seconds=length)
    assert timing.latest(after, until) == (list(timing.between(after, until)) or [None])[-1]


DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@given(st.integers(0, 59), st.integers(0, 23), st.one_of(st.none(), st.integers(0, 7)), moments)
def test_cron_agrees_with_walking_minute_by_minute(minute, hour, weekday, moment):
    timing = Cron(f"{minute} {hour} * * {'*' if weekday is None else weekday}")
    due = timing.after(moment)
    at = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while True:
        local = at.astimezone(ZoneInfo("Asia/Shanghai"))
        if (local.minute, local.hour) == (minute, hour) and weekday in (
            None,
            local.isoweekday() % 7,
            local.isoweekday(),
        ):
            break
        at += timedelta(minutes=1)
    assert due == at


def test_weekday_numbers_are_those_of_crontab():
    sunday = datetime(2026, 11, 29, tzinfo=ZoneInfo("Asia/Shanghai"))
    for field in ("0", "7", "sun"):
        assert Cron(f"0 0 * * {field}").after(START) == sunday
    workdays = {
        due.astimezone(sunday.tzinfo).isoweekday() for due in Cron("0 9 * * 1-5").between(START, START + timedelta(14))
    }
    assert workdays == {1, 2, 3, 4, 5}


def test_once():
    assert Once(START).after(START - timedelta(1)) == START
    assert Once(START).after(START) is None


@pytest.mark.parametrize(
    "timing",
    [Every(0, START), Every(float("nan"), START), Every(1e12, START), Every(60, START.replace(tzinfo=None)),
     Once(START.replace(tzinfo=None)), Cron(""), Cron("* * * *"), Cron("61 * * * *"), Cron("* * * * 9"),
     Cron("a b c d e"), Cron("* * * * *", "Mars/Olympus"), Cron("* * * * *", "../../etc/passwd"), Cron("0 " * 5000)],
)  # fmt: skip
def test_what_is_no_timing(timing):
    with pytest.raises(AppError):
        check_timing(timing)


@pytest.mark.parametrize("timing", [Every(60.0, START), Cron("0 2 * * mon"), Once(START)])
def test_timings_survive_their_row(timing):
    assert msgspec.convert(msgspec.to_builtins(timing), AnyTiming) == timing

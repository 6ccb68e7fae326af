"""Where a score is going: hours, bands, and when nothing may be said."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

import pytest

from analytics.posture.trend import SPAN_H, hourly, trend

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def scores(hours: int, slope: float = 0.0) -> list[float | None]:
    dice = random.Random(hours)
    return [80 + slope * at + 4 * math.sin(at / 24 * math.tau) + dice.gauss(0, 0.7) for at in range(hours)]


def test_the_newest_score_of_each_hour_counts_and_what_was_not_measured_stays_open() -> None:
    taken = {
        NOW - timedelta(minutes=200): 70.0, NOW - timedelta(minutes=190): 71.0,
        NOW - timedelta(minutes=100): None, NOW - timedelta(minutes=5): 73.0,
        NOW - timedelta(hours=SPAN_H + 1): 1.0, NOW + timedelta(minutes=1): 2.0,
    }  # fmt: skip
    assert hourly(taken, NOW) == [71.0, None, None, 73.0]


@pytest.mark.parametrize("values", [[], scores(46), [None] * 400, [*scores(30), *[None] * 100]])
def test_too_little_history_says_how_much_is_there_and_gives_no_forecast(values: list[float | None]) -> None:
    found = trend(values, NOW)
    assert found.ahead is None
    assert found.mase is None
    assert found.known == sum(value is not None for value in values)
    assert found.wanted == 47


@pytest.mark.parametrize(("hours", "ahead", "season"), [(47, 24, 1), (200, 24, 24), (504, 168, 24)])
def test_bands_hold_the_middle_and_each_other_and_stay_within_the_scale(hours: int, ahead: int, season: int) -> None:
    found = trend(scores(hours), NOW)
    assert found.ahead is not None
    assert (len(found.ahead.mean), found.season_h) == (ahead, season)
    rows = zip(
        found.ahead.low95, found.ahead.low80, found.ahead.mean, found.ahead.high80, found.ahead.high95, strict=True
    )
    assert all(0 <= a <= b <= c <= d <= e <= 100 for a, b, c, d, e in rows)


def test_the_daily_rhythm_is_foreseen_better_than_by_yesterday_and_the_bands_hold() -> None:
    found = trend(scores(504), NOW)
    assert found.mase is not None
    assert found.mase < 1
    assert found.held is not None
    assert found.held > 0.85


def test_a_grade_in_danger_is_named_with_the_hours_left() -> None:
    falling = [85.0 - 0.2 * at for at in range(120)]
    found = trend(falling, NOW)
    assert found.crosses is not None
    grade, hours = found.crosses
    assert grade == 60
    assert 1 <= hours <= 24
    assert trend([95.0] * 120, NOW).crosses is None

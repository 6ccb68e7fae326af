"""Retention is what is there without a hole, not what is set."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ops.controls.retention import least_reach, reach

TODAY = date(2026, 6, 1)


def days(first: int, last: int) -> list[date]:
    """Days from ``first`` to ``last`` days ago."""
    return [TODAY - timedelta(days=ago) for ago in range(last, first + 1)]


def test_a_full_half_year() -> None:
    one = reach("fw", days(183, 0), TODAY)
    assert (one.continuous_days, one.gaps) == (184, ())


def test_a_hole_breaks_it_and_is_listed() -> None:
    one = reach("fw", days(400, 50) + days(40, 0), TODAY)
    assert one.continuous_days == 41
    assert one.gaps == ((TODAY - timedelta(days=49), TODAY - timedelta(days=41)),)


def test_one_silent_day_is_allowed_two_are_not() -> None:
    assert reach("fw", days(10, 5) + days(3, 0), TODAY).continuous_days == 11
    assert reach("fw", days(10, 5) + days(2, 0), TODAY).continuous_days == 3


def test_a_source_that_fell_silent_reaches_nowhere() -> None:
    assert reach("fw", days(400, 5), TODAY).continuous_days == 0
    assert reach("fw", [], TODAY).continuous_days == 0


def test_a_young_source_without_holes_is_not_at_fault() -> None:
    found = {"old": days(300, 0), "new": days(9, 0)}
    assert least_reach(found, TODAY, {"new": TODAY - timedelta(days=9)}, 183) == 183
    assert least_reach(found, TODAY, {}, 183) == 10
    assert least_reach({"new": days(9, 5)}, TODAY, {"new": TODAY - timedelta(days=9)}, 183) == 0


@given(st.sets(st.integers(0, 60)), st.integers(0, 60))
def test_taking_a_day_away_never_lengthens_the_reach(ago: set[int], gone: int) -> None:
    full = [TODAY - timedelta(days=each) for each in ago]
    less = [TODAY - timedelta(days=each) for each in ago if each != gone]
    assert reach("x", less, TODAY).continuous_days <= reach("x", full, TODAY).continuous_days

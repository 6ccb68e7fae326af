"""Rates are differences of counts over time, and missing until they can be measured."""

from collectors.rates import SAMPLE_S, WINDOW_S, Rates


def test_nothing_is_said_before_two_counts_lie_apart() -> None:
    rates = Rates()
    assert rates.note({"a": 100}, 50.0) == {}
    assert rates.note({"a": 110}, 50.5) == {}


def test_a_rate_is_what_came_over_the_time_it_took() -> None:
    rates = Rates()
    rates.note({"a": 100, "b": 7}, 50.0)
    assert rates.note({"a": 160, "b": 7, "c": 30}, 60.0) == {"a": 6.0, "b": 0.0, "c": 3.0}


def test_the_last_minute_counts() -> None:
    rates = Rates()
    total = 0
    for step in range(60):
        total += 50 if step < 30 else 5
        found = rates.note({"a": total}, step * SAMPLE_S)
    assert WINDOW_S / SAMPLE_S < 30
    assert found == {"a": 1.0}

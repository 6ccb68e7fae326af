"""Clocks of measures 43 and letters 1001 and 1846, over working days and the turn of months."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.exchange import Level
from infra.text import Language, use_language
from ops.calendar.deadlines import Dates, State, Timer, add_months, timers
from ops.calendar.todos import todos
from ops.calendar.workdays import work_calendar
from ops.rulepacks import shipped_packs

PACK = shipped_packs().versions("deadlines")[-1]
CALENDAR = work_calendar(shipped_packs().versions("calendar")[-1])


def clocks(today: date, **dates: object) -> dict[str, Timer]:
    found = timers(Dates(**({"object_id": "o1", "level": 3} | dates)), PACK, CALENDAR, today)  # type: ignore[arg-type]
    return {timer.kind: timer for timer in found}


def test_filing_is_due_thirty_days_after_grading_or_going_live_whichever_is_first() -> None:
    found = clocks(date(2026, 3, 1), graded=date(2026, 2, 10), went_live=date(2026, 2, 1))
    assert (found["filing"].due, found["filing"].state) == (date(2026, 3, 3), State.WARNING)
    assert "filing" not in clocks(date(2026, 3, 1), graded=date(2026, 2, 10), filed=date(2026, 2, 12))
    assert clocks(date(2026, 3, 1))["filing"].state is State.NOT_STARTED


def test_the_police_answer_within_ten_working_days() -> None:
    answer = clocks(date(2026, 2, 20), submitted=date(2026, 2, 10))["police_answer"]
    assert (answer.due, answer.provisional) == (date(2026, 3, 2), False)
    assert clocks(date(2026, 12, 29), submitted=date(2026, 12, 25))["police_answer"].provisional
    assert "police_answer" not in clocks(date(2026, 2, 20), submitted=date(2026, 2, 10), answered=date(2026, 2, 13))


@pytest.mark.parametrize(
    ("certified", "due"), [(date(2020, 5, 1), date(2028, 1, 1)), (date(2025, 6, 30), date(2028, 6, 30))]
)
def test_certificates_last_three_years(certified: date, due: date) -> None:
    assert clocks(date(2026, 1, 1), certified=certified)["certificate"].due == due


def test_extension_moves_the_certificate() -> None:
    found = clocks(date(2026, 1, 1), certified=date(2025, 6, 30), certificate_extended_to=date(2029, 6, 30))
    assert found["certificate"].due == date(2029, 6, 30)


def test_evaluation_and_self_check_by_level() -> None:
    past = {"last_evaluation": date(2025, 8, 31), "last_self_check": date(2025, 8, 31)}
    level_three, level_four = clocks(date(2026, 9, 1), **past), clocks(date(2026, 9, 1), level=4, **past)
    assert (level_three["evaluation_l3"].due, level_three["evaluation_l3"].state) == (date(2026, 8, 31), State.OVERDUE)
    assert level_three["self_check_l3"].due == date(2026, 8, 31)
    assert level_four["self_check_l4"].due == date(2026, 2, 28)
    assert clocks(date(2026, 9, 1), level=2, **past)["evaluation_l2"].due == date(2027, 8, 31)
    assert "evaluation_l3" not in clocks(date(2026, 9, 1), level=2, **past)


def test_a_running_system_never_evaluated_is_due_since_it_went_live() -> None:
    assert clocks(date(2026, 9, 1), went_live=date(2026, 1, 1))["evaluation_l3"].state is State.OVERDUE


def test_old_filings_had_to_be_filed_again_by_november_2025() -> None:
    assert clocks(date(2025, 11, 1), filed=date(2021, 1, 1))["refiling_2025"].state is State.WARNING
    assert "refiling_2025" not in clocks(date(2026, 11, 1), filed=date(2026, 1, 1))
    assert "refiling_2025" not in clocks(date(2026, 1, 1), filed=date(2021, 1, 1), refiled_2025=date(2025, 6, 1))


def test_level_one_has_no_clock() -> None:
    assert clocks(date(2026, 1, 1), level=1, graded=date(2025, 1, 1)) == {}


def test_a_missed_clock_reaches_the_owner_and_the_one_above() -> None:
    found = timers(
        Dates(object_id="o1", level=3, owner="li", escalate_to="wang", graded=date(2026, 1, 1)),
        PACK,
        CALENDAR,
        date(2026, 3, 1),
    )
    mine = [todo for todo in todos(found) if todo.id.startswith("o1/filing")]
    assert [(todo.assignee, todo.level) for todo in mine] == [("li", Level.HIGH), ("wang", Level.HIGH)]


@pytest.mark.parametrize("language", Language)
def test_every_clock_has_words(language: Language) -> None:
    with use_language(language):
        for level in (2, 3, 4):
            past = date(2025, 1, 1)
            every = {
                name: past
                for name in Dates.__struct_fields__[4:]
                if name not in ("answered", "filed", "crypto_filed", "refiled_2025")
            }
            for timer in clocks(date(2026, 1, 1), level=level, **every).values():
                assert "ops.calendar" not in timer.words


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(0, 60))
def test_months_keep_the_day_or_end_with_the_month(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and add_months(later, 0).day >= 28)

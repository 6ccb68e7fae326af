"""Clocks of every object from filings, gradings and drills, and the days people state themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from infra.clock import ManualClock
from infra.errors import AppError
from infra.records import Records
from infra.web.seams import Actor
from ops.calendar.clocks import Clocks
from ops.calendar.dates import SiteDates
from ops.calendar.deadlines import State
from ops.controls.board import Profile
from ops.controls.service import Controls
from ops.evaluation.plan import Evaluations
from ops.filing.beginning import begin
from ops.filing.service import Filings
from ops.grading.objects import Degree, GradedObject, Harmed, Tick
from ops.grading.service import Gradings
from ops.rulepacks import shipped_packs
from tests.unit.ops.filing.forms import FORM

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
OWNER = Actor(id="o", name="甲")


class Said:
    """A source that says what it is given."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    def dates(self) -> Mapping[str, Mapping[str, Any]]:
        return {"trace": self.values}


def states(clocks: Clocks) -> dict[str, State]:
    return {timer.kind: timer.state for timer in clocks.timers()}


def test_a_stated_day_answers_a_clock_and_another_runs_from_it(records: Records) -> None:
    clocks = Clocks(records, ManualClock(NOW), [Said(level=3, went_live=date(2024, 1, 1))])
    assert states(clocks)["self_check_l3"] is State.OVERDUE
    clocks.answer(OWNER, "trace", "last_self_check", date(2026, 5, 20), "自查报告 12 页")
    assert states(clocks)["self_check_l3"] is State.RUNNING
    due = next(timer.due for timer in clocks.timers() if timer.kind == "self_check_l3")
    assert due == date(2027, 5, 20)


@pytest.mark.parametrize(("kind", "day"), [("certified", date(2026, 5, 1)), ("last_drill", date(2026, 6, 2))])
def test_days_that_records_give_or_that_lie_ahead_are_refused(records: Records, kind: str, day: date) -> None:
    clocks = Clocks(records, ManualClock(NOW), [Said(level=3)])
    with pytest.raises(AppError):
        clocks.answer(OWNER, "trace", kind, day)


def test_a_grading_starts_the_thirty_days_and_handing_in_ends_them(records: Records) -> None:
    clock = ManualClock(NOW)
    gradings, filings = Gradings(records, clock), Filings(records, clock, FORM, Nothing())
    evaluations, controls = Evaluations(records, clock, shipped_packs()), Controls(records, clock)
    clocks = Clocks(records, clock, [SiteDates(filings, gradings, evaluations, controls)])
    assert clocks.timers() == []
    serious = (Tick(Harmed.SOCIETY, Degree.SERIOUS),)
    kept = gradings.keep(OWNER, GradedObject(id="trace", name="追溯", unit="u", s=serious, a=serious))
    controls.declare(OWNER, Profile(id="trace", s=3, a=3))
    filing = next(timer for timer in clocks.timers() if timer.kind == "filing")
    assert (filing.due, filing.owner) == (date(2026, 7, 1), "o")
    begun = begin(filings, OWNER, kept, 2026)
    assert begun.id == "BA-2026-trace"
    assert begun.document.sheet("T3", "trace").value("final_level") == "3"
    again = begin(filings, OWNER, kept, 2026)
    assert again.id == "BA-2026-trace-2"


class Nothing:
    """A platform that knows nothing."""

    def categories(self, key: str) -> list[str]:
        return []

    def offers(self, unit: str, document: object) -> list[Any]:
        return []

"""The statutory reports of incidents as timers: half the time warns the owner, 80 % the duty, its end the lead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from infra.clock import Clock
from ops.calendar.incident_clock import IncidentClock, Step
from ops.incidents import change as c
from ops.incidents.case import Case
from ops.incidents.service import Incidents
from ops.incidents.timers import PLATFORM, Stage

STAGES = (Stage(at=0.5, role="owner"), Stage(at=0.8, role="duty"), Stage(at=1.0, role="lead"))
Law = Callable[[Case], IncidentClock | None]


def timer_name(step: Step) -> str:
    """``report_first``."""
    return f"report_{step.kind}"


def owed(case: Case, law: IncidentClock | None) -> list[Step]:
    """Reports not made yet; a merged case owes none of its own."""
    steps = law.steps if law and not case.merged_into else ()
    return [step for step in steps if step.kind not in case.reported]


def due_stages(case: Case, law: IncidentClock | None, now: datetime) -> Iterator[c.Raised]:
    """Stages that have come and were not raised. Statutory time does not stand still while work pauses."""
    for step in owed(case, law):
        allowed = (step.due - case.opened).total_seconds()
        used = (now - case.opened).total_seconds() / allowed if allowed > 0 else 1.0
        for stage in STAGES:
            name = timer_name(step)
            if used >= stage.at and f"{name}/{stage.name}" not in case.raised:
                yield c.Raised(timer=name, stage=stage.name, role=stage.role, due=step.due)


class LegalWatch:
    """Looks at all open incidents and raises the stages of their statutory reports, each once."""

    def __init__(self, incidents: Incidents, law: Law, clock: Clock) -> None:
        self._incidents, self._law, self._clock = incidents, law, clock

    def look(self) -> int:
        """Raise every stage that has come; how many."""
        raised = 0
        for case in self._incidents.open_cases():
            for change in due_stages(case, self._law(case), self._clock.now()):
                self._incidents.note(PLATFORM, case.id, change)
                raised += 1
        return raised

"""Clocks as things to do: what warns or is overdue, for the portal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from infra.exchange import Level, Todo
from ops.calendar.deadlines import State, Timer

BEIJING = ZoneInfo("Asia/Shanghai")


def todos(found: Iterable[Timer]) -> list[Todo]:
    """A thing to do per clock that warns (medium) or is overdue (high, and for the one it escalates to)."""
    listed = []
    for timer in found:
        if timer.due is None or timer.state not in (State.WARNING, State.OVERDUE):
            continue
        overdue = timer.state is State.OVERDUE
        due = datetime.combine(timer.due, time(23, 59, 59), BEIJING).astimezone(UTC)
        level = Level.HIGH if overdue else Level.MEDIUM
        people = {timer.owner, timer.escalate_to} if overdue else {timer.owner}
        listed += [
            Todo(
                f"{timer.id}/{person}",
                timer.words,
                person or None,
                due,
                level,
                f"/filing/calendar?timer={timer.id}",
                "ops/calendar",
            )
            for person in sorted(people)
            if person or people == {""}
        ]
    return listed

"""Legal deadlines of an object: filing, police answer, certificate, evaluation, self-check, drills."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from infra.text import say
from ops.calendar.workdays import WorkCalendar
from ops.rulepacks import Pack


class State(StrEnum):
    """Where a clock stands; ``not_started`` means the date it runs from is not known."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    WARNING = "warning"
    OVERDUE = "overdue"


class Dates(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to an object, and when; None where it did not (yet)."""

    object_id: str
    level: int
    owner: str = ""
    escalate_to: str = ""
    graded: date | None = None
    went_live: date | None = None
    filed: date | None = None
    submitted: date | None = None
    answered: date | None = None
    certified: date | None = None
    certificate_extended_to: date | None = None
    last_evaluation: date | None = None
    last_self_check: date | None = None
    last_drill: date | None = None
    crypto_assessed: date | None = None
    crypto_filed: date | None = None
    last_data_risk_assessment: date | None = None
    refiled_2025: date | None = None


class Timer(msgspec.Struct, frozen=True, kw_only=True):
    """One running clock with its warning day, its owner and who hears of it when it is missed."""

    id: str
    object_id: str
    kind: str
    due: date | None
    warn: date | None
    state: State
    owner: str
    escalate_to: str
    provisional: bool
    confidence: str
    source: str

    @property
    def words(self) -> str:
        """What has to be done by when, in the language of the context."""
        return say(
            f"ops.calendar.timer.{self.kind}", object=self.object_id, due=self.due.isoformat() if self.due else "—"
        )


def add_months(day: date, months: int) -> date:
    """The same day so many months later; the last of the month where that day does not exist."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    for candidate in range(day.day, 27, -1):
        try:
            return date(year, month + 1, candidate)
        except ValueError:
            continue
    return date(year, month + 1, min(day.day, 28))


def timers(dates: Dates, pack: Pack, calendar: WorkCalendar, today: date) -> list[Timer]:
    """Every clock that concerns an object of this level, those with the nearest end first."""
    found = list(_timers(dates, pack, calendar, today))
    return sorted(found, key=lambda timer: (timer.due is None, timer.due or date.max, timer.kind))


def _timers(dates: Dates, pack: Pack, calendar: WorkCalendar, today: date) -> Iterator[Timer]:
    for kind, rule in pack.content.items():
        if dates.level not in rule.get("levels", ()):
            continue
        start, done = _start(kind, rule, dates)
        if done:
            continue
        due = _due(kind, rule, start, dates, calendar)
        warn = due - timedelta(days=rule["warn_days"]) if due else None
        yield Timer(
            id=f"{dates.object_id}/{kind}", object_id=dates.object_id, kind=kind, due=due, warn=warn,
            state=_state(due, warn, today), owner=dates.owner, escalate_to=dates.escalate_to,
            provisional="working_days" in rule and bool(start and due and calendar.provisional(start, due)),
            confidence=rule["confidence"], source=str(pack.ref),
        )  # fmt: skip


def _start(kind: str, rule: dict[str, Any], dates: Dates) -> tuple[date | None, bool]:
    """The day a clock runs from, and whether it is already answered."""
    origin = rule["from"]
    if origin == "grading_or_go_live":
        starts = [day for day in (dates.graded, dates.went_live) if day]
        return (min(starts) if starts else None), dates.filed is not None
    if origin == "submitted":
        return dates.submitted, dates.submitted is None or dates.answered is not None
    if origin == "crypto_assessed":
        return dates.crypto_assessed, dates.crypto_assessed is None or dates.crypto_filed is not None
    if origin == "fixed":
        return None, _old_enough(dates, rule) or dates.refiled_2025 is not None
    return getattr(dates, origin), False


def _old_enough(dates: Dates, rule: dict[str, Any]) -> bool:
    """Objects first filed after the re-filing rule came into force need no re-filing."""
    return dates.filed is None or dates.filed > rule["date"]


def _due(kind: str, rule: dict[str, Any], start: date | None, dates: Dates, calendar: WorkCalendar) -> date | None:
    if "date" in rule:
        due: date = rule["date"]
        return due
    if start is None:
        return dates.went_live if kind.startswith(("evaluation", "self_check", "drill")) else None
    if kind == "certificate" and dates.certificate_extended_to:
        return dates.certificate_extended_to
    if "working_days" in rule:
        return calendar.add(start, rule["working_days"])
    start = max(start, rule.get("not_before", start))
    if "days" in rule:
        return start + timedelta(days=rule["days"])
    return add_months(start, 12 * rule.get("years", 0) + rule.get("months", 0))


def _state(due: date | None, warn: date | None, today: date) -> State:
    if due is None or warn is None:
        return State.NOT_STARTED
    if today > due:
        return State.OVERDUE
    return State.WARNING if today >= warn else State.RUNNING

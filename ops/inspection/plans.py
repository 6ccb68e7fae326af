"""Plans: which list runs when on what; and alerts for due times that nobody looked at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from infra.clock import Clock, parse_rfc3339, rfc3339
from infra.events import Signal, Why
from infra.exchange import Dimension, Level
from infra.ids import stable_id
from infra.schedule import CatchUp, Fire, Schedule, Schedules
from infra.schedule.timing import AnyTiming
from infra.web.seams import Actor
from ops.alerts import Alerts
from ops.inspection.service import GRACE, Inspections

JOB = "ops.inspection"
RULE = "platform.inspection-missed"
PREFIX = "inspection/"
LOOKED_BACK = timedelta(days=2)
RUNNER = Actor(id="inspector", name="inspector", kind="service")


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan: the list, when, on which targets."""

    id: str
    list: str
    timing: AnyTiming
    scope: tuple[str, ...] = ()
    enabled: bool = True


class Plans:
    """The plans of the site, kept as schedules. Whoever calls has checked the right to."""

    def __init__(self, schedules: Schedules, inspections: Inspections, alerts: Alerts, clock: Clock) -> None:
        self._schedules, self._inspections, self._alerts, self._clock = schedules, inspections, alerts, clock

    def all(self) -> list[Plan]:
        """Every plan."""
        return [_plan(schedule) for schedule in self._schedules.all() if schedule.job == JOB]

    def save(self, actor: Actor, plan: Plan) -> None:
        """Make or change one; ``AppError(NOT_FOUND)`` for a list there is not."""
        self._inspections.list(plan.list)
        before = next((each for each in self._schedules.all() if each.id == PREFIX + plan.id), None)
        same = before is not None and before.timing == plan.timing and before.enabled
        since = before.arguments["since"] if before is not None and same else rfc3339(self._clock.now())
        self._schedules.save(
            actor,
            Schedule(
                id=PREFIX + plan.id, job=JOB, timing=plan.timing, catch_up=CatchUp.ONCE, enabled=plan.enabled,
                arguments={"list": plan.list, "scope": list(plan.scope), "since": since},
            ),
        )  # fmt: skip

    def remove(self, actor: Actor, plan: str) -> None:
        """Take one away; its runs stay."""
        self._schedules.remove(actor, PREFIX + plan)

    def fire(self, fire: Fire) -> None:
        """The job: run what is due. Again for the same due time does nothing."""
        arguments: dict[str, Any] = fire.arguments
        self._inspections.run(
            RUNNER, str(arguments["list"]), scope=[str(each) for each in arguments.get("scope", ())],
            plan=fire.schedule.removeprefix(PREFIX), due=fire.due,
        )  # fmt: skip

    def due(self, start: datetime, end: datetime) -> list[tuple[datetime, Plan]]:
        """Due times of all enabled plans in ``(start, end]``, in order, at most 500."""
        found = []
        for plan in self.all():
            if plan.enabled:
                for number, moment in enumerate(plan.timing.between(start, end)):
                    if number == 500:
                        break
                    found.append((moment, plan))
        return sorted(found, key=lambda each: (each[0], each[1].id))[:500]

    def missed(self) -> list[tuple[datetime, Plan]]:
        """Due times of the last two days that nothing ran for. A clock that catches up runs only the newest of several;
        the older ones stay missed, and are told."""
        now = self._clock.now()
        since = {
            schedule.id.removeprefix(PREFIX): parse_rfc3339(schedule.arguments["since"])
            for schedule in self._schedules.all()
            if schedule.job == JOB
        }
        return [
            (moment, plan)
            for moment, plan in self.due(now - LOOKED_BACK, now - GRACE)
            if moment > since[plan.id] and not self._inspections.ran(plan.id, moment)
        ]  # fmt: skip

    def tell_missed(self) -> int:
        """An alert for each missed look; the same one again changes nothing. How many alerts changed."""
        signals = [_signal(moment, plan, self._clock.now()) for moment, plan in self.missed()]
        return len(self._alerts.absorb(signals))


def _plan(schedule: Schedule) -> Plan:
    arguments = schedule.arguments
    return Plan(
        id=schedule.id.removeprefix(PREFIX), list=arguments["list"], timing=schedule.timing,
        scope=tuple(arguments.get("scope", ())), enabled=schedule.enabled,
    )  # fmt: skip


def _signal(due: datetime, plan: Plan, now: datetime) -> Signal:
    return Signal(
        id=stable_id(RULE, plan.id, due.isoformat()), time=now, rule_id=RULE, rule_name="Inspection missed",
        detector="platform", level=Level.MEDIUM, event_ids=(), entity_type="inspection", entity_value=plan.id,
        why=(Why("due", due.isoformat(), "nothing ran"), Why("list", plan.list, plan.list)), author="Yaodun",
        dimension=Dimension.INFRASTRUCTURE,
    )  # fmt: skip


DEFAULTS: Sequence[tuple[str, str, str]] = (("daily", "daily", "30 8 * * *"), ("weekly", "weekly", "0 9 * * 1"))
"""Plans a new site has: id, list, time in Beijing."""

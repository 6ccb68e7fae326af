"""Drills (演练): a scenario, playbooks run in simulation, criteria with weights, a score and a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.records import Records
from infra.web.seams import Actor
from ops.alerts.service import Audit
from ops.runs import RunStarter
from ops.work.record import WorkRow
from ops.work.shelf import Note, Outline, Shelf, words


class DrillState(StrEnum):
    """Where a drill stands."""

    PLANNED = "planned"
    RUNNING = "running"
    SCORED = "scored"
    CANCELLED = "cancelled"


class Criterion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is looked at, and how much it counts; ``points`` 0 to 100 once judged."""

    name: str
    weight: float = 1.0
    points: float | None = None
    note: str = ""


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """A drill. ``score`` is the weighted mean of the points, 0 to 100."""

    id: str
    title: str
    scenario: str
    planned: datetime
    criteria: tuple[Criterion, ...]
    state: DrillState = DrillState.PLANNED
    playbook: str = ""
    inputs: dict[str, Any] = {}
    people: tuple[str, ...] = ()
    led_by: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    runs: tuple[str, ...] = ()
    score: float | None = None
    lessons: str = ""


class Drills:
    """The drills of the site. ``runs`` starts playbooks in simulation; None where no engine is wired."""

    def __init__(self, records: Records, clock: Clock, audit: Audit, runs: RunStarter | None = None) -> None:
        self._clock, self._runs = clock, runs
        self.shelf: Shelf[Drill] = Shelf(
            records, clock, audit, "drill", "DR", Drill,
            lambda drill: Outline(person=drill.led_by, starts=drill.planned, due=drill.planned),
        )  # fmt: skip

    def plan(
        self, actor: Actor, title: str, scenario: str, planned: datetime, criteria: Sequence[Criterion], *,
        playbook: str = "", inputs: Mapping[str, Any] | None = None, people: Sequence[str] = (),
    ) -> Drill:  # fmt: skip
        """A new drill; it needs at least one criterion with weight."""
        if not criteria or len(criteria) > 50 or any(each.weight <= 0 or not each.name.strip() for each in criteria):
            raise AppError(ErrorKind.INVALID, "ops.work.criteria", place="criteria")
        said, told = words(title, "title", 200), words(scenario, "scenario")
        bare = tuple(msgspec.structs.replace(each, points=None) for each in criteria)
        return self.shelf.make(
            actor,
            lambda number: Drill(
                id=number, title=said, scenario=told, planned=planned, criteria=bare, playbook=playbook,
                inputs=dict(inputs or {}), people=tuple(people), led_by=actor.id,
            ),
            "plan",
        )  # fmt: skip

    def start(self, actor: Actor, drill: str) -> Drill:
        """Begin; its playbook runs in simulation. ``AppError(UNAVAILABLE)`` where no engine is wired for it."""
        found = self.shelf.get(drill)
        _must_be(found, DrillState.PLANNED)
        run = ""
        if found.playbook:
            if self._runs is None:
                raise AppError(ErrorKind.UNAVAILABLE, "ops.work.no_engine", place=drill)
            run = self._runs.start(actor, found.playbook, found.inputs, simulate=True)

        def work(now: Drill) -> Drill:
            _must_be(now, DrillState.PLANNED)
            runs = (*now.runs, run) if run else now.runs
            return msgspec.structs.replace(now, state=DrillState.RUNNING, started=self._clock.now(), runs=runs)

        return self.shelf.change(actor, drill, "start", work, {"run": run} if run else {})

    def score(self, actor: Actor, drill: str, points: Mapping[str, float], lessons: str) -> Drill:
        """Judge every criterion (0 to 100) and say what was learned; the score follows."""
        said = words(lessons, "lessons")

        def work(now: Drill) -> Drill:
            _must_be(now, DrillState.RUNNING)
            judged = tuple(_judged(each, points) for each in now.criteria)
            return msgspec.structs.replace(
                now, state=DrillState.SCORED, ended=self._clock.now(), criteria=judged, score=weighted(judged),
                lessons=said,
            )  # fmt: skip

        return self.shelf.change(actor, drill, "score", work)

    def cancel(self, actor: Actor, drill: str, reason: str) -> Drill:
        """It will not be, and why."""
        said = words(reason, "reason")

        def work(now: Drill) -> Drill:
            if now.state in (DrillState.SCORED, DrillState.CANCELLED):
                raise AppError(ErrorKind.CONFLICT, "ops.work.ended", place=drill)
            return msgspec.structs.replace(now, state=DrillState.CANCELLED, lessons=said)

        return self.shelf.change(actor, drill, "cancel", work, {"reason": said})

    def listed(self, states: Sequence[str] = ()) -> list[Drill]:
        """Drills in these states, or all."""
        return self.shelf.find(*([WorkRow.state.in_(states)] if states else []))

    def notes(self, drill: str) -> list[Note]:
        """What was done with it."""
        return self.shelf.notes(drill)


def weighted(criteria: Sequence[Criterion]) -> float:
    """The weighted mean of the points."""
    total = sum(each.weight for each in criteria)
    return round(sum(each.weight * (each.points or 0.0) for each in criteria) / total, 1)


def _judged(criterion: Criterion, points: Mapping[str, float]) -> Criterion:
    given = points.get(criterion.name)
    if given is None or not 0 <= given <= 100:
        raise AppError(ErrorKind.INVALID, "ops.work.points", place=criterion.name)
    return msgspec.structs.replace(criterion, points=float(given))


def _must_be(drill: Drill, state: DrillState) -> None:
    if drill.state is not state:
        raise AppError(ErrorKind.CONFLICT, "ops.work.drill_state", place=drill.id, state=drill.state, needed=state)

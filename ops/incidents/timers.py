"""Service timers of incidents: what is due when, what is late, and whom that is brought to."""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.web.seams import Actor
from ops.incidents import change as c
from ops.incidents.case import Case, CaseEvent, stood_still
from ops.incidents.durations import Clocks, durations
from ops.incidents.service import Incidents

log = logging.getLogger(__name__)
PLATFORM = Actor(id="timers", name="timers", kind="service")


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At which share of the time the holder of ``role`` hears of it."""

    at: float
    role: str

    @property
    def name(self) -> str:
        """``100%``."""
        return f"{self.at:.0%}"


class Level(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A timer: what stops it, minutes per severity, on which clock, and its stages."""

    done: str
    minutes: dict[str, int]
    stages: list[Stage]
    clock: Literal["always", "working"] = "always"


class Light(StrEnum):
    """How a timer stands: green, yellow from its first stage, red when its time is over; done, late but done, still."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    DONE = "done"
    LATE = "late"
    PAUSED = "paused"


class Timer(msgspec.Struct, frozen=True, kw_only=True):
    """One timer of a case: allowed and used seconds, due moment, light, and stages passed and not yet raised."""

    name: str
    allowed_s: float
    used_s: float
    due: datetime
    light: Light
    raise_now: tuple[Stage, ...] = ()


@cache
def shipped_levels() -> Mapping[str, Level]:
    """The service levels that come with the product."""
    text = files("ops.incidents").joinpath("service_levels.toml").read_text(encoding="utf-8")
    return read_levels(text, "service_levels.toml")


def read_levels(text: str, place: str) -> dict[str, Level]:
    """Service levels from TOML; ``AppError(INVALID)`` says where they are wrong."""
    try:
        return msgspec.convert(tomllib.loads(text), dict[str, Level])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise AppError(ErrorKind.INVALID, "ops.incidents.definitions", place=place, problem=str(error)[:200]) from None


def timers(
    case: Case, events: Sequence[CaseEvent], clocks: Clocks, now: datetime, levels: Mapping[str, Level] | None = None
) -> list[Timer]:
    """Every timer of the case's severity; a merged case has none."""
    if case.merged_into:
        return []
    chosen = shipped_levels() if levels is None else levels
    took = durations(events, clocks)
    return [
        _timer(name, level, case, clocks, now, took.get(level.done))
        for name, level in chosen.items()
        if case.level in level.minutes
    ]


def _timer(name: str, level: Level, case: Case, clocks: Clocks, now: datetime, took: float | None) -> Timer:
    clock, allowed = clocks.of(level.clock), timedelta(minutes=level.minutes[case.level])
    pauses = stood_still(case, now)
    used = timedelta(seconds=took) if took is not None else clock.between(case.opened, now, pauses)
    share = used / allowed
    due = clock.after(case.opened, allowed, pauses)
    if took is not None or not case.open:
        light = Light.LATE if share > 1 else Light.DONE
    elif case.paused:
        light = Light.PAUSED
    else:
        first = min((stage.at for stage in level.stages), default=1.0)
        light = Light.RED if share >= 1 else Light.YELLOW if share >= first else Light.GREEN
    running = light in (Light.RED, Light.YELLOW)
    raised = {f"{name}/{stage.name}" for stage in level.stages} & set(case.raised)
    due_stages = tuple(
        stage for stage in level.stages if running and share >= stage.at and f"{name}/{stage.name}" not in raised
    )
    return Timer(
        name=name, allowed_s=allowed.total_seconds(), used_s=used.total_seconds(), due=due, light=light,
        raise_now=due_stages,
    )  # fmt: skip


class Watch:
    """Looks at all open incidents and raises what is late, each stage once."""

    def __init__(self, incidents: Incidents, clocks: Clocks, clock: Clock) -> None:
        self._incidents, self._clocks, self._clock = incidents, clocks, clock

    def look(self) -> int:
        """Raise every stage that has come; how many."""
        raised = 0
        for case in self._incidents.open_cases():
            events = self._incidents.events(case.id)
            for timer in timers(case, events, self._clocks, self._clock.now()):
                for stage in timer.raise_now:
                    due = timer.due
                    change = c.Raised(timer=timer.name, stage=stage.name, role=stage.role, due=due)
                    self._incidents.note(PLATFORM, case.id, change)
                    raised += 1
        return raised

"""How long things took: durations defined as data over case events, a calendar of working hours and pauses."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from statistics import mean, median
from typing import Any, Literal

import msgspec

from infra.errors import AppError, ErrorKind
from ops.calendar.hours import Hours
from ops.incidents import change as c
from ops.incidents.case import Case, CaseEvent, rebuilt, stood_still


class Anchor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which case event, with which values in its fields, and whose moment."""

    event: str
    where: dict[str, list[str]] = {}
    field: str = ""


class Definition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"start": "from"}):
    """A duration: between two anchors, on a clock, with or without the pauses."""

    start: list[Anchor]
    to: list[Anchor]
    pick: Literal["first", "last"] = "first"
    clock: Literal["always", "working"] = "always"
    pauses: bool = True


class Clocks(msgspec.Struct, frozen=True):
    """The clocks durations and timers are told on."""

    always: Hours
    working: Hours

    def of(self, name: str) -> Hours:
        """The clock called ``name``."""
        return self.working if name == "working" else self.always


class Mean(msgspec.Struct, frozen=True):
    """A duration over many incidents, in seconds; ``count`` is how many had it."""

    count: int
    mean_s: float | None
    median_s: float | None


def read_definitions(text: str, place: str) -> dict[str, Definition]:
    """Definitions from TOML; ``AppError(INVALID)`` says where they are wrong."""
    try:
        return msgspec.convert(tomllib.loads(text), dict[str, Definition])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise AppError(ErrorKind.INVALID, "ops.incidents.definitions", place=place, problem=str(error)[:200]) from None


@cache
def shipped_definitions() -> Mapping[str, Definition]:
    """The definitions that come with the product."""
    text = files("ops.incidents").joinpath("durations.toml").read_text(encoding="utf-8")
    return read_definitions(text, "durations.toml")


def durations(
    events: Sequence[CaseEvent], clocks: Clocks, definitions: Mapping[str, Definition] | None = None
) -> dict[str, float | None]:
    """Seconds per definition; None where it has not come so far."""
    case = rebuilt(events)
    chosen = shipped_definitions() if definitions is None else definitions
    return {name: _measured(events, case, clocks, one) for name, one in chosen.items()}


def averages(measured: Sequence[Mapping[str, float | None]]) -> dict[str, Mean]:
    """Mean and median per duration over incidents."""
    names = dict.fromkeys(name for each in measured for name in each)
    made = {}
    for name in names:
        values = [value for each in measured if (value := each.get(name)) is not None]
        made[name] = Mean(len(values), mean(values) if values else None, median(values) if values else None)
    return made


def _measured(events: Sequence[CaseEvent], case: Case, clocks: Clocks, one: Definition) -> float | None:
    start = next(_moments(events, one.start), None)
    ends = [moment for moment in _moments(events, one.to) if start is not None and moment >= start]
    if start is None or not ends:
        return None
    end = ends[0] if one.pick == "first" else ends[-1]
    pauses = stood_still(case, end) if one.pauses else []
    return clocks.of(one.clock).between(start, end, pauses).total_seconds()


def _moments(events: Sequence[CaseEvent], anchors: Sequence[Anchor]) -> Iterator[datetime]:
    for event in events:
        for anchor in anchors:
            if c.name_of(event.change) == anchor.event and _holds(event.change, anchor.where):
                yield getattr(event.change, anchor.field) if anchor.field else event.time
                break


def _holds(change: Any, where: Mapping[str, list[str]]) -> bool:
    return all(str(getattr(change, name, "")) in values for name, values in where.items())

"""The case: what an incident is now, as a pure function of its events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import singledispatch
from typing import Any

import msgspec

from infra.exchange import Level
from ops.incidents import change as c
from ops.incidents.state import State


class CaseEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the record of an incident; ``hash`` covers it and the hash of the line before."""

    incident: str
    number: int
    time: datetime
    actor: str
    person: str
    change: c.AnyChange
    hash: str = ""


class Todo(msgspec.Struct, frozen=True, kw_only=True):
    """A task of the case."""

    id: str
    title: str
    person: str
    due: datetime | None
    state: str
    set: datetime
    ended: datetime | None = None


class Custody(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a piece of evidence through hands."""

    time: datetime
    actor: str
    act: str
    to: str = ""
    note: str = ""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of evidence and everyone who had it."""

    blob: str
    sm3: str
    name: str
    size: int
    media: str
    note: str
    custody: tuple[Custody, ...]


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """A system, asset, kind of data or unit that is affected."""

    kind: str
    id: str
    note: str = ""


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """A time in which the clocks stood still; ``until`` None still holds."""

    since: datetime
    reason: str
    until: datetime | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A playbook started from here."""

    id: str
    playbook: str
    state: str
    simulate: bool
    started: datetime


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as it stands. ``roles`` holds account ids by role; the owner is the role ``owner``."""

    id: str
    title: str
    level: Level
    opened: datetime
    changed: datetime
    first_seen: datetime
    last_seen: datetime
    opened_by: str = ""
    state: State = State.NEW
    description: str = ""
    category: str = ""
    tlp: str = "amber"
    alerts: tuple[str, ...] = ()
    clues: tuple[c.Clue, ...] = ()
    rules: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    affected: tuple[Thing, ...] = ()
    roles: dict[str, str] = {}
    tasks: tuple[Todo, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    pauses: tuple[Pause, ...] = ()
    raised: tuple[str, ...] = ()
    runs: tuple[Run, ...] = ()
    review: c.Reviewed | None = None
    measures: dict[str, float] = {}
    reporter: str = "other"
    reported: dict[str, datetime] = {}
    verdict: str = ""
    reason: str = ""
    merged_into: str = ""
    swallowed: tuple[str, ...] = ()
    split_from: str = ""
    events: int = 0

    @property
    def owner(self) -> str:
        """Account id of the one who answers for it; '' where nobody does."""
        return self.roles.get("owner", "")

    @property
    def open(self) -> bool:
        """Whether there is still work to do."""
        return self.state is not State.CLOSED

    @property
    def paused(self) -> bool:
        """Whether the clocks stand still."""
        return bool(self.pauses) and self.pauses[-1].until is None

    @property
    def systems(self) -> tuple[str, ...]:
        """Ids of affected systems."""
        return tuple(thing.id for thing in self.affected if thing.kind == "system")


def rebuilt(events: Iterable[CaseEvent]) -> Case:
    """The case its events make; the first must be ``Opened``."""
    first, *others = events
    case = _begun(first)
    for event in others:
        case = applied(case, event)
    return case


def applied(case: Case | None, event: CaseEvent) -> Case:
    """The case after one more event."""
    if case is None:
        return _begun(event)
    changes = _effect(event.change, case, event)
    return msgspec.structs.replace(case, **changes, changed=event.time, events=event.number)


def _begun(event: CaseEvent) -> Case:
    opened = event.change
    if not isinstance(opened, c.Opened):
        raise ValueError(f"the first event of {event.incident} is no beginning")
    return Case(
        id=event.incident, title=opened.title, level=opened.level, opened=event.time, changed=event.time,
        first_seen=opened.first_seen, last_seen=opened.last_seen, opened_by=event.person,
        description=opened.description, category=opened.category, split_from=opened.split_from, events=event.number,
    )  # fmt: skip


@singledispatch
def _effect(change: Any, case: Case, event: CaseEvent) -> dict[str, Any]:
    raise TypeError(f"no effect is known of {change!r}")


@_effect.register
def _(change: c.Joined, case: Case, event: CaseEvent) -> dict[str, Any]:
    things = [("system", one) for one in change.systems] + [("asset", one) for one in change.assets]
    known = {(thing.kind, thing.id) for thing in case.affected}
    found = tuple(Thing(kind=kind, id=one) for kind, one in dict.fromkeys(things) if (kind, one) not in known)
    return {
        "alerts": _union(case.alerts, change.alerts), "clues": _union(case.clues, change.clues),
        "rules": _union(case.rules, change.rules), "techniques": _union(case.techniques, change.techniques),
        "dimensions": _union(case.dimensions, change.dimensions), "affected": case.affected + found,
        "first_seen": min(case.first_seen, change.first_seen), "last_seen": max(case.last_seen, change.last_seen),
    }  # fmt: skip


@_effect.register
def _(change: c.Detached, case: Case, event: CaseEvent) -> dict[str, Any]:
    return {"alerts": tuple(alert for alert in case.alerts if alert not in change.alerts)}


@_effect.register
def _(change: c.Moved, case: Case, event: CaseEvent) -> dict[str, Any]:
    closing = change.to is State.CLOSED
    roles = case.roles
    if change.to is State.TRIAGE and not case.owner and event.person:
        roles = {**roles, "owner": event.person}
    return {
        "state": change.to, "verdict": change.verdict if closing else "", "reason": change.reason, "roles": roles,
        "pauses": _ended(case.pauses, event.time) if closing else case.pauses,
        "raised": () if change.to is State.REOPENED else case.raised,
    }  # fmt: skip


@_effect.register
def _(change: c.Graded, case: Case, event: CaseEvent) -> dict[str, Any]:
    return {"level": change.level}


@_effect.register
def _(change: c.Described, case: Case, event: CaseEvent) -> dict[str, Any]:
    given = {name: getattr(change, name) for name in ("description", "category", "tlp")}
    return {"title": change.title or case.title} | {name: value for name, value in given.items() if value is not None}


@_effect.register
def _(change: c.Appointed, case: Case, event: CaseEvent) -> dict[str, Any]:
    roles = {**case.roles, change.role: change.person}
    return {"roles": {role: person for role, person in roles.items() if person}}


@_effect.register
def _(change: c.Task, case: Case, event: CaseEvent) -> dict[str, Any]:
    before = next((task for task in case.tasks if task.id == change.id), None)
    ended = None if change.state == "open" else (before.ended if before and before.ended else event.time)
    task = Todo(
        id=change.id, title=change.title, person=change.person, due=change.due, state=change.state,
        set=before.set if before else event.time, ended=ended,
    )  # fmt: skip
    if before is None:
        return {"tasks": (*case.tasks, task)}
    return {"tasks": tuple(task if each.id == task.id else each for each in case.tasks)}


@_effect.register
def _(change: c.Noticed, case: Case, event: CaseEvent) -> dict[str, Any]:
    others = tuple(clue for clue in case.clues if clue != change.clue)
    return {"clues": others if change.gone else (*others, change.clue)}


@_effect.register
def _(change: c.Affected, case: Case, event: CaseEvent) -> dict[str, Any]:
    others = tuple(thing for thing in case.affected if (thing.kind, thing.id) != (change.kind, change.id))
    thing = Thing(kind=change.kind, id=change.id, note=change.note)
    return {"affected": others if change.gone else (*others, thing)}


@_effect.register
def _(change: c.Taken, case: Case, event: CaseEvent) -> dict[str, Any]:
    custody = (Custody(time=event.time, actor=event.actor, act="taken", note=change.note),)
    piece = Evidence(
        blob=change.blob, sm3=change.sm3, name=change.name, size=change.size, media=change.media, note=change.note,
        custody=custody,
    )  # fmt: skip
    return {"evidence": (*case.evidence, piece)}


@_effect.register
def _(change: c.Handed, case: Case, event: CaseEvent) -> dict[str, Any]:
    step = Custody(time=event.time, actor=event.actor, act=change.act, to=change.to, note=change.note)
    return {
        "evidence": tuple(
            msgspec.structs.replace(piece, custody=(*piece.custody, step)) if piece.blob == change.blob else piece
            for piece in case.evidence
        )
    }


@_effect.register(c.Said)
@_effect.register(c.Opened)
def _(change: c.Change, case: Case, event: CaseEvent) -> dict[str, Any]:
    return {}


@_effect.register
def _(change: c.Paused, case: Case, event: CaseEvent) -> dict[str, Any]:
    return {"pauses": (*case.pauses, Pause(since=event.time, reason=change.reason))}


@_effect.register
def _(change: c.Resumed, case: Case, event: CaseEvent) -> dict[str, Any]:
    return {"pauses": _ended(case.pauses, event.time)}


@_effect.register
def _(change: c.Raised, case: Case, event: CaseEvent) -> dict[str, Any]:
    return {"raised": (*case.raised, f"{change.timer}/{change.stage}")}


@_effect.register
def _(change: c.Running, case: Case, event: CaseEvent) -> dict[str, Any]:
    others = tuple(run for run in case.runs if run.id != change.run)
    started = next((run.started for run in case.runs if run.id == change.run), event.time)
    run = Run(id=change.run, playbook=change.playbook, state=change.state, simulate=change.simulate, started=started)
    return {"runs": (*others, run)}


@_effect.register
def _(change: c.Reviewed, case: Case, event: CaseEvent) -> dict[str, Any]:
    return {"review": change}


@_effect.register
def _(change: c.Measured, case: Case, event: CaseEvent) -> dict[str, Any]:
    return {"measures": dict(change.values), "reporter": change.reporter}


@_effect.register
def _(change: c.Reported, case: Case, event: CaseEvent) -> dict[str, Any]:
    return {"reported": {**case.reported, change.step: event.time}}


@_effect.register
def _(change: c.Swallowed, case: Case, event: CaseEvent) -> dict[str, Any]:
    return {"swallowed": (*case.swallowed, change.other)}


@_effect.register
def _(change: c.Merged, case: Case, event: CaseEvent) -> dict[str, Any]:
    return {
        "state": State.CLOSED, "merged_into": change.into, "reason": change.reason, "alerts": (),
        "pauses": _ended(case.pauses, event.time),
    }  # fmt: skip


def _union(first: tuple[Any, ...], second: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _ended(pauses: tuple[Pause, ...], at: datetime) -> tuple[Pause, ...]:
    if not pauses or pauses[-1].until is not None:
        return pauses
    return (*pauses[:-1], msgspec.structs.replace(pauses[-1], until=max(at, pauses[-1].since)))


def stood_still(case: Case, until: datetime) -> list[tuple[datetime, datetime]]:
    """The times in which the clocks stood still, up to ``until``."""
    return [(pause.since, min(pause.until or until, until)) for pause in case.pauses if pause.since < until]

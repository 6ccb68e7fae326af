"""Change requests (变更): approved by others than who asks, with a window that silences alerts and gates playbooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.exchange import Level, Todo
from infra.records import Records
from infra.web.seams import Actor
from ops.alerts import Alert, Alerts, Disposition
from ops.alerts import State as AlertState
from ops.alerts.service import Audit
from ops.work.record import WorkRow
from ops.work.shelf import Note, Outline, Shelf, words

LONGEST = timedelta(days=14)
PLATFORM = Actor(id="windows", name="windows", kind="service")


class ChangeState(StrEnum):
    """Where a change stands. Its window is in force only while it is ``approved`` and the time has come."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    DONE = "done"
    WITHDRAWN = "withdrawn"


class Risk(StrEnum):
    """How grave; decides how many must agree."""

    LOW = "low"
    HIGH = "high"


NEEDED = {Risk.LOW: 1, Risk.HIGH: 2}


class Scope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a change touches: ids of systems and assets, values of entities; an alert of any of these is in scope."""

    systems: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    def covers(self, alert: Alert) -> bool:
        """Whether an alert lies in it: on one of the things, and by one of the rules where rules are named."""
        on = (
            alert.system in self.systems or alert.asset in self.assets
            or alert.entity["value"] in (*self.assets, *self.entities)
        )  # fmt: skip
        return on and (not self.rules or alert.rule["id"] in self.rules)

    @property
    def empty(self) -> bool:
        """Whether it names nothing: such a scope covers nothing."""
        return not (self.systems or self.assets or self.entities)


class ChangeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A change: what, why, how back, when. ``silences`` closes alerts in its window up to ``silent_up_to``; ``ended``
    is when somebody closed it."""

    id: str
    title: str
    reason: str
    plan: str
    rollback: str
    starts: datetime
    ends: datetime
    asked_by: str
    asked: datetime
    scope: Scope
    risk: Risk = Risk.LOW
    silences: bool = False
    silent_up_to: Level = Level.MEDIUM
    state: ChangeState = ChangeState.ASKED
    approvals: tuple[str, ...] = ()
    refused_by: str = ""
    result: str = ""
    ended: datetime | None = None

    @property
    def closes(self) -> datetime:
        """When its window ends: as planned, or earlier where the change was closed before."""
        return min(self.ends, self.ended) if self.ended else self.ends

    @property
    def needed(self) -> int:
        """How many must agree."""
        return NEEDED[self.risk]

    def in_force(self, now: datetime) -> bool:
        """Whether its window is open."""
        return self.state is ChangeState.APPROVED and self.starts <= now < self.ends


class Changes:
    """The changes of the site. Whoever calls has checked the right to."""

    def __init__(self, records: Records, clock: Clock, audit: Audit) -> None:
        self._clock = clock
        self.shelf: Shelf[ChangeRequest] = Shelf(
            records, clock, audit, "change", "CR", ChangeRequest,
            lambda change: Outline(person=change.asked_by, starts=change.starts, due=change.ends),
        )  # fmt: skip

    def ask(
        self, actor: Actor, title: str, *, reason: str, plan: str, rollback: str, starts: datetime, ends: datetime,
        scope: Scope, risk: Risk = Risk.LOW, silences: bool = False, silent_up_to: Level = Level.MEDIUM,
    ) -> ChangeRequest:  # fmt: skip
        """A new request. ``AppError(INVALID)`` for a window in the past or longer than two weeks, or an empty scope."""
        now = self._clock.now()
        if not now < ends or not starts < ends or ends - starts > LONGEST:
            raise AppError(ErrorKind.INVALID, "ops.work.window", place="ends", days=LONGEST.days)
        if scope.empty:
            raise AppError(ErrorKind.INVALID, "ops.work.scope_empty", place="scope")
        asked = words(title, "title", 200), words(reason, "reason")
        how = words(plan, "plan"), words(rollback, "rollback")
        return self.shelf.make(
            actor,
            lambda number: ChangeRequest(
                id=number, title=asked[0], reason=asked[1], plan=how[0], rollback=how[1], starts=starts, ends=ends,
                asked_by=actor.id, asked=now, scope=scope, risk=risk,
                silences=silences, silent_up_to=silent_up_to,
            ),
            "ask",
        )  # fmt: skip

    def approve(self, actor: Actor, change: str) -> ChangeRequest:
        """Agree; never to one's own request, and once only. ``AppError(FORBIDDEN | CONFLICT)``."""

        def work(found: ChangeRequest) -> ChangeRequest:
            self._waiting(found)
            if actor.id == found.asked_by:
                raise AppError(ErrorKind.FORBIDDEN, "ops.work.own_change", place=change)
            if actor.id in found.approvals:
                raise AppError(ErrorKind.CONFLICT, "ops.work.approved_already", place=change)
            approvals = (*found.approvals, actor.id)
            state = ChangeState.APPROVED if len(approvals) >= found.needed else found.state
            return msgspec.structs.replace(found, approvals=approvals, state=state)

        return self.shelf.change(actor, change, "approve", work)

    def refuse(self, actor: Actor, change: str, reason: str) -> ChangeRequest:
        """Say no, and why."""
        said = words(reason, "reason")

        def work(found: ChangeRequest) -> ChangeRequest:
            self._waiting(found)
            if actor.id == found.asked_by:
                raise AppError(ErrorKind.FORBIDDEN, "ops.work.own_change", place=change)
            return msgspec.structs.replace(found, state=ChangeState.REFUSED, refused_by=actor.id, result=said)

        return self.shelf.change(actor, change, "refuse", work, {"reason": said})

    def end(self, actor: Actor, change: str, result: str, *, done: bool = True) -> ChangeRequest:
        """Done (with what result), or withdrawn; its window closes at once."""
        said = words(result, "result")
        to = ChangeState.DONE if done else ChangeState.WITHDRAWN

        def work(found: ChangeRequest) -> ChangeRequest:
            if found.state not in (ChangeState.ASKED, ChangeState.APPROVED):
                raise AppError(ErrorKind.CONFLICT, "ops.work.ended", place=change)
            if done and found.state is ChangeState.ASKED:
                raise AppError(ErrorKind.CONFLICT, "ops.work.not_approved", place=change)
            return msgspec.structs.replace(found, state=to, result=said, ended=self._clock.now())

        return self.shelf.change(actor, change, str(to), work, {"result": said})

    def listed(self, states: Sequence[str] = ()) -> list[ChangeRequest]:
        """Requests in these states, or all."""
        return self.shelf.find(*([WorkRow.state.in_(states)] if states else []))

    def notes(self, change: str) -> list[Note]:
        """What was done with it."""
        return self.shelf.notes(change)

    def open_now(self, now: datetime | None = None) -> list[ChangeRequest]:
        """Changes whose window is open."""
        at = now or self._clock.now()
        where = (WorkRow.state == ChangeState.APPROVED, WorkRow.starts <= at, WorkRow.due > at)
        return [change for change in self.shelf.find(*where) if change.in_force(at)]

    def may_change(self, thing: str, now: datetime | None = None) -> str:
        """The open change that covers a system, asset or entity; '' where none does. The gate of playbooks."""
        for change in self.open_now(now):
            if thing in (*change.scope.systems, *change.scope.assets, *change.scope.entities):
                return change.id
        return ""

    def hush(self, alerts: Alerts, changed: Iterable[Alert]) -> int:
        """Close new alerts that lie in an open, silencing window, naming the change; how many."""
        windows = [change for change in self.open_now() if change.silences]
        if not windows:
            return 0
        hushed = 0
        for change in windows:
            ids = [
                alert.id
                for alert in changed
                if alert.state is AlertState.NEW and change.scope.covers(alert)
                and alert.level.rank <= change.silent_up_to.rank and change.starts <= alert.last_seen < change.ends
            ]  # fmt: skip
            if ids:
                alerts.close(PLATFORM, ids, Disposition.BENIGN, change.id)
                hushed += len(ids)
        return hushed

    def todos(self, actor: Actor) -> list[Todo]:
        """Requests that wait for somebody else's word."""
        return [
            Todo(change.id, change.title, None, change.starts, Level.MEDIUM, f"/ui/orders?tab=changes&sel={change.id}",
                 "ops/work")
            for change in self.listed((ChangeState.ASKED,))
            if change.asked_by != actor.id and actor.id not in change.approvals and change.ends > self._clock.now()
        ]  # fmt: skip

    def _waiting(self, found: ChangeRequest) -> None:
        if found.state is not ChangeState.ASKED:
            raise AppError(ErrorKind.CONFLICT, "ops.work.decided", place=found.id, state=found.state)
        if found.ends <= self._clock.now():
            raise AppError(ErrorKind.CONFLICT, "ops.work.window_over", place=found.id)

"""Work orders (工单) with supervision (督办): assigned, due, yellow then red, brought to whom the stages name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.exchange import Level, Todo
from infra.records import Records
from infra.web.seams import Actor
from ops.alerts.service import Audit
from ops.work.record import WorkRow
from ops.work.shelf import Note, Outline, Shelf, words


class OrderState(StrEnum):
    """Where an order stands; ``done`` waits for somebody to look again, ``closed`` was looked at."""

    OPEN = "open"
    DOING = "doing"
    DONE = "done"
    CLOSED = "closed"
    DROPPED = "dropped"


class Light(StrEnum):
    """Green, yellow from the first stage on, red when it is overdue; none where there is no due time or it is over."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    NONE = "none"


ENDED = (OrderState.CLOSED, OrderState.DROPPED)
MOVES: dict[OrderState, tuple[OrderState, ...]] = {
    OrderState.OPEN: (OrderState.DOING, OrderState.DONE, OrderState.DROPPED),
    OrderState.DOING: (OrderState.DONE, OrderState.OPEN, OrderState.DROPPED),
    OrderState.DONE: (OrderState.CLOSED, OrderState.DOING),
    OrderState.CLOSED: (OrderState.OPEN,),
    OrderState.DROPPED: (OrderState.OPEN,),
}
DUE_BY_LEVEL = {Level.CRITICAL: 4, Level.HIGH: 24, Level.MEDIUM: 72, Level.LOW: 168, Level.INFORMATIONAL: 720}
"""Hours an order has by its level, where nobody says otherwise."""
STAGES = ((0.75, "assignee"), (1.0, "lead"), (1.5, "head"))
"""Share of the time after which whose role hears of it."""
PLATFORM = Actor(id="supervision", name="supervision", kind="service")


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A work order. ``key`` is what it is about where it came from a machine; ``href`` leads there."""

    id: str
    title: str
    level: Level
    opened: datetime
    due: datetime
    state: OrderState = OrderState.OPEN
    description: str = ""
    assignee: str = ""
    opened_by: str = ""
    key: str = ""
    source: str = ""
    href: str = ""
    ended: datetime | None = None
    result: str = ""
    raised: tuple[str, ...] = ()

    def light(self, now: datetime) -> Light:
        """How it stands against its due time."""
        if self.state in ENDED or self.state is OrderState.DONE:
            return Light.NONE
        share = (now - self.opened) / max(self.due - self.opened, timedelta(seconds=1))
        return Light.RED if share >= 1 else Light.YELLOW if share >= STAGES[0][0] else Light.GREEN


class Orders:
    """The work orders of the site. Whoever calls has checked the right to."""

    def __init__(self, records: Records, clock: Clock, audit: Audit) -> None:
        self._clock = clock
        self.shelf: Shelf[Order] = Shelf(
            records, clock, audit, "order", "WO", Order,
            lambda order: Outline(person=order.assignee, key=order.key, starts=order.opened, due=order.due),
        )  # fmt: skip

    def open(
        self, actor: Actor, title: str, *, level: Level = Level.MEDIUM, description: str = "", assignee: str = "",
        due: datetime | None = None, key: str = "", source: str = "", href: str = "",
    ) -> Order:  # fmt: skip
        """A new order; of one ``key`` only one is open, and that one is given back instead."""
        said = words(title, "title", 200)
        now = self._clock.now()
        ends = due or now + timedelta(hours=DUE_BY_LEVEL[level])
        if ends <= now:
            raise AppError(ErrorKind.INVALID, "ops.work.due_past", place="due")

        def build(number: str) -> Order:
            return Order(
                id=number, title=said, level=level, opened=now, due=ends, description=description, assignee=assignee,
                opened_by=actor.id, key=key, source=source, href=href,
            )  # fmt: skip

        def work(session: Session) -> Order:
            known = self.shelf.by_key(session, key, ENDED) if key else None
            return known or self.shelf.make_in(session, actor, build)

        made: Order = self.shelf.write(work)
        return made

    def assign(self, actor: Actor, order: str, person: str) -> Order:
        """Give it to somebody (or to nobody)."""
        return self.shelf.change(
            actor, order, "assign", lambda found: msgspec.structs.replace(_live(found), assignee=person),
            {"assignee": person},
        )  # fmt: skip

    def move(self, actor: Actor, order: str, to: OrderState, result: str = "") -> Order:
        """Another state; done and dropped say with what result."""
        if to in (OrderState.DONE, OrderState.DROPPED, OrderState.CLOSED):
            result = words(result, "result")

        def work(found: Order) -> Order:
            if to not in MOVES[found.state]:
                known = ", ".join(MOVES[found.state])
                raise AppError(
                    ErrorKind.CONFLICT, "ops.work.no_such_move", place=order, was=found.state, to=to, known=known
                )
            ended = self._clock.now() if to in (OrderState.DONE, *ENDED) else None
            mine = actor.id if to is OrderState.DOING and not found.assignee else found.assignee
            return msgspec.structs.replace(found, state=to, result=result, ended=ended, assignee=mine)

        return self.shelf.change(actor, order, str(to), work, {"result": result} if result else {})

    def postpone(self, actor: Actor, order: str, due: datetime, reason: str) -> Order:
        """A later (or earlier) due time, and why; stages begin anew."""
        said = words(reason, "reason")
        if due <= self._clock.now():
            raise AppError(ErrorKind.INVALID, "ops.work.due_past", place="due")
        return self.shelf.change(
            actor, order, "postpone", lambda found: msgspec.structs.replace(_live(found), due=due, raised=()),
            {"due": due.isoformat(), "reason": said},
        )  # fmt: skip

    def comment(self, actor: Actor, order: str, text: str) -> Order:
        """Say something about it."""
        return self.shelf.change(actor, order, "comment", lambda found: found, {"text": words(text, "text")})

    def close_by_key(self, actor: Actor, key: str, result: str) -> Order | None:
        """Close the open order about ``key`` because a second look found it mended; None where there is none."""
        found = self.shelf.find(WorkRow.key == key, WorkRow.state.not_in(ENDED), limit=1)
        if not found:
            return None

        def work(order: Order) -> Order:
            return msgspec.structs.replace(order, state=OrderState.CLOSED, result=result, ended=self._clock.now())

        return self.shelf.change(actor, found[0].id, "closed", work, {"result": result})

    def listed(self, *, states: Sequence[str] = (), assignee: str | None = None) -> list[Order]:
        """Orders in these states (all where none is named), of one person or of all."""
        where: list[ColumnElement[bool]] = [WorkRow.state.in_(states)] if states else []
        where += [WorkRow.person == assignee] if assignee is not None else []
        return self.shelf.find(*where)

    def notes(self, order: str) -> list[Note]:
        """What was done with it."""
        return self.shelf.notes(order)

    def supervise(self) -> int:
        """Raise every stage that has come, each once; how many."""
        now, raised = self._clock.now(), 0
        for order in self.listed(states=(OrderState.OPEN, OrderState.DOING)):
            for stage, role in stages_due(order, now):
                detail: dict[str, Any] = {"stage": stage, "role": role}
                self.shelf.change(PLATFORM, order.id, "raise", lambda found, stage=stage: msgspec.structs.replace(
                    found, raised=(*found.raised, stage)
                ), detail)  # type: ignore[misc]  # fmt: skip
                raised += 1
        return raised

    def todos(self, actor: Actor) -> list[Todo]:
        """Orders of the actor, and open ones nobody has."""
        now = self._clock.now()
        found = self.listed(states=(OrderState.OPEN, OrderState.DOING))
        return [
            Todo(order.id, order.title, order.assignee or None, order.due,
                 Level.HIGH if order.light(now) is Light.RED and order.level.rank < Level.HIGH.rank else order.level,
                 f"/ui/orders?sel={order.id}", "ops/work")
            for order in found if order.assignee in ("", actor.id)
        ]  # fmt: skip


def stages_due(order: Order, now: datetime) -> list[tuple[str, str]]:
    """Stages that have come and were not raised yet: name and role."""
    share = (now - order.opened) / max(order.due - order.opened, timedelta(seconds=1))
    return [(f"{at:.0%}", role) for at, role in STAGES if share >= at and f"{at:.0%}" not in order.raised]


def _live(order: Order) -> Order:
    if order.state in ENDED:
        raise AppError(ErrorKind.CONFLICT, "ops.work.ended", place=order.id)
    return order

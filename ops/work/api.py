"""Work over HTTP: orders, changes, duty, drills."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Query, Response
from starlette.concurrency import run_in_threadpool

from infra.errors import AppError, ErrorKind
from infra.exchange import Level
from infra.web.seams import Actor, Authorizer, current_actor
from ops.alerts.api import json_of
from ops.work.changes import Changes, Risk, Scope
from ops.work.drills import Criterion, Drills
from ops.work.duty import Duty, Rota
from ops.work.orders import Orders, OrderState

Given = Annotated[dict[str, Any], Body()]


class _Asked(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    pass


class OpenOrder(_Asked):
    """A new order; without ``due`` its level decides."""

    title: str
    level: Level = Level.MEDIUM
    description: str = ""
    assignee: str = ""
    due: datetime | None = None


class OrderAct(_Asked):
    """What to do with an order: ``assign`` (person), ``move`` (to, result), ``postpone`` (due, reason), ``comment``."""

    do: str
    person: str = ""
    to: OrderState = OrderState.DOING
    result: str = ""
    due: datetime | None = None
    reason: str = ""
    text: str = ""


class AskChange(_Asked):
    """A change request."""

    title: str
    reason: str
    plan: str
    rollback: str
    starts: datetime
    ends: datetime
    scope: Scope
    risk: Risk = Risk.LOW
    silences: bool = False
    silent_up_to: Level = Level.MEDIUM


class ChangeAct(_Asked):
    """``approve``, ``refuse`` (reason), ``done`` (result), ``withdraw`` (result)."""

    do: str
    reason: str = ""
    result: str = ""


class ShiftAct(_Asked):
    """``swap`` (person), ``cancel``, ``offer`` (notes), ``take``."""

    do: str
    person: str = ""
    notes: str = ""


class PlanDrill(_Asked):
    """A drill to come."""

    title: str
    scenario: str
    planned: datetime
    criteria: tuple[Criterion, ...]
    playbook: str = ""
    inputs: dict[str, Any] = {}
    people: tuple[str, ...] = ()


class DrillAct(_Asked):
    """``start``, ``score`` (points by criterion, lessons), ``cancel`` (reason)."""

    do: str
    points: dict[str, float] = {}
    lessons: str = ""
    reason: str = ""


def read(kind: Any, body: dict[str, Any]) -> Any:
    """The request a body means; ``AppError(INVALID)`` says which field is wrong (NaN is; NUL is dropped)."""
    try:
        finite = msgspec.json.encode(body).replace(rb"\u0000", b"")  # NaN and infinity become null
        return msgspec.convert(msgspec.json.decode(finite), kind)
    except msgspec.ValidationError as error:
        raise AppError(ErrorKind.INVALID, "ops.work.malformed", place="body", problem=str(error)) from None


def work_router(orders: Orders, changes: Changes, duty: Duty, drills: Drills, access: Authorizer) -> APIRouter:
    """``/api/v1/orders``, ``/changes``, ``/duty``, ``/drills``."""
    router = APIRouter(prefix="/api/v1", tags=["work"])

    def ask(action: str, thing: str = "") -> Actor:
        actor = current_actor.get()
        access.demand(actor, action, thing)
        return actor

    _orders(router, orders, ask)
    _changes(router, changes, ask)
    _duty(router, duty, ask)
    _drills(router, drills, ask)
    return router


Ask = Callable[..., Actor]
States = Annotated[list[str] | None, Query()]


def _orders(router: APIRouter, orders: Orders, ask: Ask) -> None:
    @router.get("/orders")
    async def listed(state: States = None, assignee: str | None = None) -> Response:
        ask("orders.read")
        return json_of(await run_in_threadpool(orders.listed, states=tuple(state or ()), assignee=assignee))

    @router.post("/orders")
    async def open_one(body: Given) -> Response:
        actor, given = ask("orders.work"), read(OpenOrder, body)
        fields = {name: getattr(given, name) for name in ("level", "description", "assignee", "due")}
        return json_of(await run_in_threadpool(orders.open, actor, given.title, **fields), 201)

    @router.get("/orders/{order}")
    async def one(order: str) -> Response:
        ask("orders.read", f"order:{order}")
        found = await run_in_threadpool(orders.shelf.get, order)
        return json_of({"order": found, "notes": await run_in_threadpool(orders.notes, order)})

    @router.post("/orders/{order}")
    async def act(order: str, body: Given) -> Response:
        actor, given = ask("orders.work", f"order:{order}"), read(OrderAct, body)
        return json_of(await run_in_threadpool(order_act, orders, actor, order, given))


def order_act(orders: Orders, actor: Actor, order: str, given: OrderAct) -> Any:
    """Carry out one act; ``AppError(INVALID)`` for one that does not exist."""
    match given.do:
        case "assign":
            return orders.assign(actor, order, given.person)
        case "move":
            return orders.move(actor, order, given.to, given.result)
        case "postpone" if given.due is not None:
            return orders.postpone(actor, order, given.due, given.reason)
        case "comment":
            return orders.comment(actor, order, given.text)
    raise _unknown(given.do, "assign, move, postpone, comment")


def _changes(router: APIRouter, changes: Changes, ask: Ask) -> None:
    @router.get("/changes")
    async def listed(state: States = None) -> Response:
        ask("orders.read")
        return json_of(await run_in_threadpool(changes.listed, tuple(state or ())))

    @router.post("/changes")
    async def request(body: Given) -> Response:
        actor, given = ask("orders.work"), read(AskChange, body)
        fields = {name: getattr(given, name) for name in given.__struct_fields__ if name != "title"}
        return json_of(await run_in_threadpool(changes.ask, actor, given.title, **fields), 201)

    @router.get("/changes/{change}")
    async def one(change: str) -> Response:
        ask("orders.read", f"change:{change}")
        found = await run_in_threadpool(changes.shelf.get, change)
        return json_of({"change": found, "notes": await run_in_threadpool(changes.notes, change)})

    @router.post("/changes/{change}")
    async def act(change: str, body: Given) -> Response:
        given = read(ChangeAct, body)
        right = "orders.approve" if given.do in ("approve", "refuse") else "orders.work"
        actor = ask(right, f"change:{change}")
        return json_of(await run_in_threadpool(change_act, changes, actor, change, given))


def change_act(changes: Changes, actor: Actor, change: str, given: ChangeAct) -> Any:
    """Carry out one act; ``AppError(INVALID)`` for one that does not exist."""
    match given.do:
        case "approve":
            return changes.approve(actor, change)
        case "refuse":
            return changes.refuse(actor, change, given.reason)
        case "done" | "withdraw":
            return changes.end(actor, change, given.result, done=given.do == "done")
    raise _unknown(given.do, "approve, refuse, done, withdraw")


def _duty(router: APIRouter, duty: Duty, ask: Ask) -> None:
    @router.get("/duty")
    async def shifts(since: datetime, until: datetime) -> Response:
        ask("orders.read")
        return json_of(await run_in_threadpool(duty.between, since, until))

    @router.get("/duty/now")
    async def now() -> Response:
        ask("orders.read")
        return json_of({"on_call": await run_in_threadpool(duty.on_call)})

    @router.post("/duty")
    async def plan(body: Given) -> Response:
        actor = ask("orders.plan")
        return json_of(await run_in_threadpool(duty.plan, actor, read(Rota, body)), 201)

    @router.post("/duty/{shift}")
    async def act(shift: str, body: Given) -> Response:
        given = read(ShiftAct, body)
        actor = ask("orders.plan" if given.do in ("swap", "cancel") else "orders.work", f"shift:{shift}")
        return json_of(await run_in_threadpool(shift_act, duty, actor, shift, given))


def shift_act(duty: Duty, actor: Actor, shift: str, given: ShiftAct) -> Any:
    """Carry out one act; ``AppError(INVALID)`` for one that does not exist."""
    match given.do:
        case "swap":
            return duty.swap(actor, shift, given.person)
        case "cancel":
            return duty.cancel(actor, shift)
        case "offer":
            return duty.offer(actor, shift, given.notes)
        case "take":
            return duty.take(actor, shift)
    raise _unknown(given.do, "swap, cancel, offer, take")


def _drills(router: APIRouter, drills: Drills, ask: Ask) -> None:
    @router.get("/drills")
    async def listed(state: States = None) -> Response:
        ask("orders.read")
        return json_of(await run_in_threadpool(drills.listed, tuple(state or ())))

    @router.post("/drills")
    async def plan(body: Given) -> Response:
        actor, given = ask("orders.work"), read(PlanDrill, body)
        made = await run_in_threadpool(
            drills.plan, actor, given.title, given.scenario, given.planned, given.criteria, playbook=given.playbook,
            inputs=given.inputs, people=given.people,
        )  # fmt: skip
        return json_of(made, 201)

    @router.post("/drills/{drill}")
    async def act(drill: str, body: Given) -> Response:
        actor, given = ask("orders.work", f"drill:{drill}"), read(DrillAct, body)
        return json_of(await run_in_threadpool(drill_act, drills, actor, drill, given))


def drill_act(drills: Drills, actor: Actor, drill: str, given: DrillAct) -> Any:
    """Carry out one act; ``AppError(INVALID)`` for one that does not exist."""
    match given.do:
        case "start":
            return drills.start(actor, drill)
        case "score":
            return drills.score(actor, drill, given.points, given.lessons)
        case "cancel":
            return drills.cancel(actor, drill, given.reason)
    raise _unknown(given.do, "start, score, cancel")


def _unknown(given: str, known: str) -> AppError:
    return AppError(ErrorKind.INVALID, "ops.work.no_such_act", place="do", given=given[:40], known=known)

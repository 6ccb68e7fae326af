"""Rules over HTTP: look through them, check a text, backtest it, put it in force, switch, take back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi import Query as Asked
from starlette.concurrency import run_in_threadpool as ask

from analytics.rules.desk import MAX_TEXT, RuleDesk
from analytics.rules.listing import RuleFilter
from analytics.rules.state import RuleState
from infra.errors import AppError, ErrorKind
from infra.web.seams import Authorizer, current_actor

READ, TEST, EDIT = "rules.read", "rules.test", "rules.edit"
MOST_BODY = 4 * MAX_TEXT
MOST_VERSIONS = 2**31
T = TypeVar("T")


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule's text and its tests."""

    source: str
    tests: str = ""


class Trying(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text to backtest over the last days."""

    source: str
    days: int = 1


class Explaining(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text and one event."""

    source: str
    event: dict[str, Any]


class Publishing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text to put in force, and why; ``rule`` is the rule it is a version of, '' for a new one."""

    source: str
    note: str
    tests: str = ""
    state: RuleState = RuleState.ENABLED
    rule: str = ""


class Switching(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A state, and why."""

    state: RuleState
    note: str


class Restoring(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version, and why."""

    version: Annotated[int, msgspec.Meta(ge=0, le=MOST_VERSIONS)]
    note: str


def rules_router(desk: Callable[[], RuleDesk], access: Authorizer) -> APIRouter:
    """``/api/v1/rules``: list and rule; ``check``, ``backtest``, ``explain`` a text; put in force, switch, restore."""
    router = APIRouter(prefix="/api/v1/rules", tags=["rules"])
    _reading(router, desk, access)
    _trying(router, desk, access)
    _changing(router, desk, access)
    return router


def _reading(router: APIRouter, desk: Callable[[], RuleDesk], access: Authorizer) -> None:
    @router.get("")
    async def find(
        q: str = "", state: str = "", level: str = "", origin: str = "", blind: bool | None = None,
        start: Annotated[int, Asked(ge=0)] = 0, limit: Annotated[int, Asked(ge=1, le=1000)] = 100,
    ) -> Response:  # fmt: skip
        access.demand(current_actor.get(), READ)
        wanted = RuleFilter(text=q[:200], state=state, level=level, origin=origin, blind=blind)
        return json_of(await ask(lambda: desk().find(wanted, start, limit)))

    @router.get("/failures")
    async def failures() -> Response:
        access.demand(current_actor.get(), READ)
        found = await ask(lambda: desk().failures())
        rows = [
            {"place": one.place, "rule": one.rule_id, "problem": one.problem, "remedy": one.remedy} for one in found
        ]
        return json_of({"items": rows})

    @router.get("/{rule_id}")
    async def one(rule_id: str) -> Response:
        access.demand(current_actor.get(), READ, f"rule:{rule_id}")
        return json_of(await ask(lambda: desk().rule(rule_id)))


def _trying(router: APIRouter, desk: Callable[[], RuleDesk], access: Authorizer) -> None:
    @router.post("/check")
    async def check(request: Request) -> Response:
        access.demand(current_actor.get(), TEST)
        text = await body_of(request, Text)
        return json_of(await ask(lambda: desk().check(text.source, text.tests)))

    @router.post("/backtest")
    async def backtest(request: Request) -> Response:
        access.demand(current_actor.get(), TEST)
        text = await body_of(request, Trying)
        return json_of(await ask(lambda: desk().backtest(text.source, text.days)))

    @router.post("/explain")
    async def explain(request: Request) -> Response:
        access.demand(current_actor.get(), TEST)
        text = await body_of(request, Explaining)
        return json_of(await ask(lambda: desk().explain(text.source, text.event)))


def _changing(router: APIRouter, desk: Callable[[], RuleDesk], access: Authorizer) -> None:
    @router.post("")
    async def publish(request: Request) -> Response:
        actor, body = current_actor.get(), await body_of(request, Publishing)
        access.demand(actor, EDIT, f"rule:{body.rule}")
        found = await ask(lambda: desk().publish(actor, body.source, body.tests, body.note, body.state, body.rule))
        return json_of({"rule": found})

    @router.post("/{rule_id}/state")
    async def switch(rule_id: str, request: Request) -> Response:
        actor, body = current_actor.get(), await body_of(request, Switching)
        access.demand(actor, EDIT, f"rule:{rule_id}")
        await ask(lambda: desk().switch(actor, rule_id, body.state, body.note))
        return Response(status_code=204)

    @router.post("/{rule_id}/restore")
    async def restore(rule_id: str, request: Request) -> Response:
        actor, body = current_actor.get(), await body_of(request, Restoring)
        access.demand(actor, EDIT, f"rule:{rule_id}")
        await ask(lambda: desk().restore(actor, rule_id, body.version, body.note))
        return Response(status_code=204)


async def body_of(request: Request, shape: type[T]) -> T:
    data = await request.body()
    if len(data) > MOST_BODY:
        raise AppError(ErrorKind.TOO_LARGE, "analytics.rules.text_too_large", place="body", limit=MAX_TEXT)
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise AppError(ErrorKind.INVALID, "analytics.rules.body", place="body", problem=str(error)[:200]) from None


def json_of(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")

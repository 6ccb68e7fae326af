"""Models over HTTP: what there is, how it does, and the steps people take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool as ask

from analytics.models.state import ModelState
from infra.errors import AppError, ErrorKind
from infra.web.seams import Actor, Authorizer, current_actor

MOST_BODY = 4096
T = TypeVar("T")


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state a person puts a version in."""

    state: ModelState


class Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The findings whose answers are taken back."""

    rule: str
    entity: str
    feature: str = ""


class Desk(Protocol):
    """What is asked (``analytics.models.desk.ModelDesk``, made on the first question)."""

    def models(self) -> Any: ...

    def move(self, model: str, state: ModelState, actor: Actor) -> None: ...

    def rollback(self, name: str, actor: Actor) -> str: ...

    def lessons(self) -> Any: ...

    def unlearn(self, actor: Actor, rule: str, entity: str, feature: str) -> int: ...


def models_router(desk: Callable[[], Desk], access: Authorizer) -> APIRouter:
    """``/api/v1/models``: all versions; ``POST /{id}`` with a state takes a step; ``/rollback/{name}`` goes back.
    ``/lessons``: what answers to findings taught; ``POST /lessons/undo`` takes those to one finding back."""
    router = APIRouter(prefix="/api/v1/models", tags=["models"])

    @router.get("")
    async def models() -> Response:
        access.demand(current_actor.get(), "analytics.read")
        return _json({"items": await ask(lambda: desk().models())})

    @router.get("/lessons")
    async def lessons() -> Response:
        access.demand(current_actor.get(), "analytics.read")
        found = await ask(lambda: desk().lessons())
        return _json({"items": [{**msgspec.structs.asdict(one), "factor": one.factor} for one in found]})

    @router.post("/lessons/undo")
    async def undo(request: Request) -> Response:
        actor = current_actor.get()
        access.demand(actor, "analytics.approve", "finding")
        one = _read(await request.body(), Finding)
        return _json({"answers": await ask(lambda: desk().unlearn(actor, one.rule, one.entity, one.feature))})

    @router.post("/rollback/{name}")
    async def rollback(name: str) -> Response:
        actor = current_actor.get()
        access.demand(actor, "analytics.approve", f"model:{name}")
        return _json({"active": await ask(lambda: desk().rollback(name, actor))})

    @router.post("/{model}")
    async def move(model: str, request: Request) -> Response:
        actor = current_actor.get()
        access.demand(actor, "analytics.approve", f"model:{model}")
        step = _read(await request.body(), Step)
        await ask(lambda: desk().move(model, step.state, actor))
        return Response(status_code=204)

    return router


def _read(body: bytes, wanted: type[T]) -> T:
    try:
        return msgspec.json.decode(body[:MOST_BODY], type=wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        key = "analytics.models.step_wrong" if wanted is Step else "analytics.models.finding_wrong"
        raise AppError(ErrorKind.INVALID, key, place="body", problem=str(error)[:200]) from None


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")

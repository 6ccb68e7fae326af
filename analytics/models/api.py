"""Models over HTTP: what there is, how it does, and the steps people take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool as ask

from analytics.models.state import ModelState
from infra.errors import AppError, ErrorKind
from infra.web.seams import Actor, Authorizer, current_actor

MOST_BODY = 4096


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state a person puts a version in."""

    state: ModelState


class Desk(Protocol):
    """What is asked (``analytics.models.desk.ModelDesk``, made on the first question)."""

    def models(self) -> Any: ...

    def move(self, model: str, state: ModelState, actor: Actor) -> None: ...

    def rollback(self, name: str, actor: Actor) -> str: ...


def models_router(desk: Callable[[], Desk], access: Authorizer) -> APIRouter:
    """``/api/v1/models``: all versions; ``POST /{id}`` with a state takes a step; ``/rollback/{name}`` goes back."""
    router = APIRouter(prefix="/api/v1/models", tags=["models"])

    @router.get("")
    async def models() -> Response:
        access.demand(current_actor.get(), "analytics.read")
        return _json({"items": await ask(lambda: desk().models())})

    @router.post("/rollback/{name}")
    async def rollback(name: str) -> Response:
        actor = current_actor.get()
        access.demand(actor, "analytics.approve", f"model:{name}")
        return _json({"active": await ask(lambda: desk().rollback(name, actor))})

    @router.post("/{model}")
    async def move(model: str, request: Request) -> Response:
        actor = current_actor.get()
        access.demand(actor, "analytics.approve", f"model:{model}")
        body = await request.body()
        try:
            step = msgspec.json.decode(body[:MOST_BODY], type=Step)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise AppError(
                ErrorKind.INVALID, "analytics.models.step_wrong", place="body", problem=str(error)[:200]
            ) from None
        await ask(lambda: desk().move(model, step.state, actor))
        return Response(status_code=204)

    return router


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")

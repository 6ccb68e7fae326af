"""Threat intelligence over HTTP: feeds listed, put in and taken out; indicators listed and looked up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi import Query as Asked
from starlette.concurrency import run_in_threadpool as ask

from analytics.intelligence.desk import IndicatorDesk
from infra.web.seams import Authorizer, current_actor

READ, EDIT = "rules.read", "rules.feeds"


def intelligence_router(desk: Callable[[], IndicatorDesk], access: Authorizer) -> APIRouter:
    """``/api/v1/intelligence``: ``sources`` (``PUT`` and ``DELETE`` one by its name), ``indicators``, ``indicator``."""
    router = APIRouter(prefix="/api/v1/intelligence", tags=["intelligence"])

    @router.get("/sources")
    async def sources() -> Response:
        access.demand(current_actor.get(), READ)
        return _json({"items": await ask(lambda: desk().sources())})

    @router.put("/sources/{name}")
    async def put(name: str, request: Request) -> Response:
        actor = current_actor.get()
        access.demand(actor, EDIT, f"feed:{name}")
        data = await request.body()
        return _json(await ask(lambda: desk().put(actor, name, data)))

    @router.delete("/sources/{name}")
    async def remove(name: str) -> Response:
        actor = current_actor.get()
        access.demand(actor, EDIT, f"feed:{name}")
        await ask(lambda: desk().remove(actor, name))
        return Response(status_code=204)

    @router.get("/indicators")
    async def indicators(
        q: Annotated[str, Asked(max_length=500)] = "",
        start: Annotated[int, Asked(ge=0, le=10_000_000)] = 0,
        limit: Annotated[int, Asked(ge=1, le=1000)] = 100,
    ) -> Response:
        access.demand(current_actor.get(), READ)
        return _json({"items": await ask(lambda: desk().find(q, start, limit))})

    @router.get("/indicator")
    async def indicator(value: Annotated[str, Asked(max_length=4096)]) -> Response:
        access.demand(current_actor.get(), READ)
        return _json(await ask(lambda: desk().look_up(value)))

    return router


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")

"""The register over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool as ask

from infra.register.bodies import noun
from infra.register.nouns import Asset, System, Unit
from infra.register.register import Register
from infra.web.seams import Authorizer, current_actor


def register_router(register: Register, access: Authorizer) -> APIRouter:
    """``/api/v1/register/units|systems|assets``: read them all, one asset, and PUT one of each."""
    router = APIRouter(prefix="/api/v1/register", tags=["register"])

    @router.get("/units")
    async def units() -> Response:
        access.demand(current_actor.get(), "register.read")
        return _json({"items": await ask(register.units)})

    @router.get("/systems")
    async def systems() -> Response:
        access.demand(current_actor.get(), "register.read")
        return _json({"items": await ask(register.systems)})

    @router.get("/assets")
    async def assets(system: str = "") -> Response:
        access.demand(current_actor.get(), "register.read")
        return _json({"items": await ask(register.assets, system)})

    @router.get("/assets/{asset}")
    async def asset(asset: str) -> Response:
        access.demand(current_actor.get(), "register.read")
        return _json(await ask(register.asset, asset))

    @router.put("/units/{item}")
    async def put_unit(item: str, request: Request) -> Response:
        await ask(register.save_unit, current_actor.get(), await noun(request, item, Unit))
        return Response(status_code=204)

    @router.put("/systems/{item}")
    async def put_system(item: str, request: Request) -> Response:
        await ask(register.save_system, current_actor.get(), await noun(request, item, System))
        return Response(status_code=204)

    @router.put("/assets/{item}")
    async def put_asset(item: str, request: Request) -> Response:
        await ask(register.save_asset, current_actor.get(), await noun(request, item, Asset))
        return Response(status_code=204)

    return router


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")

"""Zones, paths between them and rules for new assets, over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool as ask

from infra.register.bodies import noun
from infra.register.zones import AssetRule, Zone, Zones
from infra.web.seams import Authorizer, current_actor


def zones_router(zones: Zones, access: Authorizer) -> APIRouter:
    """``/api/v1/register/zones|zone-paths|asset-rules`` and the facts of an asset."""
    router = APIRouter(prefix="/api/v1/register", tags=["register"])

    async def answer(read: Any, *words: Any) -> Response:
        access.demand(current_actor.get(), "register.read")
        items = {"items": await ask(read, *words)}
        return Response(msgspec.json.encode(items), media_type="application/json")

    @router.get("/zones")
    async def all_zones() -> Response:
        return await answer(zones.zones)

    @router.get("/zone-paths")
    async def paths() -> Response:
        return await answer(zones.paths)

    @router.get("/asset-rules")
    async def rules() -> Response:
        return await answer(zones.rules)

    @router.get("/assets/{asset}/facts")
    async def facts(asset: str) -> Response:
        return await answer(zones.facts, asset)

    @router.put("/zones/{item}")
    async def put_zone(item: str, request: Request) -> Response:
        await ask(zones.save_zone, current_actor.get(), await noun(request, item, Zone))
        return Response(status_code=204)

    @router.put("/asset-rules/{item}")
    async def put_rule(item: str, request: Request) -> Response:
        await ask(zones.save_rule, current_actor.get(), await noun(request, item, AssetRule))
        return Response(status_code=204)

    return router

"""The register of data assets over HTTP, with what was seen of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool as ask

from analytics.datasecurity.register import DataAsset, DataAssets
from analytics.datasecurity.seen import SeenDataset
from infra.register.bodies import noun
from infra.web.seams import Authorizer, current_actor


def data_assets_router(assets: DataAssets, access: Authorizer, seen: Callable[[], Sequence[SeenDataset]]) -> APIRouter:
    """``GET /api/v1/data-assets`` and ``PUT /api/v1/data-assets/{id}``."""
    router = APIRouter(prefix="/api/v1/data-assets", tags=["data assets"])

    @router.get("")
    async def listed() -> Response:
        access.demand(current_actor.get(), "register.read")
        found, shown = [kept for kept in await ask(assets.all) if not kept.asset.retired], await ask(seen)
        items = [
            {
                "asset": kept.asset,
                "changed": kept.changed,
                "changed_by": kept.changed_by,
                "seen": [one for one in shown if kept.asset.holds(one.dataset)],
            }
            for kept in found
        ]
        loose = [one for one in shown if not any(kept.asset.holds(one.dataset) for kept in found)]
        body = {"items": items, "unregistered": loose}
        return Response(msgspec.json.encode(body), media_type="application/json")

    @router.put("/{item}")
    async def put(item: str, request: Request) -> Response:
        asset = await noun(request, item, DataAsset)
        await ask(assets.save, current_actor.get(), asset)
        return Response(status_code=204)

    return router

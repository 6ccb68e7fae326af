"""Posture over HTTP: the same number as on the page."""

from __future__ import annotations

from datetime import datetime

import msgspec
from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool

from analytics.posture.service import PostureService
from infra.errors import AppError, ErrorKind
from infra.exchange import Dimension
from infra.web.seams import Authorizer, current_actor


def posture_router(posture: PostureService, access: Authorizer) -> APIRouter:
    """``GET /api/v1/posture[?at=T]``; ``GET /api/v1/posture/trend[?dimension=D]`` says where it is going."""
    router = APIRouter(prefix="/api/v1/posture", tags=["posture"])

    @router.get("")
    async def now(at: datetime | None = None) -> Response:
        access.demand(current_actor.get(), "posture.read")
        found = await run_in_threadpool(posture.latest, at)
        if found is None:
            raise AppError(ErrorKind.NOT_FOUND, "analytics.posture_none", place="posture")
        return Response(msgspec.json.encode(found), media_type="application/json")

    @router.get("/trend")
    async def going(dimension: Dimension | None = None) -> Response:
        access.demand(current_actor.get(), "posture.read")
        found = await run_in_threadpool(posture.trend, dimension)
        return Response(msgspec.json.encode(found), media_type="application/json")

    return router

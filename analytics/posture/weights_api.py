"""The weights of posture over HTTP: the signed version in force, proposals, decisions."""

from __future__ import annotations

import base64
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool as ask

from analytics.posture.weights import Weights, WeightVersion
from infra.register.bodies import decoded
from infra.web.seams import Authorizer, current_actor


class Proposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is proposed: weights of some or all indicators, and why."""

    weights: dict[str, float]
    comment: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


def weights_router(weights: Weights, access: Authorizer) -> APIRouter:
    """``GET/POST /api/v1/posture/weights``, ``POST /api/v1/posture/weights/{number}/approve|refuse``."""
    router = APIRouter(prefix="/api/v1/posture/weights", tags=["posture"])

    @router.get("")
    async def listed() -> Response:
        access.demand(current_actor.get(), "posture.read")
        number, current = await ask(weights.current)
        items = [_shown(version) for version in await ask(weights.versions)]
        body = {"number": number, "weights": current, "versions": items}
        return Response(msgspec.json.encode(body), media_type="application/json")

    @router.post("")
    async def propose(request: Request) -> Response:
        given = await decoded(request, Proposal)
        number = await ask(weights.propose, current_actor.get(), given.weights, given.comment)
        return Response(msgspec.json.encode({"number": number}), media_type="application/json", status_code=201)

    @router.post("/{number}/approve")
    async def approve(number: int) -> Response:
        await ask(weights.approve, current_actor.get(), number)
        return Response(status_code=204)

    @router.post("/{number}/refuse")
    async def refuse(number: int) -> Response:
        await ask(weights.refuse, current_actor.get(), number)
        return Response(status_code=204)

    return router


def _shown(version: WeightVersion) -> dict[str, object]:
    return {**msgspec.structs.asdict(version), "signature": base64.b64encode(version.signature).decode()}

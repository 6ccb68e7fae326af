"""Suppressions over HTTP: list, prove, preview, put in force, end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool as ask

from analytics.rules.api import READ, TEST, Text, Trying, body_of, json_of
from analytics.rules.suppressing import SuppressionDesk
from infra.web.seams import Authorizer, current_actor

SUPPRESS = "rules.suppress"


class Making(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A filter document to put in force; ``expires`` is RFC 3339, with its offset."""

    source: str
    owner: str
    reason: str
    expires: Annotated[datetime, msgspec.Meta(tz=True)]


class Ending(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it ends before its time."""

    note: str


def suppressions_router(desk: Callable[[], SuppressionDesk], access: Authorizer) -> APIRouter:
    """``/api/v1/suppressions``: all; ``POST`` makes one, ``/prove`` and ``/preview`` try, ``/{id}/end`` ends."""
    router = APIRouter(prefix="/api/v1/suppressions", tags=["rules"])

    @router.get("")
    async def every() -> Response:
        access.demand(current_actor.get(), READ)
        return json_of({"items": await ask(lambda: desk().all())})

    @router.post("/prove")
    async def prove(request: Request) -> Response:
        access.demand(current_actor.get(), TEST)
        text = await body_of(request, Text)
        found = await ask(lambda: desk().prove(text.source))
        return json_of({"ready": found.ready, "proof": found})

    @router.post("/preview")
    async def preview(request: Request) -> Response:
        access.demand(current_actor.get(), TEST)
        text = await body_of(request, Trying)
        return json_of(await ask(lambda: desk().preview(text.source, text.days)))

    @router.post("")
    async def make(request: Request) -> Response:
        actor, body = current_actor.get(), await body_of(request, Making)
        access.demand(actor, SUPPRESS)
        made = await ask(lambda: desk().make(actor, body.source, body.owner, body.reason, body.expires))
        return json_of({"suppression": made})

    @router.post("/{suppression}/end")
    async def end(suppression: str, request: Request) -> Response:
        actor, body = current_actor.get(), await body_of(request, Ending)
        access.demand(actor, SUPPRESS, f"suppression:{suppression}")
        await ask(lambda: desk().end(actor, suppression, body.note))
        return Response(status_code=204)

    return router

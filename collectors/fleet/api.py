"""Agents and groups over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool as ask

from collectors.fleet.configuration import Configuration
from collectors.fleet.fleet import READ, Fleet
from collectors.fleet.presence import Present
from infra.errors import AppError, ErrorKind
from infra.web.seams import Authorizer, current_actor


class _New(msgspec.Struct, forbid_unknown_fields=True):
    group: str = "default"
    name: str = ""
    days: int = 1


class _Move(msgspec.Struct, forbid_unknown_fields=True):
    group: str


def agents_router(fleet: Fleet, access: Authorizer, presence: Callable[[], Mapping[str, Present]]) -> APIRouter:
    """``/api/v1/agents``: list, one-time tokens, revoke, move; ``/api/v1/agent-groups``: list and configure."""
    router = APIRouter(prefix="/api/v1", tags=["agents"])

    @router.get("/agents")
    async def agents() -> Response:
        access.demand(current_actor.get(), READ)
        known, present = await ask(fleet.agents), await ask(presence)
        return _json({"items": [{**msgspec.to_builtins(each), "presence": present.get(each.id)} for each in known]})

    @router.post("/agents/enrolments")
    async def enrol(request: Request) -> Response:
        wanted = _read(await request.body(), _New)
        made = await ask(_create, fleet, wanted)
        return _json({**msgspec.to_builtins(made.enrolment), "token": made.token}, 201)

    @router.post("/agents/{agent}/revoke")
    async def revoke(agent: str) -> Response:
        return _json(await ask(fleet.revoke, current_actor.get(), agent))

    @router.put("/agents/{agent}/group")
    async def move(agent: str, request: Request) -> Response:
        wanted = _read(await request.body(), _Move)
        return _json(await ask(fleet.move, current_actor.get(), agent, wanted.group))

    @router.get("/agent-groups")
    async def groups() -> Response:
        access.demand(current_actor.get(), READ)
        return _json({"items": await ask(fleet.groups)})

    @router.put("/agent-groups/{group}")
    async def configure(group: str, request: Request) -> Response:
        wanted = _read(await request.body(), Configuration)
        return _json(await ask(fleet.configure, current_actor.get(), group, wanted))

    return router


def _create(fleet: Fleet, wanted: _New) -> Any:
    return fleet.create_enrolment(current_actor.get(), group=wanted.group, name=wanted.name, days=wanted.days)


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _read(body: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problem, _, where = str(error).partition(" - at `$.")
        place = where.rstrip("`") or "body"
        raise AppError(
            ErrorKind.INVALID, "collectors.fleet.configuration_wrong", place=place, problem=problem[:200]
        ) from None

"""Alerts over HTTP: reading them, and working them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from infra.errors import AppError, ErrorKind
from infra.web.seams import Authorizer, current_actor
from ops.alerts.query import AlertQuery
from ops.alerts.record import Disposition
from ops.alerts.service import Alerts


class Work(BaseModel):
    """What to do with which alerts."""

    ids: Annotated[list[str], Field(min_length=1, max_length=10_000)]
    action: str
    assignee: str = ""
    disposition: Disposition | None = None
    reason: str = ""


def json_of(value: Any, status: int = 200) -> Response:
    """A JSON response of msgspec structs."""
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")


def alerts_router(alerts: Alerts, access: Authorizer) -> APIRouter:
    """``GET /api/v1/alerts``, ``GET /api/v1/alerts/{id}``, ``POST /api/v1/alerts/work``, ``POST .../undo/{token}``."""
    router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])

    @router.get("")
    async def find(
        since: datetime | None = None,
        rule: Annotated[list[str] | None, Query()] = None,
        state: Annotated[list[str] | None, Query()] = None,
        level: Annotated[list[str] | None, Query()] = None,
        q: str = "",
        limit: int = 100,
        after: str | None = None,
    ) -> Response:
        access.demand(current_actor.get(), "alerts.read")
        only = {"rule": tuple(rule or ()), "state": tuple(state or ()), "level": tuple(level or ())}
        query = AlertQuery(since=since, only=only, text=q, limit=limit, after=after, order="newest")
        return json_of(await run_in_threadpool(alerts.search, query))

    @router.get("/{alert_id}")
    async def one(alert_id: str) -> Response:
        access.demand(current_actor.get(), "alerts.read")
        alert = await run_in_threadpool(alerts.get, alert_id)
        history = await run_in_threadpool(alerts.history, alert_id)
        return json_of({"alert": alert, "history": history})

    @router.post("/work")
    async def work(body: Work) -> Response:
        actor = current_actor.get()
        access.demand(actor, "alerts.work")
        token = await run_in_threadpool(carry_out, alerts, actor, body)
        return json_of({"undo": token})

    @router.post("/undo/{token}")
    async def undo(token: str) -> Response:
        actor = current_actor.get()
        access.demand(actor, "alerts.work")
        return json_of({"undone": await run_in_threadpool(alerts.undo, actor, token)})

    return router


def carry_out(alerts: Alerts, actor: Any, body: Work) -> str:
    """Do one bulk action; ``AppError(INVALID)`` for an action that does not exist."""
    match body.action:
        case "acknowledge":
            return alerts.acknowledge(actor, body.ids)
        case "assign":
            return alerts.assign(actor, body.ids, body.assignee)
        case "close":
            return alerts.close(actor, body.ids, body.disposition or Disposition.UNDETERMINED, body.reason)
        case "reopen":
            return alerts.reopen(actor, body.ids, body.reason)
        case "comment":
            return alerts.comment(actor, body.ids, body.reason)
        case _:
            raise AppError(ErrorKind.INVALID, "ops.action_unknown", place="action", action=body.action[:40])

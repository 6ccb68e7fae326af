"""Inspections over HTTP: lists, runs, reports, plans."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Response
from starlette.concurrency import run_in_threadpool

from infra.errors import AppError, ErrorKind
from infra.web.seams import Authorizer, current_actor
from ops.alerts.api import json_of
from ops.incidents.api import as_file
from ops.inspection.plans import Plan, Plans
from ops.inspection.report import inspection_paper
from ops.inspection.service import Inspections
from ops.work.api import read

Given = Annotated[dict[str, Any], Body()]
MOST_SCOPE = 500


class Start(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Run a list now, on which targets, and only which items."""

    list: str
    scope: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


def inspection_router(inspections: Inspections, plans: Plans, access: Authorizer) -> APIRouter:
    """``/api/v1/inspections``: ``/lists``, ``/plans``, runs and their reports."""
    router = APIRouter(prefix="/api/v1/inspections", tags=["inspections"])

    @router.get("/lists")
    async def lists() -> Response:
        access.demand(current_actor.get(), "inspections.read")
        return json_of(list(inspections.lists.values()))

    @router.get("/plans")
    async def all_plans() -> Response:
        access.demand(current_actor.get(), "inspections.read")
        return json_of(await run_in_threadpool(plans.all))

    @router.put("/plans/{plan}")
    async def save(plan: str, body: Given) -> Response:
        actor = current_actor.get()
        access.demand(actor, "inspections.plan", f"plan:{plan}")
        made = read(Plan, {**body, "id": plan})
        await run_in_threadpool(plans.save, actor, made)
        return json_of(made)

    @router.delete("/plans/{plan}")
    async def remove(plan: str) -> Response:
        actor = current_actor.get()
        access.demand(actor, "inspections.plan", f"plan:{plan}")
        await run_in_threadpool(plans.remove, actor, plan)
        return json_of({"removed": plan})

    @router.get("/missed")
    async def missed() -> Response:
        access.demand(current_actor.get(), "inspections.read")
        found = await run_in_threadpool(plans.missed)
        return json_of([{"due": due, "plan": plan.id, "list": plan.list} for due, plan in found])

    @router.get("")
    async def runs(name: str = "", since: datetime | None = None) -> Response:
        access.demand(current_actor.get(), "inspections.read")
        return json_of(await run_in_threadpool(inspections.runs, name, since))

    @router.post("")
    async def start(body: Given) -> Response:
        actor = current_actor.get()
        access.demand(actor, "inspections.run")
        asked = read(Start, body)
        if len(asked.scope) > MOST_SCOPE:
            raise AppError(ErrorKind.TOO_LARGE, "ops.inspection.targets", place="scope", most=MOST_SCOPE)
        run = await run_in_threadpool(inspections.run, actor, asked.list, scope=asked.scope, only=asked.only)
        return json_of(run, 201)

    @router.get("/{run}")
    async def one(run: str) -> Response:
        access.demand(current_actor.get(), "inspections.read", f"inspection:{run}")
        found = await run_in_threadpool(inspections.get, run)
        return json_of({"run": found, "whole": inspections.whole(found)})

    @router.get("/{run}/report")
    async def report(run: str, kind: str = "html") -> Response:
        access.demand(current_actor.get(), "inspections.read", f"inspection:{run}")
        found = await run_in_threadpool(inspections.get, run)
        paper = inspection_paper(found, inspections.lists.get(found.list))
        return await run_in_threadpool(as_file, paper, kind, run)

    return router

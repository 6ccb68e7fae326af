"""Situation reports over HTTP: figures, written reports, their forms."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from infra.clock import Clock
from infra.text.catalogue import Language
from infra.web.headers import DOCUMENT_POLICY
from infra.web.seams import Authorizer, current_actor
from ops.alerts.api import json_of
from ops.incidents.api import DOCX
from ops.reports.period import Kind, period_of
from ops.reports.service import Reports


class Write(BaseModel):
    """Write the last whole period before ``at`` (now where it is not given), or the current one so far."""

    period: Kind
    language: Language = Language.ZH
    at: datetime | None = None
    current: bool = False


def reports_router(reports: Reports, access: Authorizer, clock: Clock) -> APIRouter:
    """``/api/v1/reports``: ``GET /figures``, ``GET``, ``POST``, ``GET /{id}?kind=html|docx``."""
    router = APIRouter(prefix="/api/v1/reports", tags=["reports"])

    @router.get("/figures")
    async def figures(period: Kind, at: datetime | None = None, current: bool = False) -> Response:
        access.demand(current_actor.get(), "reports.read")
        chosen = period_of(period, at or clock.now(), current=current)
        return json_of(await run_in_threadpool(reports.figures, chosen))

    @router.get("")
    async def listed(period: str = "") -> Response:
        access.demand(current_actor.get(), "reports.read")
        return json_of(await run_in_threadpool(reports.listed, period))

    @router.post("")
    async def write(body: Write) -> Response:
        actor = current_actor.get()
        access.demand(actor, "reports.write")
        chosen = period_of(body.period, body.at or clock.now(), current=body.current)
        return json_of(await run_in_threadpool(reports.write, actor, chosen, body.language), 201)

    @router.get("/{report}")
    async def one(report: str, kind: str = "html") -> Response:
        access.demand(current_actor.get(), "reports.read", f"report:{report}")
        with await run_in_threadpool(reports.open, report, kind) as file:
            raw = await run_in_threadpool(file.read)
        if kind == "docx":
            head = {"content-disposition": f'attachment; filename="{report}.docx"'}
            return Response(raw, media_type=DOCX, headers=head)
        policy = {"content-security-policy": DOCUMENT_POLICY}
        return Response(raw, media_type="text/html; charset=utf-8", headers=policy)

    return router

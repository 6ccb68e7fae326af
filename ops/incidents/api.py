"""Incidents over HTTP: reading, working, evidence, reports and exports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO

import msgspec
from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from infra.blobs.folder import chunks_of
from infra.errors import AppError, ErrorKind
from infra.exchange import Level
from infra.web.headers import DOCUMENT_POLICY
from infra.web.seams import Authorizer, current_actor
from ops.alerts.api import json_of
from ops.documents.paper import to_docx, to_html
from ops.incidents import change as c
from ops.incidents.desk import Desk
from ops.incidents.service import IncidentQuery

Ids = Annotated[list[str], Field(max_length=1000)]
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class Open(BaseModel):
    """A new incident: of alerts, or of none with a title. ``anyway`` opens it though one looks the same."""

    alerts: Ids = []
    title: Annotated[str, Field(max_length=200)] = ""
    level: Level | None = None
    description: Annotated[str, Field(max_length=8000)] = ""
    category: Annotated[str, Field(max_length=200)] = ""
    anyway: bool = False


class Alerts(BaseModel):
    """Alerts to join, detach or split off, and why."""

    alerts: Annotated[list[str], Field(min_length=1, max_length=1000)]
    title: Annotated[str, Field(max_length=200)] = ""
    reason: Annotated[str, Field(max_length=8000)] = ""


class Merge(BaseModel):
    """Incidents to merge into this one, and why."""

    others: Annotated[list[str], Field(min_length=1, max_length=100)]
    reason: Annotated[str, Field(max_length=8000)] = ""


def incidents_router(desk: Desk, access: Authorizer) -> APIRouter:
    """``/api/v1/incidents``: what stands in ``docs/incidents.md``."""
    router = APIRouter(prefix="/api/v1/incidents", tags=["incidents"])
    _reading(router, desk, access)
    _working(router, desk, access)
    _proving(router, desk, access)
    return router


def _reading(router: APIRouter, desk: Desk, access: Authorizer) -> None:
    @router.get("")
    async def find(
        state: Annotated[list[str] | None, Query()] = None, level: Annotated[list[str] | None, Query()] = None,
        owner: str | None = None, q: str = "", limit: int = 50, offset: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:  # fmt: skip
        access.demand(current_actor.get(), "incidents.read")
        query = IncidentQuery(
            states=tuple(state or ()), levels=tuple(level or ()), owner=owner, text=q, limit=limit, offset=offset
        )
        return json_of(await run_in_threadpool(desk.incidents.find, query))

    @router.get("/{incident}")
    async def one(incident: str) -> Response:
        access.demand(current_actor.get(), "incidents.read", f"incident:{incident}")
        return json_of(await run_in_threadpool(desk.view, incident))

    @router.get("/{incident}/events")
    async def events(incident: str) -> Response:
        access.demand(current_actor.get(), "incidents.read", f"incident:{incident}")
        return json_of(await run_in_threadpool(desk.incidents.events, incident))

    @router.get("/{incident}/similar")
    async def similar(incident: str) -> Response:
        access.demand(current_actor.get(), "incidents.read", f"incident:{incident}")
        return json_of(await run_in_threadpool(desk.similar, incident))

    @router.get("/{incident}/export")
    async def export(incident: str, kind: str = "stix") -> Response:
        access.demand(current_actor.get(), "incidents.read", f"incident:{incident}")
        return json_of(await run_in_threadpool(desk.export, incident, kind))

    @router.get("/{incident}/report")
    async def report(incident: str, kind: str = "html") -> Response:
        access.demand(current_actor.get(), "incidents.read", f"incident:{incident}")
        paper = await run_in_threadpool(desk.report, incident)
        return await run_in_threadpool(as_file, paper, kind, incident)


def as_file(paper: Any, kind: str, name: str) -> Response:
    """A paper as an HTML page to look at or a Word file to save; ``AppError(INVALID)`` for another kind."""
    if kind == "docx":
        head = {"content-disposition": f'attachment; filename="{name}.docx"'}
        return Response(to_docx(paper), media_type=DOCX, headers=head)
    if kind != "html":
        raise AppError(
            ErrorKind.INVALID, "ops.documents.kind_unknown", place="kind", given=kind[:20], known="html, docx"
        )
    head = {"content-security-policy": DOCUMENT_POLICY}
    return Response(to_html(paper), media_type="text/html; charset=utf-8", headers=head)


def _working(router: APIRouter, desk: Desk, access: Authorizer) -> None:
    incidents = desk.incidents

    @router.post("")
    async def open_one(body: Open) -> Response:
        actor = current_actor.get()
        access.demand(actor, "incidents.work")
        given = body.model_dump(exclude={"alerts"})
        return json_of(await run_in_threadpool(incidents.open, actor, body.alerts, **given), 201)

    @router.post("/{incident}/changes")
    async def change(incident: str, body: Annotated[dict[str, Any], Body()], seen: int | None = None) -> Response:
        actor = current_actor.get()
        access.demand(actor, "incidents.work", f"incident:{incident}")
        return json_of(await run_in_threadpool(incidents.change, actor, incident, change_of(body), seen=seen))

    @router.post("/{incident}/alerts")
    async def join(incident: str, body: Alerts) -> Response:
        actor = current_actor.get()
        access.demand(actor, "incidents.work", f"incident:{incident}")
        return json_of(await run_in_threadpool(incidents.join, actor, incident, body.alerts))

    @router.post("/{incident}/detach")
    async def detach(incident: str, body: Alerts) -> Response:
        actor = current_actor.get()
        access.demand(actor, "incidents.work", f"incident:{incident}")
        return json_of(await run_in_threadpool(incidents.detach, actor, incident, body.alerts, body.reason))

    @router.post("/{incident}/split")
    async def split(incident: str, body: Alerts) -> Response:
        actor = current_actor.get()
        access.demand(actor, "incidents.work", f"incident:{incident}")
        made = await run_in_threadpool(incidents.split, actor, incident, body.alerts, body.title, body.reason)
        return json_of(made, 201)

    @router.post("/{incident}/merge")
    async def merge(incident: str, body: Merge) -> Response:
        actor = current_actor.get()
        access.demand(actor, "incidents.work", f"incident:{incident}")
        return json_of(await run_in_threadpool(incidents.merge, actor, incident, body.others, body.reason))


def _proving(router: APIRouter, desk: Desk, access: Authorizer) -> None:
    incidents = desk.incidents

    @router.post("/{incident}/evidence")
    async def take(incident: str, request: Request, name: str, note: str = "") -> Response:
        actor = current_actor.get()
        access.demand(actor, "incidents.work", f"incident:{incident}")
        body = [chunk async for chunk in request.stream()]
        media = request.headers.get("content-type", "")[:100]
        case = await run_in_threadpool(incidents.take, actor, incident, name[:200], body, media=media, note=note)
        return json_of(case, 201)

    @router.post("/{incident}/evidence/events")
    async def take_events(incident: str) -> Response:
        actor = current_actor.get()
        access.demand(actor, "incidents.work", f"incident:{incident}")
        return json_of(await run_in_threadpool(desk.take_events, actor, incident), 201)

    @router.post("/{incident}/evidence/{blob}/verify")
    async def verify(incident: str, blob: str) -> Response:
        actor = current_actor.get()
        access.demand(actor, "incidents.work", f"incident:{incident}")
        return json_of({"whole": await run_in_threadpool(incidents.verify, actor, incident, blob)})

    @router.post("/{incident}/evidence/{blob}/custody")
    async def hand(incident: str, blob: str, body: Annotated[dict[str, str], Body()]) -> Response:
        actor = current_actor.get()
        access.demand(actor, "incidents.work", f"incident:{incident}")
        handed = c.Handed(blob=blob, act="passed", to=body.get("to", "")[:200], note=body.get("note", "")[:8000])
        return json_of(await run_in_threadpool(incidents.hand, actor, incident, handed))

    @router.get("/{incident}/evidence/{blob}")
    async def evidence(incident: str, blob: str) -> StreamingResponse:
        actor = current_actor.get()
        access.demand(actor, "incidents.work", f"incident:{incident}")
        file = await run_in_threadpool(incidents.evidence, actor, incident, blob)
        head = {"content-disposition": f'attachment; filename="{blob[:16]}.bin"'}
        return StreamingResponse(_whole(file), media_type="application/octet-stream", headers=head)


def _whole(file: BinaryIO) -> Iterator[bytes]:
    """The file in pieces, closed at the end."""
    with file:
        yield from chunks_of(file)


def change_of(body: dict[str, Any]) -> c.ByPeople:
    """The change a body means; ``AppError(INVALID)`` says which field is wrong."""
    try:
        finite = msgspec.json.decode(msgspec.json.encode(body))  # NaN and infinity become null, and are refused
        change: c.ByPeople = msgspec.convert(finite, c.ByPeople, strict=False)
    except msgspec.ValidationError as error:
        raise AppError(ErrorKind.INVALID, "ops.incidents.change_malformed", place="body", problem=str(error)) from None
    return change

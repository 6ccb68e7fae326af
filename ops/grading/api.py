"""Grading over HTTP: by both matrices, and the report."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.web.seams import Authorizer, current_actor
from ops.grading.engine import Grading, grade, shipped_matrices
from ops.grading.reading import objects_of
from ops.grading.report import grading_report
from ops.grading.service import Gradings

LARGEST_BODY = 1 << 20
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class Review(BaseModel):
    """What another person says of a grading."""

    agree: bool
    note: str = ""


def grading_router(access: Authorizer, clock: Clock, gradings: Gradings | None = None) -> APIRouter:
    """``POST /api/v1/grading`` grades objects in YAML or JSON; ``POST /api/v1/grading/report`` answers one's report.

    With ``gradings``: what was kept of an object, and its report.
    """
    router = APIRouter(prefix="/api/v1/grading", tags=["grading"])

    @router.post("")
    async def grades(request: Request) -> Response:
        access.demand(current_actor.get(), "grading.read")
        found = await run_in_threadpool(_graded, await _body(request), clock)
        return Response(msgspec.json.encode([told(one) for one in found]), media_type="application/json")

    @router.post("/report")
    async def report(request: Request) -> Response:
        access.demand(current_actor.get(), "grading.read")
        data = await run_in_threadpool(_report, await _body(request), clock)
        return Response(data, media_type=DOCX)

    if gradings is not None:
        _add_kept(router, access, gradings)
    return router


def _add_kept(router: APIRouter, access: Authorizer, gradings: Gradings) -> None:
    @router.get("/objects/{object_id}")
    async def history(object_id: str) -> Response:
        access.demand(current_actor.get(), "grading.read", f"object:{object_id}")
        found = await run_in_threadpool(gradings.history, object_id)
        return Response(msgspec.json.encode(found), media_type="application/json")

    @router.post("/objects/{object_id}", status_code=201)
    async def keep(object_id: str, request: Request) -> Response:
        actor = current_actor.get()
        access.demand(actor, "grading.keep", f"object:{object_id}")
        (thing, *_) = objects_of(await _body(request), "body")
        named = msgspec.structs.replace(thing, id=object_id)
        kept = await run_in_threadpool(gradings.keep, actor, named)
        return Response(msgspec.json.encode(kept), status_code=201, media_type="application/json")

    @router.post("/objects/{object_id}/review")
    async def review(object_id: str, body: Review) -> Response:
        actor = current_actor.get()
        access.demand(actor, "grading.review", f"object:{object_id}")
        kept = await run_in_threadpool(gradings.review, actor, object_id, agree=body.agree, note=body.note)
        return Response(msgspec.json.encode(kept), media_type="application/json")

    @router.get("/objects/{object_id}/report")
    async def kept_report(object_id: str) -> Response:
        access.demand(current_actor.get(), "grading.read", f"object:{object_id}")
        data = await run_in_threadpool(_kept_report, gradings, object_id)
        headers = {"Content-Disposition": f'attachment; filename="{object_id}-grading.docx"'}
        return Response(data, media_type=DOCX, headers=headers)


def _kept_report(gradings: Gradings, object_id: str) -> bytes:
    kept = gradings.latest(object_id)
    if kept is None:
        raise AppError(ErrorKind.NOT_FOUND, "ops.grading.nothing_kept", place=object_id[:64])
    return _report_of(grade(kept.thing, kept.at.date()))


async def _body(request: Request) -> bytes:
    raw = await request.body()
    if len(raw) > LARGEST_BODY:
        raise AppError(ErrorKind.TOO_LARGE, "ops.documents.too_large", place="body", limit=LARGEST_BODY)
    return raw


def _graded(raw: bytes, clock: Clock) -> list[Grading]:
    today = clock.now().date()
    return [grade(thing, today) for thing in objects_of(raw, "body")]


def _report(raw: bytes, clock: Clock) -> bytes:
    (first, *_) = _graded(raw, clock)
    return _report_of(first)


def _report_of(first: Grading) -> bytes:
    version = first.decisive.matrix if first.decisive else ""
    matrix = next((m for m in shipped_matrices() if m.ref.version == version), shipped_matrices()[0])
    return grading_report(first, matrix)


def told(grading: Grading) -> dict[str, Any]:
    """A grading as scripts read it."""
    decisive = grading.decisive
    results = {
        result.matrix: {
            "label": result.label,
            "pack": str(result.ref),
            "violations": [{"rule": v.rule, "severity": v.severity, "text": v.text} for v in result.violations],
        }
        for result in grading.results
    }
    return {
        "object": grading.object.name,
        "out_of_scope": grading.out_of_scope,
        "level": decisive.g if decisive else None,
        "decided_by": decisive.matrix if decisive else None,
        "differs": grading.differs,
        "matrices": results,
    }

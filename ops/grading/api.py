"""Grading over HTTP: by both matrices, and the report."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.web.seams import Authorizer, current_actor
from ops.grading.engine import Grading, grade, shipped_matrices
from ops.grading.reading import objects_of
from ops.grading.report import grading_report

LARGEST_BODY = 1 << 20
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def grading_router(access: Authorizer, clock: Clock) -> APIRouter:
    """``POST /api/v1/grading`` grades objects in YAML or JSON; ``POST /api/v1/grading/report`` answers one's report."""
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

    return router


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

"""Records over HTTP, and the public page that verifies a number."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, File, Response, UploadFile
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from infra.errors import AppError, ErrorKind
from infra.web.seams import Authorizer, current_actor
from ops.recordfiling.application import Application
from ops.recordfiling.bulk import read_applications
from ops.recordfiling.service import SystemRecords

LARGEST_UPLOAD = 64 << 20


class RecordStep(BaseModel):
    """A step of a record."""

    action: str
    reason: str = ""


def records_router(records: SystemRecords, access: Authorizer) -> APIRouter:
    """``/api/v1/records``: list, apply, amend, step, verify."""
    router = APIRouter(prefix="/api/v1/records", tags=["records"])

    @router.get("")
    async def find(unit: str = "") -> Response:
        access.demand(current_actor.get(), "records.read")
        return _answer(await run_in_threadpool(records.find, unit))

    @router.post("", status_code=201)
    async def apply(body: Annotated[dict[str, Any], Body()]) -> Response:
        actor = current_actor.get()
        access.demand(actor, "records.apply")
        return _answer(await run_in_threadpool(records.apply, actor, _application(body)), 201)

    @router.post("/import", status_code=201)
    async def take_in(file: Annotated[UploadFile, File()]) -> Response:
        actor = current_actor.get()
        access.demand(actor, "records.apply")
        raw = await file.read(LARGEST_UPLOAD + 1)
        if len(raw) > LARGEST_UPLOAD:
            raise AppError(ErrorKind.TOO_LARGE, "ops.documents.too_large", place="file", limit=LARGEST_UPLOAD)
        sheet = await run_in_threadpool(lambda: read_applications(raw, file.filename or "file", records.systems()))
        if sheet.errors:
            return _answer({"taken": 0, "errors": sheet.errors}, 422)
        taken = await run_in_threadpool(records.apply_all, actor, sheet.applications)
        return _answer({"taken": taken, "errors": []}, 201)

    @router.get("/verify/{number}")
    async def verify(number: str) -> Response:
        access.demand(current_actor.get(), "records.read")
        return _answer(await run_in_threadpool(records.verify, number))

    @router.put("/{record_id}")
    async def amend(record_id: str, body: Annotated[dict[str, Any], Body()]) -> Response:
        actor = current_actor.get()
        access.demand(actor, "records.apply", f"record:{record_id}")
        return _answer(await run_in_threadpool(records.amend, actor, record_id, _application(body)))

    @router.post("/{record_id}/steps")
    async def step(record_id: str, body: RecordStep) -> Response:
        actor = current_actor.get()
        access.demand(actor, f"records.{body.action}", f"record:{record_id}")
        return _answer(await run_in_threadpool(records.step, actor, record_id, body.action, body.reason))

    return router


def _answer(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")


def _application(body: dict[str, Any]) -> Application:
    try:
        return msgspec.convert(body, Application)
    except msgspec.ValidationError as error:
        raise AppError(ErrorKind.INVALID, "ops.controls.unreadable", place="application", problem=str(error)) from None

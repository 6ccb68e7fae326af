"""Sheets over HTTP: a workbook out, a file in with errors per row."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from infra.errors import AppError, ErrorKind
from infra.web.seams import current_actor
from ops.documents.tables import XLSX, write_rows
from ops.portal.sheets.desk import Sheets
from ops.portal.sheets.kind import Kind

LARGEST_UPLOAD = 64 << 20


def sheets_router(sheets: Sheets) -> APIRouter:
    """``/api/v1/sheets``: one sheet out, one file in, the errors of an import."""
    router = APIRouter(prefix="/api/v1/sheets", tags=["sheets"])

    @router.get("/reports/{report}/errors")
    async def errors(report: str) -> Response:
        found = await run_in_threadpool(sheets.report, current_actor.get(), report)
        rows = [(each.row, each.field, each.text) for each in found.errors]
        data = await run_in_threadpool(write_rows, "errors", ("row", "field", "error"), rows)
        return _workbook(data, "errors")

    @router.get("/{kind}")
    async def export(kind: Kind, of: str = "") -> Response:
        data = await run_in_threadpool(sheets.write, current_actor.get(), kind, of)
        return _workbook(data, kind.value)

    @router.post("/{kind}")
    async def take_in(kind: Kind, request: Request, name: str = "file") -> Response:
        """The body is the file itself; 422 with every row's errors where nothing was taken in."""
        raw = bytearray()
        async for chunk in request.stream():
            raw += chunk
            if len(raw) > LARGEST_UPLOAD:
                raise AppError(ErrorKind.TOO_LARGE, "ops.documents.too_large", place="file", limit=LARGEST_UPLOAD)
        kept, report = await run_in_threadpool(sheets.take_in, current_actor.get(), kind, bytes(raw), name)
        body = msgspec.json.encode({"report": kept, **msgspec.to_builtins(report)})
        return Response(body, status_code=422 if report.errors else 201, media_type="application/json")

    return router


def _workbook(data: bytes, name: str) -> Response:
    return Response(data, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}.xlsx"'})

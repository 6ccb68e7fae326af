"""The ledger over HTTP, for auditors."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Response
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool as ask
from starlette.responses import FileResponse

from infra.store.query.tree import Window
from infra.web.seams import Authorizer, current_actor
from trust.audit.audit import Audit
from trust.audit.row import AuditFilter

Short = Annotated[str, Query(max_length=200)]
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_END = datetime(9999, 1, 1, tzinfo=UTC)


def audit_router(audit: Audit, access: Authorizer) -> APIRouter:
    """``/api/v1/audit``: rows, one leaf with its proof, head, consistency, verification, export."""
    router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

    def demand(action: str) -> None:
        access.demand(current_actor.get(), action, "ledger")

    @router.get("")
    async def rows(
        since: datetime | None = None,
        until: datetime | None = None,
        actor: Short = "",
        action: Short = "",
        thing: Short = "",
        q: Short = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        after: Short | None = None,
    ) -> Response:
        demand("audit.read")
        window = Window(_aware(since, _BEGINNING), _aware(until, _END)) if since or until else None
        wanted = AuditFilter(window=window, actor=actor, action=action, thing=thing, text=q)
        return _json(await ask(audit.rows, wanted, limit, after))

    @router.get("/head")
    async def head() -> Response:
        demand("audit.read")
        return _json(await ask(audit.head))

    @router.get("/leaves/{leaf}")
    async def leaf(leaf: Annotated[int, "number"]) -> Response:
        demand("audit.read")
        return _json(await ask(audit.prove, leaf))

    @router.get("/consistency")
    async def consistency(old: int, size: int) -> Response:
        demand("audit.verify")
        return _json({"old": old, "size": size, "path": await ask(audit.consistency, old, size)})

    @router.post("/verify")
    async def verify() -> Response:
        demand("audit.verify")
        return _json(await ask(audit.verify))

    @router.get("/export")
    async def export() -> Response:
        demand("audit.export")
        actor = current_actor.get()
        with tempfile.NamedTemporaryFile(prefix="yaodun-ledger-", delete=False) as file:
            path = Path(file.name)
        await ask(audit.export, actor, path)
        gone = BackgroundTask(path.unlink, missing_ok=True)
        return FileResponse(path, media_type="text/plain", filename="ledger.txt", background=gone)

    return router


def _aware(moment: datetime | None, default: datetime) -> datetime:
    if moment is None:
        return default
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")

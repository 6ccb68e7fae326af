"""The first page of a browser comes with the layout: no second round trip stands between a person and the score.

The index asks for the layout before it runs any script, so that the page is drawn here while the browser is still
reading Dash. Later pages come through the route callback.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

log = logging.getLogger(__name__)
NO_STORE = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Opened:
    """A page already drawn: its address, and what the route callback would have put into body, rail and header."""

    pathname: str
    search: str
    body: Any
    rail: Any
    crumbs: Any
    ranges: Any
    seen: Any


current_opened: ContextVar[Opened | None] = ContextVar("current_opened", default=None)
"""The page the layout of this request opens with; None leaves it to the route callback."""

Draw = Callable[[str, str], Awaitable[Opened]]


def opening_router(prefix: str, draw: Draw, encoded: Callable[[], str]) -> APIRouter:
    """``GET <prefix>_dash-layout``: the frame (``encoded`` gives it as JSON) with the page of the address that asks."""
    router = APIRouter()

    @router.get(f"{prefix}_dash-layout", include_in_schema=False)
    async def layout(request: Request) -> Response:
        token = current_opened.set(await _opened(request, prefix, draw))
        try:
            body = await run_in_threadpool(encoded)
        finally:
            current_opened.reset(token)
        return Response(body, media_type="application/json", headers=NO_STORE)

    return router


async def _opened(request: Request, prefix: str, draw: Draw) -> Opened | None:
    """The page of the document that asks (its address is the referrer); None where the browser does not say."""
    try:
        asked = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return None
    if asked.netloc != request.headers.get("host") or not asked.path.startswith(prefix):
        return None
    try:
        return await draw(asked.path, f"?{asked.query}" if asked.query else "")
    except Exception:
        log.exception("opening_failed", extra={"path": asked.path})
        return None

"""A relay for shippers that were given the address of the pages: their requests go on to the receivers of ingest.

Only for requests that carry a source's token; the receivers judge it again. Bodies are bounded by the shell.
"""

from __future__ import annotations

import httpx
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from infra.errors import AppError, ErrorKind
from infra.web.seams import current_actor

RELAYED = ("/_bulk", "/{index}/_bulk", "/v1/logs", "/v1/metrics")
PASSED = ("authorization", "content-type", "content-encoding", "user-agent", "accept")
RETURNED = ("content-type", "retry-after", "www-authenticate", "x-elastic-product")
TIMEOUT_S = 30.0
MAX_BODY = 32 << 20


def relay_router(target: str, home: str) -> APIRouter:
    """Routes that go on to ``target``; ``GET /`` without a source's token leads people to ``home``."""
    router = APIRouter(include_in_schema=False)
    client = httpx.AsyncClient(base_url=target, timeout=TIMEOUT_S, trust_env=False)

    async def relay(request: Request) -> Response:
        if current_actor.get().kind != "source":
            raise AppError(ErrorKind.FORBIDDEN, "infra.web.relay_sources_only", place=request.url.path[:200])
        headers = {name: request.headers[name] for name in PASSED if name in request.headers}
        try:
            answer = await client.request(
                request.method, request.url.path, content=await request.body(), headers=headers
            )
        except httpx.HTTPError:
            raise AppError(
                ErrorKind.UNAVAILABLE, "infra.web.relay_down", place=request.url.path[:200], retry_after_s=2
            ) from None
        kept = {name: answer.headers[name] for name in RETURNED if name in answer.headers}
        return Response(answer.content, answer.status_code, kept)

    async def front(request: Request) -> Response:
        if current_actor.get().kind == "source":
            return await relay(request)
        return RedirectResponse(home, status_code=303)

    for path in RELAYED:
        router.add_api_route(path, relay, methods=["POST", "PUT"])
    router.add_api_route("/_cluster/health", relay, methods=["GET"])
    router.add_api_route("/", front, methods=["GET", "HEAD"])
    return router

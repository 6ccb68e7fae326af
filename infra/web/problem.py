"""Errors as RFC 9457 problems: the one place where an ``AppError`` becomes an HTTP answer."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.errors import AppError, ErrorKind
from infra.text import say
from infra.web.request_id import current_request_id

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


def problem_of(error: AppError, status: int | None = None) -> Response:
    """The problem of an error: words in the language of the context, a stable ``code``, the place, the request id.

    ``status`` stands for the one of the error's kind where HTTP has a finer one."""
    document: dict[str, Any] = {
        "type": f"urn:yaodun:error:{error.message_key}",
        "title": say(f"infra.web.kind.{error.kind}"),
        "status": status or error.status,
        "detail": str(error),
        "code": error.message_key,
        "request_id": current_request_id.get(),
    }
    if place := error.detail.get("place"):
        document["place"] = str(place)
    headers = {}
    if error.kind is ErrorKind.RATE_LIMITED:
        headers["retry-after"] = str(error.detail.get("seconds", 1))
    if error.kind is ErrorKind.UNAUTHENTICATED:
        headers["www-authenticate"] = 'Bearer realm="yaodun"'
    return Response(msgspec.json.encode(document), status or error.status, headers, media_type=MEDIA_TYPE)


def internal(error: BaseException) -> Response:
    """The problem of a mistake of ours: nothing about its inside, but the id by which the log tells all."""
    log.error("request.failed", exc_info=error, extra={"request_id": current_request_id.get()})
    return problem_of(AppError(ErrorKind.INTERNAL, "infra.web.internal", number=current_request_id.get()))


class Problems:
    """Turns what the layers within raise into problems; a WebSocket is closed instead (1011, 1008)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = complete = False

        async def watched(message: Message) -> None:
            nonlocal started, complete
            started = started or message["type"] in ("http.response.start", "websocket.close")
            complete = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            if started and not complete:
                raise
            if not started:
                await _answer(error, scope, receive, send)


async def _answer(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    known = error if isinstance(error, AppError) else None
    if scope["type"] == "websocket":
        if known is None:
            internal(error)
        await send({"type": "websocket.close", "code": 1008 if known else 1011, "reason": ""})
        return
    await (problem_of(known) if known else internal(error))(scope, receive, send)

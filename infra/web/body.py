"""Limits on what a client may send: the size of a body, the size of its headers."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.errors import AppError, ErrorKind

MIB = 1 << 20
MAX_HEADERS = 32 * 1024


class BodyLimit:
    """Refuses bodies above the limit of their path: ``limits`` are bytes by path prefix, the longest prefix counts."""

    def __init__(self, app: ASGIApp, *, limits: Mapping[str, int], default: int = MIB) -> None:
        self._app = app
        self._limits = sorted(limits.items(), key=lambda item: -len(item[0]))
        self._default = default

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADERS:
            raise AppError(ErrorKind.TOO_LARGE, "infra.web.headers_large", place="headers", limit=MAX_HEADERS)
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        limit = next((size for prefix, size in self._limits if scope["path"].startswith(prefix)), self._default)
        _check_announced(Headers(scope=scope), limit)
        await self._app(scope, _counting(receive, limit), send)


def _check_announced(headers: Headers, limit: int) -> None:
    lengths = headers.getlist("content-length")
    if not lengths:
        return
    if len(lengths) > 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
        raise AppError(ErrorKind.INVALID, "infra.web.length_malformed", place="Content-Length")
    if int(lengths[0][:20]) > limit:
        raise _too_large(limit)


def _counting(receive: Receive, limit: int) -> Receive:
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > limit:
                raise _too_large(limit)
        return message

    return counted


def _too_large(limit: int) -> AppError:
    return AppError(ErrorKind.TOO_LARGE, "infra.web.body_large", place="body", limit=limit)

"""Requests that a foreign page makes a browser send are refused: by origin, and by a header no form can set."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.errors import AppError, ErrorKind

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER = "x-yaodun"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "")
"""Content types a foreign page can send without asking (CORS-safelisted)."""


class Csrf:
    """Guards whatever a browser authorises by itself (a cookie, or nothing): an unsafe method and every WebSocket must
    come from a page of ours. A request with an ``Authorization`` header carries its own proof."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._scheme = "https" if secure else "http"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" or (scope["type"] == "http" and scope["method"] not in SAFE):
            headers = Headers(scope=scope)
            if "authorization" not in headers:
                self._check(headers, scope.get("method", "socket"))
        await self._app(scope, receive, send)

    def _check(self, headers: Headers, method: str) -> None:
        if not self._own_origin(headers, strict=method == "socket"):
            raise AppError(ErrorKind.FORBIDDEN, "infra.web.foreign_origin", place="Origin")
        if method == "POST" and not _unforgeable(headers):
            raise AppError(ErrorKind.FORBIDDEN, "infra.web.header_missing", place=HEADER)

    def _own_origin(self, headers: Headers, *, strict: bool) -> bool:
        origins = headers.getlist("origin")
        if len(origins) == 1:
            parts = urlsplit(origins[0][:300])
            return parts.scheme == self._scheme and parts.netloc.casefold() == headers.get("host", "").casefold() != ""
        return not origins and not strict and headers.get("sec-fetch-site") == "same-origin"


def _unforgeable(headers: Headers) -> bool:
    """Could no form have sent it? (Forms know no other unsafe method than POST.)"""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return bool(headers.get(HEADER)) or kind not in _FORMS

"""The language of an API answer: the reader's cookie, else ``Accept-Language``, else Chinese."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.text.catalogue import LANGUAGES, Language, use_language

COOKIE = "yaodun_language"


class Tongue:
    """Speaks the reader's language inside."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        with use_language(wanted(Headers(scope=scope))):
            await self._app(scope, receive, send)


def wanted(headers: Headers) -> Language:
    """The language these headers ask for."""
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE and value in LANGUAGES:
            return Language(value)
    for part in headers.get("accept-language", "")[:200].lower().split(","):
        tag = part.partition(";")[0].strip()
        if tag.startswith("zh"):
            return Language.ZH
        if tag.startswith("en"):
            return Language.EN
    return Language.ZH

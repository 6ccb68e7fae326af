"""Language and theme of a request: from the address (``?lang=en``) or a cookie; set for everything inside."""

from __future__ import annotations

from contextvars import ContextVar
from enum import StrEnum
from http.cookies import SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.text.catalogue import LANGUAGES, Language, set_language

LANGUAGE_COOKIE = "yaodun_language"
THEME_COOKIE = "yaodun_theme"
YEAR_S = 365 * 86400


class Theme(StrEnum):
    """Dark by default."""

    DARK = "dark"
    LIGHT = "light"


current_theme: ContextVar[Theme] = ContextVar("theme", default=Theme.DARK)


class Manner:
    """ASGI middleware: reads the viewer's language and theme, and keeps what the address asks for in a cookie."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        cookies = SimpleCookie(Headers(scope=scope).get("cookie", ""))
        asked = _asked(scope)
        choice = asked or (cookies[LANGUAGE_COOKIE].value if LANGUAGE_COOKIE in cookies else "")
        set_language(Language(choice) if choice in LANGUAGES else Language.ZH)
        theme = cookies[THEME_COOKIE].value if THEME_COOKIE in cookies else ""
        current_theme.set(Theme.LIGHT if theme == Theme.LIGHT else Theme.DARK)
        await self.app(scope, receive, _keeping(send, asked) if asked else send)


def _asked(scope: Scope) -> str:
    values = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("lang", [""])
    short = {"zh": Language.ZH, "en": Language.EN, "zh-cn": Language.ZH}
    return short.get(values[-1].lower(), "")


def _keeping(send: Send, choice: str) -> Send:
    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            cookie = f"{LANGUAGE_COOKIE}={choice}; Path=/; Max-Age={YEAR_S}; SameSite=Lax"
            MutableHeaders(scope=message).append("set-cookie", cookie)
        await send(message)

    return keep
